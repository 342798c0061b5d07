"""The cap on false positives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.errors import PilotageError
from pilotage.guardrails.tuning.conformal import false_positive_cap
from pilotage.statistics.conformal import conformal_threshold, values_needed


@pytest.mark.parametrize(("alpha", "plain", "sure"), [(0.01, 99, 299), (0.02, 49, 149), (0.05, 19, 59), (0.1, 9, 29)])
def test_so_many_values_are_needed(alpha, plain, sure) -> None:
    assert values_needed(alpha) == plain
    assert values_needed(alpha, 0.95) == sure
    assert conformal_threshold(np.arange(plain), alpha).threshold == plain - 1
    short = conformal_threshold(np.arange(plain - 1), alpha)
    assert (short.threshold, short.more) == (None, 1)
    assert conformal_threshold(np.arange(sure - 10), alpha, sure=True).more == 10


@pytest.mark.parametrize("sure", [False, True])
def test_the_promise_is_kept_on_average_and_the_bound_19_times_of_20(sure) -> None:
    rng, rates, held = np.random.default_rng(0), [], []
    for _ in range(1000):
        found = conformal_threshold(rng.random(400), 0.02, sure=sure)
        rates.append(1 - found.threshold)
        held.append(rates[-1] <= found.at_most)
    assert np.mean(rates) <= 0.0204
    assert np.mean(held) == pytest.approx(0.95, abs=0.02)
    assert np.mean(np.array(rates) <= 0.02) >= (0.93 if sure else 0.4)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 5), min_size=30, max_size=200), st.sampled_from([0.05, 0.1, 0.3]))
def test_what_lies_above_is_never_more_than_the_share(values, alpha) -> None:
    scores = np.array(values) / 5
    cap = false_positive_cap(scores, alpha)
    assert np.mean(scores >= cap.threshold) <= alpha


def test_weights_of_two_are_worth_as_many_values_but_not_as_much_certainty() -> None:
    scores = np.random.default_rng(1).random(200)
    plain, weighted = conformal_threshold(scores, 0.05), conformal_threshold(scores, 0.05, weights=np.full(200, 2.0))
    assert weighted.threshold == plain.threshold
    heavy = conformal_threshold(scores, 0.05, weights=np.where(scores > 0.5, 4.0, 1.0))
    assert heavy.threshold > plain.threshold
    assert heavy.n_eff < 200


def test_too_few_benign_texts_are_not_yet() -> None:
    cap = false_positive_cap(np.linspace(0, 1, 60), 0.01)
    assert (cap.threshold, cap.more) == (None, 39)
    assert "39 more benign texts" in cap.why


def test_no_values_and_odd_weights_are_told() -> None:
    assert conformal_threshold([], 0.1).more == 9
    with pytest.raises(PilotageError, match="weights"):
        conformal_threshold([0.1, 0.2], 0.1, weights=[1.0, -1.0])
