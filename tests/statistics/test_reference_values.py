"""Every estimator gives the figure that an independent implementation gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pilotage import statistics

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "reference_values.json").read_text(encoding="utf-8"))


def _ends(interval: statistics.Interval) -> tuple[float, float]:
    return interval.low, interval.high


ESTIMATORS = {
    "ci.wilson": lambda k, n, alpha: _ends(statistics.wilson(k, n, 1 - alpha)),
    "ci.clopper_pearson": lambda k, n, alpha: _ends(statistics.clopper_pearson(k, n, 1 - alpha)),
    "ci.jeffreys": lambda k, n, alpha: _ends(statistics.jeffreys(k, n, 1 - alpha)),
    "upper.clopper_pearson_one_sided": lambda k, n, alpha: statistics.upper_bound(k, n, 1 - alpha),
    "pass_hat_k": lambda successes, trials, k: statistics.pass_hat_k(successes, trials, k).estimate,
    "size.zero_failures": lambda p0, conf: statistics.zero_failures(p0, conf),
    "size.fixed_n_acceptance": lambda p0, p1, alpha, power: statistics.fixed_n_acceptance(p0, p1, alpha, power),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['estimator']}-{case['input']}")
def test_agrees_with_an_independent_implementation(case: dict[str, Any]) -> None:
    found = ESTIMATORS[case["estimator"]](**case["input"])
    assert found == pytest.approx(case["expected"], rel=0, abs=case["tolerance"])


def test_every_kind_of_reference_value_is_used() -> None:
    assert {case["estimator"] for case in CASES} == set(ESTIMATORS)
