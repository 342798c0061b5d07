"""The mean of quantities between 0 and 1, at every look."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.errors import PilotageError
from pilotage.statistics.bounded import anytime_mean

shares = st.lists(st.floats(0, 1), min_size=1, max_size=80)
confidences = st.sampled_from([0.5, 0.9, 0.95])
ROUNDING = 1e-9


@given(shares, confidences)
@settings(deadline=None, max_examples=80)
def test_bounds_hold_the_estimate_within_zero_and_one(values, confidence) -> None:
    found = anytime_mean(values, confidence)
    assert 0 <= found.low <= found.estimate <= found.high <= 1
    assert found.estimate == pytest.approx(np.mean(values))


@given(shares, confidences)
@settings(deadline=None, max_examples=60)
def test_turning_the_scale_around_mirrors_the_interval(values, confidence) -> None:
    found, mirrored = anytime_mean(values, confidence), anytime_mean([1 - value for value in values], confidence)
    assert (found.low, found.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low), abs=1e-6)


@given(shares, shares, confidences)
@settings(deadline=None, max_examples=80)
def test_what_was_ruled_out_stays_ruled_out_unless_the_estimate_goes_there(values, later, confidence) -> None:
    before, after = anytime_mean(values, confidence), anytime_mean(values + later, confidence)
    assert after.low >= min(before.low, after.estimate) - ROUNDING
    assert after.high <= max(before.high, after.estimate) + ROUNDING


def test_over_two_thousand_streams_looked_at_throughout_the_mean_is_lost_at_most_once_in_ten() -> None:
    rng = np.random.default_rng(3)
    lost = [not holds(anytime_mean(rng.beta(0.3, 0.9, 300), 0.9), 0.25) for _ in range(1000)]
    assert np.mean(lost) <= 0.1


def holds(found, truth: float) -> bool:
    return found.low <= truth <= found.high


def test_it_narrows_with_little_spread() -> None:
    rng = np.random.default_rng(4)
    tight, wide = anytime_mean(rng.uniform(0.2, 0.3, 500)), anytime_mean(rng.choice([0, 1], 500, p=[0.75, 0.25]))
    assert tight.high - tight.low < (wide.high - wide.low) / 5


@pytest.mark.parametrize(
    ("values", "says"),
    [([], "nothing was counted"), ([0.5, 1.01], "from 0 to 1"), ([-0.1], "from 0 to 1"), ([math.nan], "from 0 to 1")],
)
def test_values_that_have_no_bounded_mean_are_refused(values, says) -> None:
    with pytest.raises(PilotageError, match=says):
        anytime_mean(values)
