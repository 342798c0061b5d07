from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.errors import PilotageError
from pilotage.guardrails.classifier import Model
from pilotage.guardrails.classifier.calibration import evidence, joint, log_p, logits, platt

SHARES = st.floats(0, 1)


@given(SHARES, SHARES, SHARES, SHARES)
@settings(deadline=None)
def test_a_higher_score_of_any_detector_never_lowers_the_probability(
    small: Model, a: float, b: float, more_a: float, more_b: float
) -> None:
    low, high = small.combine(
        {"classifier": np.array([min(a, more_a), max(a, more_a)]), "loud": np.array([min(b, more_b), max(b, more_b)])}
    )
    assert low <= high


def test_each_choice_of_detectors_has_a_probability(small: Model) -> None:
    for names in (["classifier"], ["loud"], ["classifier", "loud"]):
        low, high = small.combine({name: np.array([0.0, 1.0]) for name in names})
        assert 0 < low < high < 1


@pytest.mark.parametrize("scores", [{}, {"stackone": np.array([0.5])}])
def test_a_detector_that_the_model_never_saw_on_harmless_texts_is_refused(
    small: Model, scores: dict[str, np.ndarray]
) -> None:
    with pytest.raises(PilotageError, match=r"got no scores|stackone") as told:
        small.combine(scores)
    assert "adapt" in told.value.next


@given(st.lists(st.sampled_from([0.0, 0.3, 0.5, 0.9]), min_size=20, max_size=60), st.lists(SHARES, max_size=20))
@settings(deadline=None)
def test_p_values_fall_with_the_score_and_never_claim_more_than_the_reference_shows(
    harmless: list[float], asked: list[float]
) -> None:
    reference, x = np.sort(logits(np.array(harmless))), np.sort(np.array(asked))
    found = log_p(logits(x), reference)
    assert (np.diff(found) <= 1e-12).all()
    inside = x <= max(harmless)
    counted = [np.log((1 + sum(h >= one for h in harmless)) / (1 + len(harmless))) for one in x[inside]]
    assert (found[inside] >= np.array(counted) - 1e-9).all()


def test_scores_above_all_harmless_ones_are_told_apart() -> None:
    reference = np.sort(np.random.default_rng(0).normal(size=300))
    found = log_p(np.array([4.0, 5.0, 8.0]), reference)
    assert found[0] > found[1] > found[2] > 2 * np.log(1 / 301)


def test_a_curve_finds_the_probabilities_that_scores_were_drawn_with() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=4000)
    attack = (rng.random(4000) < 1 / (1 + np.exp(-(2 * x - 1)))).astype(int)
    found = platt(x, attack, np.ones(4000))
    assert (found.slope, found.intercept) == (pytest.approx(2, abs=0.2), pytest.approx(-1, abs=0.2))


def test_a_curve_never_falls_and_stays_finite_where_labels_are_told_apart_or_turned_round() -> None:
    x, attack = np.arange(40.0), np.repeat([0, 1], 20)
    assert 0 < platt(x, attack, np.ones(40)).slope < 100
    assert platt(x, 1 - attack, np.ones(40)).slope > 0


def test_a_detector_that_repeats_another_is_not_counted_twice() -> None:
    rng = np.random.default_rng(2)
    attack = np.repeat([0, 1], 2000)
    score = 1 / (1 + np.exp(-rng.normal(1.5 * attack - 1)))
    reference = np.sort(logits(score[attack == 0]))
    both = evidence({"a": score, "b": score}, {"a": reference, "b": reference})
    once = joint(both[:, :1], attack, np.ones(4000))(both[:, :1])
    assert np.abs(joint(both, attack, np.ones(4000))(both) - once).max() < 0.01
