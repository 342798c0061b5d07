"""How the load is worded and drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pilotage import figures
from pilotage.integration.load.measured import NOT_YOURS, Outcome
from pilotage.integration.load.result import CONFIDENCE, FAILED, SLOW, SLOWED, LoadResult, Step, missed
from pilotage.integration.load.target import limits_of
from pilotage.page import Page, html
from pilotage.playbook.systems import EMBEDDED, slug
from pilotage.words import apart, count, listed, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NEVER = "never"  # the time of an answer that did not come
SURE = f"{(1 + CONFIDENCE) / 2:.0%}"


def load_table(outcome: Outcome) -> html.Html:
    """The ramp step by step; why there is none where the system was not tested."""
    if outcome.result is None:
        return html.note(f"{outcome.name} was not put under load: {outcome.why}.", "warning")
    header = ("Asked a second", "Answered", "Requests", "p50", "p95", "p99", "Failed", "At once", "Says")
    rows = [_step_row(step, outcome.result) for step in outcome.result.steps]
    when = f"measured {outcome.day}" if outcome.day else "measured as this page ran"
    return html.table(f"{outcome.name} under load, {when}", header, rows, header[1:8])


def _step_row(step: Step, result: LoadResult) -> tuple[str, ...]:
    failed = number(step.error_rate, "share")
    return (
        number(step.offered_per_s), number(step.achieved_per_s), f"{step.n:,}", ms(step.p50_ms), ms(step.p95_ms),
        ms(step.p99_ms), failed, f"{step.most_at_once:,}", "; ".join([*_says(step, result), *_aside(step)]),
    )  # fmt: skip


def _says(step: Step, result: LoadResult) -> list[str]:
    return missed(step, result.limits) or ["holds"]


def step_lines(result: LoadResult) -> list[str]:
    """Each step in a line: its rate, p95 and share of failed requests with their limits, and what it says."""
    return [_step_line(step, result) for step in result.steps]


def _step_line(step: Step, result: LoadResult) -> str:
    limits = result.limits
    took, longest = NEVER, number(limits.p95_ms_max, "ms")
    if step.p95_ms is not None:
        took, longest = apart(step.p95_ms, limits.p95_ms_max, "ms")
    failed, most = apart(step.error_rate, limits.error_rate_max, "share")
    rate = f"{number(step.achieved_per_s)} of {number(step.offered_per_s)} a second answered"
    here = " (production's rate)" if step is result.at_target else ""
    said = "; ".join([*_says(step, result), *_aside(step)])
    return f"{rate}{here}: p95 {took} (limit {longest}), {failed} failed (limit {most}): {said}"


def _aside(step: Step) -> Iterator[str]:
    """What failed, and whether this machine could send as fast as it should have."""
    if step.faults:
        yield listed([f"{n:,} × {fault}" for fault, n in step.faults.items()])
    if step.late_p95_ms > max(20.0, (step.p95_ms or 0) / 2):
        yield f"this machine sent up to {number(step.late_p95_ms, 'ms')} late, which counts as the system's time"


def ms(value: float | None) -> str:
    """A time as tables have it."""
    return NEVER if value is None else number(value, "ms")


def sla_table(outcomes: Sequence[Outcome]) -> html.Html:
    """Each promise of each system with what was measured: held, missed or not tested."""
    rows = [row for outcome in outcomes for row in _promises(outcome)]
    header = ("System", "Promised at production's rate", "Measured", f"{SURE} sure", "Answer")
    return html.table("What was promised and what was measured under load", header, rows, header[2:4])


def _promises(outcome: Outcome) -> Iterator[tuple[object, ...]]:
    assert outcome.system.load is not None
    limits, result = limits_of(outcome.system.load), outcome.result
    step = result.at_target if result else None
    p95, failed = number(limits.p95_ms_max, "ms"), number(limits.error_rate_max, "share")
    promises = (
        f"{number(limits.requests_per_s)} requests a second are answered",
        f"95% within {p95}",
        f"at most {failed} fail",
    )
    for promise, cells in zip(promises, _kept(result, step), strict=True):
        yield (outcome.name, promise, *cells)


def _kept(result: LoadResult | None, step: Step | None) -> list[tuple[str, str, str]]:
    """Measured value, bound and answer of each promise: on rate, time and errors."""
    if result is None:
        return [("", "", "not tested")] * 3
    if step is None:
        gave_way = result.saturation
        assert gave_way is not None  # a ramp that ends before production's rate ends where the system gave way
        return [(f"gave way at {number(gave_way.offered_per_s)} a second", "", "missed")] * 3
    faults, limits = missed(step, result.limits), result.limits
    high = math.inf if step.p95_high_ms is None else step.p95_high_ms
    time_sure, errors_sure = high <= limits.p95_ms_max, step.error_rate_high <= limits.error_rate_max
    errors = (number(step.error_rate, "share"), f"at most {number(step.error_rate_high, 'share')}")
    return [
        (f"{number(step.achieved_per_s)} a second", "", _answer(SLOWED in faults, True)),
        (
            ms(step.p95_ms),
            "no bound" if math.isinf(high) else f"at most {ms(high)}",
            _answer(SLOW in faults, time_sure),
        ),
        (*errors, _answer(FAILED in faults, errors_sure)),
    ]


def _answer(bad: bool, sure: bool) -> str:
    return "missed" if bad else "held" if sure else "held, in too few requests to be sure"


def finding(result: LoadResult) -> str:
    """The result in one sentence: the title of its figure."""
    name = f"{result.system} ({NOT_YOURS})" if result.address == EMBEDDED else result.system
    asked, end = result.limits.requests_per_s, result.saturation
    rate = f"{number(asked)} requests a second"
    if result.held:
        until = (
            f"its end is near {number(end.offered_per_s)}" if end
            else f"no end was found up to {number(result.steps[-1].offered_per_s)}"
        )  # fmt: skip
        sure = "" if result.proved else f"; {count(_requests(result), 'requests')} are too few to be {SURE} sure"
        return f"{name} holds at {rate}; {until}{sure}"
    assert end is not None
    return f"{name} does not hold at {rate}: at {number(end.offered_per_s)} {listed(missed(end, result.limits))}"


def _requests(result: LoadResult) -> int:
    return result.at_target.n if result.at_target else 0


def load_figure(result: LoadResult) -> Figure:
    """Answered against asked, and beside it p95, with production's rate and the limit drawn."""
    figure, axes = figures.canvas(finding(result), height_in=3.6)
    axes.remove()
    left, right = figure.subplots(1, 2)
    rates = [step.offered_per_s for step in result.steps]
    _answered(left, rates, result)
    _times(right, rates, result)
    for one in (left, right):
        one.axvline(result.limits.requests_per_s, color=figures.INK, linewidth=1.0, linestyle=":")
        one.set_xlabel("asked a second (dotted: production)")
        one.set_xlim(0, max([*rates, result.limits.requests_per_s]) * 1.1)
        one.spines[["top", "right"]].set_visible(False)
    return figure


