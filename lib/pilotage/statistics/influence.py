"""How far an estimate may be off, from what each row contributes to it, where rows come in clusters.

A row's influence is how much the estimate would move per row like it (its share of the linearised estimate); the sum
over all rows is 0. Rows of one cluster move together, so their influences are added before they are squared.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from pilotage.errors import PilotageError
from pilotage.statistics.clusters import FEW_CLUSTERS
from pilotage.statistics.intervals import FloatArray, check_confidence

Codes = npt.NDArray[np.intp]


def cluster_codes(clusters: npt.ArrayLike | None, rows: int) -> Codes:
    """The number of each row's cluster, from 0 without gaps; each row its own cluster when there are none.

    PilotageError when the labels are not one per row.
    """
    if clusters is None:
        return np.arange(rows)
    labels = np.asarray(clusters)
    if labels.shape != (rows,):
        raise PilotageError(f"{labels.size} cluster labels do not match {rows} rows")
    codes: Codes = np.unique(labels, return_inverse=True)[1]
    return codes


def cluster_sums(values: FloatArray, codes: Codes) -> FloatArray:
    """The total of the values of each cluster, in the order of their numbers."""
    return np.asarray(np.bincount(codes, weights=values), dtype=float)


def robust_variance(influence: FloatArray, codes: Codes, used: int | None = None) -> float:
    """The variance of an estimate whose rows have this influence; inf when fewer than two clusters vary.

    G/(G-1) times the sum of squared cluster totals. `used` replaces G where some clusters only add to the estimate
    what hardly varies. Source: Miller, arXiv:2411.00640; Liang & Zeger 1986.
    """
    totals = cluster_sums(influence, codes)
    clusters = len(totals) if used is None else used
    return float(totals @ totals) * clusters / (clusters - 1) if clusters > 1 else np.inf


def few_either_way(values: FloatArray, codes: Codes) -> bool:
    """Whether fewer than ten clusters hold a value above 0, or fewer than ten one below 1."""
    some, lacking = cluster_sums(values, codes), cluster_sums(1 - values, codes)
    return bool(min(np.count_nonzero(some > 0), np.count_nonzero(lacking > 0)) < FEW_CLUSTERS)


def t_quantile(clusters: int, confidence: float) -> float:
    """Standard errors to each side of a t interval with clusters - 1 degrees of freedom; inf for one cluster."""
    tail = check_confidence(confidence)
    return -float(special.stdtrit(clusters - 1, tail)) if clusters > 1 else np.inf


def checked_column(values: npt.ArrayLike, what: str) -> FloatArray:
    """The values as one row of finite floats; PilotageError naming `what` otherwise."""
    found: FloatArray = np.asarray(values, dtype=float)
    if found.ndim != 1 or not bool(np.isfinite(found).all()):
        raise PilotageError(f"{what} must be one row of numbers without gaps")
    return found


def checked_zero_or_one(values: npt.ArrayLike, what: str) -> FloatArray:
    """The values as one row of 0 and 1; PilotageError naming `what` when there is none, or another value."""
    found = checked_column(values, what)
    if len(found) == 0:
        raise PilotageError(f"there are no {what}, so there is no rate", next="check that the table has rows")
    if not bool(np.isin(found, (0, 1)).all()):
        raise PilotageError(f"{what} must be 0 or 1")
    return found
