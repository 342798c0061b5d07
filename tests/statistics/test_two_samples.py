"""Whether two sets of texts use different words."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.errors import PilotageError
from pilotage.statistics import vocabulary_shift

WORDS = np.array([f"w{place}" for place in range(800)])
USUAL = 1 / np.arange(1, 801)
USUAL = USUAL / USUAL.sum()
CHANGED = USUAL * np.where((np.arange(800) >= 50) & (np.arange(800) < 100), 5, 1)
CHANGED = CHANGED / CHANGED.sum()


def _texts(rng: np.random.Generator, count: int, often=USUAL, length: int = 25) -> list[str]:
    return [" ".join(rng.choice(WORDS, size=rng.poisson(length) + 3, p=often)) for _ in range(count)]


def test_the_same_kind_of_texts_are_told_apart_no_more_often_than_by_chance() -> None:
    rng = np.random.default_rng(1)
    found = [vocabulary_shift(_texts(rng, 30), _texts(rng, 60), seed, permutations=39) for seed in range(150)]
    assert np.mean([shift.p_value <= 0.05 for shift in found]) <= 0.1
    assert np.mean([shift.auc.low <= 0.5 <= shift.auc.high for shift in found]) >= 0.9


def test_new_words_are_seen_and_named() -> None:
    rng = np.random.default_rng(2)
    found = vocabulary_shift(_texts(rng, 150), _texts(rng, 150, CHANGED))
    assert found.p_value <= 0.01
    assert found.auc.low > 0.55
    assert len(found.second_words) == 10
    assert sum(50 <= int(word[1:]) < 100 for word in found.second_words if " " not in word) >= 7


def test_longer_texts_of_the_same_words_are_no_shift() -> None:
    rng = np.random.default_rng(3)
    assert vocabulary_shift(_texts(rng, 150, length=15), _texts(rng, 150, length=60)).p_value > 0.05


def test_a_few_texts_of_another_subject_suffice() -> None:
    billing = [f"please refund the invoice number {place} of my order" for place in range(12)]
    access = [f"cannot log in with user {place} and password reset fails" for place in range(12)]
    found = vocabulary_shift(billing, access)
    assert found.p_value <= 0.01
    assert found.auc.estimate == 1
    assert found.auc.low < 0.85
    assert "log in" in found.second_words or "log" in found.second_words


def test_swapping_the_sides_swaps_the_words() -> None:
    rng = np.random.default_rng(4)
    one, other = _texts(rng, 60), _texts(rng, 60, CHANGED)
    found, turned = vocabulary_shift(one, other), vocabulary_shift(other, one)
    assert set(found.second_words) == set(turned.first_words)
    assert (found.first_texts, found.second_texts) == (turned.second_texts, turned.first_texts)


short_texts = st.lists(st.text(alphabet="ab -é1_", max_size=12), max_size=20).map(lambda texts: ["a b", *texts])


@given(short_texts, short_texts, st.integers(0, 5))
@settings(deadline=None, max_examples=60)
def test_any_texts_give_bounds_in_order_and_the_order_of_texts_does_not_matter(one, other, seed) -> None:
    found = vocabulary_shift(one, other, seed, permutations=9)
    assert 0 <= found.auc.low <= found.auc.estimate <= found.auc.high <= 1
    assert 0.1 <= found.p_value <= 1
    assert found == vocabulary_shift(one[::-1], other[::-1], seed, permutations=9)


def test_the_same_text_on_one_side_counts_once_and_case_does_not_count() -> None:
    found = vocabulary_shift(
        ["Reset password", "reset  PASSWORD", "new invoice"] * 50, ["reset password", "pay invoice"]
    )
    assert (found.first_texts, found.second_texts) == (2, 2)
    assert found.p_value > 0.1


@pytest.mark.parametrize(("one", "other"), [([], ["a b"]), (["a b"], []), (["..."], ["a b"])])
def test_a_side_without_words_is_refused(one, other) -> None:
    with pytest.raises(PilotageError, match="no text with a word"):
        vocabulary_shift(one, other)


def test_thousands_of_texts_take_seconds() -> None:
    rng = np.random.default_rng(5)
    one, other = _texts(rng, 3000), _texts(rng, 3000, CHANGED)
    started = time.process_time()
    found = vocabulary_shift(one, other)
    assert time.process_time() - started < 10
    assert (found.first_texts, found.second_texts) == (2000, 2000)
