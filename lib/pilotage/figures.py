"""Figures: the title states the finding, the limit is drawn, and the same data give the same bytes."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pilotage.redact import redact
from pilotage.words import number, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pilotage.kpis import Kpi
    from pilotage.verdict import Gate

INK, SOFT, GOOD, BAD, DOUBT = "#1b2a38", "#8a97a3", "#1a7f52", "#b3362b", "#a86400"
COLOURS = {"go": GOOD, "no-go": BAD, "not yet": DOUBT}
_STYLE: Any = {  # Any: matplotlib types its settings key by key
    "svg.fonttype": "none",
    "svg.hashsalt": "pilotage", "font.family": "DejaVu Sans", "font.size": 10,
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": SOFT, "axes.labelcolor": INK,
    "text.color": INK, "xtick.color": INK, "ytick.color": INK, "axes.titlelocation": "left", "axes.titlesize": 11,
    "axes.titleweight": "bold", "axes.titlepad": 12, "figure.facecolor": "white", "axes.axisbelow": True,
}  # fmt: skip


def canvas(title: str, width_in: float = 7.2, height_in: float = 3.2) -> tuple[Figure, Axes]:
    """An empty figure in the house's style; `title` is the finding in words."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width_in, height_in), layout="constrained")
        axes = figure.add_subplot()
        figure.suptitle(_wrapped(title), x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure, axes


def svg(figure: Figure) -> str:
    """The figure as SVG text without a date, so that the same figure has the same bytes."""
    import matplotlib

    buffer = io.StringIO()
    with matplotlib.rc_context(_STYLE):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def intervals(title: str, kpis: Sequence[Kpi], gates: Mapping[str, Gate], currency: str = "") -> Figure:
    """Each KPI on its own scale: estimate and deciding interval, limit as a line, the good side shaded.

    A KPI without an estimate keeps its row and says so. `gates` maps a KPI's name to its gate, whose answer colours it.
    """
    figure, axes = canvas(title, height_in=1.0 + 0.62 * max(1, len(kpis)))
    for row, kpi in enumerate(reversed(kpis)):
        _interval_row(axes, row, kpi, gates[kpi.name], currency)
    axes.set_ylim(-0.6, len(kpis) - 0.4)
    axes.set_yticks(range(len(kpis)), [kpi.label for kpi in reversed(kpis)])
    axes.set_xlim(-0.02, 1.32)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure


def _interval_row(axes: Axes, row: int, kpi: Kpi, gate: Gate, currency: str) -> None:
    """One KPI scaled so that its interval and its limit share the row's width."""
    limit, colour = gate.limit if isinstance(gate.limit, float | int) else None, COLOURS[gate.answer]
    if kpi.estimate is None:
        axes.text(0.0, row, "the data cannot say", va="center", color=SOFT, style="italic")
        return
    ends = [end for end in (kpi.low, kpi.high, kpi.estimate, limit) if end is not None]
    low, high = min(ends), max(ends)
    room = (high - low or abs(high) or 1.0) * 0.15
    at = _scale(low - room, high + room)
    if limit is not None:
        good = (0, at(limit)) if kpi.better == "lower" else (at(limit), 1)
        axes.fill_betweenx([row - 0.28, row + 0.28], *good, color=GOOD, alpha=0.10, linewidth=0)
        axes.plot([at(limit)] * 2, [row - 0.34, row + 0.34], color=INK, linewidth=1.4)
        label = f"limit {number(limit, kpi.unit, currency)}"
        axes.text(at(limit), row + 0.38, label, ha="center", va="bottom", fontsize=7.5, color=INK)
    start, stop = (at(kpi.low) if kpi.low is not None else 0), (at(kpi.high) if kpi.high is not None else 1)
    axes.plot([start, stop], [row, row], color=colour, linewidth=4, solid_capstyle="butt")
    axes.plot([at(kpi.estimate)], [row], "o", color=colour, markersize=7, markeredgecolor="white")
    axes.text(1.04, row, number(kpi.estimate, kpi.unit, currency), va="center", fontweight="bold", fontsize=9.5)


def _scale(low: float, high: float) -> Callable[[float], float]:
    return lambda value: (value - low) / (high - low)


def trend(
    title: str, weeks: Sequence[str], kpis: Sequence[Kpi], unit: str, fitted: Sequence[float] = ()
) -> Figure:  # fmt: skip
    """One KPI week by week with its interval; `weeks` label the points, empty weeks are left out by the caller.

    `fitted`, one value per point, is drawn as a broken line.
    """
    figure, axes = canvas(title)
    xs = range(len(weeks))
    ys = [math.nan if kpi.estimate is None else kpi.estimate for kpi in kpis]
    lows = [y if kpi.low is None else kpi.low for y, kpi in zip(ys, kpis, strict=True)]
    highs = [y if kpi.high is None else kpi.high for y, kpi in zip(ys, kpis, strict=True)]
    axes.fill_between(xs, lows, highs, color=INK, alpha=0.12, linewidth=0)
    axes.plot(xs, ys, "o" if fitted else "o-", color=INK, linewidth=1.8, markersize=4.5)
    if fitted:
        axes.plot(xs, list(fitted), "--", color=DOUBT, linewidth=1.6)
    axes.set_xticks(list(xs), weeks)
    axes.set_ylim(bottom=0)
    axes.set_ylabel(unit)
    return figure


def bars(title: str, labels: Sequence[str], values: Sequence[float], unit: str) -> Figure:
    """Horizontal bars, longest meaning most; each carries its value."""
    figure, axes = canvas(title, height_in=1.0 + 0.36 * max(1, len(labels)))
    names = [literal(label, 46) for label in labels]
    positions = range(len(names))[::-1]
    axes.barh(list(positions), list(values), color=INK, alpha=0.75, height=0.62)
    for position, value in zip(positions, values, strict=True):
        axes.text(value, position, f" {number(value, unit)}", va="center", fontsize=9)
    axes.set_yticks(list(positions), names)
    axes.set_xticks([])
    axes.margins(x=0.15)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure


def _wrapped(title: str) -> str:
    import textwrap

    return "\n".join(literal(line, 80) for line in textwrap.wrap(plain(title, 400), 76))


def literal(text: str, longest: int) -> str:
    """A text from data as matplotlib shows it: no personal data, one line, cut, with dollars that open no formula."""
    shown = plain(redact(text), None).replace("\n", " ")
    return (shown if len(shown) <= longest else f"{shown[: longest - 1]}…").replace("$", r"\$")
