"""What the page says and draws of reviewers: who is flagged and why, and how attention wears within a session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pilotage import figures
from pilotage.oversight.fatigue import Fatigue, Position, Reviewer
from pilotage.page import html
from pilotage.words import count, listed, number, span

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def fatigue_finding(found: Fatigue) -> str:
    """The finding in one sentence for whoever decides."""
    if not found.reviewers:
        return "Nobody has reviewed anything yet."
    if found.flagged:
        told = "; ".join(f"{one.name} {one.flags[0]}" for one in found.flagged)
        return f"Not every review is a review: {told}."
    planted, caught = (sum(getattr(one, name) for one in found.reviewers) for name in ("planted", "caught"))
    if not planted:
        return "No errors were planted, so nobody knows whether reviewers would notice one."
    unknown = [one.name for one in found.reviewers if not one.planted]
    rest = f"; {listed(unknown)} never met one" if unknown else ""
    return f"Reviewers caught {caught:,} of {count(planted, 'planted errors')}, and nobody stands out{rest}."


def fatigue_table(found: Fatigue) -> html.Html:
    """One row a reviewer, those flagged first, with the reasons below and what was read from it."""
    header = (
        "Reviewer", "Reviews", "Median seconds", f"Under {number(found.seconds_min, 's')}", "Longest row of approvals",
        "Planted errors caught", "Between", "Standing",
    )  # fmt: skip
    rows = [(one.name, *_cells(one)) for one in found.reviewers]
    table = html.table("Do reviewers read what they approve?", header, rows, header[1:7])
    flags = html.bullets((f"{one.name} {why}." for one in found.flagged for why in one.flags), "warning")
    notes = html.bullets([*(f"{one.name}: {why}." for one in found.reviewers for why in one.notes), *_remarks(found)])
    return html.Html(table + flags + notes + html.folded("How attention wears in a session", _positions(found)))


def _cells(one: Reviewer) -> tuple[object, ...]:
    timed = number(one.seconds) if one.seconds is not None else "not known"
    fast = f"{one.fast:,} of {one.timed:,}" if one.timed else "not known"
    catch = span(one.catch.low, one.catch.high, "share") if one.catch else ""
    caught = f"{one.caught:,} of {one.planted:,}" if one.planted else "none planted"
    standing = html.badge("flagged") if one.flagged else "not known" if not one.planted else "nothing sure"
    return f"{one.reviews:,}", timed, fast, f"{one.run:,}", caught, catch, standing


def _remarks(found: Fatigue) -> Iterator[str]:
    if not found.reviewers:
        return
    sure = number(found.confidence, "share")
    yield (
        f"Flagged: catches surely fewer than {number(found.catch_min, 'share')} of planted errors, or is surely too "
        f"fast in more than half of the reviews; {sure} sure, however often one looks (e-process). The other remarks "
        "may be chance."
    )
    untimed = sum(one.reviews - one.timed for one in found.reviewers)
    if untimed:
        yield f"The time of {count(untimed, 'reviews')} is not known, as with decisions taken from a spreadsheet."
    settled, overruled = (sum(getattr(one, name) for one in found.reviewers) for name in ("settled", "overruled"))
    if settled:
        yield f"Of {count(settled, 'settled rejections')}, {overruled:,} were of right answers (distrust of the agent)."


def wear_finding(found: Fatigue) -> str:
    """Whether reviewers catch less the longer they sit, in one sentence."""
    if not found.comparable or found.wear is None:
        return "Too few errors were planted within sessions to tell whether attention wears."
    if found.wear.high < 0:
        fewer = number(-found.wear.estimate, "share")
        return f"Attention wears: {found.wear_over}, reviewers catch {fewer} of errors fewer."
    if found.wear.low > 0:
        return "Reviewers catch more the longer they sit."
    return "Whether attention wears within a session cannot be told yet."


def wear_figure(found: Fatigue) -> Figure | None:
    """The catch rate by position in the session with the least wanted; None where too little was planted."""
    parts = found.comparable
    if not parts:
        return None
    figure, axes = figures.canvas(wear_finding(found))
    for x, one in enumerate(parts):
        if one.catch is None:
            continue
        axes.plot([x, x], [one.catch.low, one.catch.high], color=figures.INK, linewidth=4, solid_capstyle="butt")
        axes.plot([x], [one.catch.estimate], "o", color=figures.INK, markersize=8, markeredgecolor="white")
        axes.text(x + 0.06, one.catch.estimate, f"{one.caught:,} of {one.planted:,}", va="center", fontsize=9)
    axes.axhline(found.catch_min, color=figures.BAD, linewidth=1.2)
    least = f"at least {number(found.catch_min, 'share')}"
    axes.text(-0.45, found.catch_min, least, va="bottom", fontsize=8.5, color=figures.BAD)
    axes.set_xticks(range(len(parts)), [one.name for one in parts])
    axes.set_xlim(-0.5, len(parts) - 0.5)
    axes.set_ylim(0, 1.04)
    axes.yaxis.set_major_formatter(lambda value, _: number(value, "share"))
    axes.set_ylabel("planted errors caught")
    return figure


def wear_alt(found: Fatigue) -> str:
    """The figure in words; what is lacking where nothing can be drawn."""
    if not found.comparable:
        return wear_finding(found)
    told = [f"{one.caught:,} of {one.planted:,} in {one.name}" for one in found.comparable]
    start = "Planted errors caught by reviewers not flagged, by position in the session"
    return f"{start}: {listed(told)}. {wear_finding(found)}"


def _positions(found: Fatigue) -> html.Html:
    rows = [(one.name, f"{one.planted:,}", *_caught(one)) for one in found.positions if one.planted]
    if not rows:
        return html.Html("")
    header = ("Position in the session", "Planted", "Caught", "Between")
    table = html.table("Planted errors by position, reviewers not flagged together", header, rows, header[1:])
    if found.wear is None:
        return table
    told = (
        f"Change of the catch rate {found.wear_over}: {100 * found.wear.estimate:+.1f} points (between "
        f"{100 * found.wear.low:+.1f} and {100 * found.wear.high:+.1f}; least squares within reviewers, sessions as "
        "clusters)."
    )
    return html.Html(table + html.paragraph(told, "small"))


def _caught(one: Position) -> tuple[str, str]:
    return f"{one.caught:,}", span(one.catch.low, one.catch.high, "share") if one.catch else ""
