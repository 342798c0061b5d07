"""Whether a quantity grows: tokens from turn to turn of a run, tokens or latency from week to week.

Rows of a cluster (a run, a task) hang together, so the uncertainty comes from what the slope would be without each.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from pilotage.errors import PilotageError
from pilotage.statistics.influence import checked_column, cluster_codes, cluster_sums, t_quantile
from pilotage.statistics.intervals import FloatArray, Interval, check_confidence


def slope(
    x: npt.ArrayLike, y: npt.ArrayLike, clusters: npt.ArrayLike | None = None, confidence: float = 0.95
) -> Interval:
    """How much y rises per unit of x (least squares), in units of y; one entry per row.

    Take each run's own mean off x and y beforehand where runs of many turns may be of another kind than short ones. The
    interval is cluster-robust: the jackknife over clusters, t with clusters - 1 degrees of freedom; without `clusters`
    each row is its own.
    `n_eff` is the number of clusters. Where x does not vary, there is one cluster, or the slope hangs on a single
    cluster, the interval is -inf to inf (and the slope NaN where x does not vary). PilotageError when there is no row
    or the lengths differ. Source: MacKinnon, Nielsen & Webb 2023, Journal of Econometrics 232(2) (CV3).
    """
    check_confidence(confidence)
    at, value = checked_column(x, "places"), checked_column(y, "values")
    if len(at) != len(value) or not len(at):
        raise PilotageError(f"{len(at)} places and {len(value)} values make no trend")
    codes = cluster_codes(clusters, len(at))
    groups = int(codes.max()) + 1
    at, value = at - at.mean(), value - value.mean()
    parts = np.stack([cluster_sums(of, codes) for of in (np.ones(len(at)), at, value, at * at, at * value)])
    whole = parts.sum(axis=1, keepdims=True)
    estimate = float(_slopes(whole, whole)[0])
    left_out = _slopes(whole - parts, whole)
    half = math.inf
    if groups > 1 and not np.isnan(left_out).any():
        variance = (groups - 1) / groups * float(np.square(left_out - estimate).sum())
        half = t_quantile(groups, confidence) * math.sqrt(variance)
    low, high = (-math.inf, math.inf) if math.isinf(half) else (estimate - half, estimate + half)
    return Interval(estimate, low, high, confidence, "cluster-robust t", float(groups))


def growth(
    x: npt.ArrayLike, y: npt.ArrayLike, clusters: npt.ArrayLike | None = None, confidence: float = 0.95
) -> Interval:
    """By what part y grows per unit of x: .03 is 3% more with each; one entry per row, otherwise like `slope`.

    It is the slope of log y carried back (compound growth), so it holds for values that scatter by factors, as tokens
    and seconds do; it speaks of the typical (geometric mean) value. NaN from -inf to inf when a value is not above 0;
    else `low` is above -1. Source: as `slope`.
    """
    value = checked_column(y, "values")
    if bool((value <= 0).any()):
        return Interval(math.nan, -math.inf, math.inf, confidence, "cluster-robust t, log", 0.0)
    found = slope(x, np.log(value), clusters, confidence)
    with np.errstate(over="ignore"):
        estimate, high = float(np.expm1(found.estimate)), float(np.expm1(found.high))
    low = -math.inf if math.isinf(found.low) else math.expm1(found.low)
    return Interval(estimate, low, high, confidence, "cluster-robust t, log", found.n_eff)


def _slopes(sums: FloatArray, whole: FloatArray) -> FloatArray:
    """The slope from each column of sums (rows, x, y, x², xy); NaN where hardly any of the spread in x is left."""
    rows, x, y, xx, xy = sums
    with np.errstate(invalid="ignore", divide="ignore"):
        spread, joint = xx - x * x / rows, xy - x * y / rows
        enough = (rows > 0) & (spread > 1e-10 * whole[3]) & (whole[3] > 0)
        found: FloatArray = np.where(enough, joint / np.where(enough, spread, 1.0), np.nan)
    return found
