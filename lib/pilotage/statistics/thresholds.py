"""From which confidence on an agent may answer by itself, so that its error rate there is known to be low enough.

A threshold picked as the lowest one that looks good on the same cases breaks its promise every other time; this one
breaks it with probability at most alpha.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from pilotage.errors import PilotageError
from pilotage.statistics.influence import checked_column, checked_zero_or_one
from pilotage.statistics.intervals import FloatArray
from pilotage.statistics.sizes import check_limit, zero_failures

# With fewer cases than this part the first test of the sequence would mostly fail by chance and end it.
FIRST_PART = 1 / 8
STEPS = 50


@dataclass(frozen=True, slots=True, eq=False)
class CertifiedThreshold:
    """The lowest certified threshold and the curve it was read from.

    `threshold` is None when none could be certified; otherwise answers with at least this confidence are wrong at a
    rate of at most `target`, but for a chance of `alpha` that this is not so. `coverage` and `risk` are the share
    answered and the share of wrong answers among them at that threshold, None with it. The arrays hold one entry per
    threshold of the grid, the highest first: the threshold, the share answered, the share wrong among those (NaN where
    nothing is answered) and the exact p-value of "wrong more often than `target`" (1 where nothing is answered).
    """

    threshold: float | None
    coverage: float | None
    risk: float | None
    target: float
    alpha: float
    thresholds: FloatArray
    coverages: FloatArray
    risks: FloatArray
    p_values: FloatArray


def certified_threshold(
    confidences: npt.ArrayLike,
    errors: npt.ArrayLike,
    target: float,
    alpha: float = 0.05,
    grid: npt.ArrayLike | None = None,
) -> CertifiedThreshold:
    """The lowest confidence from which on the error rate of what is answered is at most `target`, by Learn-then-Test.

    One entry per independent case (of repeated trials of a task take one): the agent's confidence, and 1 where its
    answer was wrong, 0 where it was right. `grid` are the thresholds to try, by default those that answer every
    fiftieth part of the cases. They are tested from the highest down with the exact binomial test until the first one
    fails; the first tested is the highest that answers an eighth of the cases and enough to pass without an error. That
    choice looks at the confidences only; in simulation a threshold was certified wrongly less often than alpha, also
    where the error rate lies just above the target throughout.
    PilotageError when there is no case, the lengths differ, or target or alpha is not between 0 and 1.
    Source: Angelopoulos, Bates, Candès, Jordan & Lei 2021, arXiv:2110.01052 (fixed-sequence testing).
    """
    check_limit(target)
    if not 0 < alpha <= 0.5:
        raise PilotageError(f"an alpha of {alpha} is not between 0 and .5", next="use .05")
    score, wrong = checked_column(confidences, "confidences"), checked_zero_or_one(errors, "errors")
    if len(score) != len(wrong):
        raise PilotageError(f"{len(score)} confidences do not match {len(wrong)} errors")
    tried = _grid(score, grid)
    order = np.argsort(-score, kind="stable")
    answered = np.searchsorted(-score[order], -tried, side="right")
    found = np.concatenate([[0.0], np.cumsum(wrong[order])])[answered]
    some = np.maximum(answered, 1)
    p_values = np.where(answered > 0, special.bdtr(found, some, target), 1.0)
    risks = np.where(answered > 0, found / some, np.nan)
    coverages = answered / len(score)
    place = _last_certified(answered, p_values, max(zero_failures(target, 1 - alpha), FIRST_PART * len(score)), alpha)
    threshold, coverage, risk = (None if place is None else float(of[place]) for of in (tried, coverages, risks))
    return CertifiedThreshold(threshold, coverage, risk, target, alpha, tried, coverages, risks, p_values)


def _last_certified(answered: npt.NDArray[np.intp], p_values: FloatArray, fewest: float, alpha: float) -> int | None:
    """The last place before the first failed test, starting where at least `fewest` cases are answered."""
    start = int(np.searchsorted(answered, fewest))
    failed = np.flatnonzero(p_values[start:] > alpha)
    end = start + (int(failed[0]) if failed.size else len(p_values) - start)
    return end - 1 if end > start else None


def _grid(score: FloatArray, grid: npt.ArrayLike | None) -> FloatArray:
    """The thresholds to try, distinct and from the highest down."""
    tried = np.quantile(score, np.arange(STEPS) / STEPS, method="higher") if grid is None else grid
    return np.unique(checked_column(tried, "thresholds"))[::-1]
