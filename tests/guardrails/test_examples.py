"""Reviews become examples: each with its text, its label and the weight of what it stands for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.guardrails.examples import COLUMNS, ReviewLog, from_reviews, weights
from pilotage.kpis import Tables
from pilotage.records.synthetic import make_tables

Build = Callable[..., Tables]
T0 = datetime(2026, 7, 6, 8)


def review(n: int, decision: str = "approve", held_up: bool = True, **more: Any) -> dict[str, Any]:
    row = {"review_id": f"r{n}", "interaction_id": f"i{n}", "action_type": "guardrail", "reviewer": "ada",
           "stream": "guided" if held_up else "uniform", "inclusion_probability": 1.0 if held_up else 0.1}  # fmt: skip
    return {**row, "decision": decision, "decided_at": T0 + timedelta(hours=n), **more}


def log_of(tables: Build, *reviews: dict[str, Any], **texts: str | None) -> ReviewLog:
    names = {row["interaction_id"] for row in reviews}
    runs = [{"interaction_id": name, "phase": "pilot", "input_text": texts.get(name, f"of {name}")} for name in names]
    return from_reviews(tables(reviews=list(reviews), interactions=runs))


def test_what_was_approved_is_harmless_and_what_was_rejected_an_attack(tables: Build) -> None:
    log = log_of(tables, review(1), review(2, "reject"), review(3, held_up=False), review(4, "reject", held_up=False))
    assert tuple(log.examples.columns) == COLUMNS
    assert log.examples["label"].tolist() == [0, 1, 0, 1]
    assert log.examples["text"].tolist() == ["of i1", "of i2", "of i3", "of i4"]
    assert (log.false_alarms, log.misses, log.missing) == (1, 1, ())
    assert set(log.examples["source"]) == {"review log"}


def test_one_of_ten_that_passed_stands_for_ten(tables: Build) -> None:
    log = log_of(tables, *(review(n) for n in range(6)), *(review(n, held_up=False) for n in range(6, 10)))
    weight = log.examples["weight"]
    assert weight.mean() == pytest.approx(1)
    assert weight.iloc[-1] / weight.iloc[0] == pytest.approx(10)


def test_the_weighted_share_of_attacks_is_that_of_the_traffic(tables: Build) -> None:
    held = [review(n, "reject" if n < 8 else "approve") for n in range(10)]
    passed = [review(n, "reject" if n < 12 else "approve", held_up=False) for n in range(10, 109)]
    examples = log_of(tables, *held, *passed).examples
    # Ten were held up, eight of them attacks; 99 of 990 that passed were reviewed, two of them attacks.
    assert np.average(examples["label"], weights=examples["weight"]) == pytest.approx((8 + 20) / (10 + 990))


def test_the_rarest_chance_is_cut_so_that_no_example_decides_alone() -> None:
    chances = np.array([*[0.5] * 99, 1e-6])
    assert weights(chances) == pytest.approx(np.ones(100))


def test_two_people_who_disagree_are_left_out_and_counted(tables: Build) -> None:
    second = review(5, "reject", interaction_id="i1", reviewer="bob")
    log = log_of(tables, review(1), second, review(2))
    assert log.examples["interaction_id"].tolist() == ["i2"]
    assert log.left_out == {"people disagree": 2}


def test_the_same_text_judged_both_ways_is_left_out(tables: Build) -> None:
    log = log_of(tables, review(1), review(2, "reject"), review(3), i1="pay", i2="pay")
    assert log.examples["interaction_id"].tolist() == ["i3"]


def test_two_people_who_agree_make_one_example(tables: Build) -> None:
    log = log_of(tables, review(1, "reject"), review(2, "reject", interaction_id="i1", reviewer="bob"))
    assert (len(log.examples), log.left_out) == (1, {})


def test_the_last_word_of_a_person_counts(tables: Build) -> None:
    log = log_of(tables, review(1), review(2, "reject", interaction_id="i1"))
    assert log.examples["label"].tolist() == [1]
    assert log.left_out == {"changed later by the same person": 1}


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (review(1, "reject", seeded=True), "planted to test the reviewer"),
        (review(1, "correct"), "neither approved nor rejected"),
        (review(1, interaction_id="blank"), "the text was not recorded"),
    ],
)
def test_what_cannot_be_learnt_from_is_left_out_with_its_reason(tables: Build, odd: Any, reason: str) -> None:
    log = log_of(tables, odd, review(2), blank="  ")
    assert log.examples["interaction_id"].tolist() == ["i2"]
    assert log.left_out == {reason: 1}


def test_other_reviews_are_none_of_the_guards(tables: Build) -> None:
    assert len(log_of(tables, review(1, action_type="post invoice"), review(2)).examples) == 1


@pytest.mark.parametrize(
    ("reviews", "said"),
    [
        ([review(1)], "misses are unknown"),
        ([review(1, held_up=False)], "false alarms cannot be learnt from"),
        ([review(1), review(2, held_up=False)], "among 1 input that passed and were reviewed, no attack was found"),
        ([review(1, "correct")], "no review of the action type “guardrail” can be learnt from"),
    ],
)
def test_what_the_log_cannot_tell_is_said(tables: Build, reviews: list[dict[str, Any]], said: str) -> None:
    assert any(said in sentence for sentence in log_of(tables, *reviews).missing)


def test_a_dataset_without_reviews_or_texts_gives_none_and_says_so(tables: Build) -> None:
    bare = from_reviews(tables(interactions=[{"interaction_id": "i1", "input_text": "x"}]))
    blind = from_reviews(tables(reviews=[review(1)], interactions=[{"interaction_id": "i1"}]))
    assert "no table `reviews`" in bare.missing[0]
    assert "no column `input_text`" in blind.missing[0]
    assert (len(bare.examples), tuple(blind.examples.columns), blind.effective) == (0, COLUMNS, 0)
    assert (bare.false_alarms, bare.misses) == (0, 0)


def test_the_sample_has_false_alarms_and_a_miss_to_learn_from(in_memory: Build) -> None:
    log = from_reviews(in_memory(make_tables(7)))
    assert log.false_alarms >= 20
    assert log.misses >= 1
    assert log.left_out["people disagree"] >= 2
    assert 0 < log.effective < len(log.examples)


@given(st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=300))
def test_weights_are_positive_average_one_and_never_grow_with_the_chance(chances: list[float]) -> None:
    weight = weights(np.array(chances))
    assert weight.min() > 0
    assert weight.mean() == pytest.approx(1)
    in_order = weight[np.argsort(chances, kind="stable")]
    assert bool(np.all(np.diff(in_order) <= 1e-12))
