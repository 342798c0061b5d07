"""Drift raises the alarm, and nothing else does more often than promised."""

from __future__ import annotations

import numpy as np
import pytest

from pilotage.errors import PilotageError
from pilotage.guardrails.tuning.drift import drift
from pilotage.statistics.shift import distribution_shift


def test_texts_of_the_same_mix_raise_no_more_alarms_than_promised() -> None:
    rng, p_values = np.random.default_rng(0), []
    for _ in range(200):
        sides = [{"score": np.round(rng.beta(1, 6, n), 1), "length": rng.normal(size=n)} for n in (150, 60)]
        p_values.append(distribution_shift(*sides, rng, permutations=99).p_value)
    assert np.mean(np.array(p_values) <= 0.05) == pytest.approx(0.05, abs=0.04)


def test_a_new_source_raises_the_alarm_and_its_effect_is_told() -> None:
    rng = np.random.default_rng(1)
    found = drift(rng.beta(1, 9, 400), rng.beta(2, 5, 100), 0.4, rng)
    assert found.answer == "drift"
    assert found.measures["score"].distance > 0.3
    assert found.measures["score"].higher > 0.7
    assert found.stopped_now.estimate > found.stopped_then.estimate
    assert "higher" in found.why


def test_only_the_tail_may_move() -> None:
    """One text in twelve is stopped now: no wide shift of the whole, but ten times as many people."""
    rng = np.random.default_rng(2)
    then, now = rng.beta(1, 20, 500), np.append(rng.beta(1, 20, 220), rng.beta(9, 2, 20))
    found = drift(then, now, 0.4, rng)
    assert found.answer == "drift"
    assert found.measures["score"].distance < 0.2


def test_a_small_shift_of_the_whole_that_stops_nobody_is_no_alarm() -> None:
    rng = np.random.default_rng(3)
    found = drift(rng.beta(1, 9, 2000), rng.beta(1, 10, 2000), 0.6, rng)
    assert found.answer == "no sign"


def test_too_few_texts_are_not_yet_unless_they_shout() -> None:
    rng = np.random.default_rng(4)
    assert drift(rng.beta(1, 9, 400), rng.beta(1, 9, 20), 0.5, rng).answer == "not yet"
    assert drift(rng.beta(1, 9, 400), rng.beta(9, 1, 20), 0.5, rng).answer == "drift"


def test_longer_texts_alone_are_seen() -> None:
    rng = np.random.default_rng(5)
    scores = rng.beta(1, 9, 300), rng.beta(1, 9, 100)
    found = drift(*scores, 0.5, rng, rng.lognormal(4, 1, 300), rng.lognormal(6, 1, 100))
    assert found.answer == "drift"
    assert "length" in found.why
    with pytest.raises(PilotageError, match="one side"):
        drift(*scores, 0.5, rng, tuned_length=np.ones(300))
