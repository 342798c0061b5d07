"""Agents that start agents: who used what, who failed, and whose task failed in the end, however deep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pilotage import pilot
from pilotage.kpis import Tables

Build = Callable[..., Tables]


def run(name: str, agent: str, parent: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "interaction_id": name, "agent": agent, "parent_interaction": parent, "phase": "pilot", "input_tokens": 100,
        "output_tokens": 0, "latency_s": 10.0, "outcome": "answered", **more,
    }  # fmt: skip


@pytest.fixture
def chain(tables: Build) -> Tables:
    """Ten planners; each starts a searcher, which starts a reader; the last two planners' tasks fail."""
    rows = [
        row
        for n in range(10)
        for row in (
            run(f"p{n}", "planner", success=n < 8),
            run(f"s{n}", "searcher", f"p{n}", input_tokens=300, outcome="error" if n == 0 else "answered"),
            run(f"r{n}", "reader", f"s{n}", input_tokens=600) if n % 2 else run(f"x{n}", "planner", success=True),
        )
    ]
    calls = [
        {"interaction_id": f"r{n}", "seq": 1, "tool": "open", "status": "error" if n == 1 else "ok"}
        for n in range(1, 10, 2)
    ]
    return tables(interactions=rows, tool_calls=calls)


def test_each_agent_is_told_apart_by_its_depth(chain: Tables) -> None:
    found = pilot.teamwork(chain)
    assert [(m.agent, m.depth, m.runs) for m in found.members] == [
        ("planner", 0, 15), ("searcher", 1, 10), ("reader", 2, 5)
    ]  # fmt: skip
    assert found.started == 15


def test_shares_of_tokens_and_time_add_up_to_one(chain: Tables) -> None:
    members = pilot.teamwork(chain).members
    assert [m.tokens.estimate for m in members] == pytest.approx([1500 / 7500, 3000 / 7500, 3000 / 7500])
    assert sum(m.seconds.estimate or 0 for m in members) == pytest.approx(1)
    assert all(m.tokens.low is not None and m.tokens.n == m.runs for m in members)


def test_what_a_sub_agents_sub_agent_worked_for_is_the_task_at_the_root(chain: Tables) -> None:
    members = {m.agent: m for m in pilot.teamwork(chain).members}
    assert (members["reader"].task_failed.count, members["reader"].task_failed.n) == (1, 5)  # r9 works for p9
    assert (members["searcher"].task_failed.count, members["searcher"].task_failed.n) == (2, 10)
    assert (members["planner"].task_failed.count, members["planner"].task_failed.n) == (2, 15)


def test_failed_calls_and_errors_belong_to_the_agent_that_had_them(chain: Tables) -> None:
    members = {m.agent: m for m in pilot.teamwork(chain).members}
    assert (members["reader"].failed_calls.count, members["reader"].failed_calls.n) == (1, 5)
    assert members["planner"].failed_calls.estimate is None
    assert members["planner"].failed_calls.reason == "it called no tool"
    assert (members["searcher"].errors.count, members["searcher"].errors.n) == (1, 10)


def test_the_page_shows_a_line_per_agent(chain: Tables) -> None:
    shown = pilot.teamwork_table(pilot.teamwork(chain))
    assert "15 runs were started by another; they used 80% of all tokens." in shown
    assert shown.count('<th scope="row">') == 3
    assert "not known" in shown


def test_where_no_run_was_started_by_another_it_says_so(tables: Build) -> None:
    found = pilot.teamwork(tables(interactions=[run("1", "planner")]))
    assert found.members == ()
    assert "no run was started by another" in pilot.teamwork_table(found)


def test_without_the_column_it_is_not_known(tables: Build) -> None:
    for data in (tables(), tables(interactions=[{"interaction_id": "1", "phase": "pilot"}])):
        found = pilot.teamwork(data)
        assert found.members == ()
        assert "not known" in pilot.teamwork_table(found)


def test_without_an_agent_the_model_names_it_and_without_tokens_their_share_is_not_known(tables: Build) -> None:
    rows: list[dict[str, Any]] = [
        {"interaction_id": "1", "phase": "pilot", "model": "<b>big</b>", "parent_interaction": None},
        {"interaction_id": "2", "phase": "pilot", "parent_interaction": "1"},
    ]
    found = pilot.teamwork(tables(interactions=rows))
    assert [m.agent for m in found.members] == ["<b>big</b>", "not named"]
    assert found.members[0].tokens.reason == "its runs carry no tokens"
    assert "<b>" not in pilot.teamwork_table(found)
