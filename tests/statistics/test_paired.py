"""Two agents on the same tasks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from pilotage.errors import PilotageError
from pilotage.statistics import difference_in_differences, mcnemar, newcombe_paired, paired_bootstrap

counts = st.tuples(*[st.integers(0, 60)] * 4).filter(any)
small = st.integers(0, 40)


@given(small, small, st.booleans())
@settings(deadline=None, max_examples=80)
def test_mcnemar_does_not_depend_on_who_is_first(one, other, mid_p) -> None:
    assert mcnemar(one, other, mid_p) == mcnemar(other, one, mid_p)
    assert 0 < mcnemar(one, other, mid_p) <= 1


@given(small, small)
@settings(deadline=None, max_examples=60)
def test_mcnemar_is_the_binomial_test_of_the_tasks_that_differ(one, other) -> None:
    assume(one + other > 0)
    assert mcnemar(one, other) == pytest.approx(stats.binomtest(one, one + other).pvalue)
    assert mcnemar(one, other, mid_p=True) < mcnemar(one, other)


@given(small, st.integers(1, 20))
@settings(deadline=None, max_examples=60)
def test_the_further_apart_the_smaller_the_p_value(common, apart) -> None:
    assert mcnemar(common, common + apart + 1) <= mcnemar(common, common + apart)


def test_no_task_that_differs_is_no_sign_of_a_difference() -> None:
    assert mcnemar(0, 0) == mcnemar(0, 0, mid_p=True) == 1


@given(counts, st.sampled_from([0.5, 0.9, 0.95]))
@settings(deadline=None, max_examples=150)
def test_newcombe_s_bounds_hold_the_difference_and_turn_with_the_agents(counted, confidence) -> None:
    both, first, second, neither = counted
    found, turned = newcombe_paired(*counted, confidence), newcombe_paired(both, second, first, neither, confidence)
    assert -1 <= found.low <= found.estimate <= found.high <= 1
    assert (turned.estimate, turned.low, turned.high) == pytest.approx((-found.estimate, -found.high, -found.low))


@given(counts)
@settings(deadline=None, max_examples=60)
def test_more_confidence_contains_less_confidence(counted) -> None:
    narrow, wide = newcombe_paired(*counted, 0.8), newcombe_paired(*counted, 0.95)
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high


@pytest.mark.parametrize(
    ("counted", "low", "high"),
    [
        ((59, 6, 16, 80), -0.1186, -0.0046),  # R package contingencytables, data of Cavo et al. 2012
        ((36, 12, 2, 0), 0.0569, 0.3404),  # Newcombe 1998, his method 10
    ],
)
def test_newcombe_s_interval_is_the_published_one(counted, low, high) -> None:
    found = newcombe_paired(*counted)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.00005)


@pytest.mark.parametrize("tasks", [20, 100])
def test_newcombe_s_interval_holds_the_truth(tasks) -> None:
    drawn = np.random.default_rng(1).multinomial(tasks, [0.6, 0.15, 0.05, 0.2], size=2000)
    found = [newcombe_paired(*map(int, counted), 0.9) for counted in drawn]
    assert np.mean([interval.low <= 0.1 for interval in found]) >= 0.93
    assert np.mean([interval.high >= 0.1 for interval in found]) >= 0.93


def test_two_agents_that_agree_on_every_task_may_still_differ() -> None:
    found = newcombe_paired(20, 0, 0, 0)
    assert found.estimate == 0
    assert found.low < -0.1 < 0.1 < found.high


trials = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 5), st.booleans()), min_size=4, max_size=60
).filter(lambda rows: {task for task, _, first in rows if first} & {task for task, _, first in rows if not first})


def _bootstrap(rows, **settings):
    one, other = ([row[:2] for row in rows if row[2] is side] for side in (True, False))
    columns = [[row[1] for row in one], [row[0] for row in one], [row[1] for row in other], [row[0] for row in other]]
    return paired_bootstrap(*columns, **settings)


@given(trials, st.integers(0, 50))
@settings(deadline=None, max_examples=100)
def test_the_bootstrap_turns_with_the_agents_and_the_seed_repeats_it(rows, seed) -> None:
    found = _bootstrap(rows, seed=seed, resamples=200)
    turned = _bootstrap([(task, value, not first) for task, value, first in rows], seed=seed, resamples=200)
    assert found.low <= found.estimate <= found.high
    assert (turned.estimate, turned.low, turned.high) == pytest.approx((-found.estimate, -found.high, -found.low))
    assert found == _bootstrap(rows[::-1], seed=seed, resamples=200)


def test_each_common_task_counts_once_whatever_its_trials() -> None:
    found = paired_bootstrap([1, 1, 1, 1, 0, 9], ["a", "a", "a", "a", "b", "x"], [0, 0, 1, 5], ["a", "b", "b", "y"])
    assert found.estimate == pytest.approx((1 - 0 + 0 - 0.5) / 2)
    assert found.n_eff == 2


def test_pairing_is_narrower_than_the_two_alone() -> None:
    rng = np.random.default_rng(2)
    ease, tasks = np.repeat(rng.normal(0, 3, 100), 3), np.repeat(np.arange(100), 3)
    first, second = ease + rng.normal(0.5, 1, 300), ease + rng.normal(0, 1, 300)
    paired = paired_bootstrap(first, tasks, second, tasks)
    apart = math.hypot(*(stats.sem(of.reshape(100, 3).mean(axis=1)) for of in (first, second))) * 3.92
    assert paired.high - paired.low < apart / 1.7


@pytest.mark.parametrize(("tasks", "runs"), [(10, 3), (30, 4), (100, 1)])
def test_the_bootstrap_holds_the_truth_with_few_tasks_too(tasks, runs) -> None:
    rng, found = np.random.default_rng(3), []
    names = np.repeat(np.arange(tasks), runs)
    for seed in range(800):
        ease = np.repeat(rng.beta(2, 1, tasks), runs)
        first, second = rng.random(tasks * runs) < ease, rng.random(tasks * runs) < 0.9 * ease
        found.append(paired_bootstrap(first, names, second, names, 0.9, seed, resamples=500))
    assert np.mean([interval.low <= 0.1 * 2 / 3 for interval in found]) >= 0.92
    assert np.mean([interval.high >= 0.1 * 2 / 3 for interval in found]) >= 0.92


@pytest.mark.parametrize("tasks", [1, 6])
def test_the_same_difference_on_every_task_bounds_nothing(tasks) -> None:
    found = paired_bootstrap([1.0] * tasks, range(tasks), [0.25] * tasks, range(tasks))
    assert (found.estimate, found.low, found.high) == (0.75, -math.inf, math.inf)


def _change(effect: float, treated_units: int = 8, other_units: int = 8, seed: int = 4):
    """Two observations of each unit, before and after; treated units change by `effect` more."""
    rng = np.random.default_rng(seed)
    units = treated_units + other_units
    unit, after = np.repeat(np.arange(units), 2), np.tile([0, 1], units)
    treated = (unit < treated_units).astype(int)
    return rng.normal(0, 2, units)[unit] + rng.normal(0, 1, 2 * units) + effect * treated * after, after, treated, unit


def test_the_change_of_the_others_is_taken_off_the_change_of_the_treated() -> None:
    found = difference_in_differences([10, 6, 8, 7], [0, 1, 0, 1], [1, 1, 0, 0], ["a", "a", "b", "b"])
    assert (found.estimate, found.low, found.high) == (-3, -math.inf, math.inf)


@given(st.integers(0, 1000), st.floats(-50, 50), st.floats(0.1, 20))
@settings(deadline=None, max_examples=60)
def test_swapping_treated_and_others_turns_the_sign_and_a_unit_of_measure_scales(seed, shift, scale) -> None:
    values, after, treated, unit = _change(1.0, seed=seed)
    found = difference_in_differences(values, after, treated, unit)
    turned = difference_in_differences(values, after, 1 - treated, unit)
    scaled = difference_in_differences(values * scale + shift, after, treated, unit)
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))
    assert (scaled.low, scaled.high) == pytest.approx((found.low * scale, found.high * scale), abs=1e-9)


def test_the_interval_of_a_change_holds_the_truth() -> None:
    found = [difference_in_differences(*_change(1.5, 15, 15, seed), 0.9) for seed in range(1000)]
    assert np.mean([interval.low <= 1.5 <= interval.high for interval in found]) >= 0.87


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: mcnemar(-1, 2), "not numbers of tasks"),
        (lambda: mcnemar(1.5, 2), "not numbers of tasks"),
        (lambda: newcombe_paired(0, 0, 0, 0), "nothing was counted"),
        (lambda: newcombe_paired(1, -1, 2, 3), "not numbers of tasks"),
        (lambda: paired_bootstrap([1], ["a"], [1], ["b"]), "no task in common"),
        (lambda: paired_bootstrap([], [], [], []), "no task in common"),
        (lambda: paired_bootstrap([1, 2], ["a"], [1], ["b"]), "do not match"),
        (lambda: difference_in_differences([1, 2], [0, 1], [1, 1], ["a", "a"]), "both need rows"),
        (lambda: difference_in_differences([1, 2], [0, 1], [1], ["a", "a"]), "do not match"),
    ],
)
def test_comparisons_that_are_none_are_refused(call, says) -> None:
    with pytest.raises(PilotageError, match=says):
        call()


def test_ten_thousand_tasks_take_well_under_a_second(within) -> None:
    values, tasks = np.random.default_rng(5).random((2, 40_000)), np.repeat(np.arange(10_000), 4)
    assert within(1, lambda: paired_bootstrap(values[0], tasks, values[1], tasks))
