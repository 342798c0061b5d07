from __future__ import annotations

import re
from typing import Any

import pytest

from pilotage.forms import fill
from pilotage.integration.checks import Check
from pilotage.integration.patterns import (
    BATCH_FIRST,
    advise,
    agents_advice,
    effort_table,
    patterns_finding,
    patterns_table,
    phases_table,
    tools_are_stable,
)
from pilotage.playbook.integration import IntegrationPolicy
from pilotage.playbook.systems import EventsSystem

# consistency, how often it changes, whether the agent writes, how many sources: advised; what would do as well
CELLS = """
    strong   | many a minute | reads  | one     : wrapper
    strong   | many a minute | reads  | several : wrapper
    strong   | many a minute | writes | one     : wrapper
    strong   | many a minute | writes | several : wrapper
    strong   | many an hour  | reads  | one     : wrapper
    strong   | many an hour  | reads  | several : wrapper
    strong   | many an hour  | writes | one     : wrapper
    strong   | many an hour  | writes | several : wrapper
    strong   | hourly        | reads  | one     : wrapper
    strong   | hourly        | reads  | several : wrapper, virtualization
    strong   | hourly        | writes | one     : wrapper
    strong   | hourly        | writes | several : wrapper
    strong   | nightly       | reads  | one     : wrapper
    strong   | nightly       | reads  | several : wrapper, virtualization
    strong   | nightly       | writes | one     : wrapper
    strong   | nightly       | writes | several : wrapper
    strong   | rarely        | reads  | one     : wrapper
    strong   | rarely        | reads  | several : wrapper, virtualization
    strong   | rarely        | writes | one     : wrapper
    strong   | rarely        | writes | several : wrapper
    eventual | many a minute | reads  | one     : events
    eventual | many a minute | reads  | several : events
    eventual | many a minute | writes | one     : events, wrapper
    eventual | many a minute | writes | several : events, wrapper
    eventual | many an hour  | reads  | one     : events, wrapper
    eventual | many an hour  | reads  | several : events, virtualization
    eventual | many an hour  | writes | one     : wrapper, events
    eventual | many an hour  | writes | several : wrapper, events
    eventual | hourly        | reads  | one     : events, wrapper
    eventual | hourly        | reads  | several : virtualization
    eventual | hourly        | writes | one     : wrapper, events
    eventual | hourly        | writes | several : wrapper, events
    eventual | nightly       | reads  | one     : events
    eventual | nightly       | reads  | several : virtualization
    eventual | nightly       | writes | one     : wrapper, events
    eventual | nightly       | writes | several : wrapper, events
    eventual | rarely        | reads  | one     : wrapper, virtualization
    eventual | rarely        | reads  | several : virtualization
    eventual | rarely        | writes | one     : wrapper, events
    eventual | rarely        | writes | several : wrapper, events
"""


def entry(name: str, pattern: str, **more: Any) -> dict[str, Any]:
    """An entry of the playbook that says no more than it must."""
    limit = {"value": 100, "reason": "A test.", "source": "The test", "set_by": "The test"}
    own = {
        "wrapper": {"p95_ms_max": limit}, "events": {}, "virtualization": {}, "mcp": {"p95_ms_max": limit},
        "a2a": {"safe_task": "Say hello."},
    }  # fmt: skip
    shared = {"what": "Tests.", "address": "embedded", "update_frequency": "nightly", "consistency": "eventual"}
    return {"name": name, "pattern": pattern, **shared, **own[pattern], **more}


def policy(*systems: dict[str, Any]) -> IntegrationPolicy:
    limit = {"value": 0.4, "reason": "A test.", "source": "The test", "set_by": "The test"}
    calls = {"calls_min": 5, "total_ms_min": 50, "paging_arguments": []}
    given = {"owner": "A", "systems": systems, "calls": calls, "flow": {"wait_share_max": limit}, "gates": {}}
    made, faults = fill(IntegrationPolicy, given)
    assert made is not None, faults
    return made


