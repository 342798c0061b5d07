"""pass^k over tasks."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.errors import PilotageError
from pilotage.statistics import clopper_pearson, clustered_rate, pass_hat_k


@st.composite
def tasks(draw, fewest: int = 1) -> tuple[list[int], list[int]]:
    trials = draw(st.lists(st.integers(fewest, 9), min_size=1, max_size=30))
    return [draw(st.integers(0, count)) for count in trials], trials


@given(tasks(fewest=4), st.integers(1, 4))
@settings(deadline=None, max_examples=80)
def test_estimate_is_the_mean_share_of_draws_that_all_succeed(drawn, k) -> None:
    found = pass_hat_k(*drawn, k)
    shares = [comb(passed, k) / comb(tried, k) for passed, tried in zip(*drawn, strict=True)]
    assert found.estimate == pytest.approx(np.mean(shares))
    assert 0 <= found.low <= found.estimate + 1e-15
    assert found.estimate - 1e-15 <= found.high <= 1


@given(tasks(fewest=5), st.integers(1, 4))
@settings(deadline=None, max_examples=60)
def test_more_repetitions_are_never_easier(drawn, k) -> None:
    assert pass_hat_k(*drawn, k + 1).estimate <= pass_hat_k(*drawn, k).estimate + 1e-12


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40))
@settings(deadline=None, max_examples=60)
def test_pass_hat_one_is_the_success_rate_by_cluster(successes) -> None:
    trials = [4] * len(successes)
    found, rate = pass_hat_k(successes, trials, 1, 0.9), clustered_rate(successes, trials, 0.9)
    assert (found.estimate, found.low, found.high) == pytest.approx((rate.estimate, rate.low, rate.high), abs=1e-9)


def test_one_trial_a_task_is_close_to_clopper_pearson_on_tasks() -> None:
    found, exact = pass_hat_k([1] * 60 + [0] * 40, [1] * 100, 1, 0.9), clopper_pearson(60, 100, 0.9)
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high), abs=0.001)


def test_tasks_with_fewer_trials_than_k_do_not_count() -> None:
    with_short, without = pass_hat_k([4, 2, 0, 1], [4, 4, 4, 1], 2), pass_hat_k([4, 2, 0], [4, 4, 4], 2)
    assert with_short == without


def test_all_tasks_solved_every_time_still_leaves_doubt() -> None:
    found = pass_hat_k([4] * 20, [4] * 20, 4, 0.9)
    assert (found.estimate, found.high) == (1, 1)
    assert found.low == clopper_pearson(20, 20, 0.9).low


def test_thousands_of_trials_a_task_do_not_overflow() -> None:
    assert pass_hat_k([4999, 5000], [5000, 5000], 2500).estimate == pytest.approx(0.75)


@pytest.mark.parametrize(("k", "says"), [(5, "no task has 5 trials"), (0, "whole number"), (1.5, "whole number")])
def test_a_k_that_no_task_can_show_is_refused(k, says) -> None:
    with pytest.raises(PilotageError, match=says):
        pass_hat_k([4, 3], [4, 4], k)
