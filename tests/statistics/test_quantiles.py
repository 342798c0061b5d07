"""Intervals of a quantile."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pilotage.errors import PilotageError
from pilotage.statistics import quantile_interval

confidences = st.sampled_from([0.5, 0.9, 0.95])
quantiles = st.sampled_from([0.05, 0.5, 0.9, 0.95])
numbers = st.lists(st.integers(0, 40).map(float), min_size=1, max_size=60)


@st.composite
def clustered(draw) -> tuple[list[float], list[int] | None]:
    values = draw(numbers)
    labels = st.lists(st.integers(0, draw(st.integers(0, 30))), min_size=len(values), max_size=len(values))
    return values, draw(st.none() | labels)


@given(clustered(), quantiles, confidences, st.integers(0, 4))
@settings(deadline=None, max_examples=150)
def test_bounds_hold_the_estimate_which_is_numpy_s(drawn, q, confidence, missing) -> None:
    found = quantile_interval(drawn[0], q, confidence, drawn[1], missing)
    assert found.low <= found.estimate <= found.high
    assert found.estimate == pytest.approx(np.quantile(drawn[0], q))


@given(st.integers(2, 300), quantiles, st.sampled_from([0.9, 0.95]))
@settings(deadline=None, max_examples=60)
def test_independent_values_agree_with_scipy_s_quantile_test(n, q, confidence) -> None:
    values = np.arange(n, dtype=float)
    found, known = (
        quantile_interval(values, q, confidence),
        stats.quantile_test(values, p=q).confidence_interval(confidence),
    )
    low = -math.inf if np.isnan(known.low) else known.low
    high = math.inf if np.isnan(known.high) else known.high
    assert (found.low, found.high) == (low, high)


@given(clustered(), quantiles, confidences, st.integers(0, 3), st.data())
@settings(deadline=None, max_examples=400)
def test_deleting_a_value_never_narrows_the_interval(drawn, q, confidence, missing, data) -> None:
    values, labels = drawn
    gone = data.draw(st.integers(0, len(values) - 1))
    rest = values[:gone] + values[gone + 1 :]
    rest_labels = None if labels is None else labels[:gone] + labels[gone + 1 :]
    if rest:
        before = quantile_interval(values, q, confidence, labels, missing)
        after = quantile_interval(rest, q, confidence, rest_labels, missing + 1)
        assert after.low <= before.low
        assert after.high >= before.high


@given(clustered(), quantiles, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_order_and_names_of_clusters_do_not_matter(drawn, q, shuffler) -> None:
    values, labels = drawn
    rows = list(zip(values, [f"task {label}" for label in labels or range(len(values))], strict=True))
    shuffler.shuffle(rows)
    found, shuffled = (
        quantile_interval(values, q, clusters=labels or range(len(values))),
        quantile_interval([value for value, _ in rows], q, clusters=[label for _, label in rows]),
    )
    assert (found.low, found.high, found.estimate) == (shuffled.low, shuffled.high, shuffled.estimate)


def test_each_value_its_own_cluster_is_the_same_as_no_clusters() -> None:
    values = np.random.default_rng(7).lognormal(size=150)
    alone, clustered_alone = quantile_interval(values, 0.9), quantile_interval(values, 0.9, clusters=np.arange(150))
    assert (alone.low, alone.high) == (clustered_alone.low, clustered_alone.high)


def test_repeating_every_value_does_not_sharpen_a_clustered_quantile() -> None:
    values = np.random.default_rng(7).lognormal(size=150)
    once = quantile_interval(values, 0.5, 0.9)
    repeated = quantile_interval(np.repeat(values, 4), 0.5, 0.9, np.repeat(np.arange(150), 4))
    assert repeated.low <= once.low
    assert repeated.high >= once.high
    assert repeated.n_eff <= 150


def test_missing_values_are_fastest_for_the_low_bound_and_never_finish_for_the_high_one() -> None:
    values = np.arange(1.0, 91)
    found = quantile_interval(values, 0.5, 0.9, missing=10)
    assert found.low == quantile_interval([*[-math.inf] * 10, *values], 0.5, 0.9).low
    assert found.high == quantile_interval([*values, *[math.inf] * 10], 0.5, 0.9).high
    assert found.estimate == 45.5


def test_too_few_values_bound_a_p95_from_above_by_nothing() -> None:
    assert quantile_interval(np.arange(58.0), 0.95, 0.9).high == math.inf
    assert quantile_interval(np.arange(59.0), 0.95, 0.9).high == 58


def test_a_run_that_never_finished_is_infinite_and_not_a_gap() -> None:
    found = quantile_interval([1, 2, 3, math.inf], 0.5)
    assert found.estimate == 2.5
    assert quantile_interval([1, math.inf, math.inf], 0.9).estimate == math.inf


@pytest.mark.parametrize(
    ("values", "q", "labels", "says"),
    [
        ([], 0.5, None, "nothing was counted"),
        ([1, math.nan], 0.5, None, "without gaps"),
        ([[1.0, 2.0]], 0.5, None, "one row"),
        ([1, 2], 0, None, "between 0 and 1"),
        ([1, 2], 95, None, "between 0 and 1"),
        ([1, 2], 0.5, [1], "do not match"),
    ],
)
def test_values_without_a_quantile_are_refused(values, q, labels, says) -> None:
    with pytest.raises(PilotageError, match=says):
        quantile_interval(values, q, clusters=labels)
