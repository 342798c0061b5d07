"""How fast people review: over which weeks the pace is taken, and how long a review takes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pilotage.oversight.reviewed import Reviewed

if TYPE_CHECKING:
    from pandas import DataFrame

WEEKS = 4  # the present pace is that of the last four weeks


def last_weeks(decided: DataFrame, end: datetime) -> DataFrame:
    """The rows decided in the last four weeks before `end`, UTC without zone as the frames have it."""
    return decided[decided["decided_at"] > end - timedelta(weeks=WEEKS)]


def mean_seconds(found: Reviewed, action: str) -> float | None:
    """How long a review of this action takes; None where no time was measured.

    Planted errors are left out: each is wrong, and to correct takes longer than to approve.
    """
    own = found.decisions[(found.decisions["action_type"] == action) & ~found.decisions["seeded"]]
    known = own["seconds"].dropna()
    return None if known.empty else float(known.mean())
