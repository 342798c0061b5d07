"""pass^k: how often an agent solves one task k times in a row."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pilotage.errors import PilotageError
from pilotage.statistics.clusters import FEW_CLUSTERS, checked_clusters, korn_graubard_size
from pilotage.statistics.intervals import FloatArray, Interval, check_confidence, exact_high, exact_low


def pass_hat_k(successes: npt.ArrayLike, trials: npt.ArrayLike, k: int, confidence: float = 0.95) -> Interval:
    """The chance that k trials of one task all succeed, as the mean over tasks; both arrays hold one entry per task.

    Each task gives C(successes, k) / C(trials, k); tasks with fewer than k trials do not count. The interval treats
    tasks as independent and trials of one task as a cluster (Korn-Graubard on the spread between tasks), so it stays
    within 0 and 1. PilotageError when k is not a whole number from 1 up or no task has k trials.
    Source: tau-bench, arXiv:2406.12045.
    """
    tail = check_confidence(confidence)
    if not (k >= 1 and float(k).is_integer()):
        raise PilotageError(f"pass^k needs a whole number of trials from 1 up, not {k}")
    passed, tried = checked_clusters(successes, trials)
    enough = tried >= k
    if not enough.any():
        raise PilotageError(f"no task has {k} trials", next=f"run each task at least {k} times, or ask for a smaller k")
    shares = _chance_per_task(passed[enough], tried[enough], int(k))
    n_eff = _effective_tasks(shares, float(tried[enough].sum()), confidence)
    estimate = float(shares.mean())
    low, high = exact_low(estimate * n_eff, n_eff, tail), exact_high(estimate * n_eff, n_eff, tail)
    return Interval(estimate, float(low), float(high), confidence, "korn-graubard", n_eff)


def _chance_per_task(passed: FloatArray, tried: FloatArray, k: int) -> FloatArray:
    """C(passed, k) / C(tried, k) as a product of k ratios, which cannot overflow."""
    shares = np.ones(len(passed))
    for drawn in range(k):
        shares *= np.maximum(passed - drawn, 0) / (tried - drawn)
    return shares


def _effective_tasks(shares: FloatArray, trials: float, confidence: float) -> float:
    """How many independent yes-or-no answers the tasks are worth, at most one per trial."""
    tasks = len(shares)
    mean = float(shares.mean())
    se_squared = float(np.square(shares - mean).sum()) / (tasks * max(tasks - 1, 1))
    n_eff = float(korn_graubard_size(mean, se_squared, trials, tasks, confidence))
    few = min(np.count_nonzero(shares > 0), np.count_nonzero(shares < 1)) < FEW_CLUSTERS
    return min(n_eff, float(tasks)) if few else n_eff
