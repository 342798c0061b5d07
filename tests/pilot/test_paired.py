"""Two versions on the same tasks: only common tasks count, and what flipped is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from pilotage import pilot
from pilotage.kpis import Tables
from pilotage.page import Page
from pilotage.pilot.paired import Paired, paired, tasks_of

Build = Callable[..., Tables]
NewPage = Callable[..., Page]
T0 = datetime(2026, 7, 6, 8)


def tries(version: str, right: dict[str, list[bool | None]], late: bool = False, **more: Any) -> list[dict[str, Any]]:
    """`right` maps each task to the results of its tries."""
    return [
        {"interaction_id": f"{version}-{task}-{k}", "phase": "pilot", "task_id": task, "trial": k, "success": result,
         "outcome": "answered", "prompt_hash": version, "started_at": T0 + timedelta(days=30 * late),
         "input_tokens": 100 + 10 * late + int(task[1:]), "output_tokens": 0, "latency_s": 2.0, **more}
        for task, results in right.items() for k, result in enumerate(results)
    ]  # fmt: skip


def sides(tables: Build, new: list[dict[str, Any]], old: list[dict[str, Any]]) -> Paired:
    return paired(tasks_of(tables(interactions=new)), tasks_of(tables(interactions=old)), "new", "old")


def one_each(n: int, wrong: set[int]) -> dict[str, list[bool | None]]:
    return {f"t{i}": [i not in wrong] for i in range(n)}


def test_one_try_each_is_mcnemar_and_newcombe(tables: Build) -> None:
    found = sides(tables, tries("b", one_each(60, {1, 2})), tries("a", one_each(60, set(range(2, 15)))))
    success = found.differences[0]
    assert success.kpi.estimate == pytest.approx((58 - 47) / 60)
    assert success.kpi.method == "newcombe paired"
    assert (success.newer, success.older) == pytest.approx((58 / 60, 47 / 60))
    assert set(found.better) == {f"t{i}" for i in range(3, 15)}
    assert found.worse == ("t1",)
    assert found.chance == pytest.approx(2 * (13 + 1) / 2**13)
    assert "new does more of the common tasks right than old." in pilot.paired_table(found)


def test_repeated_tries_count_once_a_task_and_are_bootstrapped(tables: Build) -> None:
    rng = np.random.default_rng(3)
    old = {f"t{i}": [bool(x) for x in rng.random(3) < 0.6] for i in range(80)}
    new = {task: [True, True] if rng.random() < 0.5 else results for task, results in old.items()}
    found = sides(tables, tries("b", new), tries("a", old))
    assert found.chance is None
    assert found.differences[0].kpi.method == "paired bootstrap"
    assert found.differences[0].kpi.n == 80
    assert found.differences[0].kpi.low is not None
    assert found.differences[0].kpi.low > 0
    assert found.worse == ()


def test_tokens_and_seconds_are_paired_too(tables: Build) -> None:
    new = [{**row, "latency_s": 2.0 + 0.01 * i} for i, row in enumerate(tries("b", one_each(30, set()), late=True))]
    found = sides(tables, new, tries("a", one_each(30, set())))
    success, tokens, latency = found.differences
    assert success.kpi.estimate == 0.0
    assert tokens.kpi.estimate == pytest.approx(10)
    assert latency.kpi.estimate == pytest.approx(0.145)
    assert latency.kpi.low is not None
    assert 0 < latency.kpi.low < 0.145


def test_tasks_of_one_side_and_tasks_with_another_input_are_named_and_not_compared(tables: Build) -> None:
    new = tries("b", one_each(40, set()), input_text="one text")
    old = tries("a", {f"t{i}": [True] for i in range(5, 45)}, input_text="one text")
    old[0]["input_text"] = "<b>another</b>"
    found = sides(tables, new, old)
    assert found.tasks == 34
    assert found.newer_only == ("t0", "t1", "t2", "t3", "t4")
    assert found.older_only == ("t40", "t41", "t42", "t43", "t44")
    assert found.other_input == ("t5",)
    shown = pilot.paired_table(found)
    assert "Tried by new alone, and not compared: 5 tasks (t0, t1, t2, t3 and t4)." in shown
    assert "another input on each side, and not compared: 1 task (t5)." in shown


def test_an_error_is_a_try_that_was_not_right_and_an_unjudged_one_is_neither(tables: Build) -> None:
    new = tries("b", one_each(30, set()))
    new[0] |= {"success": None, "outcome": "error"}
    new[1] |= {"success": None}
    found = sides(tables, new, tries("a", one_each(30, set())))
    assert found.worse == ("t0",)
    assert found.unjudged == 1
    assert found.differences[0].kpi.n == 29
    assert found.differences[1].kpi.n == 30


def test_without_a_common_task_it_says_so(tables: Build) -> None:
    found = sides(tables, tries("b", {"t1": [True]}), tries("a", {"t2": [True]}))
    assert found.differences == ()
    assert "Nothing can be compared task by task: the two have no task in common." in pilot.paired_table(found)
    assert "not compared: 1 task (t1)" in pilot.paired_table(found)


@pytest.mark.parametrize("columns", ["prompt_hash", "model", "agent"])
def test_the_latest_version_is_compared_with_the_one_before_it(tables: Build, page: NewPage, columns: str) -> None:
    rows = [*tries("old", one_each(30, {1, 2, 3})), *tries("new", one_each(30, {1}), late=True)]
    rows += [{**row, "started_at": T0 - timedelta(days=9)} for row in tries("oldest", one_each(30, set()))]
    rows = [{**row, columns: row["prompt_hash"]} for row in rows]
    if columns != "prompt_hash":
        rows = [{**row, "prompt_hash": "same"} for row in rows]
    found = pilot.compared(page("pilot"), tables(interactions=rows), "")
    word = columns.removesuffix("_hash")
    assert (found.newer, found.older) == (f"{word} new", f"{word} old")
    assert found.better == ("t3", "t2") or found.better == ("t2", "t3")


def test_versions_that_never_met_a_task_together_are_not_compared(tables: Build, page: NewPage) -> None:
    rows = [*tries("old", {"t1": [True]}), *tries("new", {"t2": [True]}, late=True)]
    found = pilot.compared(page("pilot"), tables(interactions=rows), "")
    assert "no task was tried under two agents, models or prompts" in pilot.paired_table(found)
    assert pilot.compared(page("pilot"), tables(), "").reason == found.reason


def test_missing_values_are_not_known_and_hostile_ids_are_text(tables: Build) -> None:
    bare = ("input_tokens", "latency_s", "output_tokens")
    new, old = (
        [{k: v for k, v in row.items() if k not in bare} | {"task_id": "<script>x</script>"} for row in rows]
        for rows in (tries("b", {"t1": [True]}), tries("a", {"t1": [False]}))
    )
    found = sides(tables, new, old)
    assert found.differences[1].kpi.estimate is None
    shown = pilot.paired_table(found)
    assert "<script" not in shown
    assert "no common task has a value on both sides" in shown
