"""The pilot's gates: limits per tier, held by doubts, never opened by fewer data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pilotage import pilot
from pilotage.kpis import Tables
from pilotage.page import Page
from pilotage.playbook import TIERS
from pilotage.verdict import Gate

Build = Callable[..., Tables]
NewPage = Callable[..., Page]
LAST = datetime(2026, 10, 10, 12)


def runs(n: int, failures: int = 0, **more: Any) -> list[dict[str, Any]]:
    """`n` interactions over about eight weeks, the first `failures` of them wrong."""
    return [
        {
            "interaction_id": f"i{i}",
            "phase": "pilot",
            "success": i >= failures,
            "started_at": LAST - timedelta(hours=i),
            **more,
        }
        for i in range(n)
    ]


def fresh(tables: Tables, last: str | None = "2026-10-10T12:00:00") -> Tables:
    for fact in tables.facts.values():
        fact["last"] = last  # type: ignore[index]
    return tables


def gates(page: Page, tables: Tables) -> dict[tuple[str, str | None], Gate]:
    look = pilot.look(page, tables)
    found = pilot.gates(page, tables, pilot.measured(tables, page.playbook, look), look)
    return {(gate.name, gate.tier): gate for gate in found}


def test_a_clear_pilot_is_go_in_the_loop_and_only_that_tier_is_required(tables: Build, page: NewPage) -> None:
    found = gates(page("pilot"), fresh(tables(interactions=runs(600, 30))))
    assert found["task_success_rate", "in the loop"].answer == "go"
    assert found["task_success_rate", "outside the loop"].answer == "not yet"
    required = {tier for (_, tier), gate in found.items() if gate.required}
    assert required == {"in the loop"}
    assert {tier for _, tier in found} == set(TIERS)


def test_without_tool_calls_their_gate_is_not_yet_and_says_why(tables: Build, page: NewPage) -> None:
    gate = gates(page("pilot"), fresh(tables(interactions=runs(600))))["tool_call_failure_rate", "in the loop"]
    assert gate.answer == "not yet"
    assert "no table `tool_calls`" in gate.why


def test_an_example_limit_decides_nothing_about_real_data(tables: Build, page: NewPage) -> None:
    data = fresh(tables(interactions=runs(600, 300)))
    real = gates(page("pilot", synthetic=False), data)["task_success_rate", "in the loop"]
    assert real.answer == "not yet"
    assert "example" in real.why
    assert gates(page("pilot"), data)["task_success_rate", "in the loop"].answer == "no-go"


@pytest.mark.parametrize(
    ("last", "why"),
    [
        ("2026-07-01T00:00:00", "no new data since 2026-07-01"),
        (None, "carry no time"),
        ("2026-11-01T00:00:00", "beyond the day"),
    ],
)
def test_an_old_undated_or_future_export_holds_the_gate(
    tables: Build, page: NewPage, last: str | None, why: str
) -> None:
    gate = gates(page("pilot"), fresh(tables(interactions=runs(600)), last))["task_success_rate", "in the loop"]
    assert gate.answer == "not yet"
    assert why in gate.why


def test_a_failed_check_holds_the_gate(tables: Build, page: NewPage) -> None:
    data = fresh(tables(interactions=runs(600)))
    check = {"name": "latency_s is at least 0", "passed": False, "detail": "3 of 600"}
    data.facts["interactions"]["checks"].append(check)
    gate = gates(page("pilot"), data)["task_success_rate", "in the loop"]
    assert gate.answer == "not yet"
    assert "latency_s is at least 0" in gate.why


def test_a_missing_row_holds_a_go(tables: Build, page: NewPage) -> None:
    data = fresh(tables(interactions=runs(600), missing={"interactions": 1}))
    assert gates(page("pilot"), data)["task_success_rate", "in the loop"].answer == "not yet"


def test_a_slow_tail_is_gated_as_the_rate_it_is(tables: Build, page: NewPage) -> None:
    rows = [{**row, "latency_s": 40.0 if i % 25 == 0 else 5.0} for i, row in enumerate(runs(300))]
    gate = gates(page("pilot"), fresh(tables(interactions=rows)))["latency_p95_s", "in the loop"]
    assert gate.answer == "not yet"
    assert gate.more_needed
    assert "at the present volume" in gate.why


def test_a_pilot_that_has_ended_names_weeks_and_no_day(tables: Build, page: NewPage) -> None:
    rows = [{**row, "latency_s": 40.0 if i % 25 == 0 else 5.0} for i, row in enumerate(runs(300))]
    data = fresh(tables(interactions=rows), "2026-12-01T00:00:00")
    gate = gates(page("pilot", as_of="2026-12-02"), data)["latency_p95_s", "in the loop"]
    assert "more weeks at the pilot's volume" in gate.why


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 60), st.sets(st.integers(0, 299), max_size=60))
def test_deleting_rows_the_source_has_counted_never_opens_a_gate(
    tables: Build, page: NewPage, failures: int, deleted: set[int]
) -> None:
    rows = runs(300, failures)
    kept = [row for i, row in enumerate(rows) if i not in deleted]
    whole = gates(page("pilot"), fresh(tables(interactions=rows)))
    part = gates(page("pilot"), fresh(tables(interactions=kept, missing={"interactions": len(deleted)})))
    assert all(part[key].answer != "go" or whole[key].answer == "go" for key in whole)


def test_the_weakest_part_comes_first_and_small_parts_are_named_as_left_out(tables: Build, page: NewPage) -> None:
    rows = [*runs(40, 10, segment="apac"), *runs(40, 2, segment="emea"), *runs(5, 5, segment="tiny")]
    rows = [{**row, "interaction_id": str(i)} for i, row in enumerate(rows)]
    found = pilot.by_part(tables(interactions=rows), "task_success_rate", "segment")
    assert [kpi.dimension for kpi in found] == ["segment=tiny", "segment=apac", "segment=emea"]
    shown = pilot.parts_table(page("pilot"), "By segment", found)
    assert "Left out, with too few rows to say anything: tiny." in shown
    assert "Alone, these would not clear the limit of the whole: apac and emea." in shown
    assert shown.count('<th scope="row">') == 2


def test_labels_drawn_unlike_hold_the_gate(tables: Build, page: NewPage) -> None:
    label = {"metric": "hallucination", "source": "human", "stream": "uniform", "value": 0.0, "labeller": "a"}
    labels = [{**label, "interaction_id": f"i{i}", "inclusion_probability": 0.5 if i % 2 else 0.1} for i in range(400)]
    gate = gates(page("pilot"), fresh(tables(interactions=runs(400), labels=labels)))[
        "hallucination_rate", "in the loop"
    ]
    assert gate.answer == "not yet"
    assert "unequal probabilities (0.1 to 0.5)" in gate.why
