"""The confidence from which on an agent may answer by itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from pilotage.errors import PilotageError
from pilotage.statistics import certified_threshold, zero_failures

GRID = np.arange(50) / 50


def _error_rate(confidence):
    """An agent whose errors become rarer with its confidence; confidences are uniform."""
    return 0.3 * (1 - confidence) ** 1.5 + 0.003


def _risk_from(threshold: float) -> float:
    return integrate.quad(_error_rate, threshold, 1)[0] / (1 - threshold)


def _cases(n: int, rng: np.random.Generator):
    confidences = rng.random(n)
    return confidences, rng.random(n) < _error_rate(confidences)


def test_picking_naively_breaks_the_promise_every_other_time_and_learn_then_test_does_not() -> None:
    rng, target, naive, tested = np.random.default_rng(1), 0.05, [], []
    for _ in range(500):
        found = certified_threshold(*_cases(1000, rng), target, grid=GRID)
        naive.append(_risk_from(found.thresholds[found.risks <= target].min()) > target)
        tested.append(found.threshold is not None and _risk_from(found.threshold) > target)
    assert 0.4 < np.mean(naive) < 0.6
    assert np.mean(tested) <= 0.05 + 0.02


@pytest.mark.parametrize(
    "rate", [lambda c: np.full_like(c, 0.1001), lambda c: 1.6 * (1 - c), lambda c: 0.3 * (c > 0.9)]
)
def test_an_agent_just_above_the_target_where_the_tests_begin_is_not_certified_too_often(rate) -> None:
    rng, wrong = np.random.default_rng(5), []
    places = (np.arange(20_000) + 0.5) / 20_000
    risks = np.cumsum(rate(places)[::-1])[::-1] / np.arange(20_000, 0, -1)
    for _ in range(1500):
        confidences = rng.random(400)
        found = certified_threshold(confidences, rng.random(400) < rate(confidences), 0.1).threshold
        wrong.append(found is not None and risks[int(found * 20_000)] > 0.1)
    assert np.mean(wrong) <= 0.05 + 0.01


def test_with_a_thousand_cases_most_of_what_could_be_answered_is() -> None:
    rng = np.random.default_rng(2)
    found = [certified_threshold(*_cases(1000, rng), 0.05).coverage or 0 for _ in range(200)]
    possible = 1 - next(threshold for threshold in GRID if _risk_from(threshold) <= 0.05)
    assert np.mean(found) > 0.5 * possible


cases = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 1)), min_size=1, max_size=150)


def _columns(drawn):
    return np.array([row[0] / 20 for row in drawn]), np.array([row[1] for row in drawn])


@given(cases, st.sampled_from([0.05, 0.1, 0.3]))
@settings(deadline=None, max_examples=120)
def test_the_curve_counts_and_all_from_the_first_test_to_the_threshold_pass(drawn, target) -> None:
    confidences, errors = _columns(drawn)
    found = certified_threshold(confidences, errors, target)
    assert np.all(np.diff(found.thresholds) < 0)
    for threshold, coverage, risk, p in zip(
        found.thresholds, found.coverages, found.risks, found.p_values, strict=True
    ):
        answered = confidences >= threshold
        assert coverage == pytest.approx(answered.mean())
        assert risk == pytest.approx(errors[answered].mean())
        assert p == pytest.approx(stats.binom.cdf(errors[answered].sum(), answered.sum(), target))
    if found.threshold is not None:
        at = list(found.thresholds).index(found.threshold)
        assert found.p_values[at] <= found.alpha
        assert (found.coverage, found.risk) == (found.coverages[at], found.risks[at])
        assert found.risk < target


@given(cases, st.data())
@settings(deadline=None, max_examples=100)
def test_one_more_error_never_lowers_the_threshold(drawn, data) -> None:
    confidences, errors = _columns(drawn)
    worse = errors.copy()
    worse[data.draw(st.integers(0, len(errors) - 1))] = 1
    before, after = (certified_threshold(confidences, of, 0.1).threshold for of in (errors, worse))
    assert after is None or (before is not None and before <= after)


def test_the_grid_is_what_the_caller_asks_for() -> None:
    found = certified_threshold([0.2, 0.9, 0.9], [1, 0, 0], 0.5, grid=[0.5, 1.0, 0.5, 0.0])
    assert list(found.thresholds) == [1.0, 0.5, 0.0]
    assert list(found.coverages) == pytest.approx([0, 2 / 3, 1])
    assert np.isnan(found.risks[0])
    assert found.p_values[0] == 1


def test_without_an_error_as_many_cases_suffice_as_for_a_gate() -> None:
    needed = zero_failures(0.02)
    assert certified_threshold(np.full(needed, 0.7), np.zeros(needed), 0.02).threshold == 0.7
    assert certified_threshold(np.full(needed - 1, 0.7), np.zeros(needed - 1), 0.02).threshold is None


def test_an_agent_that_is_mostly_wrong_gets_no_threshold() -> None:
    rng = np.random.default_rng(3)
    found = certified_threshold(rng.random(500), rng.random(500) < 0.6, 0.1)
    assert (found.threshold, found.coverage, found.risk) == (None, None, None)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: certified_threshold([], [], 0.1), "no errors"),
        (lambda: certified_threshold([0.1], [0, 1], 0.1), "do not match"),
        (lambda: certified_threshold([np.nan], [0], 0.1), "without gaps"),
        (lambda: certified_threshold([0.5], [0.5], 0.1), "0 or 1"),
        (lambda: certified_threshold([0.5], [0], 0.0), "between 0 and 1"),
        (lambda: certified_threshold([0.5], [0], 0.1, alpha=0), "alpha"),
    ],
)
def test_cases_that_decide_nothing_are_refused(call, says) -> None:
    with pytest.raises(PilotageError, match=says):
        call()


def test_a_million_cases_take_under_a_second(within) -> None:
    drawn = _cases(1_000_000, np.random.default_rng(4))
    assert within(1, lambda: certified_threshold(*drawn, 0.02))
