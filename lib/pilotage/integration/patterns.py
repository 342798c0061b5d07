"""The pattern chooser: how a system should be connected, by how often it changes and how fresh a reader must see it.

The two questions decide between three patterns. Tools by MCP and agents by A2A are ways for an agent to reach such a
system and no fourth choice; they come in two phases, tools first. What connecting took is held against the plan.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pilotage.integration.checks import Check
from pilotage.integration.show import CONNECTED
from pilotage.page import html
from pilotage.playbook import IntegrationPolicy
from pilotage.playbook.systems import AnySystem, System
from pilotage.words import count, listed, number

Connection = Literal["wrapper", "events", "virtualization"]
SLOW = ("hourly", "nightly", "rarely")
PACE = {"hourly": "every hour", "nightly": "every night", "rarely": "rarely", "many an hour": "many times an hour"}
BATCH_FIRST = (
    "The agent calls it once for each of many things: give it a call that takes many at once before anything else, "
    "since no pattern mends that."
)


@dataclass(frozen=True)
class Advice:
    """The pattern that is advised and why; `fits`: whether the chosen one is that, or one of `also`.

    Tools by MCP and agents by A2A always fit: the advice is for what lies behind them.
    """

    pattern: Connection
    reasons: tuple[str, ...]
    fits: bool
    also: tuple[Connection, ...] = ()


def advise(system: AnySystem, n_plus_one: bool = False) -> Advice:
    """What is advised for the system; `n_plus_one`: calls to it were found that should have been one."""
    pattern, also, reasons = _rule(system)
    chosen = getattr(system, "pattern", "")
    is_way_in = chosen in ("mcp", "a2a")
    if is_way_in:
        reasons = (*reasons, f"The agent reaches it through {CONNECTED[chosen]}; this is about what lies behind.")
    if n_plus_one:
        reasons = (BATCH_FIRST, *reasons)
    return Advice(pattern, reasons, is_way_in or chosen == pattern or chosen in also, also)


def _rule(system: AnySystem) -> tuple[Connection, tuple[Connection, ...], tuple[str, ...]]:
    """The advised pattern, those that would do as well, and why: the first of these rules that applies."""
    frequency, several, writes = system.update_frequency, system.joins > 1, bool(system.writes)
    if system.consistency == "strong":
        why = "Whoever reads must see the last write at once, and only the system itself can say what that is."
        in_place = several and not writes and frequency in SLOW
        return "wrapper", ("virtualization",) if in_place else (), (why, *_written(writes))
    if frequency == "many a minute":
        why = "It changes many times a minute and a reader may be a little behind: being told is cheaper than asking."
        return "events", ("wrapper",) if writes else (), (why,)
    if writes:
        return "wrapper", ("events",), tuple(_written(writes))
    if several and frequency in SLOW:
        why = f"An answer joins {system.joins} sources that are hardly written and change {PACE[frequency]}"
        return "virtualization", (), (f"{why}: they can be read together where they lie, without a copy.",)
    if several:
        why = f"An answer joins {system.joins} sources that change many times an hour, too often to join them each time"
        return "events", ("virtualization",), (f"{why}: collect their changes as they come.",)
    if frequency == "rarely":
        return (
            "wrapper",
            ("virtualization",),
            ("It is one source and rarely changes: a plain call is the least work.",),
        )
    why = (
        f"It is one source that changes {PACE[frequency]} and a reader may be behind: pass the changes on as they come"
    )
    return "events", () if frequency == "nightly" else ("wrapper",), (f"{why}, in one batch or one by one.",)


def _written(writes: bool) -> Iterator[str]:
    if writes:
        yield "The agent changes something there and must learn whether that was done."


def _pace(frequency: str) -> str:
    return {"hourly": "every hour", "nightly": "every night", "many an hour": "many times an hour"}.get(
        frequency, frequency
    )


def patterns_table(policy: IntegrationPolicy, n_plus_one: Collection[str] = ()) -> html.Html:
    """Every system: the pattern that was chosen, the one advised, and why; `n_plus_one` names those with such calls."""
    rows = [_pattern_row(one, advise(one, one.name in n_plus_one)) for one in policy.systems]
    return html.table("How each system is connected, and how we would", ("System", "Chosen", "Advised", "Why"), rows)


def _pattern_row(system: System, advice: Advice) -> tuple[object, ...]:
    chosen, name = CONNECTED[system.pattern], CONNECTED[advice.pattern]
    if system.pattern in ("mcp", "a2a"):
        advised = f"keep; {name} behind it"
    elif system.pattern == advice.pattern:
        advised = "the same"
    else:
        advised = f"{name}; the chosen one will do" if advice.fits else f"{name} instead"
    return system.name, chosen, advised, html.Html(html.sentence(" ".join(advice.reasons)))


def patterns_finding(policy: IntegrationPolicy) -> str:
    """The finding in one sentence for whoever decides."""
    others = [one.name for one in policy.systems if not advise(one).fits]
    if not others:
        return "Every system is connected in a way that fits how often it changes and how fresh it must be read."
    return f"{listed(others)} would be better connected in another way than was chosen."


def phases_table(policy: IntegrationPolicy, checks: Sequence[Check]) -> html.Html:
    """Both phases, tools before agents: the systems of each, how they stand, and what is advised."""
    tools, agents = (_of(policy, pattern) for pattern in ("mcp", "a2a"))
    rows = [
        ("1. Tools by MCP", _names(tools), _stand(tools, checks), _tools_advice(tools, checks)),
        ("2. Other agents by A2A", _names(agents), _stand(agents, checks), agents_advice(policy, checks)),
    ]
    return html.table("In which order", ("Phase", "Systems", "How they stand", "Advice"), rows)


def tools_are_stable(policy: IntegrationPolicy, checks: Sequence[Check]) -> bool:
    """Whether there are tools by MCP and each required one passed every check; all of them, where none is required."""
    tools = _of(policy, "mcp")
    return bool(tools) and not _weak(tools, checks)


def agents_advice(policy: IntegrationPolicy, checks: Sequence[Check]) -> str:
    """What is advised of other agents, given how the tools stand."""
    agents = _of(policy, "a2a")
    required = [one.name for one in agents if one.required]
    if not agents:
        return "None is planned."
    if tools_are_stable(policy, checks):
        return "May begin: the tools hold."
    lacking = "the tools do not hold yet" if _of(policy, "mcp") else "there are no tools by MCP yet"
    if required:
        told = f"Advised against: {listed(required)} {'is' if len(required) == 1 else 'are'} required while {lacking}"
        return f"{told}. A wrong tool answers wrong for both agents."
    return f"Wait: {lacking}. Nothing depends on it so far."


def _tools_advice(tools: Sequence[System], checks: Sequence[Check]) -> str:
    if not tools:
        return "Begin here: put what the agent uses behind tools that can be checked and pinned."
    weak = _weak(tools, checks)
    return f"First make {listed(weak)} pass every check." if weak else "Keep the pins, and probe before each change."


def _weak(tools: Sequence[System], checks: Sequence[Check]) -> list[str]:
    """Those that others wait for, and that were not probed or did not pass every check."""
    awaited = [one for one in tools if one.required] or tools
    return [one.name for one in awaited if not _passed(one, checks)]


def _of(policy: IntegrationPolicy, pattern: str) -> list[System]:
    return [one for one in policy.systems if one.pattern == pattern]


def _names(systems: Sequence[System]) -> str:
    return listed([one.name if one.required else f"{one.name} (not required)" for one in systems]) or "none"


def _stand(systems: Sequence[System], checks: Sequence[Check]) -> str:
    """How many checks passed, and which systems were not probed."""
    if not systems:
        return "nothing to probe"
    names = [one.name for one in systems]
    own = [check for check in checks if check.system in names]
    unprobed = [name for name in names if not any(check.system == name for check in own)]
    told = [f"{sum(check.status == 'pass' for check in own):,} of {count(len(own), 'checks')} passed"] if own else []
    return "; ".join(told + ([f"{listed(unprobed)} not probed"] if unprobed else []))


def _passed(system: System, checks: Sequence[Check]) -> bool:
    own = [check for check in checks if check.system == system.name]
    return bool(own) and all(check.status == "pass" for check in own)


def effort_table(policy: IntegrationPolicy) -> html.Html:
    """Planned against actual working days, system by system; the total only of those for which both are known."""
    rows = [_effort_row(one) for one in policy.systems]
    planned, actual, counted = effort_of(policy)
    if counted:
        said = f"Total of {counted} of {count(len(rows), 'systems')}"
        rows.append((said, _days(planned), _days(actual), _overrun(planned, actual)))
    header = ("System", "Planned", "Actual", "Difference")
    return html.table("Working days that connecting took", header, rows, header[1:])


def effort_of(policy: IntegrationPolicy) -> tuple[float, float, int]:
    """Planned and actual days of the systems for which both are known, and how many these are."""
    known = [one.effort_days for one in policy.systems if one.effort_days and one.effort_days.actual is not None]
    return sum(one.planned for one in known), sum(one.actual or 0 for one in known), len(known)


def _effort_row(system: System) -> tuple[str, str, str, str]:
    effort = system.effort_days
    if effort is None:
        return system.name, "not stated", "not counted", "unknown"
    if effort.actual is None:
        return system.name, _days(effort.planned), "not counted", "unknown"
    return system.name, _days(effort.planned), _days(effort.actual), _overrun(effort.planned, effort.actual)


def _overrun(planned: float, actual: float) -> str:
    """ "3 days more (37.5%)"; no share of a plan of nothing."""
    if actual == planned:
        return "as planned"
    apart = abs(actual - planned)
    share = f" ({number(apart / planned, 'share')})" if planned else ""
    return f"{_days(apart)} {'more' if actual > planned else 'less'}{share}"


def _days(days: float) -> str:
    return "1 day" if days == 1 else number(days, "days")
