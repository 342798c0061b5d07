"""A threshold that at most so large a share of fresh values passes, whatever their distribution.

It holds for values drawn as those it was set on; where the mix of values has changed it promises nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from pilotage.errors import PilotageError
from pilotage.statistics.influence import checked_column
from pilotage.statistics.intervals import check_confidence
from pilotage.statistics.sizes import MOST_UNITS, check_limit, first_that


@dataclass(frozen=True, slots=True)
class ConformalThreshold:
    """What lies above `threshold` passes; None where there are too few values, and `more` are then needed.

    `rate` is the promise: averaged over everything that could have been drawn, the share passing is at most this.
    `at_most` is the share that it stays at or below with `confidence` for these very values; None with `threshold`.
    """

    threshold: float | None
    rate: float | None
    at_most: float | None
    confidence: float
    n_eff: float
    more: int = 0


def conformal_threshold(
    values: npt.ArrayLike,
    alpha: float,
    confidence: float = 0.95,
    weights: npt.ArrayLike | None = None,
    sure: bool = False,
) -> ConformalThreshold:
    """The lowest of the values above which at most a share `alpha` of fresh ones lies.

    The ceil((n + 1)(1 - alpha))-th smallest; a fresh value exceeds it with probability at most alpha on average, and
    the share that does has a beta distribution (exactly without ties, and lies below it with them). With `sure` that
    share is at most alpha with `confidence`, which takes a higher threshold. `weights` (inverse chances of having been
    drawn) make the weighted quantile, the fresh value having the largest weight; `at_most` and `sure` then reckon with
    Kish's effective size. `more` counts further values of the same weight. PilotageError for values that are no
    numbers, weights that are negative or all 0, or an alpha that is not between 0 and 1.
    Source: Vovk 2012, Conditional validity of inductive conformal predictors; Tibshirani et al. 2019, arXiv:1904.06019
    (weights); Angelopoulos & Bates 2021, arXiv:2107.07511.
    """
    check_limit(alpha)
    check_confidence(confidence)
    found, weight = _checked(values, weights)
    total = float(weight.sum())
    n_eff = total**2 / float(weight @ weight) if total else 0.0
    asked = _training_alpha(n_eff, alpha, confidence) if sure else alpha
    order = np.argsort(found, kind="stable")
    passing = total - np.cumsum(weight[order])
    fresh = float(weight.max()) if total else 0.0
    enough = np.flatnonzero(passing + fresh <= asked * (total + fresh) * (1 + 1e-12)) if asked else np.array([])
    if not len(enough):
        return ConformalThreshold(None, None, None, confidence, n_eff, _more(n_eff, alpha, confidence, sure))
    threshold = float(found[order][enough[0]])
    allowed = asked * (n_eff + 1) if weights is not None else math.floor(asked * (n_eff + 1) * (1 + 1e-12))
    at_most = float(special.betaincinv(allowed, n_eff + 1 - allowed, confidence))
    return ConformalThreshold(threshold, allowed / (n_eff + 1), at_most, confidence, n_eff)


def values_needed(alpha: float, confidence: float | None = None) -> int:
    """The fewest values that can give such a threshold: ceil(1/alpha - 1), or with `confidence` that it is sure."""
    check_limit(alpha)
    if confidence is None:
        return max(1, math.ceil(1 / alpha - 1 - 1e-9))
    return first_that(lambda n: special.betaincinv(1, n, confidence) <= alpha, 1, MOST_UNITS)


def _training_alpha(n_eff: float, alpha: float, confidence: float) -> float:
    """The alpha to ask of the quantile so that the share passing is at most `alpha` with confidence; 0 for none."""
    n = math.floor(n_eff)

    def too_many(above: int) -> bool:
        return above >= n or float(special.betaincinv(above + 1, n - above, confidence)) > alpha

    most = first_that(too_many, 0, max(n, 0)) - 1 if n else -1
    return (most + 1) / (n_eff + 1) if most >= 0 else 0.0


def _more(n_eff: float, alpha: float, confidence: float, sure: bool) -> int:
    return max(1, values_needed(alpha, confidence if sure else None) - math.floor(n_eff))


def _checked(
    values: npt.ArrayLike, weights: npt.ArrayLike | None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    found = checked_column(values, "values")
    weight = np.ones(len(found)) if weights is None else checked_column(weights, "weights")
    if len(weight) != len(found) or bool((weight < 0).any()) or (len(found) and not weight.any()):
        raise PilotageError("weights must be numbers from 0 up, one for each value, and not all 0")
    return found, weight
