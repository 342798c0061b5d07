"""The process in sentences: its bottleneck, its rework, and how far the log knows the order of its steps."""

from __future__ import annotations

from pilotage.integration.flow.mined import Flow
from pilotage.words import count, number, plain

_UNITS = ((86400.0 * 2, 86400.0, "days"), (3600.0, 3600.0, "h"), (60.0, 60.0, "min"), (0.0, 1.0, "s"))
NAME = 60  # characters of an activity's name


def duration(seconds: float | None) -> str:
    """Seconds as people say them: 40 s, 12 min, 3.5 h, 2.1 days; "unknown" where there is none."""
    if seconds is None or seconds != seconds:
        return "unknown"
    unit = next((unit for unit in _UNITS if abs(seconds) >= unit[0]), _UNITS[-1])
    return number(seconds / unit[1], unit[2])


def named(activity: str) -> str:
    """An activity in a sentence."""
    return f"“{plain(activity, NAME)}”"


def in_phase(flow: Flow) -> str:
    """ " in the pilot", " in production"; empty text where the log has no phases."""
    return {None: "", "production": " in production"}.get(flow.phase, f" in the {flow.phase}")


def flow_finding(flow: Flow) -> str:
    """The finding in one sentence: where the work waits, and what is done again."""
    where = in_phase(flow)
    if not flow.events:
        return f"The log has no events{where}."
    if not flow.steps:
        return f"No case{where} has two events, so nothing can be said of the flow."
    waits = flow.waits.dropna(subset=["share"])
    if waits.empty:
        told = f"Nothing waits{where}: all events of a case bear one time"
    else:
        first = waits.iloc[0]
        told = f"{number(float(first['share']), 'share')} of all waiting{where} is before {named(first['activity'])}"
    if not flow.cases_with_rework:
        return f"{told}; nothing is done twice."
    again = number(flow.cases_with_rework / flow.cases, "share")
    return f"{told}; in {again} of {count(flow.cases, 'cases')} something is done again."
