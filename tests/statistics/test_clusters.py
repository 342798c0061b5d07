"""Rates and means where rows come in clusters."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from pilotage.errors import PilotageError
from pilotage.statistics import clopper_pearson, clustered_rate, count_interval, mean_interval

# Where two datasets have the same bound mathematically, rounding may tell them apart in the last digits.
ROUNDING = 1e-12
confidences = st.sampled_from([0.5, 0.9, 0.95])


@st.composite
def clusters(draw, most: int = 25, largest: int = 6) -> tuple[list[int], list[int]]:
    sizes = draw(st.lists(st.integers(1, largest), min_size=1, max_size=most))
    return [draw(st.integers(0, size)) for size in sizes], sizes


@given(clusters(), confidences, st.integers(0, 5))
@settings(deadline=None, max_examples=150)
def test_bounds_hold_the_estimate_and_n_eff_stays_below_the_rows(drawn, confidence, missing) -> None:
    successes, sizes = drawn
    found = clustered_rate(successes, sizes, confidence, missing)
    assert 0 <= found.low <= found.estimate <= found.high <= 1
    assert found.estimate == pytest.approx(sum(successes) / sum(sizes))
    assert 0 <= found.n_eff <= sum(sizes) + missing


def test_effective_size_is_korn_and_graubard_s() -> None:
    successes, sizes = np.array([4, 4, 0, 3, 1, 4, 2, 0, 4, 1, 3, 4] * 2), np.array([4] * 22 + [5, 6])
    rows, tasks = sizes.sum(), len(sizes)
    p = successes.sum() / rows
    se_squared = tasks / (tasks - 1) * ((successes - p * sizes) ** 2).sum() / rows**2
    n_eff = p * (1 - p) / se_squared * (stats.t.ppf(0.95, rows - 1) / stats.t.ppf(0.95, tasks - 1)) ** 2
    found = clustered_rate(successes, sizes, 0.9)
    assert found.n_eff == pytest.approx(n_eff)
    assert found.high == pytest.approx(stats.beta.ppf(0.95, p * n_eff + 1, (1 - p) * n_eff))
    assert found.low == pytest.approx(stats.beta.ppf(0.05, p * n_eff, (1 - p) * n_eff + 1))


@given(st.lists(st.integers(0, 1), min_size=1, max_size=60), confidences)
@settings(deadline=None, max_examples=60)
def test_clusters_of_one_row_give_clopper_pearson(rows, confidence) -> None:
    found, exact = clustered_rate(rows, [1] * len(rows), confidence), clopper_pearson(sum(rows), len(rows), confidence)
    assert (found.low, found.high, found.n_eff) == (exact.low, exact.high, exact.n_eff)


@given(clusters(), st.randoms(use_true_random=False), st.integers(0, 3))
@settings(deadline=None, max_examples=60)
def test_order_of_clusters_and_empty_clusters_do_not_matter(drawn, shuffler, missing) -> None:
    pairs = [*zip(*drawn, strict=True), (0, 0)]
    shuffler.shuffle(pairs)
    found, shuffled = (
        clustered_rate(*drawn, missing=missing),
        clustered_rate(*zip(*pairs, strict=True), missing=missing),
    )
    assert (found.low, found.high) == pytest.approx((shuffled.low, shuffled.high), abs=1e-9)


@given(clusters(), confidences, st.integers(0, 3))
@settings(deadline=None, max_examples=80)
def test_counting_failures_instead_mirrors_the_interval(drawn, confidence, missing) -> None:
    successes, sizes = np.array(drawn[0]), np.array(drawn[1])
    found = clustered_rate(successes, sizes, confidence, missing)
    mirrored = clustered_rate(sizes - successes, sizes, confidence, missing)
    assert (found.low, found.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low), abs=1e-9)


def test_identical_runs_of_a_task_add_nothing_to_the_task() -> None:
    once = clustered_rate([1] * 20 + [0] * 30, [1] * 50, 0.9)
    eight_times = clustered_rate([8] * 20 + [0] * 30, [8] * 50, 0.9)
    assert eight_times.n_eff <= once.n_eff
    assert (eight_times.low, eight_times.high) == pytest.approx((once.low, once.high), abs=0.01)


def test_with_fewer_than_ten_failing_clusters_each_cluster_counts_at_most_once() -> None:
    assert clustered_rate([1] * 9 + [0] * 41, [8] * 50).n_eff == 50
    assert clustered_rate([1] * 10 + [0] * 40, [8] * 50).n_eff > 50
    assert clustered_rate([7] * 9 + [8] * 41, [8] * 50).n_eff == 50


def test_no_error_in_149_clusters_clears_two_percent_however_many_rows_they_have() -> None:
    assert clustered_rate([0] * 149, [8] * 149, 0.9).high <= 0.02
    assert clustered_rate([0] * 148, [800] * 148, 0.9).high > 0.02


def test_one_task_repeated_says_nothing_about_other_tasks() -> None:
    found = clustered_rate([3], [8])
    assert (found.low, found.high, found.n_eff) == (0, 1, 0)


@given(clusters(), confidences, st.integers(0, 6), st.data())
@settings(deadline=None, max_examples=400)
def test_deleting_a_row_of_any_cluster_never_narrows_the_interval(drawn, confidence, missing, data) -> None:
    successes, sizes = (np.array(part) for part in drawn)
    assume(sizes.sum() > 1)
    cluster = data.draw(st.integers(0, len(sizes) - 1))
    success = data.draw(st.booleans()) if 0 < successes[cluster] < sizes[cluster] else bool(successes[cluster])
    before = clustered_rate(successes, sizes, confidence, missing)
    sizes[cluster] -= 1
    successes[cluster] -= success
    after = clustered_rate(successes, sizes, confidence, missing + 1)
    assert after.low <= before.low + ROUNDING
    assert after.high >= before.high - ROUNDING


@given(clusters(most=4, largest=3), confidences, st.integers(1, 2))
@settings(deadline=None, max_examples=40)
def test_bounds_hold_those_of_every_result_and_cluster_the_missing_rows_could_have(drawn, confidence, missing) -> None:
    found = clustered_rate(*drawn, confidence, missing)
    places = range(len(drawn[0]) + missing)
    for rows in itertools.product(itertools.product(places, (0, 1)), repeat=missing):
        successes, sizes = (np.array([*part, *[0] * missing]) for part in drawn)
        for place, success in rows:
            sizes[place] += 1
            successes[place] += success
        whole = clustered_rate(successes, sizes, confidence)
        assert found.low <= whole.low + ROUNDING
        assert found.high >= whole.high - ROUNDING


@pytest.mark.parametrize("missing", [1, 10, 1000, 100_001])
def test_missing_rows_widen_beyond_both_extremes_of_independent_rows(missing) -> None:
    found, independent = (
        clustered_rate([3, 1, 0, 4] * 25, [4] * 100, 0.9, missing),
        clopper_pearson(200, 400, 0.9, missing),
    )
    assert found.low <= independent.low
    assert found.high >= independent.high
    assert found.estimate == 0.5


def test_a_mean_agrees_with_the_t_interval_of_scipy_when_clusters_are_single_rows() -> None:
    values = np.array([3.0, 5.5, 4.0, 8.0, 1.0, 4.5])
    known = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    found = mean_interval(values, np.ones(6), 0.9)
    assert (found.low, found.high) == pytest.approx((known.low, known.high))
    assert found.estimate == values.mean()


def test_repeating_every_row_of_a_cluster_does_not_sharpen_a_mean() -> None:
    sums, sizes = np.array([3.0, 11, 4, 16]), np.array([1, 2, 1, 2])
    once, repeated = mean_interval(sums, sizes), mean_interval(sums * 5, sizes * 5)
    assert (repeated.low, repeated.high) == pytest.approx((once.low, once.high))


@given(clusters(), st.floats(0.01, 1000), st.floats(-1000, 1000))
@settings(deadline=None, max_examples=60)
def test_a_mean_follows_a_change_of_unit(drawn, scale, shift) -> None:
    sums, sizes = np.array(drawn[0]), np.array(drawn[1])
    assume(len(sums) > 1)
    found, other = mean_interval(sums, sizes), mean_interval(sums * scale + shift * sizes, sizes)
    expected = (found.low * scale + shift, found.high * scale + shift)
    assert (other.low, other.high) == pytest.approx(expected, abs=1e-6)
    assert found.low <= found.estimate <= found.high


def test_one_cluster_bounds_no_mean() -> None:
    found = mean_interval([12.0], [4])
    assert (found.estimate, found.low, found.high) == (3, -math.inf, math.inf)


@pytest.mark.parametrize("estimate", [clustered_rate, mean_interval])
@pytest.mark.parametrize("sizes", [[], [0, 0]])
def test_no_row_is_an_error_and_not_a_zero(estimate, sizes) -> None:
    with pytest.raises(PilotageError, match="nothing was counted"):
        estimate([0] * len(sizes), sizes)


@pytest.mark.parametrize(
    ("successes", "sizes", "says"),
    [
        ([1, 2], [2], "do not match"),
        ([3, 0], [2, 2], "more successes than rows"),
        ([-1, 2], [2, 2], "fewer than none"),
        ([math.nan, 1], [2, 2], "finite"),
        ([1, 1], [2, math.inf], "finite"),
        ([0, 1], [-1, 2], "finite"),
    ],
)
def test_clusters_that_contradict_themselves_are_refused(successes, sizes, says) -> None:
    with pytest.raises(PilotageError, match=says):
        clustered_rate(successes, sizes)


def test_a_million_clusters_take_well_under_a_second_and_give_plain_numbers(within) -> None:
    sizes = np.arange(1_000_000) % 8 + 1
    assert within(1, lambda: clustered_rate(sizes // 3, sizes, 0.9, missing=100))
    found = clustered_rate(sizes // 3, sizes, 0.9, missing=100)
    assert json.loads(json.dumps(asdict(found)))["estimate"] == found.estimate


def test_even_counts_have_the_exact_interval_of_their_total() -> None:
    found, none = count_interval([1, 2, 1, 2]), count_interval([0, 0, 0])
    ends = stats.chi2.ppf(0.025, 2 * 6) / 2, stats.chi2.ppf(0.975, 2 * 7) / 2
    assert (found.low, found.high) == pytest.approx([end / 4 for end in ends])
    assert (none.estimate, none.low, none.high) == (0, 0, pytest.approx(-math.log(0.025) / 3))


def test_counts_that_vary_more_than_chance_widen_the_interval() -> None:
    even, uneven = count_interval([10] * 8), count_interval([0, 40, 0, 0, 40, 0, 0, 0])
    assert even.estimate == uneven.estimate == 10
    assert uneven.high > even.high
    assert uneven.low == 0


def test_one_period_bounds_nothing_from_above() -> None:
    found = count_interval([7])
    assert (found.estimate, found.low, found.high) == (7, 0, math.inf)


@pytest.mark.parametrize("counts", [[], [1.5], [-1], [math.nan]])
def test_what_is_no_count_is_refused(counts) -> None:
    with pytest.raises(PilotageError, match="whole numbers"):
        count_interval(counts)


def test_counts_of_a_steady_source_lie_in_their_interval_as_often_as_promised() -> None:
    rng = np.random.default_rng(3)
    found = [count_interval(rng.poisson(1.3, 8)) for _ in range(400)]
    assert np.mean([one.low <= 1.3 <= one.high for one in found]) >= 0.95
