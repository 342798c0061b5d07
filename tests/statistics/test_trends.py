"""Whether a quantity grows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pilotage.errors import PilotageError
from pilotage.statistics import growth, slope


def _runs(runs: int, most_turns: int, rng: np.random.Generator, rise: float = 2.0):
    """Turn, value and run of each row; runs differ in level, in rise and in length."""
    turns = rng.integers(2, most_turns + 1, runs)
    run, turn = np.repeat(np.arange(runs), turns), np.concatenate([np.arange(count) for count in turns])
    rises = rng.normal(rise, 1, runs)
    return turn, rng.normal(50, 5, runs)[run] + rises[run] * turn + rng.normal(0, 1, len(run)), run


seeds = st.integers(0, 2**32)


@given(seeds)
@settings(deadline=None, max_examples=60)
def test_the_slope_is_least_squares_and_its_error_the_jackknife_over_runs(seed) -> None:
    x, y, run = _runs(6, 6, np.random.default_rng(seed))
    found = slope(x, y, run, 0.9)
    estimate = np.polyfit(x, y, 1)[0]
    left_out = np.array([np.polyfit(x[run != gone], y[run != gone], 1)[0] for gone in range(6)])
    half = stats.t.ppf(0.95, 5) * math.sqrt(5 / 6 * ((left_out - estimate) ** 2).sum())
    assert found.estimate == pytest.approx(estimate)
    assert (found.low, found.high) == pytest.approx((estimate - half, estimate + half))
    assert found.n_eff == 6


@given(seeds, st.floats(0.1, 50), st.floats(-50, 50))
@settings(deadline=None, max_examples=60)
def test_a_slope_follows_units_and_turns_with_the_direction(seed, scale, shift) -> None:
    x, y, run = _runs(8, 6, np.random.default_rng(seed))
    found = slope(x, y, run)
    scaled, turned = slope(x, y * scale + shift, run), slope(-x / scale, y, run)
    assert (scaled.low, scaled.high) == pytest.approx((found.low * scale, found.high * scale))
    assert (turned.low, turned.high) == pytest.approx((-found.high * scale, -found.low * scale))


@given(seeds, st.floats(0.01, 100))
@settings(deadline=None, max_examples=60)
def test_growth_does_not_depend_on_the_unit_and_mirrors_when_time_runs_back(seed, scale) -> None:
    x, y, run = _runs(8, 6, np.random.default_rng(seed))
    y = np.exp(y / 50)
    found, scaled, back = growth(x, y, run), growth(x, y * scale, run), growth(-x, y, run)
    assert (scaled.low, scaled.high) == pytest.approx((found.low, found.high))
    assert -1 < found.low <= found.estimate <= found.high
    assert 1 + back.estimate == pytest.approx(1 / (1 + found.estimate))


def test_three_percent_a_week_is_three_percent_a_week() -> None:
    weeks = np.tile(np.arange(10), 20)
    seconds = 4 * 1.03**weeks * np.random.default_rng(1).lognormal(0, 0.05, 200)
    found = growth(weeks, seconds, np.repeat(np.arange(20), 10))
    assert found.low < 0.03 < found.high < 0.05


def test_long_runs_of_another_kind_make_a_trend_until_each_run_s_mean_is_taken_off() -> None:
    x = np.concatenate([np.arange(2)] * 20 + [np.arange(12)] * 20)
    run = np.concatenate([np.repeat(np.arange(20), 2), np.repeat(np.arange(20, 40), 12)])
    y = np.where(run < 20, 100.0, 300.0) + np.random.default_rng(2).normal(0, 1, len(x))
    assert slope(x, y, run).low > 1
    x_mean, y_mean = (np.bincount(run, of) / np.bincount(run) for of in (x, y))
    assert abs(slope(x - x_mean[run], y - y_mean[run], run).estimate) < 0.1


@pytest.mark.parametrize("runs", [5, 10, 30, 100])
def test_the_interval_of_a_slope_holds_the_truth_with_few_runs_too(runs) -> None:
    rng = np.random.default_rng(3)
    found = [slope(*_runs(runs, 8, rng), 0.9) for _ in range(1000)]
    assert np.mean([interval.low <= 2 for interval in found]) >= 0.91
    assert np.mean([interval.high >= 2 for interval in found]) >= 0.91


@pytest.mark.parametrize(
    ("x", "clusters"),
    [([1, 2, 3, 4], ["a"] * 4), ([1, 1, 1, 2], ["a", "b", "c", "d"]), ([1, 2], None), ([1, 2, 1, 1], list("aabc"))],
)
def test_a_slope_that_hangs_on_one_cluster_has_no_bounds(x, clusters) -> None:
    for found in (slope(x, x, clusters), growth(x, x, clusters)):
        assert math.isfinite(found.estimate)
        assert (found.low, found.high) == (-math.inf, math.inf)


def test_without_two_places_there_is_no_slope() -> None:
    found = slope([3, 3, 3], [1, 2, 3], ["a", "a", "b"])
    assert math.isnan(found.estimate)
    assert (found.low, found.high) == (-math.inf, math.inf)


def test_growth_of_a_value_that_is_zero_is_not_defined() -> None:
    found = growth([1, 2, 3], [5, 0, 7])
    assert math.isnan(found.estimate)
    assert (found.low, found.high, found.n_eff) == (-math.inf, math.inf, 0)


def test_growth_beyond_all_numbers_is_infinite_and_no_crash() -> None:
    assert growth([0, 1e-6, 2e-6, 3e-6], [1, 9, 2, 30]).high == math.inf


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: slope([], []), "no trend"),
        (lambda: growth([], []), "no trend"),
        (lambda: slope([1, 2], [1]), "no trend"),
        (lambda: slope([1, np.nan], [1, 2]), "without gaps"),
        (lambda: slope([1, 2], [1, 2], ["a"]), "do not match"),
    ],
)
def test_rows_that_make_no_trend_are_refused(call, says) -> None:
    with pytest.raises(PilotageError, match=says):
        call()


def test_a_million_rows_take_well_under_a_second(within) -> None:
    x, runs = np.random.default_rng(4).random(1_000_000), np.arange(1_000_000) // 10
    assert within(1, lambda: growth(x, x + 1, runs))
