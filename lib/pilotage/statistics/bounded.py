"""The mean of shares and other quantities between 0 and 1, with bounds that hold at every look.

Each candidate mean is bet against, upwards and downwards, with stakes that follow the spread seen so far; a candidate
falls once a bet has made 2/(1 - confidence) of 1. No distribution is assumed.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from pilotage.errors import PilotageError
from pilotage.statistics.intervals import FloatArray, Interval, check_confidence, check_counts
from pilotage.statistics.looks import edge

# The most of its capital that a bet stakes on one value.
LARGEST_STAKE = 0.5


def anytime_mean(values: npt.ArrayLike, confidence: float = 0.95) -> Interval:
    """The mean of independent values from 0 to 1, in the order they came, with bounds that hold at every look at once.

    Each bound is wrong with probability at most (1 - confidence)/2 over all looks together; what an earlier look ruled
    out stays ruled out, so adding values never widens it, unless the estimate itself has left what remains. For yes
    and no use `anytime_rate`, which is narrower near 0 and 1. PilotageError for no values or values outside [0, 1].
    Source: Waudby-Smith & Ramdas 2024, JRSS-B 86(1), hedged capital with the predictable plug-in stakes.
    """
    level = check_confidence(confidence)
    seen = np.asarray(values, dtype=float).ravel()
    check_counts(0, len(seen))
    if not bool(np.all((seen >= 0) & (seen <= 1))):
        raise PilotageError("a value of the mean is not a number from 0 to 1")
    stakes, mean = _stakes(seen, level), float(seen.mean())
    low, high = _low(seen, stakes, level), 1 - _low(1 - seen, stakes, level)
    return Interval(mean, min(low, mean), max(high, mean), confidence, "hedged betting", None)


def _stakes(seen: FloatArray, level: float) -> FloatArray:
    """How much to stake on each value, from the values before it alone; they start from mean 1/2, variance 1/4."""
    t = np.arange(1.0, len(seen) + 1)
    means = (0.5 + np.cumsum(seen)) / (t + 1)
    variances = (0.25 + np.cumsum(np.square(seen - means))) / (t + 1)
    before = np.concatenate([[0.25], variances[:-1]])
    return np.asarray(np.sqrt(-2 * math.log(level) / (t * np.log1p(t) * before)))


def _low(seen: FloatArray, stakes: FloatArray, level: float) -> float:
    """The least mean against which no bet on larger values ever made 1/level; what a bet makes falls with the mean."""

    def ruled_out(mean: float) -> bool:
        gains = np.log1p(np.minimum(stakes, LARGEST_STAKE / mean) * (seen - mean))
        return float(np.cumsum(gains).max()) >= -math.log(level)

    return edge(ruled_out, 0.0, 1.0)
