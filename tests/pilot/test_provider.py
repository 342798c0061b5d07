"""What the agent does when its model's provider fails, beside what it does otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pilotage import pilot
from pilotage.kpis import Tables

Build = Callable[..., Tables]


def run(name: str, **more: Any) -> dict[str, Any]:
    return {"interaction_id": name, "phase": "pilot", "outcome": "answered", "success": True, **more}


def call(name: str, status: str = "ok", n: int = 0) -> dict[str, Any]:
    return {"call_id": f"{name}-{n}", "interaction_id": name, "status": status}


def test_runs_end_in_one_way_each_with_and_without_a_failure(tables: Build) -> None:
    rows = [
        run("a", latency_s=9.0, service_s=4.0), run("b", success=False), run("c", outcome="escalated"),
        run("d", outcome="error", success=None), run("e", success=None), run("f", outcome="refused"),
        *(run(f"ok{n}", latency_s=2.0, service_s=2.0) for n in range(4)),
    ]  # fmt: skip
    calls = [
        *(call(name, "timeout" if name == "a" else "error") for name in "abcdef"),
        *(call(f"ok{n}") for n in range(4)),
    ]
    found = pilot.provider_failures(tables(interactions=rows, model_calls=calls))
    assert found.failed is not None
    assert found.others is not None
    assert {name: kpi.count for name, kpi in found.failed.shares.items()} == dict.fromkeys(
        ("right", "wrong", "escalated", "refused", "error", "not judged"), 1
    )
    assert sum(kpi.count or 0 for kpi in found.others.shares.values()) == found.others.runs == 4
    assert (found.rate.count, found.rate.n) == (6, 10)
    assert (found.failed.seconds_lost.estimate, found.failed.seconds_lost.n) == (5.0, 1)
    assert found.others.seconds_lost.estimate == 0.0


def test_a_second_try_is_a_failure_and_a_sub_agents_failure_is_its_unit_s(tables: Build) -> None:
    rows = [
        run("tried", attempts=2), run("calm", attempts=1), run("root", attempts=1),
        run("child", parent_interaction="root", attempts=1), run("deep", parent_interaction="child", attempts=1),
    ]  # fmt: skip
    found = pilot.provider_failures(tables(interactions=rows, model_calls=[call("deep", "error")]))
    assert found.failed is not None
    assert (found.failed.runs, found.rate.n) == (2, 3)


def test_without_a_failure_nothing_is_claimed(tables: Build) -> None:
    found = pilot.provider_failures(tables(interactions=[run(str(n), attempts=1) for n in range(40)]))
    shown = pilot.provider_table(found)
    assert "No model call failed and no run was tried twice in 40 runs" in shown
    assert "not known" in shown
    assert found.rate.high
    assert found.rate.high > 0.05
    assert len(found.kpis) == 1 + 7


@pytest.mark.parametrize("columns", [{}, {"attempts": None}])
def test_where_nothing_says_how_calls_ended_it_is_not_known(tables: Build, columns: dict[str, Any]) -> None:
    found = pilot.provider_failures(tables(interactions=[run("1", **columns)]))
    assert found.failed is None
    assert found.rate.estimate is None
    assert "not known" in pilot.provider_table(found)


def test_runs_that_say_nothing_and_calls_of_no_run_are_counted_apart(tables: Build) -> None:
    calls = [call("a", "error"), {**call("x", "error", 1), "interaction_id": None}]
    found = pilot.provider_failures(tables(interactions=[run("a"), run("b")], model_calls=calls))
    assert (found.rate.n, found.unseen, found.astray) == (1, 1, 1)
    shown = pilot.provider_table(found)
    assert "1 run " in shown
    assert "1 failed model call" in shown


def test_on_an_empty_dataset_it_is_not_known(tables: Build) -> None:
    for data in (tables(), tables(interactions=[], model_calls=[])):
        assert "not known" in pilot.provider_table(pilot.provider_failures(data))
