"""What the page shows of the process: its edges, variants, rework and waits, and what the agent adds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pilotage.integration.flow.agent import AgentInFlow
from pilotage.integration.flow.mined import Flow
from pilotage.integration.flow.words import NAME, duration, named
from pilotage.page import html
from pilotage.words import count, listed, number, plain

SHOWN = 10  # rows of a table


def edges_table(flow: Flow) -> html.Html:
    """What follows what, most frequent first."""
    header = ("From", "To", "Times", "Median wait", "95% wait at most", "Mean wait")
    rows = [
        (
            plain(one.activity, NAME), plain(one.next_activity, NAME), f"{one.times:,}", duration(one.p50_s),
            duration(one.p95_s), duration(one.mean_s),
        )
        for one in flow.edges.head(SHOWN).itertuples()
    ]  # fmt: skip
    return html.table(_caption("What follows what", flow, len(flow.edges)), header, rows, header[2:])


def variants_table(flow: Flow) -> html.Html:
    """The ways through the process, most frequent first."""
    header = ("Way through", "Cases", "Share", "Median time")
    rows = [
        (one.path, f"{one.cases:,}", number(one.share, "share"), duration(one.median_h * 3600))
        for one in flow.variants.head(SHOWN).itertuples()
    ]
    return html.table(_caption("Ways through the process", flow, len(flow.variants)), header, rows, header[1:])


def rework_table(flow: Flow) -> html.Html:
    """Activities that a case meets more than once: at once again, or on a return."""
    header = ("Done again", "Cases", "Share of its cases", "Repeats", "At once", "After other steps")
    rows = [
        (
            plain(one.activity, NAME), f"{one.cases_again:,}", number(one.share, "share"), f"{one.repeats:,}",
            f"{one.at_once:,}", f"{one.returns:,}",
        )
        for one in flow.rework.head(SHOWN).itertuples()
    ]  # fmt: skip
    return html.table(_caption("Work done again", flow, len(flow.rework)), header, rows, header[1:])


def bottlenecks_table(flow: Flow, share_max: float) -> html.Html:
    """The waits before each step, longest in all first, against the share that one step may cause; and the work on it
    where the log tells when steps began.
    """
    worked = flow.activities.set_index("activity")["p50_work_s"]
    told = bool(worked.notna().any())
    header = ("Before", "Times", "Median wait", "95% wait at most", "Share of all waiting")
    rows = [
        (
            plain(one.activity, NAME), *_wait(one), *([_work(worked[one.activity])] if told else []),
            _standing(one, share_max),
        )
        for one in flow.waits.head(SHOWN).itertuples()
    ]  # fmt: skip
    caption = _caption(f"Where the work waits (one step at most {number(share_max, 'share')})", flow, len(flow.waits))
    work = ("Median work on it",) if told else ()
    return html.table(caption, (*header, *work, "Standing"), rows, (*header[1:], *work))


def bottleneck_finding(flow: Flow, share_max: float) -> str:
    """Whether one step causes too much of the waiting, in one sentence."""
    limit = number(share_max, "share")
    if flow.waits["share"].dropna().empty:
        return "The log shows no waiting, so no bottleneck can be told."
    found = flow.bottlenecks(share_max)
    if found.empty:
        return f"No step causes more than {limit} of all waiting."
    told = [f"{number(one.share, 'share')} before {named(one.activity)}" for one in found.itertuples()]
    return f"Of all waiting, {listed(told)}; one step was to cause at most {limit}."


def ties_warning(flow: Flow) -> html.Html:
    """How far the log knows the order of its steps; nothing where it knows it wholly."""
    ties, told = flow.ties, []
    if ties.ordered_by_log:
        share = number(ties.ordered_by_log / ties.pairs, "share")
        told.append(
            f"{ties.ordered_by_log:,} of {count(ties.pairs, 'steps')} ({share}) lead to another activity at the very "
            "same time: which came first is only the order of the log."
        )
    if ties.against:
        told.append(f"In {count(ties.against, 'cases')} the log lists later events before earlier ones; time counts.")
    if flow.unplaced:
        told.append(f"{count(flow.unplaced, 'events')} have no case, activity or time and are left out.")
    if flow.no_steps:
        told.append(
            f"{count(flow.no_steps, 'events')} tell of the begin or a pause of a step (lifecycle): a step stands where "
            "it was completed, and the wait for it ends where it began, if the log says so."
        )
    return html.note(" ".join(told), "warning") if told else html.Html("")


def flows_table(flows: Sequence[Flow]) -> html.Html:
    """The phases side by side: cases, steps a case, time, rework, and the longest wait."""
    header = ("Phase", "Cases", "Events a case", "Ways through", "Cases with rework", "Most waiting before")
    rows = [
        (
            flow.phase or "all", f"{flow.cases:,}", number(flow.events / flow.cases), f"{len(flow.variants):,}",
            number(flow.cases_with_rework / flow.cases, "share"), _longest(flow),
        )
        for flow in flows if flow.cases
    ]  # fmt: skip
    return html.table("The process before and after", header, rows, header[1:5])


def agent_finding(found: AgentInFlow) -> str:
    """What the agent's calls add to a case, in one sentence."""
    if found.reason:
        return f"What the agent's calls add to the flow is not known: {found.reason}."
    told = f"The agent makes {number(found.calls_per_case)} calls in a case (median of {count(found.cases, 'cases')})"
    if found.seconds_per_case is None:
        return f"{told}; how long they take is not known."
    took = f"{told}, which take {duration(found.seconds_per_case)}"
    if found.share_of_lead is None:
        return f"{took}."
    return f"{took}: {number(found.share_of_lead, 'share')} of its time from the first step to the last."


