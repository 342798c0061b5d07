"""Intervals for a rate counted on independent units, and the interval that every estimator hands back.

A gate looks at one side only: its one-sided 95% bound is the matching end of the two-sided 90% interval.
Confidence runs from .5 to below 1; below .5 the bounds would stop narrowing as evidence grows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from pilotage.errors import PilotageError

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and its two-sided interval, in the unit of what was measured.

    `low` is -inf and `high` is inf where the data set no bound on that side. `n_eff` is the number of
    independent units the data are worth (at most the rows counted), None where the method has no such number.
    """

    estimate: float
    low: float
    high: float
    confidence: float
    method: str
    n_eff: float | None = None


def check_confidence(confidence: float) -> float:
    """The probability left out at each end of the two-sided interval; PilotageError outside [.5, 1)."""
    if not 0.5 <= confidence < 1:
        raise PilotageError(f"a confidence of {confidence} is not between .5 and 1", next="use .95, or .9 for a gate")
    return (1 - confidence) / 2


def check_counts(k: float, n: float, missing: int = 0) -> tuple[float, float]:
    """k and n when they make a rate; PilotageError when nothing was counted or the counts contradict each other."""
    if n == 0:
        raise PilotageError("nothing was counted, so there is no rate", next="check that the table has rows")
    if not (math.isfinite(n) and 0 <= k <= n):
        raise PilotageError(f"{k} of {n} is not a rate")
    if not (missing >= 0 and float(missing).is_integer()):
        raise PilotageError(f"{missing} is not a number of missing rows")
    return float(k), float(n)


def exact_low(k: npt.ArrayLike, n: npt.ArrayLike, tail: float) -> FloatArray:
    """The rate at which k or more of n happen with probability `tail`; elementwise, counts may be fractions."""
    held, lost = np.maximum(k, 0.0), np.maximum(np.subtract(n, k), 0.0)
    return np.where(held == 0, 0.0, special.betaincinv(np.where(held == 0, 1.0, held), lost + 1, tail))


def exact_high(k: npt.ArrayLike, n: npt.ArrayLike, tail: float) -> FloatArray:
    """The rate at which k or fewer of n happen with probability `tail`; elementwise, counts may be fractions."""
    held, lost = np.maximum(k, 0.0), np.maximum(np.subtract(n, k), 0.0)
    return np.where(lost == 0, 1.0, special.betainccinv(held + 1, np.where(lost == 0, 1.0, lost), tail))


def wilson(k: float, n: float, confidence: float = 0.95) -> Interval:
    """Wilson's score interval of k of n, close to its confidence on average: for showing, not for deciding.

    PilotageError when n is 0. Source: Brown, Cai & DasGupta 2001, Statistical Science 16(2).
    """
    tail = check_confidence(confidence)
    k, n = check_counts(k, n)
    z = -float(special.ndtri(tail))
    centre = (k + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(k * (n - k) / n + z * z / 4)
    low = 0.0 if k == 0 else max(0.0, centre - half)
    high = 1.0 if k == n else min(1.0, centre + half)
    return Interval(k / n, low, high, confidence, "wilson", n)


def clopper_pearson(k: float, n: float, confidence: float = 0.95, missing: int = 0) -> Interval:
    """The exact interval of k of n independent units: covers at least its confidence, so gates decide by it.

    `missing` units are known to exist without a result: the low bound counts none of them, the high bound all
    of them; the estimate stays k/n. Losing a row never raises `low` nor lowers `high`. PilotageError when n is 0.
    Source: Clopper & Pearson 1934; Brown, Cai & DasGupta 2001, Statistical Science 16(2).
    """
    tail = check_confidence(confidence)
    k, n = check_counts(k, n, missing)
    everyone = n + missing
    low, high = float(exact_low(k, everyone, tail)), float(exact_high(k + missing, everyone, tail))
    return Interval(k / n, low, high, confidence, "clopper-pearson", n)


def jeffreys(k: float, n: float, confidence: float = 0.95) -> Interval:
    """The equal-tailed interval of k of n under Jeffreys' prior; reaches 0 when k is 0 and 1 when k is n.

    PilotageError when n is 0. Source: Brown, Cai & DasGupta 2001, Statistical Science 16(2).
    """
    tail = check_confidence(confidence)
    k, n = check_counts(k, n)
    a, b = k + 0.5, n - k + 0.5
    low = 0.0 if k == 0 else float(special.betaincinv(a, b, tail))
    high = 1.0 if k == n else float(special.betainccinv(a, b, tail))
    return Interval(k / n, low, high, confidence, "jeffreys", n)


def upper_bound(k: float, n: float, confidence: float = 0.95) -> float:
    """The one-sided Clopper-Pearson bound that the rate stays at or below; 1 for k = n, PilotageError when n is 0."""
    check_confidence(confidence)
    k, n = check_counts(k, n)
    return float(exact_high(k, n, 1 - confidence))


def lower_bound(k: float, n: float, confidence: float = 0.95) -> float:
    """The one-sided Clopper-Pearson bound that the rate stays at or above; 0 for k = 0, PilotageError when n is 0."""
    check_confidence(confidence)
    k, n = check_counts(k, n)
    return float(exact_low(k, n, 1 - confidence))
