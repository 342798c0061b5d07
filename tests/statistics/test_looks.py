"""A rate against a limit, however often one looks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from pilotage.errors import PilotageError
from pilotage.statistics import (
    anytime_rate,
    betabinomial_sequence,
    clopper_pearson,
    log_evidence_above,
    log_evidence_below,
    more_needed_anytime,
    reviews_needed,
)

limits = st.floats(0.001, 0.999)
confidences = st.sampled_from([0.5, 0.8, 0.9, 0.98])
ROUNDING = 1e-9


@st.composite
def counts(draw, most: int = 400) -> tuple[int, int]:
    n = draw(st.integers(1, most))
    return draw(st.integers(0, n)), n


def evidence(k: float, n: float, limit: float) -> float:
    return math.exp(float(log_evidence_below(k, n, limit)))


@given(counts(), limits, st.floats(0, 1))
@settings(deadline=None, max_examples=200)
def test_at_the_limit_or_any_worse_rate_the_next_unit_does_not_raise_the_evidence_on_average(
    counted, limit, part
) -> None:
    k, n = counted
    rate = limit + part * (1 - limit)
    now, error, good = log_evidence_below([k, k + 1, k], [n, n + 1, n + 1], limit)
    assert rate * math.exp(error - now) + (1 - rate) * math.exp(good - now) <= 1 + ROUNDING


def test_over_every_course_of_twelve_units_the_chance_of_ever_certifying_at_the_limit_is_within_alpha() -> None:
    limit, alpha, paths, crossed = 0.6, 0.1, {0: 1.0}, 0.0
    for n in range(1, 13):
        after: dict[int, float] = {}
        for k, chance in paths.items():
            for error, step in ((1, limit), (0, 1 - limit)):
                after[k + error] = after.get(k + error, 0.0) + chance * step
        crossed += sum(chance for k, chance in after.items() if evidence(k, n, limit) >= 1 / alpha)
        paths = {k: chance for k, chance in after.items() if evidence(k, n, limit) < 1 / alpha}
    assert 0 < crossed <= alpha


@given(counts(60), st.floats(0.01, 0.95), st.sampled_from([0.5, 1.0, 2.0]))
@settings(deadline=None, max_examples=60)
def test_evidence_is_the_average_of_the_likelihood_ratios_below_the_limit(counted, limit, a) -> None:
    k, n = counted

    def ratio(p: float) -> float:
        return math.exp(k * math.log(p / limit) + (n - k) * (math.log1p(-p) - math.log1p(-limit)))

    inner = np.linspace(0, math.sqrt(limit), 5)[1:-1]
    averaged = integrate.quad(
        lambda u: ratio(u * u) * stats.beta.pdf(u * u, a, 0.5) * 2 * u, 0, math.sqrt(limit), points=inner
    )
    expected = averaged[0] / stats.beta.cdf(limit, a, 0.5)
    assert float(log_evidence_below(k, n, limit, a)) == pytest.approx(math.log(expected), abs=1e-5)


@pytest.mark.parametrize("n", [10_000, 1_000_000, 10_000_000])
@pytest.mark.parametrize("share", [0, 0.004, 0.01, 0.02, 0.021, 0.5, 1])
def test_evidence_stays_finite_and_smooth_up_to_ten_million_units(n, share) -> None:
    k = round(n * share)
    logs = log_evidence_below([k, k, k], [n, n + 1, n + 2], 0.02)
    assert np.isfinite(logs).all()
    assert abs(logs[2] - 2 * logs[1] + logs[0]) < 1e-5
    assert (logs[0] > 3) == (share < 0.02)


def test_far_on_the_wrong_side_evidence_is_that_of_the_limit_s_closest_neighbours() -> None:
    # There the average is the density at the limit over its mass, by the slope of the log likelihood.
    n, k, limit = 10_000_000, 5_000_000, 0.02
    slope = k / limit - (n - k) / (1 - limit)
    expected = stats.beta.logpdf(limit, 0.5, 0.5) - stats.beta.logcdf(limit, 0.5, 0.5) - math.log(slope)
    assert float(log_evidence_below(k, n, limit)) == pytest.approx(expected, abs=1e-5)


@given(counts(), limits)
@settings(deadline=None, max_examples=60)
def test_evidence_for_worse_is_the_evidence_that_the_rest_is_better(counted, limit) -> None:
    k, n = counted
    assert float(log_evidence_above(k, n, limit)) == float(log_evidence_below(n - k, n, 1 - limit))
    assert float(log_evidence_below(0, 0, limit)) == pytest.approx(0)


@given(counts(), limits, confidences)
@settings(deadline=None, max_examples=150)
def test_a_bound_is_within_a_limit_exactly_when_the_e_process_certifies_that_limit(counted, limit, confidence) -> None:
    found, wanted = anytime_rate(*counted, confidence), math.log(2 / (1 - confidence))
    below, above = float(log_evidence_below(*counted, limit)), float(log_evidence_above(*counted, limit))
    assume(min(abs(found.high - limit), abs(found.low - limit)) > ROUNDING)
    assert (found.high <= limit) == (below >= wanted)
    assert (found.low >= limit) == (above >= wanted)


@given(counts(), confidences)
@settings(deadline=None, max_examples=80)
def test_any_time_bounds_hold_those_of_a_single_look(counted, confidence) -> None:
    found, once = anytime_rate(*counted, confidence), clopper_pearson(*counted, confidence)
    assert 0 <= found.low <= found.estimate <= found.high <= 1
    if confidence >= 0.8:
        assert found.low <= once.low + ROUNDING
        assert found.high >= once.high - ROUNDING


@given(counts(), confidences, st.integers(0, 5))
@settings(deadline=None, max_examples=80)
def test_each_good_unit_lowers_both_bounds_and_each_error_raises_both(counted, confidence, missing) -> None:
    k, n = counted
    before, good, error = (anytime_rate(*at, confidence, missing) for at in ((k, n), (k, n + 1), (k + 1, n + 1)))
    assert good.high <= before.high + ROUNDING
    assert good.low <= before.low + ROUNDING
    assert error.high >= before.high - ROUNDING
    assert error.low >= before.low - ROUNDING


@given(st.floats(0, 1), st.integers(1, 12), confidences)
@settings(deadline=None, max_examples=60)
def test_bounds_are_nested_as_evidence_of_the_same_rate_grows(rate, doublings, confidence) -> None:
    n = 2.0**doublings
    fewer, more = anytime_rate(rate * n, n, confidence), anytime_rate(rate * 2 * n, 2 * n, confidence)
    assert fewer.low <= more.low + ROUNDING
    assert more.high <= fewer.high + ROUNDING


@given(counts(200), st.integers(0, 20), st.booleans(), confidences)
@settings(deadline=None, max_examples=150)
def test_deleting_a_row_never_helps(counted, missing, error, confidence) -> None:
    k, n = counted
    assume(n > 1 and (k > 0 if error else k < n))
    before = anytime_rate(k, n, confidence, missing)
    after = anytime_rate(k - error, n - 1, confidence, missing + 1)
    assert after.low <= before.low + ROUNDING
    assert after.high >= before.high - ROUNDING


def test_missing_rows_are_good_for_the_low_bound_and_errors_for_the_high_one() -> None:
    found = anytime_rate(3, 90, 0.9, missing=10)
    assert found.estimate == 3 / 90
    assert found.low == anytime_rate(3, 100, 0.9).low
    assert found.high == anytime_rate(13, 100, 0.9).high


@given(counts(), st.sampled_from([0.8, 0.95]))
@settings(deadline=None, max_examples=60)
def test_the_two_sided_sequence_ends_where_the_average_is_one_over_alpha_times_the_likelihood(
    counted, confidence
) -> None:
    k, n = counted
    found = betabinomial_sequence(k, n, confidence)
    assert 0 <= found.low <= found.estimate <= found.high <= 1
    average = stats.betabinom.logpmf(k, n, 0.5, 0.5)
    for end in (found.low, found.high):
        if 0 < end < 1:
            assert average - stats.binom.logpmf(k, n, end) == pytest.approx(-math.log(1 - confidence), abs=1e-5)


def test_zero_to_three_errors_need_so_many_reviews_at_two_per_cent() -> None:
    assert [reviews_needed(errors, 0.02) for errors in range(4)] == [188, 330, 440, 538]


@given(st.integers(0, 12), st.floats(0.005, 0.9), st.sampled_from([0.8, 0.95, 0.99]))
@settings(deadline=None, max_examples=60)
def test_so_many_reviews_certify_and_one_less_does_not(errors, limit, confidence) -> None:
    n = reviews_needed(errors, limit, confidence)
    wanted = -math.log(1 - confidence)
    assert float(log_evidence_below(errors, n, limit)) >= wanted
    assert n == errors or float(log_evidence_below(errors, n - 1, limit)) < wanted


@given(counts(), limits, st.sampled_from([0.8, 0.95]), st.booleans())
@settings(deadline=None, max_examples=80)
def test_as_many_more_suffice_and_one_less_does_not(counted, limit, confidence, error_free) -> None:
    k, n = counted
    more = more_needed_anytime(k, n, limit, "lower", confidence, error_free)
    assume(more is not None)

    def high(added: int) -> float:
        return anytime_rate(k if error_free else k / n * (n + added), n + added, 2 * confidence - 1).high

    assert high(more) <= limit + ROUNDING
    assert more == 0 or high(more - 1) > limit - ROUNDING


def test_more_needed_agrees_with_the_reviews_needed() -> None:
    assert more_needed_anytime(0, 100, 0.02) == 88
    assert more_needed_anytime(1, 100, 0.02, error_free=True) == 230
    assert more_needed_anytime(99, 100, 0.98, "higher", error_free=True) == 230
    assert more_needed_anytime(2, 100, 0.02) is None
    assert more_needed_anytime(0, 188, 0.02) == 0


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: anytime_rate(0, 0), "nothing was counted"),
        (lambda: anytime_rate(3, 2), "is not a rate"),
        (lambda: anytime_rate(1, 2, 0.3), "confidence"),
        (lambda: anytime_rate(1, 2, missing=-1), "missing rows"),
        (lambda: log_evidence_below(3, 2, 0.1), "above the number of units"),
        (lambda: log_evidence_below(1, math.nan, 0.1), "above the number of units"),
        (lambda: log_evidence_below([1, 1], [2, 2], [0.1, 1]), "between 0 and 1"),
        (lambda: reviews_needed(-1, 0.02), "not a number of errors"),
        (lambda: reviews_needed(1_000_000, 0.02), "ten million"),
        (lambda: reviews_needed(0, 0), "between 0 and 1"),
        (lambda: more_needed_anytime(0, 0, 0.1), "nothing was counted"),
        (lambda: betabinomial_sequence(0, 0), "nothing was counted"),
    ],
)
def test_questions_without_an_answer_are_refused(call, says) -> None:
    with pytest.raises(PilotageError, match=says):
        call()
