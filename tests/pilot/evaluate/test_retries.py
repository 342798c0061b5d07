"""Waits between attempts: spread, bounded, the same for the same seed, and as long as the server asked."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.pilot.evaluate import retries


@given(st.integers(0, 100), st.integers())
def test_a_wait_lies_between_nothing_and_the_doubled_base_and_never_above_the_longest(attempt, seed):
    wait = retries.wait_s(attempt, None, random.Random(seed))
    assert 0 <= wait <= min(retries.LONGEST_S, retries.BASE_S * 2**attempt)
    assert wait == retries.wait_s(attempt, None, random.Random(seed))


@given(st.floats(0, 1000), st.integers())
def test_a_server_that_names_a_time_is_left_alone_that_long(asked, seed):
    assert asked <= retries.wait_s(3, asked, random.Random(seed)) <= asked + retries.BASE_S + 1e-9


def test_waits_are_spread_over_the_whole_range():
    waits = [retries.wait_s(2, None, random.Random(seed)) / (4 * retries.BASE_S) for seed in range(2000)]
    assert sum(waits) / len(waits) == pytest.approx(0.5, abs=0.03)
    assert sum(wait < 0.1 for wait in waits) / len(waits) == pytest.approx(0.1, abs=0.03)
