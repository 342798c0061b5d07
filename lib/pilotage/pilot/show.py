"""How the pilot page words its findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pilotage import figures
from pilotage.kpis import Kpi
from pilotage.pilot.measured import growth
from pilotage.verdict import compare
from pilotage.words import listed, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def finding(kpis: Sequence[Kpi]) -> str:
    """The figure's title: how many limits are cleared, and which are not."""
    gated = [kpi for kpi in kpis if kpi.target is not None]
    shut = [kpi.label for kpi in gated if kpi.target is not None and compare(kpi, kpi.target) != "go"]
    if not shut:
        return f"All {len(gated)} limits are cleared, even at the worse end of each range."
    return f"{len(gated) - len(shut)} of {len(gated)} limits are cleared; not cleared: {listed(shut)}."


def gates_figure(kpis: Sequence[Kpi]) -> Figure:
    """The KPIs with a limit, each with its range and its limit."""
    gated = [kpi for kpi in kpis if kpi.target is not None]
    return figures.intervals(finding(kpis), gated, {kpi.name: kpi.target for kpi in gated if kpi.target is not None})


def token_finding(weeks: Sequence[Kpi]) -> str:
    """How tokens per interaction moved from the first week to the last."""
    change = growth(list(weeks))
    if change is None:
        return "The interactions carry no tokens or no time, so their trend is not known."
    first, last = weeks[0].estimate, weeks[-1].estimate
    return (
        f"Tokens per interaction went from {number(first)} to {number(last)} in {len(weeks)} weeks ({change:+.0%})."
    )  # fmt: skip


def token_figure(weeks: Sequence[Kpi]) -> Figure | None:
    """Tokens per interaction, a point a week; None where there is no trend."""
    if growth(list(weeks)) is None:
        return None
    starts = [(week.dimension or "").removeprefix("week=")[5:] for week in weeks]
    return figures.trend(token_finding(weeks), starts, weeks, "tokens per interaction")