def _answered(axes: Axes, rates: Sequence[float], result: LoadResult) -> None:
    axes.plot([0, max(rates)], [0, max(rates)], color=figures.SOFT, linewidth=1.0, linestyle="--")
    axes.plot(rates, [step.achieved_per_s for step in result.steps], color=figures.INK, linewidth=1.4)
    for step in result.steps:
        colour = figures.BAD if missed(step, result.limits) else figures.GOOD
        axes.plot([step.offered_per_s], [step.achieved_per_s], "o", color=colour, markeredgecolor="white", markersize=7)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("answered a second (dashed: all)")


def _times(axes: Axes, rates: Sequence[float], result: LoadResult) -> None:
    limit = result.limits.p95_ms_max
    known = [(step.offered_per_s, step.p95_ms) for step in result.steps if step.p95_ms is not None]
    axes.plot([rate for rate, _ in known], [time for _, time in known], "o-", color=figures.INK, linewidth=1.4)
    axes.axhline(limit, color=figures.BAD, linewidth=1.2)
    longest = max([limit, *(time for _, time in known)])
    axes.set_ylim(0, 1.3 * longest)
    for step in result.steps:
        if step.p95_ms is None:
            _draw_never(axes, step.offered_per_s, 1.2 * longest)
    axes.set_ylabel(f"p95 in ms (red line: limit {number(limit, 'ms')})")


def _draw_never(axes: Axes, rate: float, height: float) -> None:
    """A cross above all times, where so many requests failed that there is no p95."""
    axes.plot([rate], [height], "x", color=figures.BAD, markersize=8, markeredgewidth=2)
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    axes.annotate(
        "over 5% not answered", (rate, height), xytext=(-8, 0), textcoords="offset points", ha="right", va="center",
        fontsize=8, color=figures.BAD, bbox=box,
    )  # fmt: skip


def load_alt(result: LoadResult) -> str:
    """The figure in words."""
    steps = "; ".join(
        f"asked {number(step.offered_per_s)}, answered {number(step.achieved_per_s)}, p95 {ms(step.p95_ms)},"
        f" {number(step.error_rate, 'share')} failed"
        for step in result.steps
    )
    return f"{finding(result)}. Requests a second and 95% of the times: {steps}."


def show_load(page: Page, outcomes: Sequence[Outcome]) -> None:
    """Each system's figure and ramp, one after the other."""
    for outcome in outcomes:
        if outcome.result is not None:
            page.figure(f"load-{slug(outcome.system.name)}", load_figure(outcome.result), load_alt(outcome.result))
        page.show(load_table(outcome))
