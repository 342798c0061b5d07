"""What the page says and draws of the use of the agent: cases without it, whose they are, and the trend."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from pilotage import figures
from pilotage.oversight.adoption import Adoption, Part
from pilotage.page import html
from pilotage.words import count, listed, number, span

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 20  # people that the table lists, those with most cases without the agent first
HEADER = ("Cases", "Without the agent", "With it", "Between")


def adoption_finding(found: Adoption) -> str:
    """The finding in one sentence for whoever decides."""
    if found.whole is None:
        return f"Whether people use the agent is not known: {found.lacking}."
    whole, trend = found.whole, found.trend
    told = f"{whole.without:,} of {count(whole.cases, 'cases')} in production went without the agent"
    if trend is None or math.isinf(trend.low) or trend.low <= 0 <= trend.high:
        return f"{told}; whether its use grows or shrinks cannot be told."
    return f"{told}; its use {'grows' if trend.low > 0 else 'shrinks'} from week to week."


def adoption_table(found: Adoption) -> html.Html:
    """Use by segment and by person, and what to keep in mind; what is lacking where nobody can say."""
    if found.whole is None:
        return html.note(adoption_finding(found), "warning")
    segments = _rows([found.whole, *found.segments] if len(found.segments) > 1 else [found.whole])
    people = sorted(found.people, key=lambda one: -one.without)
    pieces = [html.table("Cases in production", ("Part", *HEADER), segments, HEADER)]
    if people:
        pieces.append(html.table("Cases by who worked on them", ("Who", *HEADER), _rows(people[:SHOWN]), HEADER))
    return html.Html("".join(pieces) + html.bullets(_remarks(found)))


def _rows(parts: Sequence[Part]) -> list[tuple[str, ...]]:
    return [
        (one.name, f"{one.cases:,}", f"{one.without:,}", number(one.share.estimate, "share"), _between(one))
        for one in parts
    ]


def _between(one: Part) -> str:
    return span(one.share.low, one.share.high, "share")


def _remarks(found: Adoption) -> Iterator[str]:
    if found.people:
        yield (
            f"People here do by hand what {listed(list(found.agents))} also does. Cases that the agent did alone are "
            "nobody's, so compare people with each other and not with the whole."
        )
        if len(found.people) > SHOWN:
            yield f"{count(len(found.people) - SHOWN, 'people')} with fewer cases without the agent are not listed."
    else:
        yield "The log names nobody who does what the agent does, so it cannot be said whose cases go without it."
    if found.unnamed:
        yield f"{count(found.unnamed, 'runs')} name no case; the upper bounds take each to be of another case."
    yield _training(found)


def _training(found: Adoption) -> str:
    if not found.trained:
        return "No course is recorded, so use cannot be compared with training."
    people = count(sum(found.trained.values()), "people")
    told = f"{people} of {count(len(found.trained), 'teams')} passed a course"
    if found.untrained is None:
        return f"{told}; the log names people otherwise, so their use cannot be compared with training."
    if not found.untrained:
        return f"{told}, among them everybody listed here."
    return f"{told}; of those listed here without one: {listed(list(found.untrained[:SHOWN]))}."


def adoption_figure(found: Adoption) -> Figure | None:
    """The share of cases with the agent week by week; None with fewer than two weeks."""
    if len(found.weeks) < 2:
        return None
    figure, axes = figures.canvas(adoption_finding(found))
    xs, shares = range(len(found.weeks)), [one.share for one in found.weeks]
    axes.fill_between(xs, [one.low for one in shares], [one.high for one in shares], color=figures.INK, alpha=0.12)
    axes.plot(xs, [one.estimate for one in shares], "o-", color=figures.INK, linewidth=1.8, markersize=4.5)
    step = max(1, len(found.weeks) // 8)
    labels = [f"{date.fromisoformat(one.name):%d %b}" for one in found.weeks]
    axes.set_xticks(list(xs)[::step], labels[::step])
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(lambda value, _: number(value, "share"))
    axes.set_xlabel("week in which the case came in")
    axes.set_ylabel("cases with the agent")
    return figure


def adoption_alt(found: Adoption) -> str:
    """The figure in words; what is lacking where nothing can be drawn."""
    if found.whole is None or len(found.weeks) < 2:
        return adoption_finding(found)
    first, last = found.weeks[0], found.weeks[-1]
    begun, ended = (number(one.share.estimate, "share") for one in (first, last))
    return (
        f"Share of production cases with the agent by week, from {begun} in the week of {first.name} to {ended} in "
        f"that of {last.name}. {adoption_finding(found)}"
    )
