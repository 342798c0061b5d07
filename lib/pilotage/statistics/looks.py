"""A rate against a limit when the evidence is looked at again and again: sound at every look, however many there are.

An e-value is what a fair bet against "the rate is at the limit or beyond" would have made of 1. Whoever looks after
every unit sees it reach 1/alpha with probability at most alpha, so that acting on it then is sound at any time.
It needs independent units: of repeated trials of one task one trial enters (`trials`), chosen beforehand.
Source: Robbins 1970; Howard et al. 2021, Annals of Statistics 49(2); Waudby-Smith & Ramdas 2024, JRSS-B 86(1).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from pilotage.errors import PilotageError
from pilotage.statistics.intervals import FloatArray, Interval, check_confidence, check_counts
from pilotage.statistics.sizes import MOST_UNITS, Better, check_limit, first_that

# Both parameters of the beta distribution by which the bet is spread over the rates beyond the limit (Jeffreys').
JEFFREYS = 0.5
# Halving an interval within [0, 1] this often leaves less than rounding.
HALVINGS = 60
# Below this the incomplete beta function loses digits, and then becomes 0.
SMALLEST = 1e-290


def log_evidence_below(
    k: npt.ArrayLike, n: npt.ArrayLike, limit: npt.ArrayLike, a: float = JEFFREYS, b: float = JEFFREYS
) -> FloatArray:
    """The natural logarithm of the e-value that the rate is below the limit, after k of n units; elementwise.

    The likelihood of each rate below the limit against that of the limit, averaged by a Beta(a, b) cut off at the
    limit. Above log(1/alpha) the claim "the rate is below the limit" is wrong with probability at most alpha, whenever
    one looked. 0 for n = 0: no evidence. Counts may be fractions. PilotageError unless 0 <= k <= n, 0 < limit < 1.
    """
    held, tried, rate = np.broadcast_arrays(*(np.asarray(part, dtype=float) for part in (k, n, limit)))
    if not bool(np.all((held >= 0) & (held <= tried) & np.isfinite(tried))):
        raise PilotageError("a number of errors is below 0 or above the number of units")
    if not bool(np.all((rate > 0) & (rate < 1))):
        raise PilotageError("a limit is not between 0 and 1")
    return np.asarray(_log_e(held, tried, rate, a, b), dtype=float)


def log_evidence_above(
    k: npt.ArrayLike, n: npt.ArrayLike, limit: npt.ArrayLike, a: float = JEFFREYS, b: float = JEFFREYS
) -> FloatArray:
    """The natural logarithm of the e-value that the rate is above the limit: `log_evidence_below` of the rest."""
    return log_evidence_below(np.subtract(n, k), n, np.subtract(1, limit), b, a)


def anytime_rate(k: float, n: float, confidence: float = 0.95, missing: int = 0) -> Interval:
    """The rate of k of n independent units with bounds that hold at every look at once, however many there are.

    `high` is the smallest limit that the e-process certifies the rate to be below, `low` the largest it certifies the
    rate to be above, each with error at most (1 - confidence)/2 over all looks together: `high` <= limit exactly when
    `log_evidence_below(k, n, limit)` reaches log(2/(1 - confidence)). At one given look they are wider than
    Clopper-Pearson's. `missing` units exist without a result: the low bound counts none, the high bound all of them,
    so losing a row never raises `low` nor lowers `high`. PilotageError when n is 0.
    Source: Howard et al. 2021; Waudby-Smith & Ramdas 2024 (see the module).
    """
    tail = check_confidence(confidence)
    k, n = check_counts(k, n, missing)
    everyone = n + missing
    high, low = _certified(k + missing, everyone, tail), 1 - _certified(everyone - k, everyone, tail)
    return Interval(k / n, low, high, confidence, "anytime-valid", n)


def betabinomial_sequence(
    k: float, n: float, confidence: float = 0.95, a: float = JEFFREYS, b: float = JEFFREYS
) -> Interval:
    """The rate of k of n independent units with two bounds that hold together at every look: Robbins' mixture.

    The rates whose likelihood is above (1 - confidence) times the average over a Beta(a, b) of all rates: the textbook
    sequence to compare with. Near 0 and 1 `anytime_rate` is narrower, in the middle a little wider. PilotageError when
    n is 0.
    Source: Robbins 1970, Annals of Mathematical Statistics 41(5).
    """
    check_confidence(confidence)
    k, n = check_counts(k, n)
    rate, average = k / n, float(special.betaln(a + k, b + n - k) - special.betaln(a, b))

    def kept(p: float) -> bool:
        return average - float(special.xlogy(k, p) + special.xlog1py(n - k, -p)) < -math.log(1 - confidence)

    low = 0.0 if k == 0 else edge(lambda p: not kept(p), 0.0, rate)
    high = 1.0 if k == n else edge(kept, rate, 1.0)
    return Interval(rate, low, high, confidence, "beta-binomial mixture", n)


def reviews_needed(errors: int, limit: float, confidence: float = 0.95) -> int:
    """The fewest independent units at which this many errors still certify an error rate below the limit, at any look.

    PilotageError unless 0 < limit < 1 and errors is a whole number from 0 up, or beyond ten million units.
    """
    check_confidence(confidence)
    check_limit(limit)
    if not (errors >= 0 and float(errors).is_integer()):
        raise PilotageError(f"{errors} is not a number of errors")
    enough = _certifies(limit, confidence)
    if not enough(errors, MOST_UNITS):
        raise PilotageError(f"more than ten million units would be needed to certify {errors} errors below {limit}")
    return first_that(lambda n: enough(errors, n), errors, MOST_UNITS)


def more_needed_anytime(
    k: float, n: float, limit: float, better: Better = "lower", confidence: float = 0.95, error_free: bool = False
) -> int | None:
    """How many more units after the n so far (k of them counted) until the e-process certifies the limit.

    The present rate is taken to go on, or, where `error_free`, no further error to happen. 0 when certified already;
    None when the present rate misses the limit, or more than ten million units were needed. One-sided `confidence`,
    as in `more_needed`. PilotageError when n is 0.
    """
    check_confidence(confidence)
    check_limit(limit)
    k, n = check_counts(k, n)
    errors, ceiling = (k, limit) if better == "lower" else (n - k, 1 - limit)
    enough = _certifies(ceiling, confidence)

    def clears(more: int) -> bool:
        return enough(errors if error_free else errors / n * (n + more), n + more)

    return first_that(clears, 0, MOST_UNITS) if clears(MOST_UNITS) else None


def edge(holds: Callable[[float], bool], low: float, high: float) -> float:
    """Where `holds` turns from true to false on the way from `low` to `high`, to rounding: false at what comes back."""
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        low, high = (middle, high) if holds(middle) else (low, middle)
    return high


def _certifies(limit: float, confidence: float) -> Callable[[float, float], bool]:
    """Whether an e-value of 1/(1 - confidence) is reached at (errors, units)."""
    return lambda errors, n: float(_log_e(errors, n, limit)) >= -math.log(1 - confidence)


def _certified(errors: float, n: float, alpha: float) -> float:
    """The smallest limit that the e-process certifies at level alpha; 1 when every unit is an error.

    The e-value is at most 1 up to the observed rate; beyond, once it has reached 4, it only grows with the limit.
    """
    if errors == n:
        return 1.0
    return edge(lambda p: float(_log_e(errors, n, p)) < -math.log(alpha), errors / n, 1.0)


def _log_e(k: npt.ArrayLike, n: npt.ArrayLike, limit: npt.ArrayLike, a: float = JEFFREYS, b: float = JEFFREYS) -> Any:
    """log{B(a+k, b+n-k) I_limit(a+k, b+n-k) / [B(a, b) I_limit(a, b) limit^k (1-limit)^(n-k)]}, unchecked."""
    lost = np.subtract(n, k)
    averaged = _log_incomplete_beta(np.add(a, k), b + lost, limit) - _log_incomplete_beta(a, b, limit)
    return averaged - special.xlogy(k, limit) - special.xlog1py(lost, np.negative(limit))


def _log_incomplete_beta(a: npt.ArrayLike, b: npt.ArrayLike, x: npt.ArrayLike) -> Any:
    """The logarithm of the integral of p^(a-1) (1-p)^(b-1) from 0 to x, also where it underflows; elementwise."""
    part = special.betainc(a, b, x)
    if np.all(part > SMALLEST):
        return special.betaln(a, b) + np.log(part)
    tiny = np.asarray(part <= SMALLEST)
    logs = np.asarray(special.betaln(a, b) + np.log(np.where(tiny, 1.0, part)))
    logs[tiny] = _log_tail(*(each[tiny] for each in np.broadcast_arrays(a, b, x)))
    return logs


@np.vectorize
def _log_tail(a: float, b: float, x: float) -> float:
    """The same by its power series, for an x far below the mean a/(a+b): each term is below the one before."""
    ratio = (a + b) / (a + 1) * x
    if ratio >= 1:
        return -math.inf
    step = np.arange(math.ceil(-40 / math.log(ratio)))
    terms = np.cumprod((a + b + step) / (a + 1 + step) * x)
    return a * math.log(x) + b * math.log1p(-x) - math.log(a) + math.log1p(terms.sum())