def agent_table(found: AgentInFlow) -> html.Html:
    """Between which steps the agent calls its tools, and how the steps' waits differ from the baseline's."""
    if found.reason:
        return html.Html("")
    header = ("After", "Before", "Cases", "Calls", "Time in calls", "Median pause there")
    rows = [
        (
            _step(one.before, "the first step"), _step(one.after, "the case ends"), f"{one.cases:,}", f"{one.calls:,}",
            duration(one.seconds), duration(one.p50_pause_s),
        )
        for one in found.between.head(SHOWN).itertuples()
    ]  # fmt: skip
    caption = f"Where the agent calls its tools ({found.phase})"
    return html.Html(html.table(caption, header, rows, header[2:]) + _compared(found))


def _compared(found: AgentInFlow) -> html.Html:
    header = ("From", "To", "Times before", "Times with the agent", "Median wait before", "With the agent", "Change")
    rows = [
        (
            plain(one.activity, NAME), plain(one.next_activity, NAME), f"{one.times_baseline:,}",
            f"{one.times_agent:,}", duration(one.p50_baseline_s), duration(one.p50_agent_s), duration(one.change_s),
        )
        for one in found.edges.head(SHOWN).itertuples()
    ]  # fmt: skip
    table = html.table("Waits in the baseline and in cases with the agent", header, rows, header[2:])
    before, after = found.lead_s
    told = f"From first step to last, median: {duration(before)} in the baseline, {duration(after)} with the agent."
    why = "The cases differ in time and may differ in kind, so the change need not be the agent's doing."
    return html.Html(table + html.paragraph(f"{told} {why}", "small"))


def _caption(what: str, flow: Flow, rows: int) -> str:
    where = f", {flow.phase}" if flow.phase else ""
    return f"{what}{where}" + (f" ({SHOWN} of {rows:,})" if rows > SHOWN else "")


def _wait(one: Any) -> tuple[str, ...]:
    share = number(one.share, "share") if one.share == one.share else "no waiting"
    return f"{one.times:,}", duration(one.p50_s), duration(one.p95_s), share


def _work(seconds: float) -> str:
    return duration(seconds) if seconds == seconds else "not known"


def _standing(one: Any, share_max: float) -> object:
    return html.badge("bottleneck") if one.share == one.share and one.share > share_max else "within"


def _longest(flow: Flow) -> str:
    waits = flow.waits.dropna(subset=["share"])
    return "nothing waits" if waits.empty else f"{plain(waits.iloc[0]['activity'], NAME)}"


def _step(activity: Any, none: str) -> str:
    return none if activity is None or activity != activity else plain(activity, NAME)
