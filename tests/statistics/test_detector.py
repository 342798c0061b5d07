"""Has the agent got worse?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.errors import PilotageError
from pilotage.statistics import Detector, alarms, detector_path, mean_run_length

WORSE = (0.02, 0.05, 0.1)
streams = st.lists(st.booleans(), max_size=60)


@given(streams, st.floats(0.001, 0.4))
@settings(deadline=None, max_examples=80)
def test_one_unit_at_a_time_gives_what_the_whole_stream_gives(errors, limit) -> None:
    worse = [limit * 1.5, limit * 2]
    seen, path = Detector.begin(limit, worse), detector_path(errors, limit, worse)
    for error, log in zip(errors, path, strict=True):
        seen = seen.after(error)
        assert seen.log_value == pytest.approx(log, abs=1e-9)


@given(streams, st.floats(0.001, 0.4))
@settings(deadline=None, max_examples=60)
def test_the_statistic_sums_the_evidence_for_a_change_at_every_unit(errors, limit) -> None:
    rate = limit * 2
    ratios = np.where(errors, rate / limit, (1 - rate) / (1 - limit))
    expected = [sum(ratios[start : t + 1].prod() for start in range(t + 1)) for t in range(len(errors))]
    assert np.exp(detector_path(errors, limit, [rate])) == pytest.approx(expected)


@given(streams, st.floats(0.001, 0.4), st.floats(0, 1))
@settings(deadline=None, max_examples=80)
def test_at_or_below_the_limit_the_statistic_grows_by_at_most_one_a_unit_on_average(errors, limit, part) -> None:
    seen, rate = Detector.begin(limit, [limit * 1.5, limit * 2.4]), limit * part
    for error in errors:
        seen = seen.after(error)
    now, error, good = (math.exp(at.log_value) for at in (seen, seen.after(True), seen.after(False)))
    assert rate * error + (1 - rate) * good <= (now + 1) * (1 + 1e-9)


def test_several_streams_at_once_are_followed_each_by_itself() -> None:
    errors = np.random.default_rng(1).random((3, 4, 50)) < 0.1
    together = detector_path(errors, 0.01, WORSE)
    assert together.shape == errors.shape
    assert together[2, 1] == pytest.approx(detector_path(errors[2, 1], 0.01, WORSE))
    assert detector_path(np.zeros((3, 0)), 0.01, WORSE).shape == (3, 0)


def test_after_an_alarm_the_detector_starts_afresh() -> None:
    errors = [0] * 40 + [1] * 4 + [0] * 30 + [1] * 4
    found = alarms(errors, 0.01, WORSE, 1000)
    assert len(found) == 2
    assert found[1] - found[0] == alarms(errors[found[0] :], 0.01, WORSE, 1000)[0]
    assert alarms([0] * 500, 0.01, WORSE, 1000) == alarms([], 0.01, WORSE, 1000) == []


def test_a_very_long_bad_spell_overflows_nothing() -> None:
    assert np.isfinite(detector_path(np.ones(100_000), 0.01, WORSE)).all()


def test_false_alarms_are_a_thousand_units_apart_and_a_worse_agent_is_found_soon() -> None:
    found = {
        rate: mean_run_length(0.01, WORSE, 1000, rate, np.random.default_rng(5), 2000) for rate in (0.01, 0.05, 0.1)
    }
    assert found[0.01] >= 1000
    assert found[0.05] == pytest.approx(89, abs=4)
    assert found[0.1] == pytest.approx(38, abs=2)


def test_simulated_run_lengths_are_those_of_the_alarms() -> None:
    rng, first = np.random.default_rng(6), []
    for _ in range(400):
        first.append(alarms(rng.random(1500) < 0.1, 0.01, WORSE, 1000)[0])
    assert mean_run_length(0.01, WORSE, 1000, 0.1, np.random.default_rng(7), 2000) == pytest.approx(
        np.mean(first), abs=5
    )


def test_an_agent_without_errors_is_never_found_worse() -> None:
    assert mean_run_length(0.01, WORSE, 1000, 0.0, np.random.default_rng(8), 2) == pytest.approx(1_000_000, rel=0.001)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: Detector.begin(0, [0.1]), "between 0 and 1"),
        (lambda: Detector.begin(0.1, []), "worse rates"),
        (lambda: Detector.begin(0.1, [0.1]), "worse rates"),
        (lambda: Detector.begin(0.1, [1]), "worse rates"),
        (lambda: detector_path([0, 2], 0.01, WORSE), "neither an error"),
        (lambda: detector_path([math.nan], 0.01, WORSE), "neither an error"),
        (lambda: alarms([0], 0.01, WORSE, 1), "threshold"),
        (lambda: mean_run_length(0.01, WORSE, math.inf, 0.1, np.random.default_rng(1)), "threshold"),
        (lambda: mean_run_length(0.01, WORSE, 1000, 2, np.random.default_rng(1)), "cannot be simulated"),
        (lambda: mean_run_length(0.01, WORSE, 1000, 0.1, np.random.default_rng(1), 0), "cannot be simulated"),
    ],
)
def test_detectors_that_cannot_work_are_refused(call, says) -> None:
    with pytest.raises(PilotageError, match=says):
        call()
