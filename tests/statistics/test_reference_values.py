"""Every estimator gives the figure that an independent implementation gives."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special

from pilotage import statistics

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "reference_values.json").read_text(encoding="utf-8"))


def _ends(interval: statistics.Interval) -> tuple[float, float]:
    return interval.low, interval.high


def _ppi_normal_ends(given: dict[str, Any], weight: float | None = None) -> tuple[float, float, float]:
    """The estimate and the normal interval that the source gives, from the variance that n_eff stands for."""
    found = _ppi(given, weight)
    # The source divides squares by n, we by n - 1.
    variance = found.estimate * (1 - found.estimate) / found.n_eff * (1 - 1 / len(given["y_labeled"]))
    half = special.ndtri(1 - given["alpha"] / 2) * math.sqrt(variance)
    return found.estimate, found.estimate - half, found.estimate + half


def _ppi(given: dict[str, Any], weight: float | None = None) -> statistics.Interval:
    arrays = given["y_labeled"], given["f_labeled"], given["f_unlabeled"]
    return statistics.ppi_rate(*arrays, 1 - given["alpha"], weight=weight)


def _kappa_of_table(table: list[list[int]]) -> float:
    first, second = (np.repeat(index.ravel(), np.ravel(table)) for index in np.indices((len(table), len(table))))
    return statistics.cohen_kappa(first, second).estimate


def _did(rows: list[list[float]], columns: list[str], cluster: str) -> dict[str, float]:
    column = dict(zip(columns, np.transpose(rows), strict=True))
    found = statistics.difference_in_differences(column["y"], column["post"], column["treated"], column[cluster])
    se = (found.high - found.estimate) / special.stdtrit(len(np.unique(column[cluster])) - 1, 0.975)
    return {"effect": found.estimate, "cluster_se": se}


def _detector(x: list[int], p0: float, p1: list[float], threshold: float) -> list[float]:
    path = np.exp(statistics.detector_path(x, p0, p1))
    return [statistics.alarms(x, p0, p1, threshold)[0], *path[-5:]]


ESTIMATORS = {
    "ci.wilson": lambda k, n, alpha: _ends(statistics.wilson(k, n, 1 - alpha)),
    "ci.clopper_pearson": lambda k, n, alpha: _ends(statistics.clopper_pearson(k, n, 1 - alpha)),
    "ci.jeffreys": lambda k, n, alpha: _ends(statistics.jeffreys(k, n, 1 - alpha)),
    "upper.clopper_pearson_one_sided": lambda k, n, alpha: statistics.upper_bound(k, n, 1 - alpha),
    "pass_hat_k": lambda successes, trials, k: statistics.pass_hat_k(successes, trials, k).estimate,
    "size.zero_failures": lambda p0, conf: statistics.zero_failures(p0, conf),
    "size.fixed_n_acceptance": lambda p0, p1, alpha, power: statistics.fixed_n_acceptance(p0, p1, alpha, power),
    "ppi.mean_lambda1": lambda **given: _ppi_normal_ends(given, weight=1),
    "ppi.mean_power_tuned": lambda **given: _ppi_normal_ends(given),
    "ppi.rate_wilson": lambda **given: _ends(_ppi(given)),
    "mcnemar.exact": lambda b, c: statistics.mcnemar(b, c),
    "mcnemar.mid_p": lambda b, c: statistics.mcnemar(b, c, mid_p=True),
    "kappa.cohen": _kappa_of_table,
    "kappa.fleiss": lambda table: statistics.fleiss_kappa(table).estimate,
    "alpha.krippendorff": lambda units, level: statistics.krippendorff_alpha(np.array(units, float), level).estimate,
    "did.2x2": _did,
    "e_process.promote_mixture": lambda errors, n, p0, a, b: np.exp(statistics.log_evidence_below(errors, n, p0, a, b)),
    "e_process.min_reviews_to_promote": lambda p0, alpha, a, b: {
        str(errors): statistics.reviews_needed(errors, p0, 1 - alpha) for errors in range(9)
    },
    "cs.betabinomial": lambda k, n, alpha, a, b: _ends(statistics.betabinomial_sequence(k, n, 1 - alpha, a, b)),
    "cs.betting_hedged": lambda x, alpha, breaks: _ends(statistics.anytime_mean(x, 1 - alpha)),
    "e_detector.shiryaev_roberts": _detector,
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['estimator']}-{case['input']}"[:80])
def test_agrees_with_an_independent_implementation(case: dict[str, Any]) -> None:
    given = case["input"]
    shared = next((other["input"] for other in CASES if other["estimator"] == given.get("same_arrays_as")), given)
    found = ESTIMATORS[case["estimator"]](**shared)
    assert found == pytest.approx(case["expected"], rel=0, abs=case["tolerance"])


def test_every_kind_of_reference_value_is_used() -> None:
    assert {case["estimator"] for case in CASES} == set(ESTIMATORS)
