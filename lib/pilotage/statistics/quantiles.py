"""Intervals for a quantile, read off the sorted values: no distribution is assumed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from pilotage.errors import PilotageError
from pilotage.statistics.clusters import effective_sizes
from pilotage.statistics.intervals import FloatArray, Interval, check_confidence, check_counts, exact_low
from pilotage.statistics.looks import anytime_rate


def quantile_interval(
    values: npt.ArrayLike, q: float, confidence: float = 0.95, clusters: npt.ArrayLike | None = None, missing: int = 0
) -> Interval:
    """The q-quantile of the values (linear between neighbours, as numpy and pandas do), in the values' own unit.

    Without `clusters` the exact binomial order statistics; with them (one label per value) Woodruff's method on the
    Korn-Graubard effective size. `low` is -inf and `high` inf where there are too few values for a bound. A value may
    be inf (it never finished). `missing` values are known to exist and count as -inf for `low` and as inf for `high`:
    deleting a value never raises `low` nor lowers `high`. PilotageError for no values, NaN, or q outside (0, 1).
    Source: David & Nagaraja 2003, Order Statistics, 7.1; Woodruff 1952, JASA 47.
    """
    check_confidence(confidence)
    found = np.asarray(values, dtype=float)
    labels = np.arange(found.size) if clusters is None else np.asarray(clusters)
    _check_values(found, labels, q, missing)
    order = np.argsort(found, kind="stable")
    ordered, rows = found[order], len(found) + missing
    n_eff = float(rows) if clusters is None else _clustered_size(ordered, labels[order], q, confidence, missing)
    first = _lower_rank(rows, n_eff, q, confidence) - missing
    last = rows + 1 - _lower_rank(rows, n_eff, 1 - q, confidence)
    low = float(ordered[first - 1]) if first > 0 else -math.inf
    high = float(ordered[last - 1]) if last <= len(ordered) else math.inf
    method = "order statistics" if clusters is None else "woodruff"
    return Interval(_quantile(ordered, q), low, high, confidence, method, n_eff)


def anytime_quantile(values: npt.ArrayLike, q: float, confidence: float = 0.95, missing: int = 0) -> Interval:
    """The q-quantile of independent values with bounds that hold at every look, in the values' own unit.

    The order statistics that the confidence sequence of a rate allows: at most as many values above `high` as certify
    that the rate above it is at most 1 - q, and likewise below `low`. Each of the `missing` values may be any, or may
    have had the place of one that is here; infinite bounds as in `quantile_interval`.
    Source: Howard & Ramdas 2022, Bernoulli 28(3), with the mixture e-process of `anytime_rate`.
    """
    check_confidence(confidence)
    ordered = np.sort(np.asarray(values, dtype=float))
    _check_values(ordered, np.arange(ordered.size), q, missing)
    rows = len(ordered)
    first = _most_certified(rows, q, confidence) + 1 - missing
    last = rows - _most_certified(rows, 1 - q, confidence) + missing
    low = float(ordered[first - 1]) if first > 0 else -math.inf
    high = float(ordered[last - 1]) if last <= len(ordered) else math.inf
    return Interval(_quantile(ordered, q), low, high, confidence, "anytime-valid", float(rows))


def _most_certified(rows: int, rate: float, confidence: float) -> int:
    """The most of `rows` for which the rate is certified to be at most `rate`; -1 where not even none of them does."""
    low, high = -1, rows + 1
    while high - low > 1:
        k = (low + high) // 2
        low, high = (k, high) if anytime_rate(k, rows, confidence).high <= rate else (low, k)
    return low


def _lower_rank(rows: int, n_eff: float, q: float, confidence: float) -> int:
    """The rank (from 1; 0 for none) of the value that bounds the q-quantile from below."""
    rank = min(_binomial_rank(rows, q, check_confidence(confidence)), math.floor((rows - 1) * q) + 1)
    if n_eff < rows:
        rank = min(rank, math.floor(rows * float(exact_low(q * n_eff, n_eff, check_confidence(confidence)))))
    return rank


def _binomial_rank(rows: int, q: float, tail: float) -> int:
    """The largest rank r such that fewer than r of the rows lie below the quantile with probability at most `tail`."""
    low, high = 0, rows + 1
    while high - low > 1:
        rank = (low + high) // 2
        low, high = (rank, high) if special.bdtr(rank - 1, rows, q) <= tail else (low, rank)
    return low


def _clustered_size(ordered: FloatArray, labels: npt.NDArray[Any], q: float, confidence: float, missing: int) -> float:
    """How many independent values the clusters are worth for the question "is it below the quantile?".

    With values missing the quantile itself is known only to lie between two values; the rows between them could fall
    on either side, so they join the missing ones.
    """
    n = len(ordered)
    first = math.floor((n + missing - 1) * q) - missing
    last = math.floor((n + missing - 1) * q)
    below = ordered <= (ordered[first] if first >= 0 else -math.inf)
    above = ordered > (ordered[last] if last < n else math.inf)
    known = below | above
    if not known.any():
        return 0.0
    cluster = np.unique(labels[known], return_inverse=True)[1]
    sizes = np.bincount(cluster).astype(float)
    held = np.bincount(cluster, weights=below[known]).astype(float)
    return float(effective_sizes(held, sizes, confidence, missing + int(n - known.sum())).min())


def _quantile(ordered: FloatArray, q: float) -> float:
    """The value at position (n - 1)·q counted from 0; infinite neighbours do not turn into NaN."""
    place = (len(ordered) - 1) * q
    before, after = float(ordered[math.floor(place)]), float(ordered[math.ceil(place)])
    return before if before == after else before + (after - before) * (place - math.floor(place))


def _check_values(values: FloatArray, labels: npt.NDArray[Any], q: float, missing: int) -> None:
    """Nothing when a quantile can be taken; PilotageError otherwise."""
    if not 0 < q < 1:
        raise PilotageError(f"{q} is not a quantile between 0 and 1")
    if values.ndim != 1 or bool(np.isnan(values).any()):
        raise PilotageError("the values of a quantile must be one row of numbers without gaps")
    if labels.shape != values.shape:
        raise PilotageError(f"{labels.size} cluster labels do not match {values.size} values")
    check_counts(0, len(values), missing)
