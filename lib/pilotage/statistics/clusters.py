"""Rates and means where rows come in clusters: repeated runs of one task, interactions of one case.

Rows of a cluster resemble each other, so they are worth fewer independent rows than they number.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from pilotage.errors import PilotageError
from pilotage.statistics.intervals import (
    FloatArray,
    Interval,
    check_confidence,
    check_counts,
    exact_high,
    exact_low,
)

# With fewer clusters than this on either side the spread between clusters cannot be estimated.
FEW_CLUSTERS = 10
# Beyond this many missing rows nothing is claimed; it also bounds the memory of the search over their values.
MOST_MISSING = 100_000


def clustered_rate(
    successes: npt.ArrayLike, sizes: npt.ArrayLike, confidence: float = 0.95, missing: int = 0
) -> Interval:
    """The rate of `successes` over `sizes` (one entry per cluster, rows) with the Korn-Graubard interval.

    Clopper-Pearson on the effective size; with clusters of one row and nothing missing that is Clopper-Pearson itself.
    `missing` rows are known to exist, but neither their result nor their cluster: the bounds (and n_eff) are the
    outermost over every result and cluster these could have had, the estimate stays that of the rows present. So
    deleting a row (one row less, one more missing) never raises `low` nor lowers `high`. Where rows are independent
    by design use `clopper_pearson`, which is narrower then.
    Clusters of size 0 do not count. PilotageError when no row is left.
    Source: Korn & Graubard 1998, Survey Methodology 24(2); Miller, arXiv:2411.00640.
    """
    tail = check_confidence(confidence)
    k, n = checked_clusters(successes, sizes, missing)
    held, rows = float(k.sum()), float(n.sum())
    sizes_eff = effective_sizes(k, n, confidence, missing)
    counted = (held + np.arange(len(sizes_eff))) * (sizes_eff / (rows + missing))
    low, high = exact_low(counted, sizes_eff, tail), exact_high(counted, sizes_eff, tail)
    n_eff = float(sizes_eff.min())
    return Interval(held / rows, float(low.min()), float(high.max()), confidence, "korn-graubard", n_eff)


def mean_interval(sums: npt.ArrayLike, sizes: npt.ArrayLike, confidence: float = 0.95) -> Interval:
    """The mean of a measured quantity from its total and number of rows per cluster, in the quantity's unit.

    Cluster-robust standard error, t distribution with clusters - 1 degrees of freedom. One cluster says nothing about
    the spread: the interval is then -inf to inf. Clusters of size 0 do not count. PilotageError when no row is left or
    a total is not finite. Source: Miller, arXiv:2411.00640.
    """
    tail = check_confidence(confidence)
    totals, n = _matching(sums, sizes)
    rows, clusters = float(n.sum()), len(n)
    check_counts(0, rows)
    mean = float(totals.sum()) / rows
    half = np.inf
    if clusters > 1:
        spread = float(np.square(totals - mean * n).sum())
        half = -float(special.stdtrit(clusters - 1, tail)) * np.sqrt(clusters / (clusters - 1) * spread) / rows
    return Interval(mean, float(mean - half), float(mean + half), confidence, "cluster-robust t")


def count_interval(counts: npt.ArrayLike, confidence: float = 0.95) -> Interval:
    """The mean count per period, from the count of each period (whole numbers from 0 on), in events per period.

    The exact interval of a Poisson total (Garwood 1936), and that of `mean_interval` where it reaches further, since
    periods may differ by more than chance: no period without an event proves that there are none. One period says
    nothing about how they differ: the interval is then 0 to inf. PilotageError without a period or below 0.
    """
    tail, values = check_confidence(confidence), np.asarray(counts, dtype=float)
    if not len(values) or not bool(np.all((values >= 0) & (values % 1 == 0))):
        raise PilotageError("counts per period should be whole numbers from 0 on, one period at least")
    periods, total = len(values), float(values.sum())
    low = float(special.gammaincinv(total, tail)) if total else 0.0
    high = float(special.gammainccinv(total + 1, tail))
    spread = mean_interval(values, np.ones(periods), confidence)
    low, high = max(0.0, min(low / periods, spread.low)), max(high / periods, spread.high)
    return Interval(total / periods, low, high, confidence, "Poisson, cluster-robust t where wider")


def checked_clusters(successes: npt.ArrayLike, sizes: npt.ArrayLike, missing: int = 0) -> tuple[FloatArray, FloatArray]:
    """Successes and sizes of the clusters that have rows; PilotageError when there is none or they contradict."""
    k, n = _matching(successes, sizes)
    check_counts(float(k.sum()), float(n.sum()), missing)
    if not bool(np.all((k >= 0) & (k <= n))):
        raise PilotageError("a cluster has more successes than rows, or fewer than none")
    return k, n


def effective_sizes(successes: FloatArray, sizes: FloatArray, confidence: float, missing: int = 0) -> FloatArray:
    """How many independent rows the clusters are worth if 0, 1 … `missing` of the missing rows are successes.

    p(1-p)/se² by Korn and Graubard, at most one per cluster while fewer than ten clusters hold a success or fewer
    than ten a failure; from 0 to all rows, the missing ones included. For each number of successes the least over
    the clusters that the missing rows could belong to. One 0 alone when more than a hundred thousand rows are missing.
    """
    clusters = len(sizes)
    if missing == 0 and bool(np.all(sizes == 1)):
        return np.array([float(clusters)])
    if missing > MOST_MISSING:
        return np.zeros(1)
    worth = _sizes_by_missing_successes(successes, sizes, confidence, missing)
    few = min(np.count_nonzero(successes > 0), np.count_nonzero(successes < sizes)) < FEW_CLUSTERS
    return np.minimum(worth, clusters) if few else worth


def korn_graubard_size(p: Any, se_squared: Any, rows: float, clusters: int, confidence: float) -> FloatArray:
    """p(1-p)/se² times (t with rows-1 / t with clusters-1 degrees of freedom)², at most `rows`; elementwise in p.

    `rows` where p is 0 or 1 (no variance to compare); 0 with a single cluster and p between.
    """
    tail = check_confidence(confidence)
    variance = np.asarray(p * (1 - p), dtype=float)
    shrink = 0.0
    if clusters > 1:
        shrink = float(special.stdtrit(rows - 1, tail) / special.stdtrit(clusters - 1, tail)) ** 2
    spread = np.asarray(se_squared, dtype=float)
    size = np.full(variance.shape, float(rows))
    with np.errstate(over="ignore"):
        np.divide(variance * shrink, spread, out=size, where=(variance > 0) & (spread > 0))
    size = np.minimum(size, rows)
    return np.where((variance > 0) & (clusters < 2), 0.0, size)


def _sizes_by_missing_successes(k: FloatArray, n: FloatArray, confidence: float, missing: int) -> FloatArray:
    """The least effective size for 0, 1 … `missing` successes among the missing rows, over all placings in clusters.

    The sum of squared cluster residuals is convex in the placing, so it is largest when all missing successes join
    the cluster with the highest residual and all missing failures the one with the lowest (a new cluster has 0).
    Every dataset that these rows can be a remnant of is among the placings: that is why deleting never helps.
    """
    rows, clusters = float(n.sum()) + missing, len(n)
    joined = np.arange(missing + 1, dtype=float)
    p = (k.sum() + joined) / rows
    q = 1 - p
    present = float(k.sum()) / float(n.sum())
    residual, shift = k - present * n, p - present
    spread = np.square(residual).sum() - 2 * shift * (residual @ n) + shift**2 * (n @ n)
    if missing:
        highest, lowest = _extreme_residuals(k, n, p)
        ups, downs = joined * q, (missing - joined) * p
        spread = spread + ups * (2 * highest + ups) + downs * (downs - 2 * lowest)
    se_squared = np.maximum(spread, 0) * (clusters / max(clusters - 1, 1)) / rows**2
    return korn_graubard_size(p, se_squared, rows, clusters, confidence)


def _extreme_residuals(k: FloatArray, n: FloatArray, p: FloatArray) -> tuple[FloatArray, FloatArray]:
    """For each rate in p the highest (at least 0) and lowest (at most 0) cluster residual, successes - p·size."""
    sizes, group = np.unique(n, return_inverse=True)
    most, least = np.zeros(len(sizes)), sizes.copy()
    np.maximum.at(most, group, k)
    np.minimum.at(least, group, k)
    nothing = np.zeros(len(p))
    highest = reduce(lambda best, line: np.maximum(best, line[0] - p * line[1]), zip(most, sizes, strict=True), nothing)
    lowest = reduce(lambda best, line: np.minimum(best, line[0] - p * line[1]), zip(least, sizes, strict=True), nothing)
    return highest, lowest


def _matching(totals: npt.ArrayLike, sizes: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Both as flat arrays of floats, without the clusters of size 0; PilotageError unless they belong together."""
    total, n = np.asarray(totals, dtype=float), np.asarray(sizes, dtype=float)
    if total.ndim != 1 or total.shape != n.shape:
        raise PilotageError(f"{total.size} cluster totals do not match {n.size} cluster sizes")
    if not bool(np.all(np.isfinite(total)) and np.all(np.isfinite(n)) and np.all(n >= 0)):
        raise PilotageError("a cluster total or size is not a finite number")
    return total[n > 0], n[n > 0]
