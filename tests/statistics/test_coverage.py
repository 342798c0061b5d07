"""A gate's bound holds the truth as often as it says, where runs of a task resemble each other (seeded, small)."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from pilotage.statistics import clustered_rate, pass_hat_k, quantile_interval, wilson

ICC = 0.4


def _successes(rate: float, tasks: int, runs: int, repeats: int, seed: int) -> np.ndarray:
    """Successes per task, one row per repeat: task rates are Beta with intra-task correlation ICC."""
    rng, weight = np.random.default_rng(seed), (1 - ICC) / ICC
    return rng.binomial(runs, rng.beta(rate * weight, (1 - rate) * weight, (repeats, tasks)))


@pytest.mark.parametrize(
    ("rate", "tasks", "runs"), [(0.02, 50, 4), (0.02, 50, 8), (0.06, 100, 8), (0.1, 50, 4), (0.5, 50, 4), (0.9, 20, 8)]
)
def test_the_one_sided_95_percent_bound_of_a_clustered_rate_holds_the_truth(rate, tasks, runs) -> None:
    drawn = _successes(rate, tasks, runs, 2000, seed=11)
    found = [clustered_rate(successes, np.full(tasks, runs), 0.9) for successes in drawn]
    assert np.mean([interval.high >= rate for interval in found]) >= 0.94
    assert np.mean([interval.low <= rate for interval in found]) >= 0.94


def test_an_interval_that_ignores_repeated_runs_would_fail() -> None:
    drawn = _successes(0.5, 50, 4, 1000, seed=12).sum(axis=1)
    found = [wilson(int(k), 200) for k in drawn]
    assert np.mean([interval.low <= 0.5 <= interval.high for interval in found]) < 0.87


@pytest.mark.parametrize("rate", [0.6, 0.9])
def test_the_one_sided_95_percent_bound_of_pass_hat_k_holds_the_truth(rate) -> None:
    weight = (1 - ICC) / ICC
    truth = np.exp(
        special.betaln(rate * weight + 4, (1 - rate) * weight) - special.betaln(rate * weight, (1 - rate) * weight)
    )
    found = [pass_hat_k(row, np.full(50, 8), 4, 0.9) for row in _successes(rate, 50, 8, 1500, seed=13)]
    assert np.mean([interval.low <= truth for interval in found]) >= 0.94
    assert np.mean([interval.high >= truth for interval in found]) >= 0.94


@pytest.mark.parametrize("q", [0.5, 0.95])
def test_the_clustered_quantile_interval_holds_the_truth(q) -> None:
    rng, tasks, runs = np.random.default_rng(14), 100, 4
    noise = np.sqrt(ICC) * rng.normal(size=(800, tasks, 1)) + np.sqrt(1 - ICC) * rng.normal(size=(800, tasks, runs))
    truth, labels = special.ndtri(q), np.repeat(np.arange(tasks), runs)
    found = [quantile_interval(values.ravel(), q, 0.9, labels) for values in noise]
    assert np.mean([interval.low <= truth <= interval.high for interval in found]) >= 0.9
