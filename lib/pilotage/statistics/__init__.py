"""Estimates with their uncertainty: rates, quantiles, comparisons, trends, agreement, evidence that grows, sizes."""

from __future__ import annotations

from pilotage.statistics.agreement import cohen_kappa, fleiss_kappa, krippendorff_alpha, sensitivity, specificity
from pilotage.statistics.bounded import anytime_mean
from pilotage.statistics.clusters import clustered_rate, count_interval, mean_interval
from pilotage.statistics.detector import Detector, alarms, detector_path, mean_run_length
from pilotage.statistics.intervals import Interval, clopper_pearson, jeffreys, lower_bound, upper_bound, wilson
from pilotage.statistics.judged import ppi_rate, why_labels_alone
from pilotage.statistics.looks import (
    anytime_rate,
    betabinomial_sequence,
    log_evidence_above,
    log_evidence_below,
    more_needed_anytime,
    reviews_needed,
)
from pilotage.statistics.paired import difference_in_differences, mcnemar, newcombe_paired, paired_bootstrap
from pilotage.statistics.plans import (
    MOST_PLANNED,
    Operating,
    Plan,
    PlannedLook,
    level_at_look,
    most_errors,
    operating,
    plan_looks,
)
from pilotage.statistics.quantiles import anytime_quantile, quantile_interval
from pilotage.statistics.repeats import pass_hat_k
from pilotage.statistics.sizes import (
    Acceptance,
    chance_of_go,
    fixed_n_acceptance,
    labels_for_precision,
    labels_with_judge,
    more_needed,
    paired_power,
    pairs_needed,
    zero_failures,
)
from pilotage.statistics.thresholds import CertifiedThreshold, certified_threshold
from pilotage.statistics.trends import growth, slope
from pilotage.statistics.trials import one_per_cluster, one_trial_rate
from pilotage.statistics.two_samples import VocabularyShift, vocabulary_shift

__all__ = [
    "MOST_PLANNED",
    "Acceptance",
    "CertifiedThreshold",
    "Detector",
    "Interval",
    "Operating",
    "Plan",
    "PlannedLook",
    "VocabularyShift",
    "alarms",
    "anytime_mean",
    "anytime_quantile",
    "anytime_rate",
    "betabinomial_sequence",
    "certified_threshold",
    "chance_of_go",
    "clopper_pearson",
    "clustered_rate",
    "cohen_kappa",
    "count_interval",
    "detector_path",
    "difference_in_differences",
    "fixed_n_acceptance",
    "fleiss_kappa",
    "growth",
    "jeffreys",
    "krippendorff_alpha",
    "labels_for_precision",
    "labels_with_judge",
    "level_at_look",
    "log_evidence_above",
    "log_evidence_below",
    "lower_bound",
    "mcnemar",
    "mean_interval",
    "mean_run_length",
    "more_needed",
    "more_needed_anytime",
    "most_errors",
    "newcombe_paired",
    "one_per_cluster",
    "one_trial_rate",
    "operating",
    "paired_bootstrap",
    "paired_power",
    "pairs_needed",
    "pass_hat_k",
    "plan_looks",
    "ppi_rate",
    "quantile_interval",
    "reviews_needed",
    "sensitivity",
    "slope",
    "specificity",
    "upper_bound",
    "vocabulary_shift",
    "why_labels_alone",
    "wilson",
    "zero_failures",
]
