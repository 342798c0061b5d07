"""The cap on false positives: the lowest threshold that stops at most so many benign texts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pilotage.statistics.conformal import ConformalThreshold, conformal_threshold
from pilotage.statistics.influence import checked_column
from pilotage.statistics.score_curves import NEVER, between
from pilotage.words import count, number


@dataclass(frozen=True, slots=True)
class Cap:
    """The lowest threshold that keeps the promise, or None for all three where there are too few benign texts.

    A score at or above `threshold` is stopped: a share of at most `rate` of benign texts on average, at most `at_most`
    with 95% confidence. `more` counts the benign texts that are missing.
    """

    threshold: float | None
    rate: float | None
    at_most: float | None
    n_benign: float
    more: int
    why: str


def false_positive_cap(
    benign_scores: npt.ArrayLike, fpr_max: float, weights: npt.ArrayLike | None = None, sure: bool = False
) -> Cap:
    """The threshold at which at most `fpr_max` of benign texts like these are stopped, by the conformal quantile.

    On average over all sets of texts that could have been drawn; with `sure` for this very set, with 95% confidence,
    which takes a higher threshold and more texts. It promises nothing for texts of another kind: watch the drift. The
    scores must not have been fitted on these texts (out-of-fold). PilotageError as `conformal_threshold`.
    """
    found = conformal_threshold(benign_scores, fpr_max, weights=weights, sure=sure)
    if found.threshold is None:
        what = f"not yet: {count(found.more, 'more benign texts')} are needed for a cap of {number(fpr_max, 'share')}"
        return Cap(None, None, None, found.n_eff, found.more, what)
    return Cap(_from(benign_scores, found.threshold), found.rate, found.at_most, found.n_eff, 0, _why(found))


def _from(benign_scores: npt.ArrayLike, last_allowed: float) -> float:
    """The threshold that stops just what lies above the last score allowed."""
    scores = checked_column(benign_scores, "scores")
    above = scores[scores > last_allowed]
    if len(above):
        return between(last_allowed, float(above.min()))
    return between(last_allowed, 1.0) if last_allowed < 1 else NEVER


def _why(found: ConformalThreshold) -> str:
    rate, most = number(found.rate, "share"), number(found.at_most, "share")
    return (
        f"of benign texts like these {np.floor(found.n_eff):,.0f} at most {rate} are stopped on average, "
        f"and at most {most} with 95% confidence"
    )
