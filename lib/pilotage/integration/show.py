"""What page 05 shows of the systems and their checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel

from pilotage import figures
from pilotage.integration.checks import Check, Status, by_system
from pilotage.kpis import label_of
from pilotage.page import Page, html
from pilotage.playbook import IntegrationPolicy, Limit
from pilotage.playbook.systems import EMBEDDED, AnySystem
from pilotage.words import count, listed, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CONNECTED: Mapping[str, str] = {
    "wrapper": "API wrapper",
    "events": "events",
    "virtualization": "data virtualization",
    "mcp": "tools by MCP",
    "a2a": "another agent by A2A",
}
OUTCOMES: Mapping[Status, tuple[str, str]] = {
    "pass": ("passed", figures.GOOD),
    "fail": ("failed", figures.BAD),
    "skipped": ("skipped", figures.DOUBT),
}
SMALLER_AT = 0.08  # of the longest bar: a number does not fit into less


def embedded(policy: IntegrationPolicy) -> list[AnySystem]:
    """The systems that are still the examples which pilotage starts itself."""
    return [one for one in policy.systems if one.address == EMBEDDED]


def systems_table(page: Page) -> html.Html:
    """Every system: what for, how it is connected, what the agent may do there, and how its data change."""
    rows = [
        (
            one.name if one.required else f"{one.name} (not required)", one.what, CONNECTED[one.pattern], _may(one),
            f"{one.update_frequency}, {one.consistency}",
        )
        for one in page.playbook.integration.systems
    ]  # fmt: skip
    header = ("System", "For what", "Connected by", "The agent may", "Changes, and consistency")
    return html.table("The systems that the agent touches", header, rows)


def _may(system: AnySystem) -> str:
    """What the agent may read and change there."""
    parts = [("read", system.reads), ("change", system.writes)]
    return "; ".join(f"{verb} {listed(list(what))}" for verb, what in parts if what) or "nothing stated"


def example_note(page: Page) -> html.Html:
    """Which systems are the embedded examples, that nobody takes them for the organisation's own."""
    names = [one.name for one in embedded(page.playbook.integration)]
    if not names:
        return html.Html("")
    return html.note(
        f"Simulated: {listed(names)} {'is an example' if len(names) == 1 else 'are examples'} over made-up invoices, "
        "started by pilotage itself. What holds there says nothing about your systems.",
        "synthetic",
    )


def limits_table(page: Page) -> html.Html:
    """Every limit of the page with its reason and who set it."""
    rows = [
        (name, f"{limit.value:g}", html.Html(html.sentence(limit.reason)), limit.set_by)
        for name, limit in limits(page.playbook.integration)
    ]
    return html.table("The limits", ("What", "Limit", "Why", "Set by"), rows, ("Limit",))


def limits(policy: IntegrationPolicy) -> Iterator[tuple[str, Limit[float]]]:
    """Every limit of the policy with what it limits, in words; those of a system begin with its name."""
    for one in policy.systems:
        yield from ((f"{one.name}: {what}", limit) for what, limit in limits_in(one))
    yield from limits_in(policy.flow)
    for name, gate in policy.gates.items():
        yield from ((f"{label_of(name)}, {tier}, at most", limit) for tier, limit in gate.limits.items())


def limits_in(form: BaseModel) -> Iterator[tuple[str, Limit[float]]]:
    """Every limit in this part of the policy, with what it limits."""
    for name, field in type(form).model_fields.items():
        value = getattr(form, name)
        for part in value if isinstance(value, tuple) else [value]:
            if isinstance(part, Limit):
                yield (field.description or name).rstrip("."), part
            elif isinstance(part, BaseModel):
                yield from limits_in(part)


def checks_table(checks: Sequence[Check]) -> html.Html:
    """System by system: how many checks passed, and the first that did not."""
    rows = [_summary(name, own) for name, own in by_system(checks).items()]
    header = ("System", "Passed", "Failed", "Skipped", "First that did not pass")
    return html.table("What the probes found", header, rows, header[1:4])


def _summary(name: str, own: Sequence[Check]) -> tuple[object, ...]:
    counts = [sum(check.status == status for check in own) for status in OUTCOMES]
    bad = next((check for check in own if check.status != "pass"), None)
    said = f"{bad.id} ({bad.reason}): {bad.evidence}" if bad else "none"
    return (name if own[0].required else f"{name} (not required)", *map(number, counts), said)


def every_check_table(checks: Sequence[Check]) -> html.Html:
    """Each check with its evidence."""
    rows = [(one.system, one.id, one.status, one.reason, one.evidence, f"{one.duration_s:.2f} s") for one in checks]
    header = ("System", "Check", "Outcome", "Code", "Evidence", "Took")
    return html.table("Every check", header, rows, ("Took",))


def checks_finding(checks: Sequence[Check]) -> str:
    """The figure's title."""
    systems = by_system(checks)
    bad = [name for name, own in systems.items() if any(one.status != "pass" for one in own)]
    if not checks:
        return "No system was probed."
    if not bad:
        return f"All {count(len(checks), 'checks')} of {count(len(systems), 'systems')} passed."
    return f"{listed(bad)} did not pass every check; {len(systems) - len(bad)} of {len(systems)} systems did."


def checks_figure(checks: Sequence[Check]) -> Figure | None:
    """A bar for each system: checks passed, failed and skipped."""
    systems = by_system(checks)
    if not systems:
        return None
    figure, axes = figures.canvas(checks_finding(checks), height_in=1.2 + 0.36 * len(systems))
    done, most = [0] * len(systems), max(map(len, systems.values()))
    for status, (word, colour) in OUTCOMES.items():
        widths = [sum(one.status == status for one in own) for own in systems.values()]
        axes.barh(range(len(systems)), widths, left=done, color=colour, height=0.62, label=word)
        for place, (start, width) in enumerate(zip(done, widths, strict=True)):
            if width and (width > SMALLER_AT * most or not start):
                axes.text(start + width / 2, place, str(width), ha="center", va="center", color="white")
        done = [start + width for start, width in zip(done, widths, strict=True)]
    axes.set_yticks(range(len(systems)), [figures.literal(name, 40) for name in systems])
    axes.invert_yaxis()
    axes.set(xlabel="checks")
    axes.legend(frameon=False, fontsize=8, loc="lower right", ncols=3, bbox_to_anchor=(1, 1))
    return figure


def checks_alt(checks: Sequence[Check]) -> str:
    """The figure in words."""
    return f"{checks_finding(checks)} {'; '.join(_said(name, own) for name, own in by_system(checks).items())}."


def _said(name: str, own: Sequence[Check]) -> str:
    outcomes = [one.status for one in own]
    told = [f"{outcomes.count(s)} {word}" for s, (word, _) in OUTCOMES.items() if outcomes.count(s)]
    return f"{name}: {listed(told)}"
