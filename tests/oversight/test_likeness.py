"""What makes an input like one that went wrong."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.oversight.likeness import PastErrors

WRONG = "Please cancel the order of the twelve blue chairs for our office in Turin"


@pytest.mark.parametrize(
    ("text", "alike"),
    [
        pytest.param(WRONG, True, id="the same text"),
        pytest.param(WRONG.upper() + "  ", True, id="case and blanks"),
        pytest.param("".join(chr(ord(c) + 0xFEE0) if c.isalpha() else c for c in WRONG), True, id="fullwidth letters"),
        pytest.param(WRONG.replace("chairs", "chiars"), True, id="a typing error"),
        pytest.param(WRONG + "!", True, id="a further mark"),
        pytest.param("Please confirm the delivery of the steel plates to the plant in Lyon", False, id="another"),
        pytest.param("", False, id="nothing"),
        pytest.param("!", False, id="a mark"),
    ],
)
def test_nearly_the_same_text_is_alike_and_another_is_not(text, alike):
    assert (PastErrors([WRONG]).likeness(text) >= 0.85) is alike


def test_numbers_do_not_hide_a_likeness():
    errors = PastErrors(["Where is my parcel 4711 of 3 May?"])
    assert errors.likeness("where is my parcel 90210 of 17 May?") == pytest.approx(1)


def test_a_form_that_mostly_goes_right_is_no_sign_but_the_same_numbers_are():
    form = "Supplier {}, office paper, {} lines, {}.50 EUR, order {}".format
    right = [form(n, n % 9, 7 * n, 31 * n) for n in range(100, 140)]
    errors = PastErrors([form(500, 3, 811, 90210)], right)
    assert errors.likeness(form(500, 3, 811, 90210)) == pytest.approx(1)
    assert errors.likeness(form(617, 8, 245, 13371)) < 0.9


def test_a_form_that_goes_wrong_as_often_as_right_is_a_sign():
    errors = PastErrors(["Refund 17 to account 5"], ["Refund 21 to account 9"])
    assert errors.likeness("refund 99 to account 3") == pytest.approx(1)


def test_without_errors_nothing_is_alike():
    assert not PastErrors([])
    assert PastErrors([], ["all went well"]).likeness("all went well") == 0


@given(st.lists(st.text(max_size=40), min_size=1, max_size=5), st.text(max_size=40))
def test_likeness_is_a_share_and_an_error_is_wholly_like_itself(wrong, text):
    errors = PastErrors(wrong)
    assert 0 <= errors.likeness(text) <= 1
    for error in wrong:
        assert errors.likeness(error) == pytest.approx(1) or not error.strip() or not _letters(error)


def _letters(text: str) -> bool:
    from pilotage.kpis.guarded import shape

    return bool(shape(text))


def test_what_many_and_what_few_errors_share_counts_alike():
    texts = [f"{word} is what the agent got wrong this time" for word in ("apple", "pear", "plum", "quince", "fig")]
    spread = PastErrors(texts * 3 + [f"{chr(97 + n % 26)}{n}x other words {'yz' * n}" for n in range(40)])
    alone = PastErrors(texts)
    for text in ("pear is what the agent got right", "quinces", "other words", "time this wrong got"):
        assert spread.likeness(text) >= alone.likeness(text) - 1e-6


def test_no_text_is_kept():
    kept = vars(PastErrors(["a secret sentence"])._shapes)
    assert "secret" not in repr(kept)


def test_a_megabyte_takes_no_longer_than_a_page():
    errors = PastErrors([f"{WRONG} {'and so on ' * n}" for n in range(100)])
    assert min(_seconds(errors, WRONG * 15_000) for _ in range(5)) < 0.01


def _seconds(errors: PastErrors, text: str) -> float:
    begun = time.process_time()
    errors.likeness(text)
    return time.process_time() - begun
