"""Intervals of a rate counted on independent units."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from pilotage.errors import PilotageError
from pilotage.statistics import clopper_pearson, jeffreys, lower_bound, upper_bound, wilson

METHODS = [wilson, clopper_pearson, jeffreys]
confidences = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.999])


@st.composite
def counts(draw, most: int = 3000) -> tuple[int, int]:
    n = draw(st.integers(1, most))
    return draw(st.integers(0, n)), n


@pytest.mark.parametrize("method", METHODS)
@given(counted=counts(), confidence=confidences)
@settings(deadline=None, max_examples=60)
def test_bounds_hold_the_estimate_and_stay_within_zero_and_one(method, counted, confidence) -> None:
    found = method(*counted, confidence)
    assert 0 <= found.low <= found.estimate <= found.high <= 1
    assert found.estimate == counted[0] / counted[1]


@pytest.mark.parametrize("method", METHODS)
@given(counted=counts(), confidence=confidences)
@settings(deadline=None, max_examples=60)
def test_counting_failures_instead_mirrors_the_interval(method, counted, confidence) -> None:
    k, n = counted
    found, mirrored = method(k, n, confidence), method(n - k, n, confidence)
    assert (found.low, found.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low), abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
@given(counted=counts(), confidence=confidences)
@settings(deadline=None, max_examples=60)
def test_one_more_success_never_lowers_a_bound(method, counted, confidence) -> None:
    k, n = counted
    assume(k < n)
    fewer, more = method(k, n, confidence), method(k + 1, n, confidence)
    assert fewer.low <= more.low
    assert fewer.high <= more.high


@pytest.mark.parametrize("method", METHODS)
@given(counted=counts())
@settings(deadline=None, max_examples=40)
def test_more_confidence_contains_less_confidence(method, counted) -> None:
    narrow, wide = method(*counted, 0.8), method(*counted, 0.95)
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high


@given(counted=counts())
@settings(deadline=None, max_examples=60)
def test_clopper_pearson_agrees_with_scipy_s_exact_test(counted) -> None:
    found, known = clopper_pearson(*counted, 0.9), stats.binomtest(*counted).proportion_ci(0.9, "exact")
    assert (found.low, found.high) == pytest.approx((known.low, known.high), abs=1e-9)


@given(counted=counts())
@settings(deadline=None, max_examples=40)
def test_the_one_sided_95_percent_bound_is_an_end_of_the_90_percent_interval(counted) -> None:
    found = clopper_pearson(*counted, 0.9)
    assert (lower_bound(*counted), upper_bound(*counted)) == pytest.approx((found.low, found.high), abs=1e-12)


@given(counted=counts(200), missing=st.integers(0, 20), success=st.booleans(), confidence=confidences)
@settings(deadline=None, max_examples=150)
def test_deleting_an_independent_row_never_narrows_the_interval(counted, missing, success, confidence) -> None:
    k, n = counted
    assume(n > 1 and (k > 0 if success else k < n))
    before, after = (
        clopper_pearson(k, n, confidence, missing),
        clopper_pearson(k - success, n - 1, confidence, missing + 1),
    )
    assert after.low <= before.low
    assert after.high >= before.high


def test_missing_rows_are_failures_for_the_low_bound_and_successes_for_the_high_one() -> None:
    found = clopper_pearson(3, 90, 0.9, missing=10)
    assert found.estimate == 3 / 90
    assert found.low == clopper_pearson(3, 100, 0.9).low
    assert found.high == clopper_pearson(13, 100, 0.9).high


def test_wilson_coverage_at_two_percent_of_a_hundred_is_its_confidence_and_clopper_pearson_s_is_above() -> None:
    chances = stats.binom.pmf(np.arange(101), 100, 0.02)
    covers = {
        method: sum(chance for k, chance in enumerate(chances) if method(k, 100).low <= 0.02 <= method(k, 100).high)
        for method in (wilson, clopper_pearson)
    }
    assert covers[wilson] == pytest.approx(0.949, abs=0.001)
    assert covers[clopper_pearson] == pytest.approx(0.985, abs=0.001)


@pytest.mark.parametrize("method", [*METHODS, upper_bound, lower_bound])
def test_nothing_counted_is_an_error_and_not_a_zero(method) -> None:
    with pytest.raises(PilotageError, match="nothing was counted"):
        method(0, 0)


@pytest.mark.parametrize(("k", "n"), [(-1, 5), (6, 5), (math.nan, 5), (1, math.nan), (1, math.inf)])
def test_counts_that_make_no_rate_are_refused(k, n) -> None:
    with pytest.raises(PilotageError, match="is not a rate"):
        clopper_pearson(k, n)


@pytest.mark.parametrize("confidence", [0, 0.3, 1, 95, math.nan])
def test_a_confidence_outside_its_range_is_refused(confidence) -> None:
    with pytest.raises(PilotageError, match="confidence"):
        wilson(1, 5, confidence)


@pytest.mark.parametrize("missing", [-1, 0.5])
def test_a_number_of_missing_rows_that_is_none_is_refused(missing) -> None:
    with pytest.raises(PilotageError, match="missing rows"):
        clopper_pearson(1, 5, missing=missing)


@pytest.mark.parametrize("method", METHODS)
def test_counts_from_numpy_give_plain_numbers_that_json_can_write(method) -> None:
    assert json.loads(json.dumps(asdict(method(np.int64(1), np.int64(5)))))["n_eff"] == 5


def test_importing_statistics_loads_neither_scipy_stats_nor_pandas() -> None:
    listing = "import sys, pilotage.statistics; print({'scipy.stats', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
