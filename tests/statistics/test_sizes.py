"""How much evidence a decision needs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy import stats

from pilotage.errors import PilotageError
from pilotage.statistics import (
    Acceptance,
    chance_of_go,
    clopper_pearson,
    fixed_n_acceptance,
    labels_for_precision,
    labels_with_judge,
    lower_bound,
    mcnemar,
    more_needed,
    paired_power,
    pairs_needed,
    ppi_rate,
    upper_bound,
    wilson,
    zero_failures,
)

limits = st.floats(0.001, 0.6)
confidences = st.sampled_from([0.8, 0.9, 0.95, 0.99])
design_effects = st.sampled_from([1.0, 1.3, 2.5])


@given(limits, confidences)
@settings(deadline=None, max_examples=80)
def test_zero_failures_suffice_and_one_unit_less_does_not(limit, confidence) -> None:
    n = zero_failures(limit, confidence)
    assert upper_bound(0, n, confidence) <= limit + 1e-12
    assert n == 1 or upper_bound(0, n - 1, confidence) > limit


@given(st.floats(0.05, 0.9), st.floats(0, 0.6), st.sampled_from([0.01, 0.05, 0.2]), st.sampled_from([0.5, 0.8, 0.95]))
@settings(deadline=None, max_examples=40)
def test_no_smaller_plan_keeps_both_promises(limit, part, alpha, power) -> None:
    n, errors = fixed_n_acceptance(limit, limit * part, alpha, power)
    assert stats.binom.cdf(errors, n, limit) <= alpha + 1e-12
    assert stats.binom.cdf(errors, n, limit * part) >= power - 1e-12
    smaller = np.arange(1, n)
    allowed = stats.binom.ppf(alpha, smaller, limit)
    allowed -= stats.binom.cdf(allowed, smaller, limit) > alpha
    assert not np.any(stats.binom.cdf(allowed, smaller, limit * part) >= power + 1e-12)


def test_a_plan_gives_the_chance_of_go_it_promises() -> None:
    plan = fixed_n_acceptance(0.02, 0.005)
    assert plan == Acceptance(n=456, max_errors=4)
    assert chance_of_go(plan.n, 0.02, 0.005) >= 0.9
    assert chance_of_go(plan.n, 0.02, 0.02) <= 0.05


def test_limits_too_close_together_are_said_to_be_so() -> None:
    with pytest.raises(PilotageError, match="ten million"):
        fixed_n_acceptance(0.5, 0.4999)


@given(st.integers(1, 150), limits, st.integers(0, 1000).map(lambda mille: mille / 1000), confidences)
@settings(deadline=None, max_examples=60)
def test_chance_of_go_adds_up_the_outcomes_whose_bound_clears_the_limit(n, limit, true_rate, confidence) -> None:
    clears = [errors for errors in range(n + 1) if upper_bound(errors, n, confidence) <= limit]
    expected = stats.binom.pmf(clears, n, true_rate).sum() if clears else 0.0
    assert chance_of_go(n, limit, true_rate, confidence) == pytest.approx(expected, abs=1e-9)


def test_chance_of_go_works_for_successes_and_for_clustered_units() -> None:
    assert chance_of_go(200, 0.8, 0.9, better="higher") == pytest.approx(chance_of_go(200, 0.2, 0.1))
    assert chance_of_go(300, 0.02, 0.001, design_effect=2) == chance_of_go(150, 0.02, 0.001)
    assert chance_of_go(148, 0.02, 0) == 0
    assert chance_of_go(149, 0.02, 0) == 1
    assert chance_of_go(0, 0.02, 0) == 0


@st.composite
def counts(draw) -> tuple[int, int]:
    n = draw(st.integers(1, 500))
    return draw(st.integers(0, n)), n


@given(counts(), st.floats(0.01, 0.99), confidences, design_effects)
@example((0, 1), 0.02, 0.95, 1.0)
@settings(deadline=None, max_examples=120)
def test_as_many_more_suffice_and_one_less_does_not(counted, limit, confidence, design_effect) -> None:
    k, n = counted
    more = more_needed(k, n, limit, "lower", confidence, design_effect)
    assume(more is not None)

    def bound(added: int) -> float:
        units = (n + added) / design_effect
        return upper_bound(k / n * units, units, confidence)

    assert bound(more) <= limit
    assert more == 0 or bound(more - 1) > limit


@given(counts(), st.floats(0.01, 0.99), design_effects)
@settings(deadline=None, max_examples=60)
def test_successes_need_as_many_more_as_the_same_failures(counted, limit, design_effect) -> None:
    k, n = counted
    higher = more_needed(n - k, n, 1 - limit, "higher", design_effect=design_effect)
    assert higher == more_needed(k, n, 1 - (1 - limit), "lower", design_effect=design_effect)


def test_more_needed_reaches_the_zero_failure_size() -> None:
    assert more_needed(0, 50, 0.02) == 99
    assert more_needed(0, 149, 0.02) == 0
    # 148.3 effective units suffice where fractions of a unit exist.
    assert more_needed(0, 149, 0.02, design_effect=2) == 297 - 149


@pytest.mark.parametrize(("k", "n"), [(2, 100), (3, 100), (100, 100)])
def test_no_amount_suffices_when_the_present_rate_misses_the_limit(k, n) -> None:
    assert more_needed(k, n, 0.02) is None
    assert more_needed(n - k, n, 0.98, "higher") is None


def test_more_than_ten_million_is_no_plan() -> None:
    assert more_needed(19_999, 1_000_000, 0.02) is None


def test_gate_and_advice_agree_on_when_the_limit_is_cleared() -> None:
    assert clopper_pearson(3, 150, 0.9).high > 0.04
    more = more_needed(3, 150, 0.04)
    assert more == 130
    assert lower_bound(0.98 * (150 + more), 150 + more) >= 0.96
    assert more_needed(147, 150, 0.96, "higher") == more


@given(st.floats(0, 1), st.floats(0.01, 0.3), confidences, design_effects)
@settings(deadline=None, max_examples=80)
def test_as_many_labels_give_the_precision_and_one_less_does_not(rate, half_width, confidence, design_effect) -> None:
    def widest(rows: int) -> float:
        found = wilson(rate * rows / design_effect, rows / design_effect, confidence)
        return max(rate - found.low, found.high - rate)

    rows = labels_for_precision(rate, half_width, confidence, design_effect)
    assert widest(rows) <= half_width
    assert rows == 1 or widest(rows - 1) > half_width


@given(st.integers(0, 2000), st.floats(-1, 1), st.integers(0, 100_000))
@settings(deadline=None, max_examples=80)
def test_a_judge_never_asks_for_more_labels_and_a_better_one_for_fewer(alone, correlation, judged) -> None:
    needed = labels_with_judge(alone, correlation, judged)
    assert min(alone, 50) <= needed <= alone
    assert labels_with_judge(alone, min(1, correlation + 0.1), judged) <= needed
    assert labels_with_judge(alone, correlation, judged + 100) <= needed


def test_a_judge_without_use_or_without_rows_saves_nothing() -> None:
    assert (
        labels_with_judge(300, -0.9, 5000) == labels_with_judge(300, 0, 5000) == labels_with_judge(300, 0.9, 0) == 300
    )


def test_labels_with_a_judge_are_worth_what_was_promised() -> None:
    rng, sizes = np.random.default_rng(1), []
    truth_and_judge = rng.random((60, 8000)) < 0.3
    judged = truth_and_judge ^ (rng.random((60, 8000)) < 0.1)
    correlation = np.corrcoef(truth_and_judge.ravel(), judged.ravel())[0, 1]
    needed = labels_with_judge(600, correlation, 8000)
    for truth, scores in zip(truth_and_judge, judged, strict=True):
        sizes.append(ppi_rate(truth[:needed], scores[:needed], scores[needed:]).n_eff)
    assert np.mean(sizes) == pytest.approx(600, rel=0.1)


SEEN = [[only_first for only_first in range(n + 1) if mcnemar(only_first, n - only_first) <= 0.05] for n in range(41)]


@given(st.integers(1, 40), st.floats(0.05, 1), st.floats(-1, 1))
@settings(deadline=None, max_examples=60)
def test_paired_power_adds_up_the_outcomes_that_mcnemar_s_test_sees(pairs, differing, part) -> None:
    share, expected = (1 + part) / 2, 0.0
    for n in range(pairs + 1):
        ways = math.comb(pairs, n) * differing**n * (1 - differing) ** (pairs - n)
        expected += ways * sum(math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in SEEN[n])
    assert paired_power(pairs, differing * part, differing) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("difference", "differing", "power"), [(0.1, 0.2, 0.8), (0.05, 0.15, 0.9), (-0.2, 0.2, 0.8)])
def test_as_many_pairs_show_the_difference(difference, differing, power) -> None:
    needed = pairs_needed(difference, differing, power=power)
    assert needed == pairs_needed(-difference, differing, power=power)
    assert paired_power(needed, difference, differing) >= power
    assert paired_power(int(0.93 * needed), difference, differing) < power


def test_a_smaller_difference_needs_more_pairs() -> None:
    assert pairs_needed(0.1, 0.2) < pairs_needed(0.05, 0.2) < pairs_needed(0.02, 0.2)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: labels_for_precision(0.1, 0), "between 0 and 1"),
        (lambda: labels_for_precision(1.2, 0.1), "not a rate"),
        (lambda: labels_for_precision(0.5, 0.0001), "ten million"),
        (lambda: labels_with_judge(100, 1.5, 100), "not a plan"),
        (lambda: labels_with_judge(-1, 0.5, 100), "not a plan"),
        (lambda: paired_power(10, 0.3, 0.2), "does not come from"),
        (lambda: pairs_needed(0, 0.2), "no number of tasks"),
        (lambda: pairs_needed(0.0005, 0.5), "hundred thousand"),
        (lambda: zero_failures(0), "between 0 and 1"),
        (lambda: zero_failures(1), "between 0 and 1"),
        (lambda: fixed_n_acceptance(0.02, 0.02), "below the limit"),
        (lambda: fixed_n_acceptance(0.02, 0.01, 0.9, 0.8), "alpha below power"),
        (lambda: chance_of_go(-1, 0.02, 0.01), "not a sample"),
        (lambda: chance_of_go(10, 0.02, 0.01, design_effect=0), "not a sample"),
        (lambda: chance_of_go(10, 0.02, 1.01), "not a rate"),
        (lambda: more_needed(0, 0, 0.02), "nothing was counted"),
    ],
)
def test_questions_without_an_answer_are_refused(call, says) -> None:
    with pytest.raises(PilotageError, match=says):
        call()
