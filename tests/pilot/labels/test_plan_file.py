"""The draws are kept: only added to, sound after an interruption, and drawn from the runs that the KPIs count."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import pytest

from pilotage.errors import InputFaults
from pilotage.kpis import Tables, measure
from pilotage.pilot.labels import plan_file
from pilotage.pilot.labels.plan_file import draw_more, metrics_drawn, path_of, read_plan, suspicion, units
from pilotage.pilot.labels.sampling import Plan
from pilotage.pilot.labels.store import Label, append, read, standing
from pilotage.workspace import Workspace

Build = Callable[..., Tables]
Desk = Callable[..., Workspace]
AT = datetime(2026, 10, 1, 9, tzinfo=UTC)
M = "hallucination"


def runs(tables: Build, n: int, **more: list[dict[str, object]]) -> Tables:
    rows = [{"interaction_id": f"i{k}", "phase": "pilot", "output_text": "x"} for k in range(n)]
    return tables(interactions=rows, **{"labels": [], **more})


def test_a_draw_is_kept_and_the_next_adds_a_line(desk: Desk, tables: Build) -> None:
    workspace, built = desk(), runs(tables, 400)
    assert read_plan(workspace, "desk", M).draws == ()
    assert metrics_drawn(workspace, "desk") == ()
    small = draw_more(workspace, "desk", M, built, AT, uniform=40)
    first = path_of(workspace, "desk").read_bytes()
    assert read_plan(workspace, "desk", M) == small
    assert draw_more(workspace, "desk", M, built, AT, uniform=20) == small, "a smaller number took runs back"
    assert path_of(workspace, "desk").read_bytes() == first
    large = draw_more(workspace, "desk", M, built, AT, uniform=80)
    assert small.items.keys() < large.items.keys()
    assert path_of(workspace, "desk").read_bytes().startswith(first)
    assert path_of(workspace, "desk").read_bytes().count(b"\n") == 2
    draw_more(workspace, "desk", "task_success", built, AT, uniform=80)
    assert metrics_drawn(workspace, "desk") == (M, "task_success")
    assert read_plan(workspace, "desk", M) == large


def test_runs_that_came_in_since_are_drawn_with_the_chance_that_stands(desk: Desk, tables: Build) -> None:
    workspace = desk()
    before = draw_more(workspace, "desk", M, runs(tables, 400), AT, uniform=200)
    after = draw_more(workspace, "desk", M, runs(tables, 800), AT)
    new = [name for name in after.items if name not in before.items]
    assert after.chance == before.chance == 0.5
    assert all(int(name.removeprefix("i")) >= 400 for name in new)
    assert abs(len(new) - 200) < 50


def test_a_torn_draw_did_not_happen_and_an_altered_one_is_named(desk: Desk, tables: Build) -> None:
    workspace, built = desk(), runs(tables, 40)
    plan = draw_more(workspace, "desk", M, built, AT, uniform=10)
    path = path_of(workspace, "desk")
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:50])
    assert read_plan(workspace, "desk", M) == plan
    larger = draw_more(workspace, "desk", M, built, AT, uniform=30)
    assert read_plan(workspace, "desk", M) == larger
    path.write_bytes(b"{}\n" + whole + b"nonsense\n")
    with pytest.raises(InputFaults) as caught:
        read_plan(workspace, "desk", M)
    assert caught.value.faults == ["line 1: is no draw", "line 3: is no draw"]
    with pytest.raises(InputFaults):
        metrics_drawn(workspace, "desk")


def test_only_units_of_the_pilot_are_drawn_each_run_of_a_task_for_itself(tables: Build) -> None:
    rows = [
        {"interaction_id": "a", "phase": "pilot", "task_id": "t1", "trial": 1},
        {"interaction_id": "b", "phase": "pilot", "task_id": "t1", "trial": 2},
        {"interaction_id": "sub", "phase": "pilot", "parent_interaction": "a"},
        {"interaction_id": "own", "phase": "pilot", "parent_interaction": "a", "task_id": "t2"},
        {"interaction_id": "before", "phase": "baseline"},
        {"interaction_id": "after", "phase": "production"},
    ]
    built = tables(interactions=rows, labels=[])
    assert units(built) == ["a", "b", "own"]
    counted = measure(tables(interactions=[{**row, "success": True} for row in rows]), "task_success_rate", "pilot")
    assert counted.n == 3


def test_suspicion_is_the_judges_mean_score_and_turned_round_where_yes_is_good(tables: Build) -> None:
    scores = [("i1", M, 1.0), ("i1", M, 0.5), ("i2", M, 7.0), ("i1", "task_success", 0.9)]
    labels = [{"interaction_id": i, "metric": m, "value": v, "source": "judge"} for i, m, v in scores]
    people = [{"interaction_id": "i0", "metric": M, "value": 1.0, "source": "human"}]
    built = runs(tables, 3, labels=[*labels, *people])
    assert suspicion(built, M) == {"i1": 0.75, "i2": 1.0}
    assert suspicion(built, "task_success") == {"i1": pytest.approx(0.1)}


def test_after_a_larger_draw_all_labels_carry_one_chance(desk: Desk, tables: Build) -> None:
    """The gate refuses a uniform sample whose runs were chosen with different chances."""
    workspace, built = desk(), runs(tables, 400)
    small = draw_more(workspace, "desk", M, built, AT, uniform=40)
    given = [Label(i.interaction_id, M, 1.0, "human", "Ada", i.stream, i.chance, AT) for i in small.items.values()]
    append(workspace, "desk", given)
    large = draw_more(workspace, "desk", M, built, AT, uniform=200)
    now = standing(read(workspace, "desk"))
    assert {label.inclusion_probability for label in now} == {large.chance} == {0.5}
    assert [label.interaction_id for label in now] == [label.interaction_id for label in given]
    lines = len(read(workspace, "desk"))
    draw_more(workspace, "desk", M, built, AT, uniform=200)
    assert len(read(workspace, "desk")) == lines


def test_an_answer_changed_while_runs_are_drawn_stays_changed(
    desk: Desk, tables: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, built = desk(), runs(tables, 400)
    item = next(iter(draw_more(workspace, "desk", M, built, AT, uniform=40).items.values()))

    def say(value: float) -> None:
        append(workspace, "desk", [Label(item.interaction_id, M, value, "human", "Ada", item.stream, item.chance, AT)])

    say(0.0)
    change = threading.Thread(target=say, args=[1.0])
    real = plan_file.overtaken

    def meanwhile(plan: Plan, labels: Iterable[Label]) -> list[Label]:
        change.start()
        change.join(0.3)  # the change waits for the store, or is lost
        return real(plan, labels)

    monkeypatch.setattr(plan_file, "overtaken", meanwhile)
    draw_more(workspace, "desk", M, built, AT, uniform=200)
    change.join()
    assert [label.value for label in standing(read(workspace, "desk"))] == [1.0]


def test_a_draw_with_nobody_s_labels_makes_no_store(desk: Desk, tables: Build) -> None:
    workspace = desk()
    draw_more(workspace, "desk", M, runs(tables, 40), AT, uniform=10)
    assert not (workspace.dataset("desk") / "labels.jsonl").exists()
