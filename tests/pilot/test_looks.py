"""Looks: registered ones share out one chance of error, any other look pays with the e-process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pilotage import audit_log, pilot
from pilotage.kpis import Kpi, Tables, measure_anytime
from pilotage.page import Page
from pilotage.pilot.looks import Look, looks_text
from pilotage.pilot.plan import PLAN, plan_of
from pilotage.playbook import Looks
from pilotage.verdict import Gate

Build = Callable[..., Tables]
NewPage = Callable[..., Page]
BEGUN = datetime(2026, 8, 1, 8)


def runs(n: int, failures: int = 0, **more: Any) -> list[dict[str, Any]]:
    """`n` interactions, one an hour, of which the last `failures` went wrong."""
    begun = {"phase": "pilot", **more}
    return [
        {"interaction_id": f"i{i:04}", "success": i < n - failures, "started_at": BEGUN + timedelta(hours=i), **begun}
        for i in range(n)
    ]


@pytest.fixture
def looking(page: NewPage) -> Callable[..., Page]:
    """A page whose playbook registers these looks; `synthetic` and `example` as given."""

    def build(*at: int, synthetic: bool = True, example: bool = True) -> Page:
        made = page("pilot", synthetic=synthetic)
        looks = {"tiny": Looks(at=at, reason="r", set_by="s", example=example)}
        policy = made.playbook.pilot.model_copy(update={"looks": looks})
        object.__setattr__(made.playbook, "pilot", policy)
        return made

    return build


def success(page: Page, tables: Tables) -> tuple[Look, Kpi, Gate]:
    for fact in tables.facts.values():
        fact["last"] = "2026-10-10T12:00:00"  # type: ignore[index]
    look = pilot.look(page, tables)
    kpis = pilot.measured(tables, page.playbook, look)
    found = pilot.gates(page, tables, kpis, look)
    named = {kpi.name: kpi for kpi in kpis}
    gates = {(gate.name, gate.tier): gate for gate in found}
    return look, named["task_success_rate"], gates["task_success_rate", "in the loop"]


def test_before_the_first_look_nothing_is_decided(looking: Callable[..., Page], tables: Build) -> None:
    look, _, gate = success(looking(200, 400), tables(interactions=runs(150)))
    assert look.place == 0
    assert gate.answer == "not yet"
    assert "the first look is at 200 interactions; 50 more interactions to come" in gate.why
    assert gate.more_needed == 50
    assert "The first of 2 registered looks is at 200 interactions; 150 have come in." in looks_text(look)


def test_between_two_looks_the_pilot_is_seen_as_it_was_at_the_last(looking: Callable[..., Page], tables: Build) -> None:
    rows = runs(350, failures=140)  # the bad ones came after the look
    look, kpi, _ = success(looking(200, 400), tables(interactions=rows))
    assert (look.place, look.come, look.next_at) == (1, 350, 400)
    assert (kpi.n, kpi.count) == (200, 200)


def test_the_last_look_leaves_no_error_to_spend(looking: Callable[..., Page], tables: Build) -> None:
    look, kpi, gate = success(looking(200, 400), tables(interactions=runs(400, failures=55)))
    assert look.spent == pytest.approx(0.05)
    assert kpi.confidence == pytest.approx(1 - 2 * look.error)
    assert gate.answer == "not yet"
    assert gate.more_needed is None
    assert "this was the last look" in gate.why
    assert "it is the last" in looks_text(look)


def test_an_early_look_needs_more_than_a_single_one(looking: Callable[..., Page], tables: Build) -> None:
    rows = runs(200, failures=18)
    early, single = (
        success(looking(200, 400), tables(interactions=rows)),
        success(looking(200), tables(interactions=rows)),
    )
    assert (early[2].answer, single[2].answer) == ("not yet", "go"), single[2].why
    assert "the next look is at 400 interactions" in early[2].why


@pytest.mark.parametrize(
    ("synthetic", "example", "logged", "why"),
    [
        (True, True, None, ""),
        (False, True, None, "still an example"),
        (False, False, None, "never registered"),
        (False, False, BEGUN + timedelta(days=1), "after the pilot had begun"),
        (False, False, BEGUN - timedelta(days=1), ""),
    ],
)
def test_looks_count_when_they_were_registered_before_the_pilot(
    looking: Callable[..., Page], tables: Build, monkeypatch: pytest.MonkeyPatch, tmp_path: Any,
    synthetic: bool, example: bool, logged: datetime | None, why: str,
) -> None:  # fmt: skip
    made = looking(100, synthetic=synthetic, example=example)
    log = tmp_path / "audit_log.jsonl"
    monkeypatch.setattr(type(made.workspace), "log", property(lambda _: log))
    if logged:
        audit_log.append(log, PLAN, plan_of(made.playbook.pilot), "Ann", logged.replace(tzinfo=UTC))
    look, kpi, _ = success(made, tables(interactions=runs(150)))
    assert bool(look.at) == (not why)
    assert why in look.why
    assert kpi.method == ("anytime-valid" if why else "korn-graubard")
    assert ("e-process" in looks_text(look)) == bool(why)


def test_runs_without_a_time_hold_registered_looks(looking: Callable[..., Page], tables: Build) -> None:
    rows = [*runs(199), {"interaction_id": "undated", "phase": "pilot", "success": True}]
    look, _, gate = success(looking(200), tables(interactions=rows))
    assert look.at == ()
    assert gate.answer == "not yet"
    assert "1 interaction without a time" in gate.why


def test_of_repeated_trials_one_enters_the_e_process(tables: Build) -> None:
    rows = [{**row, "task_id": f"t{i // 4}"} for i, row in enumerate(runs(200, failures=10))]
    kpi = measure_anytime(tables(interactions=rows), "task_success_rate", "pilot")
    assert (kpi.n, kpi.clusters, kpi.n_eff) == (200, 50, 50)


def test_a_mean_cannot_be_decided_at_any_look(tables: Build) -> None:
    rows = [{**row, "input_tokens": 10, "output_tokens": 1} for row in runs(5)]
    kpi = measure_anytime(tables(interactions=rows), "tokens_per_interaction", "pilot")
    assert kpi.estimate is None
    assert "registered looks" in kpi.reason


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=2, max_size=30),
    st.sets(st.integers(0, 29), min_size=1, max_size=10),
    st.sampled_from(["task_success_rate", "latency_p95_s"]),
)
def test_a_deleted_run_narrows_no_side_of_the_e_process(
    tables: Build, drawn: list[tuple[int, bool]], deleted: set[int], name: str
) -> None:
    rows = [
        {"interaction_id": f"i{i}", "phase": "pilot", "task_id": f"t{task}", "success": good, "latency_s": 9.0 + i}
        for i, (task, good) in enumerate(drawn)
    ]  # fmt: skip
    kept = [row for i, row in enumerate(rows) if i not in deleted]
    if not kept:
        return
    whole = measure_anytime(tables(interactions=rows), name, "pilot")
    part = measure_anytime(tables(interactions=kept, missing={"interactions": len(rows) - len(kept)}), name, "pilot")
    inf = float("inf")
    assert (part.high if part.high is not None else inf) >= (whole.high if whole.high is not None else inf)
    assert (part.low if part.low is not None else -inf) <= (whole.low if whole.low is not None else -inf)
