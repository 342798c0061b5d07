"""A rate from a few rows that people labelled and many that a judge scored: prediction-powered inference (PPI++).

The judge's scores make the estimate steadier; people's labels keep it right, however wrong the judge is.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pilotage.errors import PilotageError
from pilotage.statistics.clusters import clustered_rate, korn_graubard_size
from pilotage.statistics.influence import (
    Codes,
    checked_column,
    checked_zero_or_one,
    cluster_codes,
    cluster_sums,
    few_either_way,
    robust_variance,
)
from pilotage.statistics.intervals import FloatArray, Interval, check_confidence, clopper_pearson, wilson

# Below these the interval certifies too much (at a true rate of 2% in one pilot of eight): found by simulation.
FEWEST_LABELS = 50
RAREST = 0.05
# With less than this the judge's errors among the labels are too few to tell how often it errs.
FEW_ERRORS = 10


def why_labels_alone(labels: npt.ArrayLike) -> str | None:
    """Why the judge's scores must not enter the rate, in words; None when they may.

    `labels` are what people said, 0 or 1 per row. The judge counts from 50 labels up, while each answer makes up at
    least 5% of them. PilotageError when there is no label. Source: simulation of one-sided coverage near 0 and 1.
    """
    y = checked_zero_or_one(labels, "labels")
    if len(y) < FEWEST_LABELS:
        return f"people labelled {len(y)} rows; the judge's scores count from {FEWEST_LABELS} labels up"
    rarer = int(min(y.sum(), len(y) - y.sum()))
    if rarer < RAREST * len(y):
        return f"one answer is too rare: {rarer} of {len(y)} labels; the judge's scores count from {RAREST:.0%} up"
    return None


def ppi_rate(
    labels: npt.ArrayLike,
    judged: npt.ArrayLike,
    rest: npt.ArrayLike,
    confidence: float = 0.95,
    clusters: npt.ArrayLike | None = None,
    rest_clusters: npt.ArrayLike | None = None,
    weight: float | None = None,
) -> Interval:
    """The rate of 1 among all rows, from n labels (0 or 1), the judge's scores of those n rows, and of N other rows.

    The labelled rows must be a uniform random part of all rows; scores are any finite numbers. The estimate is
    w·mean(rest) + mean(labels - w·judged) with w = Cov(labels, judged) / ((1 + n/N)·Var(scores)), at least 0, or the
    given `weight` (1 is plain PPI). The interval is Wilson's at `n_eff` = p(1-p)/variance, at most n + N: the number of
    labels that people alone would have had to give for it. While the judge's errors among the labels are few (their
    squares add up to less than ten), half an error each way is added to the variance.
    `clusters` and `rest_clusters` name each row's cluster, for all rows or none; a cluster with rows in both has its
    contributions added before they are squared, which is right for any overlap.
    Where the judge cannot help (w is 0, no other rows, one label, labels of one cluster, an estimate outside 0 to 1)
    the labels stand alone: `method` is then "clopper-pearson", in clusters "korn-graubard", and not "ppi++". Whether to
    use the judge at all is for `why_labels_alone`.
    PilotageError when there is no label, a label is not 0 or 1, or the rows do not match.
    Source: Angelopoulos, Duchi & Zrnic, arXiv:2311.01453. The interval is a heuristic: its one-sided 95% bounds held
    the truth in .93 or more of simulated pilots of every kind tried in which `why_labels_alone` permits it.
    """
    check_confidence(confidence)
    y, f = checked_zero_or_one(labels, "labels"), checked_column(judged, "the judge's scores of labelled rows")
    u = checked_column(rest, "the judge's scores of the other rows")
    if len(f) != len(y):
        raise PilotageError(f"{len(y)} labels do not match {len(f)} scores of the same rows")
    codes = _all_codes(clusters, len(y), rest_clusters, len(u))
    w = _tuned_weight(y, f, u) if weight is None else weight
    if w != 0 and len(y) > 1 and len(u) > 0:
        estimate = float(w * u.mean() + (y - w * f).mean())
        n_eff = _effective_labels(estimate, y, w * f, w * u, codes, confidence) if 0 < estimate < 1 else 0.0
        if n_eff > 0:
            found = wilson(estimate * n_eff, n_eff, confidence)
            return Interval(estimate, found.low, found.high, confidence, "ppi++", n_eff)
    return _labels_alone(y, codes, confidence)


def _tuned_weight(y: FloatArray, f: FloatArray, u: FloatArray) -> float:
    """The weight of the judge that makes the variance least, 0 where the judge is constant or points the wrong way."""
    scores = np.concatenate([f, u])
    if len(y) < 2 or len(u) == 0 or np.ptp(scores) == 0:
        return 0.0
    covariance = float((y - y.mean()) @ (f - f.mean())) / (len(y) - 1)
    # A judge that goes with the labels only by rounding does not go with them.
    if covariance <= 1e-9 * float(y.std() * f.std()):
        return 0.0
    return covariance / ((1 + len(y) / len(u)) * float(scores.var(ddof=1)))


def _effective_labels(
    p: float, y: FloatArray, wf: FloatArray, wu: FloatArray, codes: Codes | None, confidence: float
) -> float:
    """How many independent labels all rows are worth; `codes` are the clusters of the labelled rows, then the others.

    The clusters that hold labels set the degrees of freedom. While too few of them hold a 1 or a 0 for their spread to
    be trusted, each counts as one label, times what the judge saves.
    """
    n, total = len(y), len(y) + len(wu)
    doubt = _doubt(y - wf, wf, wu)
    if codes is None:
        variance = float((y - wf).var(ddof=1)) / n + float(wu.var()) / max(len(wu) - 1, 1) + doubt
        return min(p * (1 - p) / variance, float(total)) if variance > 0 else float(total)
    labelled = np.unique(codes[:n], return_inverse=True)[1]
    groups = int(labelled.max()) + 1
    if groups < 2:
        return 0.0
    residual = y - wf
    influence = np.concatenate([(residual - residual.mean()) / n, (wu - wu.mean()) / len(wu)])
    variance = robust_variance(influence, codes, groups) + doubt
    n_eff = float(korn_graubard_size(p, variance, total, groups, confidence))
    if few_either_way(y, labelled):
        n_eff = min(n_eff, groups * robust_variance((y - y.mean()) / n, labelled) / variance)
    return n_eff


def _doubt(residual: FloatArray, wf: FloatArray, wu: FloatArray) -> float:
    """What the variance lacks while few labels show the judge wrong: half an error each way, of the largest size.

    Without it a judge that errs in none of 50 labels would make them worth twenty times as many.
    """
    n, mean = len(residual), residual.mean()
    if np.square(residual - mean).sum() >= FEW_ERRORS:
        return 0.0
    lowest, highest = min(wf.min(), wu.min()), max(wf.max(), wu.max())
    missed, invented = 1 - lowest - mean, -highest - mean
    return float(missed**2 + invented**2) / 2 / n**2


def _labels_alone(y: FloatArray, codes: Codes | None, confidence: float) -> Interval:
    if codes is None:
        return clopper_pearson(float(y.sum()), len(y), confidence)
    labelled = codes[: len(y)]
    return clustered_rate(cluster_sums(y, labelled), np.bincount(labelled), confidence)


def _all_codes(
    clusters: npt.ArrayLike | None, n: int, rest_clusters: npt.ArrayLike | None, others: int
) -> Codes | None:
    """Cluster numbers of the labelled rows and then of the others, the same name being the same cluster."""
    if clusters is None and rest_clusters is None:
        return None
    if clusters is None or (rest_clusters is None and others):
        raise PilotageError("clusters are named for some rows only", next="name the cluster of every row, or of none")
    if rest_clusters is None or others == 0:
        return cluster_codes(clusters, n)
    return cluster_codes(np.concatenate([np.asarray(clusters), np.asarray(rest_clusters)]), n + others)
