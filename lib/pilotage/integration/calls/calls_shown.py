"""What the page says of calls that should have been one: the finding, the worst examples, what a batch would save."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pilotage.integration.calls.similar import DUPLICATE, N_PLUS_ONE
from pilotage.integration.calls.sql_log import SqlFindings, sql_log_findings
from pilotage.integration.calls.tool_calls import CallFindings, saved_by_tool
from pilotage.page import Page, html
from pilotage.words import count, number, plain, span

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 10  # findings that a table lists
_KINDS = {N_PLUS_ONE: "N+1", DUPLICATE: "duplicate"}


def calls_finding(found: CallFindings) -> str:
    """The finding in one sentence for whoever decides."""
    kpi = found.kpi
    if kpi.estimate is None:
        return f"Whether calls should have been one is not known: {kpi.reason}."
    between = span(kpi.low, kpi.high, "share")
    if not kpi.count:
        return f"None of {count(kpi.n, 'runs')} with tool calls has N+1 calls ({between} of all)."
    tools = saved_by_tool(found)
    most = tools.iloc[0]
    told = f"{kpi.count:,} of {count(kpi.n, 'runs')} with tool calls have N+1 calls ({between} of all)"
    return f"{told}; most with “{plain(most['tool'], 60)}”, where {count(int(most['calls_saved']), 'calls')} would go."


def calls_table(found: CallFindings) -> html.Html:
    """The worst findings, what a batch endpoint for each tool would save, and how it was counted."""
    if found.reason:
        return html.Html("")
    worst = _worst("Worst first", found.found, ("Run", "Tool"))
    return html.Html(worst + _saved(found) + html.bullets(_remarks(found)))


def sql_shown(page: Page, log: str) -> html.Html:
    """What a log of SQL statements shows, seen from the workspace; nothing where the page was given none."""
    if not log:
        return html.Html("")
    path = page.workspace.root / log
    page.opened.file(path)
    found = sql_log_findings(path, page.playbook.integration)
    return html.Html(html.paragraph(sql_finding(found)) + sql_table(found))


def sql_finding(found: SqlFindings) -> str:
    """The finding in one sentence."""
    n_plus_one = found.found[found.found["kind"] == N_PLUS_ONE]
    looked = f"{count(found.statements, 'statements')} of {count(found.requests, 'requests')}"
    if n_plus_one.empty:
        return f"None of {looked} is N+1."
    saved = count(int(n_plus_one["calls_saved"].sum()), "statements")
    return f"Of {looked}, {saved} would go if queries in a loop asked once."


def sql_table(found: SqlFindings) -> html.Html:
    """The worst findings of the SQL log, by fingerprint."""
    notes = []
    if found.guessed:
        notes.append("The log names no requests: a session that was quiet for over a second counts as another one.")
    if found.unread:
        notes.append(f"{count(found.unread, 'lines')} of the log hold no statement that can be read.")
    worst = _worst("Statements that should have been one, worst first", found.found, ("Request", "Statement"))
    return html.Html(worst + html.bullets(notes))


def _worst(caption: str, found: pd.DataFrame, names: tuple[str, str]) -> html.Html:
    header = (*names, "Kind", "Calls", "What varies", "Took", "Calls saved", "Time saved")
    more = f" ({len(found):,} in all)" if len(found) > SHOWN else ""
    rows = [_row(one) for one in found.head(SHOWN).itertuples()]
    if not rows:
        return html.Html("")
    return html.table(caption + more, header, rows, ("Calls", "Took", "Calls saved", "Time saved"))


def _row(one: Any) -> tuple[object, ...]:
    varying = "nothing" if one.kind == DUPLICATE else plain(one.varying, 60)
    seconds = (_seconds(one.total_s), f"{one.calls_saved:,}", _seconds(one.seconds_saved))
    return plain(one.run, 60), plain(one.tool, 200), _KINDS[one.kind], f"{one.calls:,}", varying, *seconds


def _saved(found: CallFindings) -> html.Html:
    tools = saved_by_tool(found)
    if tools.empty:
        return html.Html("")
    header = ("Tool", "Runs with N+1", "Calls saved", "Time saved")
    rows = [
        (one.tool, f"{one.runs:,}", f"{one.calls_saved:,}", _seconds(one.seconds_saved))
        for one in tools.head(SHOWN).itertuples()
    ]
    return html.table("What a batch endpoint would save", header, rows, header[1:])


def _remarks(found: CallFindings) -> Iterator[str]:
    yield (
        "N+1: calls of one tool in one run, one after the other, that agree in all arguments but one. Time saved: all "
        "of them less one call of the median length, which the batch is taken to cost."
    )
    repeated = len(found.of(DUPLICATE))
    if repeated:
        yield (
            f"{count(repeated, 'findings')} repeat a call with the very same arguments; a call repeated after it "
            "failed is none of them. A value that is read again after it changed may be meant."
        )
    if found.unread:
        yield f"The arguments of {found.unread:,} of {count(found.calls, 'calls')} are not known and were not compared."
        yield "Known are arguments written as JSON, as key=value or as plain text, not as Python prints a dict."
    if found.untimed:
        yield f"{count(found.untimed, 'calls')} have no duration; they count as long enough."


def _seconds(value: float | None) -> str:
    return "not known" if value is None or value != value else number(value, "s")
