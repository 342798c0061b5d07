"""Estimates with their uncertainty: rates, clusters, quantiles, repeated trials, sample sizes."""

from __future__ import annotations

from pilotage.statistics.clusters import clustered_rate, mean_interval
from pilotage.statistics.intervals import Interval, clopper_pearson, jeffreys, lower_bound, upper_bound, wilson
from pilotage.statistics.quantiles import quantile_interval
from pilotage.statistics.repeats import pass_hat_k
from pilotage.statistics.sizes import Acceptance, chance_of_go, fixed_n_acceptance, more_needed, zero_failures

__all__ = [
    "Acceptance",
    "Interval",
    "chance_of_go",
    "clopper_pearson",
    "clustered_rate",
    "fixed_n_acceptance",
    "jeffreys",
    "lower_bound",
    "mean_interval",
    "more_needed",
    "pass_hat_k",
    "quantile_interval",
    "upper_bound",
    "wilson",
    "zero_failures",
]
