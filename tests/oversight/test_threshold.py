from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pilotage.oversight.threshold import threshold
from pilotage.oversight.threshold_shown import threshold_alt, threshold_figure, threshold_finding, threshold_table

ACTION = "post invoice"


def graded(n: int, wrong_below: float, blind: int = 0) -> list[dict]:
    """Reviews of confidences spread over .5 to 1, wrong below the given one; `blind` more came without any."""
    rows = [
        {"confidence": round(float(c), 3), "decision": "reject" if c < wrong_below else "approve"}
        for c in np.linspace(0.5, 1, n)
    ]
    return rows + [{"confidence": None} for _ in range(blind)]


def test_the_threshold_keeps_out_what_is_wrong(reviews, policy):
    found = threshold(reviews(graded(200, 0.6)), policy, ACTION, "on the loop", 0.05, 100)
    assert 0.58 <= found.chosen.confidence <= 0.61
    assert found.chosen.risk <= 0.05
    assert "could be left to the agent" in threshold_finding(found)


def test_half_wrong_throughout_refuses_to_automate_and_says_why(reviews, policy):
    rows = [{**row, "decision": ("reject", "approve")[place % 2]} for place, row in enumerate(graded(200, 0))]
    found = threshold(reviews(rows), policy, ACTION, "on the loop", 0.05)
    assert found.chosen is None
    assert "refusing to automate, since even of the 59 cases it was most confident of" in threshold_finding(found)


@pytest.mark.parametrize(
    ("rows", "target", "why"),
    [
        (graded(20, 0), 0.05, "it takes 59 to be sure of 5%"),
        (graded(200, 0), None, "nobody knows what share of errors reviewers catch"),
        (graded(200, 0), 0.0, "nobody knows what share of errors reviewers catch"),
        (graded(0, 0, blind=30), 0.05, "gave no confidence"),
        ([{"stream": "guided", "confidence": 0.9}], 0.05, "no uniform review"),
        ([{"seeded": True, "confidence": 0.9}], 0.05, "no uniform review"),
    ],
)
def test_without_enough_to_go_by_there_is_no_threshold(reviews, policy, rows, target, why):
    found = threshold(reviews(rows), policy, ACTION, "on the loop", target, 100)
    assert found.chosen is None
    assert why in found.why
    assert why in threshold_table(found)
    assert why in threshold_alt(found)


def test_runs_without_a_confidence_go_to_a_person_and_count_so(reviews, policy):
    found = threshold(reviews(graded(100, 0, blind=100)), policy, ACTION, "on the loop", 0.05, 90)
    assert found.unscored == 100
    assert found.chosen.share == 0.5
    assert "100 cases came without a confidence" in threshold_table(found)


def test_hours_are_those_of_what_falls_below_and_of_the_random_sample(reviews, policy):
    found = threshold(reviews(graded(100, 0, blind=100)), policy, ACTION, "on the loop", 0.05, 90)
    assert found.all_hours == pytest.approx(90 * 40 / 3600)
    assert found.chosen.hours == pytest.approx(
        found.all_hours * (0.5 + 0.5 * policy.queue.uniform_share["on the loop"])
    )
    assert threshold(reviews(graded(100, 0)), policy, ACTION, "in the loop", 0.25, 90).chosen.hours == pytest.approx(1)


def test_without_measured_time_or_volume_the_hours_are_not_known(reviews, policy):
    untimed = [{**row, "seconds": None} for row in graded(100, 0)]
    for rows, volume in ((untimed, 90), (graded(100, 0), None)):
        found = threshold(reviews(rows), policy, ACTION, "on the loop", 0.05, volume)
        assert found.chosen.hours is None
        assert "not known" in threshold_table(found)


@pytest.mark.parametrize("wrong_below", [0.0, 0.55, 0.7, 0.9])
def test_losing_reviews_never_lowers_the_threshold(reviews, policy, wrong_below):
    at, whole = [], reviews(graded(200, wrong_below))
    for missing in (0, 1, 3, 10, 200):
        found = threshold(replace(whole, missing=missing), policy, ACTION, "on the loop", 0.08)
        at.append(found.chosen.confidence if found.chosen else np.inf)
    assert at == sorted(at)
    assert at[-1] == np.inf


def test_the_claim_breaks_at_most_one_time_in_twenty(reviews, policy):
    """Errors at a rate just above the target whatever the confidence: each threshold certified is a false one."""
    rng, broken = np.random.default_rng(5), 0
    base = reviews(graded(120, 0))
    for _ in range(200):
        items = base.items.assign(confidence=rng.random(120), wrong=rng.random(120) < 0.081)
        broken += threshold(replace(base, items=items), policy, ACTION, "on the loop", 0.08).chosen is not None
    assert broken <= 17  # 5% of 200, and room for chance


def test_the_playbooks_own_threshold_is_shown_beside_it(reviews, policy):
    found = threshold(reviews(graded(200, 0.8)), policy, ACTION, "on the loop", 0.05)
    assert found.asked.confidence == policy.escalation.confidence_min.value
    assert found.asked.confidence < found.chosen.confidence
    assert "which these reviews do not certify" in threshold_table(found)


def test_the_figure_draws_the_limit_and_the_choice_or_nothing(reviews, policy):
    found = threshold(reviews(graded(200, 0.6)), policy, ACTION, "on the loop", 0.05, 100)
    texts = [text.get_text() for text in threshold_figure(found).axes[0].texts]
    assert "at most 5%" in texts
    assert any(text.startswith("from 0.") for text in texts)
    assert threshold_figure(threshold(reviews(graded(1, 0)), policy, ACTION, "on the loop", 0.05)) is None


def test_an_action_the_policy_does_not_name_is_a_mistake_of_the_code(reviews, policy):
    with pytest.raises(KeyError):
        threshold(reviews(graded(2, 0)), policy, "sing", "on the loop", 0.05)
