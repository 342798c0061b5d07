"""Which tools fail, how (an error or no answer in time), and of what kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pilotage.kpis import Kpi, Tables, fill_runs, measure, measure_parts
from pilotage.page import Page, html
from pilotage.pilot.estimates import in_cell
from pilotage.pilot.looks import PHASE
from pilotage.pilot.measured import SHOWN, by_part
from pilotage.verdict import compare
from pilotage.words import count, listed, plain

NOT_NAMED = "not named"
MOST_KINDS = 5


@dataclass(frozen=True)
class Tool:
    """How the calls of one tool ended; `kinds` counts its failures by `error_type`, the most frequent first."""

    name: str
    failed: Kpi
    errors: Kpi
    timeouts: Kpi
    kinds: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Tools:
    """Every tool of the pilot, worst first; none, with the `reason`, where the dataset has no tool calls.

    `kinds_unknown` says why failures have no kinds, and is empty where they have.
    """

    tools: tuple[Tool, ...]
    reason: str = ""
    kinds_unknown: str = ""

    @property
    def kpis(self) -> list[Kpi]:
        """What goes into the evidence: of each tool the share that fails, that errs and that times out."""
        return [kpi for tool in self.tools for kpi in (tool.failed, tool.errors, tool.timeouts)]


def tool_failures(tables: Tables) -> Tools:
    """The calls of each tool in the pilot: how many fail, by an error or a time-out, and of which kinds."""
    failed = by_part(tables, "tool_call_failure_rate", "tool")
    if not failed:
        return Tools((), measure(tables, "tool_call_failure_rate", PHASE, SHOWN).reason)
    errors, timeouts = (_parts(tables, f"tool_call_{how}_rate") for how in ("error", "timeout"))
    known = tables.has("tool_calls", "error_type")
    kinds = _kinds(tables) if known else {}
    tools = (
        Tool(_name(kpi), kpi, errors[_name(kpi)], timeouts[_name(kpi)], tuple(kinds.get(_name(kpi), ())))
        for kpi in failed
    )
    return Tools(tuple(tools), "", "" if known else "the table `tool_calls` has no column `error_type`")


def tools_table(page: Page, found: Tools) -> html.Html:
    """The tools with enough calls, worst first, under the finding; small tools and those beyond the limit in words."""
    if not found.tools:
        return html.note(f"How the agent's tools did is not known: {found.reason}.")
    least = page.playbook.pilot.min_segment_n.value
    shown = [tool for tool in found.tools if tool.failed.n >= least]
    header = ("Tool", "Fail", "End in an error", "Time out", "Calls", "Kinds of failure")
    table = html.table(_finding(shown, found), header, (_row(tool, found) for tool in shown), header[1:5])
    small = "".join(html.paragraph(remark, "small") for remark in _remarks(page, found, least))
    return html.Html(table + small)


def _parts(tables: Tables, name: str) -> dict[str, Kpi]:
    return {_name(kpi): kpi for kpi in measure_parts(tables, name, PHASE, "tool", SHOWN)}


def _name(kpi: Kpi) -> str:
    return (kpi.dimension or "").partition("=")[2]


def _kinds(tables: Tables) -> dict[str, list[tuple[str, int]]]:
    sql = """SELECT t.tool, coalesce(t.error_type, ?) AS kind, count(*) AS n
             FROM tool_calls t JOIN {runs} r USING (interaction_id)
             WHERE r.phase = ? AND t.status <> 'ok' GROUP BY ALL ORDER BY t.tool, n DESC, kind"""
    found: dict[str, list[tuple[str, int]]] = {}
    for tool, kind, n in tables.connection.execute(fill_runs(tables, sql), [NOT_NAMED, PHASE]).fetchall():
        found.setdefault(tool, []).append((kind, n))
    return found


def _row(tool: Tool, found: Tools) -> tuple[object, ...]:
    shares = (in_cell(kpi) for kpi in (tool.failed, tool.errors, tool.timeouts))
    kinds = [f"{plain(kind, 60)} {n:,}" for kind, n in tool.kinds[:MOST_KINDS]]
    rest = len(tool.kinds) - MOST_KINDS
    kinds += [f"{count(rest, 'more kinds')}"] if rest > 0 else []
    return (tool.name, *shares, f"{tool.failed.n:,}", "not known" if found.kinds_unknown else ", ".join(kinds))


def _finding(shown: Sequence[Tool], found: Tools) -> str:
    calls = sum(tool.failed.n for tool in found.tools)
    failures = sum(tool.failed.count or 0 for tool in found.tools)
    if not failures:
        return f"None of {count(calls, 'tool calls')} failed."
    if not shown or not shown[0].failed.count:
        return f"{failures:,} of {count(calls, 'tool calls')} failed."
    name, worst = plain(shown[0].name, 60), shown[0].failed
    return f"“{name}” fails most: {in_cell(worst)} of its {count(worst.n, 'calls')}."


def _remarks(page: Page, found: Tools, least: int) -> Iterator[str]:
    few = [plain(tool.name, 60) for tool in found.tools if tool.failed.n < least]
    if few:
        yield f"Left out, with too few calls to say anything: {listed(few)}."
    gate = page.playbook.pilot.gates.get("tool_call_failure_rate")
    over = [
        plain(tool.name, 60)
        for tool in found.tools
        if gate and tool.failed.n >= least and compare(tool.failed, gate.limits[page.playbook.tier].value) != "go"
    ]
    if over:
        yield f"Alone, these would not clear the limit of all tools together: {listed(over)}."
    if found.kinds_unknown:
        yield f"The kinds of failure are not known: {found.kinds_unknown}."
