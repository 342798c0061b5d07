"""Which tools fail, and how: errors and time-outs apart, kinds counted, small tools left out, nothing invented."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pilotage import pilot
from pilotage.kpis import Tables
from pilotage.page import Page

Build = Callable[..., Tables]
NewPage = Callable[..., Page]


def calls(tool: str, ok: int, error: int = 0, timeout: int = 0, **more: Any) -> list[dict[str, Any]]:
    ends = ["ok"] * ok + ["error"] * error + ["timeout"] * timeout
    return [
        {"interaction_id": f"i{n}", "seq": len(tool), "tool": tool, "status": status,
         **({"error_type": kind(status, n)} if status != "ok" else {"error_type": None}), **more}
        for n, status in enumerate(ends)
    ]  # fmt: skip


def kind(status: str, n: int) -> str | None:
    return "no_answer" if status == "timeout" else ("locked", "bad_request", None)[n % 3]


def runs(n: int) -> list[dict[str, Any]]:
    return [{"interaction_id": f"i{i}", "phase": "pilot"} for i in range(n)]


def test_errors_and_time_outs_are_counted_apart_and_add_up_to_the_failures(tables: Build) -> None:
    found = pilot.tool_failures(tables(interactions=runs(60), tool_calls=calls("book", 40, 12, 8)))
    (tool,) = found.tools
    assert (tool.failed.count, tool.errors.count, tool.timeouts.count, tool.failed.n) == (20, 12, 8, 60)
    assert tool.errors.low is not None
    assert tool.errors.high is not None
    assert tool.errors.low < 0.2 < tool.errors.high


def test_kinds_are_counted_most_frequent_first_and_those_without_a_name_too(tables: Build) -> None:
    found = pilot.tool_failures(tables(interactions=runs(60), tool_calls=calls("book", 40, 12, 8)))
    assert found.tools[0].kinds == (("no_answer", 8), ("bad_request", 4), ("locked", 4), ("not named", 4))
    assert sum(n for _, n in found.tools[0].kinds) == found.tools[0].failed.count


def test_the_worst_tool_comes_first_and_is_the_finding(tables: Build, page: NewPage) -> None:
    rows = [*calls("find", 55, 5), *calls("book", 40, 20), *calls("rare", 1, 2)]
    found = pilot.tool_failures(tables(interactions=runs(60), tool_calls=rows))
    assert [tool.name for tool in found.tools] == ["rare", "book", "find"]
    shown = pilot.tools_table(page("pilot"), found)
    assert "“book” fails most: 33.3%" in shown
    assert "too few calls to say anything: rare" in shown
    assert "would not clear the limit of all tools together: book and find" in shown


def test_no_failure_is_said_with_the_number_of_calls(tables: Build, page: NewPage) -> None:
    found = pilot.tool_failures(tables(interactions=runs(50), tool_calls=calls("book", 50)))
    assert "None of 50 tool calls failed." in pilot.tools_table(page("pilot"), found)
    assert found.tools[0].failed.high
    assert found.tools[0].failed.high > 0.05


def test_without_tool_calls_it_is_not_known_and_never_zero(tables: Build, page: NewPage) -> None:
    found = pilot.tool_failures(tables(interactions=runs(5)))
    assert found.tools == ()
    assert "not known: the dataset has no table `tool_calls`" in found.reason or "no table" in found.reason
    shown = pilot.tools_table(page("pilot"), found)
    assert "not known" in shown
    assert "0%" not in shown


def test_without_kinds_the_column_says_not_known(tables: Build, page: NewPage) -> None:
    rows = [{k: v for k, v in row.items() if k != "error_type"} for row in calls("book", 40, 20)]
    shown = pilot.tools_table(page("pilot"), pilot.tool_failures(tables(interactions=runs(60), tool_calls=rows)))
    assert "no column <code>error_type</code>" in shown
    assert "not known" in shown


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "a`b", "x" * 10_000])
def test_a_hostile_tool_is_shown_as_text(tables: Build, page: NewPage, hostile: str) -> None:
    rows = [{**row, "error_type": hostile} for row in calls(hostile, 40, 20)]
    shown = pilot.tools_table(page("pilot"), pilot.tool_failures(tables(interactions=runs(60), tool_calls=rows)))
    assert "<script" not in shown
    assert len(shown) < 8_000
