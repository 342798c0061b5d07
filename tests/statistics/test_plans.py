"""Looks registered before the pilot."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pilotage.errors import PilotageError
from pilotage.statistics import Plan, chance_of_go, level_at_look, operating, plan_looks

TWELVE = tuple(range(50, 601, 50))
alphas = st.sampled_from([0.01, 0.05, 0.2, 0.5])
looks = st.lists(st.integers(1, 60), min_size=1, max_size=6).map(lambda steps: [int(n) for n in np.cumsum(steps)])


@given(looks, alphas)
@settings(deadline=None, max_examples=100)
def test_the_levels_of_all_looks_add_up_to_alpha_and_no_more(at, alpha) -> None:
    levels = [level_at_look(at, k, alpha) for k in range(1, len(at) + 1)]
    assert sum(levels) <= alpha * (1 + 1e-12)
    assert sum(levels) >= alpha - 1e-12 * len(at)
    assert min(levels) >= 0


def test_early_looks_get_little_of_the_error_and_the_last_gets_most() -> None:
    levels = [level_at_look(TWELVE, k, 0.025) for k in range(1, 13)]
    assert levels == sorted(levels)
    assert levels[0] == 0
    spent = np.cumsum(levels)
    assert spent[5] == pytest.approx(2 * stats.norm.sf(stats.norm.isf(0.0125) * 2**0.5), rel=1e-9)
    assert level_at_look([300], 1, 0.05) == 0.05


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.floats(0.05, 0.9), alphas)
@settings(deadline=None, max_examples=40)
def test_over_every_course_of_errors_a_false_go_and_a_false_no_go_stay_within_alpha(steps, limit, alpha) -> None:
    made = plan_looks(limit, [int(n) for n in np.cumsum(steps)], alpha)
    total = {"go": 0.0, "no-go": 0.0}
    for course in product((0, 1), repeat=sum(steps)):
        errors = np.cumsum(course)
        answer = first_answer(made, errors)
        if answer:
            total[answer] += limit ** errors[-1] * (1 - limit) ** (len(course) - errors[-1])
    assert max(total.values()) <= alpha * (1 + 1e-12)
    assert operating(made, limit)[:2] == pytest.approx(tuple(total.values()), abs=1e-12)
    assert made.looks[-1].spent == pytest.approx(ever_go(made, sum(steps)), abs=1e-12)


def first_answer(made: Plan, errors: np.ndarray) -> str | None:
    for look in made.looks:
        if look.go is not None and errors[look.n - 1] <= look.go:
            return "go"
        if look.no_go is not None and errors[look.n - 1] >= look.no_go:
            return "no-go"
    return None


def ever_go(made: Plan, units: int) -> float:
    """The chance of a go at the limit when nobody stops for a no-go."""
    total = 0.0
    for course in product((0, 1), repeat=units):
        errors = np.cumsum(course)
        went = any(look.go is not None and errors[look.n - 1] <= look.go for look in made.looks)
        total += went * made.limit ** errors[-1] * (1 - made.limit) ** (units - errors[-1])
    return total


@given(looks, st.floats(0.01, 0.6), alphas, st.floats(0, 1))
@settings(deadline=None, max_examples=80)
def test_a_worse_rate_than_the_limit_gets_a_go_no_more_often(at, limit, alpha, part) -> None:
    made = plan_looks(limit, at, alpha)
    worse, better = limit + part * (1 - limit), limit * (1 - part)
    assert operating(made, worse).go <= alpha * (1 + 1e-9)
    assert operating(made, better).no_go <= alpha * (1 + 1e-9)
    found = operating(made, limit)
    assert found.go <= made.looks[-1].spent + 1e-12
    assert at[0] - 1e-9 <= found.mean_n <= at[-1] + 1e-9


@given(looks, st.floats(0.01, 0.6), alphas)
@settings(deadline=None, max_examples=80)
def test_no_early_look_spends_more_than_its_share(at, limit, alpha) -> None:
    made, spent = plan_looks(limit, at, alpha), 0.0
    for k, look in enumerate(made.looks[:-1], start=1):
        assert look.spent - spent <= level_at_look(at, k, alpha) + 1e-12
        assert look.level == pytest.approx(stats.binom.cdf(-1 if look.go is None else look.go, look.n, limit))
        spent = look.spent


@given(st.integers(1, 400), st.floats(0.01, 0.6), st.floats(0, 1))
@settings(deadline=None, max_examples=60)
def test_one_look_is_the_fixed_pilot(n, limit, rate) -> None:
    assert operating(plan_looks(limit, [n], 0.05), rate).go == pytest.approx(chance_of_go(n, limit, rate), abs=1e-9)


def test_twelve_looks_cost_no_power_and_save_a_third_of_the_units() -> None:
    twelve = operating(plan_looks(0.1, TWELVE, 0.025), 0.06)
    one = operating(plan_looks(0.1, [600], 0.025), 0.06)
    assert twelve.go == pytest.approx(0.948, abs=0.0005)
    assert one.go == pytest.approx(0.945, abs=0.0005)
    assert twelve.mean_n == pytest.approx(413, abs=0.5)
    assert one.mean_n == 600
    assert plan_looks(0.1, TWELVE, 0.025).looks[-1].spent <= 0.025


def test_operating_agrees_with_simulated_pilots() -> None:
    made, rng = plan_looks(0.1, TWELVE, 0.05), np.random.default_rng(3)
    errors = (rng.random((4000, 600)) < 0.08).cumsum(axis=1)
    answers = [first_answer(made, row) for row in errors]
    found = operating(made, 0.08)
    assert answers.count("go") / 4000 == pytest.approx(found.go, abs=0.03)
    assert answers.count("no-go") / 4000 == pytest.approx(found.no_go, abs=0.01)


def test_a_plan_too_small_for_its_limit_can_never_say_go() -> None:
    made = plan_looks(0.01, [10, 20], 0.05)
    assert [look.go for look in made.looks] == [None, None]
    assert operating(made, 0)[:2] == (0, 0)
    assert operating(made, 0).mean_n == 10


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: level_at_look([], 1, 0.05), "whole numbers that rise"),
        (lambda: level_at_look([50, 50], 1, 0.05), "whole numbers that rise"),
        (lambda: level_at_look([0, 50], 1, 0.05), "whole numbers that rise"),
        (lambda: level_at_look([10.5], 1, 0.05), "whole numbers that rise"),
        (lambda: level_at_look([50], 0, 0.05), "no look 0"),
        (lambda: level_at_look([50], 2, 0.05), "no look 2"),
        (lambda: level_at_look([50], 1, 0), "chance of error"),
        (lambda: plan_looks(0, [50], 0.05), "between 0 and 1"),
        (lambda: plan_looks(0.1, [50], 0.6), "chance of error"),
        (lambda: plan_looks(0.1, [1_000_000], 0.05), "up to 100,000 units"),
        (lambda: operating(plan_looks(0.1, [50], 0.05), 1.1), "not a rate"),
    ],
)
def test_plans_that_cannot_be_followed_are_refused(call, says) -> None:
    with pytest.raises(PilotageError, match=says):
        call()
