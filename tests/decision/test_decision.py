"""The decision adds pages up, and whatever is missing keeps it shut."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pilotage import decision
from pilotage.kpis import Kpi
from pilotage.page import Page
from pilotage.verdict import Gate, hold

NewPage = Callable[..., Page]
SUCCESS = Kpi("task_success_rate", "Tasks done right", "quality", "share", None, 930, 1000, 300, 0.93, 0.915, 0.944,
              0.9, "korn-graubard", "higher")  # fmt: skip
QUALITY = Gate(
    "task_success_rate", "task_success_rate", "in the loop", True, "go", "measured 93%", 0.85, None, "interactions"
)
NEXT = replace(
    QUALITY, tier="on the loop", required=False, answer="not yet", why="measured 93%, at least 91.5%", limit=0.92
)
MONEY = Gate("payback_months", "payback_months", None, True, "go", "measured 9 months", 18.0)
GUARD = Gate("guard_catch_rate", "guard_catch_rate", "in the loop", True, "go", "measured 90%", 0.5)
OVERSIGHT = Gate("found_error_rate", "found_error_rate", "in the loop", True, "go", "13 errors in 458 reviews", 0.25)
SYSTEMS = Gate("integration_checks", "integration_checks", None, True, "go", "43 of 43 checks passed", None)
GRADE = Gate("baseline_grade", "baseline_grade", None, True, "go", "the baseline is recorded", "recorded")


def evidence(run: Path, stage: str, gates: list[Gate], kpis: tuple[Kpi, ...] = (), **facts: Any) -> None:
    body = {"schema": 1, "stage": stage, "dataset": "tiny", "gates": [gate.as_dict() for gate in gates],
            "kpis": [kpi.as_dict() for kpi in kpis], "facts": facts}  # fmt: skip
    path = run / "evidence" / f"{stage}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(body), encoding="utf-8")


def all_pages(run: Path, quality: Gate = QUALITY, money: Gate = MONEY) -> None:
    evidence(run, "baseline", [GRADE], baseline_grade="recorded", claim="Recorded before the pilot.")
    evidence(run, "pilot", [quality, NEXT], (SUCCESS,))
    evidence(run, "guardrails", [GUARD])
    evidence(run, "oversight", [OVERSIGHT])
    evidence(run, "integration", [SYSTEMS])
    evidence(run, "roi", [money])


def test_all_required_gates_open_is_a_go_that_names_its_tier(page: NewPage, tmp_path: Path) -> None:
    all_pages(tmp_path)
    found = decision.decide(page("decision"))
    assert (found.answer, found.tier, found.held_by) == ("go", "in the loop", ())
    assert found.why == ("All 6 required gates are open for production in the loop: a person approves every output.")


@pytest.mark.parametrize("stage", ["baseline", "pilot", "guardrails", "oversight", "integration", "roi"])
def test_a_page_without_a_verdict_makes_it_not_yet(page: NewPage, tmp_path: Path, stage: str) -> None:
    all_pages(tmp_path)
    (tmp_path / "evidence" / f"{stage}.json").unlink()
    found = decision.decide(page("decision"))
    assert (found.answer, found.tier, found.held_by) == ("not yet", None, ("technology",))
    assert f"the page '{stage}' came to no verdict" in found.why


def test_evidence_of_another_dataset_counts_for_nothing(page: NewPage, tmp_path: Path) -> None:
    all_pages(tmp_path)
    path = tmp_path / "evidence" / "pilot.json"
    path.write_text(path.read_text().replace('"dataset": "tiny"', '"dataset": "another"'))
    assert decision.decide(page("decision")).answer == "not yet"


@pytest.mark.parametrize(
    ("quality", "money", "answer", "holder"),
    [
        ("no-go", "go", "no-go", "quality"),
        ("go", "no-go", "no-go", "organization"),
        ("not yet", "go", "not yet", "quality"),
        ("not yet", "no-go", "no-go", "organization"),
    ],
)
def test_one_gate_holds_the_whole_and_its_side_is_named(
    page: NewPage, tmp_path: Path, quality: Any, money: Any, answer: str, holder: str
) -> None:
    all_pages(tmp_path, replace(QUALITY, answer=quality), replace(MONEY, answer=money))
    found = decision.decide(page("decision"))
    assert (found.answer, found.held_by, found.tier) == (answer, (holder,), None)
    assert any(condition.startswith(("Tasks done right", "Months until")) for condition in found.conditions)


def test_a_failing_tool_is_technology(page: NewPage, tmp_path: Path) -> None:
    tool = replace(QUALITY, name="tool_call_failure_rate", kpi="tool_call_failure_rate", answer="not yet")
    all_pages(tmp_path, tool)
    assert decision.decide(page("decision")).held_by == ("technology",)


def test_the_next_tier_never_decides_but_is_the_biggest_doubt_of_a_go(page: NewPage, tmp_path: Path) -> None:
    all_pages(tmp_path)
    paper = page("decision")
    found = decision.decide(paper)
    assert found.answer == "go"
    assert "at least 91.5%" in decision.next_tier(paper, found)
    assert "Measured 93%, at least 91.5%" in decision.first_screen(paper, found)


def test_the_first_screen_states_ask_error_rate_and_who_signs(page: NewPage, tmp_path: Path) -> None:
    all_pages(tmp_path)
    paper = page("decision")
    screen = decision.first_screen(paper, decision.decide(paper))
    assert "7%" in screen
    assert "at most 8.5% with 95% confidence" in screen
    assert "3 roles" in screen
    assert "By 2026-10-26" in screen


def test_what_is_asked_has_a_day(page: NewPage, tmp_path: Path) -> None:
    all_pages(tmp_path)
    paper = page("decision", as_of="2026-10-12")
    shown = decision.asks(paper, decision.decide(paper))
    assert "2026-10-26" in shown


@pytest.mark.parametrize("answer", ["go", "no-go", "not yet"])
def test_what_is_asked_stands_in_the_order_of_its_days(page: NewPage, tmp_path: Path, answer: str) -> None:
    all_pages(tmp_path)
    paper = page("decision", as_of="2026-10-12")
    shown = decision.asks(paper, replace(decision.decide(paper), answer=answer))  # type: ignore[arg-type]
    days = re.findall(r"2026-\d\d-\d\d", shown)
    assert len(days) == len(paper.playbook.decision.asks.after(answer)) > 1  # type: ignore[arg-type]
    assert days == sorted(days)


def test_decision_json_has_every_promised_key_and_survives_json(page: NewPage, tmp_path: Path) -> None:
    all_pages(tmp_path)
    paper = page("decision")
    row = json.loads(json.dumps(decision.decision_json(paper, decision.decide(paper)), allow_nan=False))
    assert list(row) == ["schema", "answer", "tier", "why", "conditions", "gates", "kpis", "run", "dataset",
                         "synthetic", "as_of", "baseline_grade", "audit_log_head"]  # fmt: skip
    assert row["baseline_grade"] == "recorded"


def test_with_no_page_at_all_there_is_still_a_decision(page: NewPage) -> None:
    found = decision.decide(page("decision"))
    assert found.answer == "not yet"
    assert [gate.name for gate in found.gates] == [
        "page_baseline",
        "page_pilot",
        "page_guardrails",
        "page_oversight",
        "page_integration",
        "page_roi",
    ]


@pytest.mark.parametrize("stage", ["pilot", "guardrails", "oversight", "integration", "roi"])
def test_a_page_struck_from_the_plan_still_holds_the_decision(page: NewPage, tmp_path: Path, stage: str) -> None:
    all_pages(tmp_path)
    (tmp_path / "evidence" / f"{stage}.json").unlink()
    paper = page("decision")
    kept = tuple(other for other in paper.playbook.pages if other.stage != stage)
    paper.playbook = paper.playbook.model_copy(update={"pages": kept})
    assert decision.decide(paper).answer == "not yet"


def test_a_system_that_failed_is_a_condition_of_the_decision(page: NewPage, tmp_path: Path) -> None:
    all_pages(tmp_path)
    failed = replace(SYSTEMS, answer="not yet", why="41 of 42 checks passed; not passed: ledger, mcp.pinned: x")
    evidence(tmp_path, "integration", [failed])
    found = decision.decide(page("decision"))
    assert (found.answer, found.held_by) == ("not yet", ("technology",))
    said = "Systems that the agent needs: 41 of 42 checks passed; not passed: ledger, mcp.pinned: x."
    assert found.conditions[0] == said
    evidence(tmp_path, "integration", [SYSTEMS, replace(failed, name="integration_optional", required=False)])
    found = decision.decide(page("decision"))
    assert found.answer == "go"
    assert found.conditions[0].startswith("Systems that the agent needs (not yet): 41 of 42")


def test_every_side_that_holds_is_named_the_heaviest_first(page: NewPage, tmp_path: Path) -> None:
    tool = replace(QUALITY, name="tool_call_failure_rate", kpi="tool_call_failure_rate", answer="not yet")
    evidence(tmp_path, "baseline", [replace(GRADE, answer="not yet")])
    evidence(
        tmp_path,
        "pilot",
        [replace(QUALITY, answer="not yet"), replace(QUALITY, kpi="pass_hat_k", answer="not yet"), tool],
    )
    evidence(tmp_path, "guardrails", [GUARD])
    evidence(tmp_path, "oversight", [OVERSIGHT])
    evidence(tmp_path, "integration", [SYSTEMS])
    evidence(tmp_path, "roi", [MONEY])
    assert decision.decide(page("decision")).held_by == ("quality", "organization", "technology")


def test_what_holds_this_tier_weighs_more_than_what_holds_the_next(page: NewPage, tmp_path: Path) -> None:
    all_pages(tmp_path, replace(QUALITY, answer="not yet", why="measured 84%"))
    evidence(tmp_path, "baseline", [GRADE, replace(NEXT, answer="no-go", why="measured 70%")])
    paper = page("decision")
    assert "Measured 84%." in decision.first_screen(paper, decision.decide(paper))


def test_with_the_pilot_missing_no_next_tier_is_called_open(page: NewPage, tmp_path: Path) -> None:
    all_pages(tmp_path)
    (tmp_path / "evidence" / "pilot.json").unlink()
    paper = page("decision")
    assert "No page has looked at production on the loop" in decision.next_tier(paper, decision.decide(paper))


def test_what_would_be_a_no_go_without_its_doubts_leads_the_sentence(page: NewPage, tmp_path: Path) -> None:
    held = hold(replace(QUALITY, answer="no-go", why="measured 42%"), ["the limit is an example"], undecide=True)
    evidence(tmp_path, "baseline", [replace(GRADE, answer="not yet")])
    evidence(tmp_path, "pilot", [held], (SUCCESS,))
    evidence(tmp_path, "guardrails", [GUARD])
    evidence(tmp_path, "oversight", [OVERSIGHT])
    evidence(tmp_path, "integration", [SYSTEMS])
    evidence(tmp_path, "roi", [MONEY])
    found = decision.decide(page("decision"))
    assert found.why == (
        "Tasks done right: measured 42%. It would be no-go, but the limit is an example. "
        "Also not yet: Grade of the baseline."
    )


def test_failed_data_checks_stand_on_the_first_screen(page: NewPage, tmp_path: Path) -> None:
    all_pages(tmp_path)
    path = tmp_path / "evidence" / "pilot.json"
    check = {"name": "interactions: every row is accounted for", "passed": False, "detail": "9 of 10 rows are missing"}
    path.write_text(json.dumps({**json.loads(path.read_text()), "checks": [check]}), encoding="utf-8")
    paper = page("decision")
    assert "every row is accounted for: 9 of 10 rows are missing" in decision.first_screen(
        paper, decision.decide(paper)
    )


def test_a_limit_reads_the_same_with_and_without_a_measured_value(page: NewPage, tmp_path: Path) -> None:
    unknown = replace(SUCCESS, estimate=None, low=None, high=None, reason="the dataset has no table `interactions`")
    all_pages(tmp_path)
    evidence(tmp_path, "pilot", [QUALITY], (unknown,))
    paper = page("decision")
    assert "at least 85%" in decision.kpi_rows(paper, decision.decide(paper))


def test_the_shipped_examples_hold_every_decision_on_real_data(page: NewPage, tmp_path: Path) -> None:
    all_pages(tmp_path)
    assert decision.decide(page("decision")).answer == "go"
    real = decision.decide(page("decision", synthetic=False))
    assert real.answer == "not yet"
    assert (
        "the agent and its process, who is asked and who signs, freshness_days and rows_missing_max_share" in real.why
    )
