"""What users object to: answers they reject, and answers they ask to have corrected, by segment."""

from __future__ import annotations

from dataclasses import dataclass

from pilotage.kpis import Kpi, Tables, measure, measure_parts
from pilotage.page import Page, html
from pilotage.pilot.estimates import in_cell
from pilotage.pilot.looks import PHASE
from pilotage.pilot.measured import SHOWN, by_part
from pilotage.words import count, listed, plain

NAMES = ("negative_feedback_rate", "rejection_rate", "correction_rate")


@dataclass(frozen=True)
class Ratings:
    """What users said of one segment (`name` None: of all): dissatisfied at all, and how.

    One interaction can be both rejected and corrected, so that the two may add up to more than `dissatisfied`.
    """

    name: str | None
    dissatisfied: Kpi
    rejected: Kpi
    corrected: Kpi


@dataclass(frozen=True)
class Feedback:
    """The whole pilot and its segments, worst first; `whole.dissatisfied.reason` says why nothing is known."""

    whole: Ratings
    segments: tuple[Ratings, ...]

    @property
    def kpis(self) -> list[Kpi]:
        """What goes into the evidence beside the KPI of the whole, which the page has already."""
        parts = [(part.dissatisfied, part.rejected, part.corrected) for part in self.segments]
        return [self.whole.rejected, self.whole.corrected, *(kpi for part in parts for kpi in part)]


def feedback(tables: Tables) -> Feedback:
    """The share of rated interactions of the pilot that users rejected or asked to have corrected."""
    whole = (measure(tables, name, PHASE, SHOWN) for name in NAMES)
    rejected, corrected = (
        {kpi.dimension: kpi for kpi in measure_parts(tables, name, PHASE, "segment", SHOWN)} for name in NAMES[1:]
    )
    segments = (
        Ratings((kpi.dimension or "").partition("=")[2], kpi, rejected[kpi.dimension], corrected[kpi.dimension])
        for kpi in by_part(tables, NAMES[0], "segment")
    )
    return Feedback(Ratings(None, *whole), tuple(segments))


def feedback_table(page: Page, found: Feedback) -> html.Html:
    """All segments together and each with enough ratings; the small ones are named below."""
    if found.whole.dissatisfied.estimate is None:
        return html.note(f"What users object to is not known: {found.whole.dissatisfied.reason}.")
    least = page.playbook.pilot.min_segment_n.value
    few = [plain(part.name, 60) for part in found.segments if part.dissatisfied.n < least]
    shown = [found.whole, *(part for part in found.segments if part.dissatisfied.n >= least)]
    header = ("Segment", "Dissatisfied", "Rejected", "Correction asked for", "Rated interactions")
    table = html.table(_finding(found.whole), header, map(_row, shown), header[1:])
    left_out = f"Left out, with fewer than {least} ratings: {listed(few)}." if few else ""
    return html.Html(table + (html.paragraph(left_out, "small") if few else ""))


def _row(part: Ratings) -> tuple[str, ...]:
    kpis = (part.dissatisfied, part.rejected, part.corrected)
    return (part.name or "all", *map(in_cell, kpis), f"{part.dissatisfied.n:,}")


def _finding(whole: Ratings) -> str:
    rejected, corrected = whole.rejected.count or 0, whole.corrected.count or 0
    rated = count(whole.dissatisfied.n, "rated interactions")
    if not whole.dissatisfied.count:
        return f"None of {rated} was rejected or corrected."
    return f"Of {rated}, users rejected {rejected:,} and asked for a correction of {corrected:,}."
