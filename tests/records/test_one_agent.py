"""Rows of several agents are never pooled without a word."""

from __future__ import annotations

import pytest

from pilotage.records.one_agent import agent_check

RUNS = "interaction_id,agent,parent_interaction\n"


def judged(item, **others):
    check = agent_check(item, {item.table.name: item, **others})
    return check and (check["passed"], check["detail"])


@pytest.mark.parametrize(
    ("rows", "answer"),
    [
        ("r1,a,\nr2,a,\n", (True, "'a' (2)")),
        ("r1,a,\nr2,b,\nr3,b,\n", (False, "rows of 2 agents: 'b' (2) and 'a' (1)")),
        ("r1,a,\nr2,,\n", (False, "rows of 2 agents: none named (1) and 'a' (1)")),
        ("r1,,\nr2,,\n", None),
        ("r1,a,\nr2,b,r1\nr3,,r1\n", (True, "'a' (1)")),
        ("r1,,\nr2,b,r1\n", (True, "none named (1)")),
    ],
)
def test_runs_of_two_agents_fail_their_check_and_sub_agents_may_be_others(take, rows, answer):
    assert judged(take("interactions", RUNS + rows)) == answer


def test_a_table_without_the_column_has_no_such_check(take):
    assert judged(take("interactions", "interaction_id\nr1\n")) is None


def test_calls_of_sub_agents_may_be_of_other_agents_and_calls_of_runs_may_not(take):
    runs = take("interactions", RUNS + "r1,a,\nr2,b,r1\n")
    calls = "interaction_id,seq,tool,status\nr1,1,t,ok\nr2,1,t,ok\n"
    item = take("tool_calls", calls, {"interactions": runs}, constants={})
    assert judged(item, interactions=runs) == (True, "'a' (1)")
    mixed = take("interactions", RUNS + "r1,a,\nr2,b,\n")
    item = take("tool_calls", calls, {"interactions": mixed}, constants={})
    assert judged(item, interactions=mixed) == (False, "rows of 2 agents: 'a' (1) and 'b' (1)")


def test_cases_that_people_handled_before_the_agent_name_none(take):
    cases = "case_id,opened_at,phase,agent\nc1,2026-01-01,{phase},\nc2,2026-02-01,pilot,a\n"
    assert judged(take("cases", cases.format(phase="baseline"), constants={})) == (True, "'a' (1)")
    assert judged(take("cases", cases.format(phase="pilot"), constants={}))[0] is False


def test_many_and_hostile_names_are_cut(take):
    rows = "".join(f"r{at},{'x' * 500}{at}\x1b,\n" for at in range(9))
    passed, detail = judged(take("interactions", RUNS + rows))
    assert not passed
    assert detail.endswith("and 4 more")
    assert "\x1b" not in detail
    assert len(detail) < 500
