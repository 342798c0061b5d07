"""What the page says and draws of a threshold: who decides from which confidence on, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pilotage import figures
from pilotage.oversight.threshold import Point, Threshold
from pilotage.page import html
from pilotage.words import count, number, sentence_case

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 10  # thresholds of the curve that the table lists


def threshold_finding(found: Threshold) -> str:
    """The finding in one sentence for whoever decides."""
    if found.chosen is None:
        return f"No threshold for {found.action}: refusing to automate, since {found.why}."
    every = found.chosen.share == 1
    start = "Whatever its confidence" if every else f"From a confidence of {_shown(found.chosen.confidence)} on"
    share = "all runs" if every else f"{number(found.chosen.share, 'share')} of runs"
    if found.tier == "in the loop":
        return f"{start}, {found.action} needs few corrections ({share}); a person still sees each one."
    told = f"{start}, {found.action} could be left to the agent: {share}"
    if found.chosen.hours is None or found.all_hours is None:
        return f"{told}."
    return f"{told}, and {_hours(found.chosen)} of review a week instead of {number(found.all_hours, 'h')}."


def threshold_table(found: Threshold) -> html.Html:
    """What the certified and the playbook's threshold do, the whole curve on demand, and what to keep in mind."""
    rows = [("certified", *_cells(found.chosen))] if found.chosen else []
    rows.append(("the playbook's, as it stands", *_cells(found.asked)))
    header = ("Threshold", "Confidence", "Left to the agent", "Wrong among those", "Review a week")
    caption = f"{sentence_case(found.action)}, {found.tier}: who decides from which confidence on"
    whole = html.table("Every threshold tried", header[1:], [_cells(one) for one in _spread(found.curve)], header[1:])
    return html.Html(
        html.table(caption, header, rows, header[1:]) + html.bullets(_remarks(found))
        + html.folded("The whole curve", whole if found.curve else html.Html(""))
    )  # fmt: skip


def _remarks(found: Threshold) -> Iterator[str]:
    if found.chosen is None:
        yield f"No threshold is certified: {found.why}."
    else:
        yield (
            f"Certified by Learn-then-Test on {count(found.cases, 'cases')}, {number(found.confidence, 'share')} sure: "
            f"{found.why}. It holds for one look: whoever moves the threshold after every review loses that."
        )
    if found.chosen is None or found.asked.confidence < found.chosen.confidence:
        at = _shown(found.asked.confidence)
        yield f"The playbook asks a person only below {at}, which these reviews do not certify."
    if found.unscored:
        yield f"{count(found.unscored, 'cases')} came without a confidence; such runs always go to a person."
    if found.missing and found.chosen:
        yield f"{count(found.missing, 'lost reviews')} count as errors of the greatest confidence."
    if found.seconds is None:
        yield "No time was measured with these reviews, so the hours are not known."
    elif found.sampled:
        drawn = number(found.sampled, "share")
        yield f"The hours hold the {drawn} of runs left to the agent that people of this tier review all the same."


def threshold_figure(found: Threshold) -> Figure | None:
    """The share of wrong outputs against the share left to the agent, with limit, choice and hours above."""
    points = [(one.share, one.risk) for one in found.curve if one.risk is not None]
    if len(points) < 2:
        return None
    figure, axes = figures.canvas(threshold_finding(found), height_in=3.9)
    axes.plot([share for share, _ in points], [risk for _, risk in points], color=figures.INK, linewidth=1.8)
    _draw_target(axes, found)
    if found.chosen:
        _mark(axes, found.chosen, f"from {_shown(found.chosen.confidence)} on", figures.GOOD)
    else:
        _mark(axes, found.asked, f"the playbook's {_shown(found.asked.confidence)}", figures.DOUBT)
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, max(1.35 * (found.target or found.limit), *(1.2 * risk for _, risk in points)))
    axes.set_xlabel("share of runs left to the agent")
    axes.set_ylabel("share of those wrong")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: number(value, "share"))
    if found.all_hours and found.sampled < 1:
        _hours_above(axes, found.all_hours, found.all_hours * (1 - found.sampled))
    return figure


def _hours_above(axes: Axes, total: float, saved: float) -> None:
    """Hours fall in a straight line from `total` with the share left to the agent."""
    import numpy as np

    ways = (lambda x: total - np.asarray(x) * saved, lambda hours: (total - np.asarray(hours)) / saved)
    above = axes.secondary_xaxis("top", functions=ways)
    above.set_xlabel("hours of review a week")


def _draw_target(axes: Axes, found: Threshold) -> None:
    at, name = (found.limit, "limit of the tier") if found.target is None else (found.target, "at most")
    axes.axhline(at, color=figures.BAD, linewidth=1.2)
    label = f"{name} {number(at, 'share')}"
    axes.text(0.01, at, label, va="bottom", fontsize=8.5, color=figures.BAD)


def _mark(axes: Axes, point: Point, label: str, colour: str) -> None:
    if point.risk is None:
        return
    axes.plot([point.share], [point.risk], "o", color=colour, markersize=9, markeredgecolor="white")
    left = point.share > 0.4
    axes.annotate(
        label, (point.share, point.risk), xytext=(-8 if left else 8, 9), textcoords="offset points",
        ha="right" if left else "left", fontsize=9, color=colour, fontweight="bold",
    )  # fmt: skip


def threshold_alt(found: Threshold) -> str:
    """The figure in words; what is lacking where nothing can be drawn."""
    if len(found.curve) < 2:
        return f"There is no curve of risk for {found.action}: {found.why or 'all confidences are the same'}."
    last = found.curve[-1]
    return (
        f"Curve of the share of {found.action} that was wrong against the share left to the agent; leaving it "
        f"{number(last.share, 'share')}, {number(last.risk, 'share')} were wrong. {threshold_finding(found)}"
    )


def _spread(curve: tuple[Point, ...]) -> list[Point]:
    """About SHOWN points from the first to the last."""
    if len(curve) <= SHOWN:
        return list(curve)
    return [curve[round(place * (len(curve) - 1) / (SHOWN - 1))] for place in range(SHOWN)]


def _cells(point: Point) -> tuple[str, str, str, str]:
    risk = "nothing left to it" if point.risk is None else number(point.risk, "share")
    return _shown(point.confidence), number(point.share, "share"), risk, _hours(point)


def _hours(point: Point) -> str:
    return "not known" if point.hours is None else number(point.hours, "h")


def _shown(confidence: float) -> str:
    return f"{confidence:.4g}"