def rows(table: str) -> list[list[str]]:
    """The cells of a table's body as text."""
    lines = re.findall(r"<tr>(.*?)</tr>", table)[1:]
    return [[re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", line)] for line in lines]


def check(system: str, status: Any) -> Check:
    return Check(system, "mcp.reachable", status, "" if status == "pass" else "unreachable", "", 0.0, True)


@pytest.mark.parametrize("cell", [line.strip() for line in CELLS.strip().splitlines()])
def test_every_cell_has_its_pattern_and_those_that_would_do(cell: str) -> None:
    asked, answer = cell.split(":")
    consistency, frequency, writes, joins = (part.strip() for part in asked.split("|"))
    more = {"consistency": consistency, "update_frequency": frequency, "joins": 1 if joins == "one" else 3}
    more["writes"] = ["postings"] if writes == "writes" else []
    for chosen in ("wrapper", "events", "virtualization", "mcp", "a2a"):
        advice = advise(policy(entry("one", chosen, **more)).systems[0])
        names = [advice.pattern, *advice.also]
        assert names == answer.strip().split(", ")
        assert advice.fits == (chosen in names or chosen in ("mcp", "a2a"))
        assert advice.reasons


def test_every_combination_has_its_line() -> None:
    assert len({line.split(":")[0] for line in CELLS.strip().splitlines()}) == 2 * 5 * 2 * 2


def test_calls_that_should_be_one_want_a_batch_endpoint_before_any_pattern() -> None:
    system = policy(entry("one", "wrapper", consistency="strong")).systems[0]
    assert advise(system, n_plus_one=True).reasons == (BATCH_FIRST, *advise(system).reasons)
    assert "takes many at once" in patterns_table(policy(entry("one", "wrapper")), ["one"])
    assert "takes many at once" not in patterns_table(policy(entry("one", "wrapper")), ["other"])


def test_the_table_says_what_was_chosen_and_what_is_advised() -> None:
    book = policy(
        entry("same", "events"),
        entry("other", "virtualization"),
        entry("will do", "events", consistency="eventual", writes=["x"]),
        entry("behind", "mcp", consistency="strong"),
    )
    assert [row[:3] for row in rows(patterns_table(book))] == [
        ["same", "events", "the same"],
        ["other", "data virtualization", "events instead"],
        ["will do", "events", "API wrapper; the chosen one will do"],
        ["behind", "tools by MCP", "keep; API wrapper behind it"],
    ]
    assert patterns_finding(book) == "other would be better connected in another way than was chosen."


def test_a_hostile_name_is_only_text() -> None:
    system = EventsSystem.model_construct(**entry("x", "events") | {"name": "<b>x</b>", "joins": 1, "writes": ()})
    assert "<b>" not in patterns_table(policy(entry("x", "events")).model_copy(update={"systems": (system,)}))


TOOLS, SPARE, AGENT = entry("tools", "mcp"), entry("spare", "mcp", required=False), entry("agent", "a2a")
PHASES = {
    "tools hold": ([TOOLS, SPARE, AGENT], [check("tools", "pass")], True, "May begin"),
    "tools fail": ([TOOLS, AGENT], [check("tools", "pass"), check("tools", "fail")], False, "Advised against: agent"),
    "a skipped check holds nothing": ([TOOLS, AGENT], [check("tools", "skipped")], False, "Advised against: agent"),
    "tools not probed": ([TOOLS, AGENT], [], False, "Advised against: agent"),
    "no tools": ([AGENT], [check("agent", "pass")], False, "Advised against: agent"),
    "agent not required": ([TOOLS, AGENT | {"required": False}], [], False, "Wait"),
    "no agent": ([TOOLS], [check("tools", "pass")], True, "None is planned"),
    "a lone spare not probed": ([SPARE, AGENT], [], False, "Advised against: agent"),
    "only the spare fails": (
        [TOOLS, SPARE, AGENT], [check("tools", "pass"), check("spare", "fail")], True, "May begin",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", PHASES)
def test_agents_come_after_the_tools_hold(case: str) -> None:
    systems, checks, stable, advice = PHASES[case]
    book = policy(*systems)
    assert tools_are_stable(book, checks) == stable
    assert agents_advice(book, checks).startswith(advice)


def test_the_phases_say_how_their_systems_stand() -> None:
    table = rows(phases_table(policy(TOOLS, SPARE), [check("tools", "pass"), check("tools", "fail")]))
    assert table[0] == [
        "1. Tools by MCP", "tools and spare (not required)", "1 of 2 checks passed; spare not probed",
        "First make tools pass every check.",
    ]  # fmt: skip
    assert table[1] == ["2. Other agents by A2A", "none", "nothing to probe", "None is planned."]


def test_effort_that_nobody_counted_is_no_zero_and_not_in_the_total() -> None:
    book = policy(
        entry("a", "events", effort_days={"planned": 8, "actual": 11}),
        entry("b", "events", effort_days={"planned": 2, "actual": 1}),
        entry("c", "events", effort_days={"planned": 5}),
        entry("d", "events"),
        entry("e", "events", effort_days={"planned": 0, "actual": 0}),
    )
    assert rows(effort_table(book)) == [
        ["a", "8 days", "11 days", "3 days more (37.5%)"],
        ["b", "2 days", "1 day", "1 day less (50%)"],
        ["c", "5 days", "not counted", "unknown"],
        ["d", "not stated", "not counted", "unknown"],
        ["e", "0 days", "0 days", "as planned"],
        ["Total of 3 of 5 systems", "10 days", "12 days", "2 days more (20%)"],
    ]


def test_without_any_actual_effort_there_is_no_total() -> None:
    table = rows(effort_table(policy(entry("c", "events", effort_days={"planned": 5}))))
    assert table == [["c", "5 days", "not counted", "unknown"]]
