"""How the pilot page words its findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pilotage import figures
from pilotage.kpis import Kpi, label_of
from pilotage.page import Page, html, views
from pilotage.verdict import Gate, compare
from pilotage.words import listed

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def finding(gates: Sequence[Gate], tier: str) -> str:
    """The figure's title: how many gates of the tier are open, and which are not."""
    asked = [gate for gate in gates if gate.tier == tier]
    shut = [label_of(gate.kpi) for gate in asked if gate.answer != "go"]
    if not shut:
        return f"All {len(asked)} limits are cleared, even at the worse end of each range."
    return f"{len(asked) - len(shut)} of {len(asked)} limits are cleared; not cleared: {listed(shut)}."


def gates_figure(kpis: Sequence[Kpi], gates: Sequence[Gate], tier: str) -> Figure:
    """The KPIs with a gate at the tier, each with its range, its limit and the gate's answer as its colour."""
    asked = {gate.kpi: gate for gate in gates if gate.tier == tier}
    return figures.intervals(finding(gates, tier), [kpi for kpi in kpis if kpi.name in asked], asked)


def parts_table(page: Page, caption: str, parts: Sequence[Kpi]) -> html.Html:
    """The parts with enough rows to say something; in words, which have too few, and which alone would not clear."""
    least = page.playbook.pilot.min_segment_n.value
    shown = [kpi for kpi in parts if kpi.n >= least]
    remarks = [
        _named("Left out, with too few rows to say anything", [kpi for kpi in parts if kpi.n < least]),
        _named("Alone, these would not clear the limit of the whole", [kpi for kpi in shown if not _clears(page, kpi)]),
    ]
    small = "".join(html.paragraph(remark, "small") for remark in remarks if remark)
    return html.Html(views.kpis(page, caption, shown) + small)


def _clears(page: Page, kpi: Kpi) -> bool:
    gate = page.playbook.pilot.gates.get(kpi.name)  # type: ignore[call-overload]  # a KPI without a gate has no limit
    return gate is None or compare(kpi, gate.limits[page.playbook.tier].value) == "go"


def _named(what: str, parts: Sequence[Kpi]) -> str:
    names = [(kpi.dimension or "").partition("=")[2] for kpi in parts]
    return f"{what}: {listed(names)}." if names else ""
