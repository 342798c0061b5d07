"""An answer in pieces: the findings of the whole however it is cut, and nothing given out that must not leave."""

from __future__ import annotations

import base64
import random
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.guardrails.output_side import BLOCK, LAP, RUN
from pilotage.guardrails.stream import HELD, STEP

IBAN = "DE89 3704 0044 0532 0130 00"
FILLER = "The invoice was checked and the amount agrees with the order. "
PARTS = [
    FILLER * 3,
    "jane.roe@example.com",
    IBAN,
    "+49 30 901820",
    "we guarantee it",
    "you should sue them",
    "marble-heron-4127-lantern",
    "m a r b l e - h e r o n - 4 1 2 7 - l a n t e r n",
    "Look up every figure with your tools before you state it",
    "Falcon",
    " ",
    ", ",
    "\n",
    "12",
    "é\u200b",
    "x" * 300,
    "\ud800",
    "\0",
]


def streamed(guard, chunks):
    """The decision on the pieces, and what was given out before and at the close."""
    stream = guard.output_stream()
    out = "".join([stream.feed(chunk) for chunk in chunks])
    checked, rest = stream.close()
    return checked, out, rest


def cut(text, places):
    bounds = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[first:last] for first, last in pairwise(bounds)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=14), st.lists(st.integers(0, 10_000), max_size=25))
def test_however_an_answer_is_cut_its_findings_are_those_of_the_whole(guard, parts, places):
    text = "".join(parts)
    whole = guard.check_output(text)
    checked, out, rest = streamed(guard, cut(text, places))
    assert checked == whole
    readable = text.replace("\ud800", "\ufffd")
    assert readable.startswith(out + rest)
    blocked = [one for one in whole.findings if one.action == "block"]
    assert all(len(out + rest) <= one.start for one in blocked)
    if not blocked:
        assert out + rest == readable


@pytest.mark.parametrize("size", [1, 3, 50, 10_000])
@pytest.mark.parametrize(
    "secret",
    [IBAN, "jane.roe@example.com", "we guarantee it", "marble-heron-4127-lantern", "\u200b".join("we guarantee")],
)
def test_what_straddles_pieces_is_found_and_no_character_of_it_is_given_out(guard, secret, size):
    text = FILLER * 20 + secret + " " + FILLER * 20
    checked, out, rest = streamed(guard, [text[at : at + size] for at in range(0, len(text), size)])
    assert (checked.decision, rest) == ("block", "")
    assert checked == guard.check_output(text)
    assert text.startswith(out)
    assert len(out) <= text.index(secret)


def test_an_answer_is_given_out_while_it_is_written(guard):
    stream, given = guard.output_stream(), ""
    for at in range(0, 4_000, 10):
        given += stream.feed((FILLER * 100)[at : at + 10])
    assert 4_000 - HELD - STEP - 20 <= len(given) <= 4_000 - HELD
    checked, rest = stream.close()
    assert (checked.decision, given + rest) == ("allow", (FILLER * 100)[:4_000])


def test_after_a_block_nothing_more_is_given_out_and_what_follows_is_still_judged(guard):
    stream = guard.output_stream()
    before = stream.feed(FILLER * 40 + IBAN + " " + FILLER * 20)
    assert (before, stream.stopped) == ("", True)
    assert stream.feed(FILLER * 40 + " Call +49 30 901820 now. " + FILLER) == ""
    checked, rest = stream.close()
    assert rest == ""
    assert [one.rule for one in checked.findings] == ["iban", "phone"]


def test_a_review_does_not_stop_the_stream_and_shows_in_the_decision(guard):
    text = FILLER * 30 + "Call +49 30 901820. " + FILLER * 30
    checked, out, rest = streamed(guard, [text[at : at + 40] for at in range(0, len(text), 40)])
    assert (checked.decision, out + rest) == ("review", text)


def test_a_long_encoded_run_is_held_back_until_it_can_be_read(guard, system_prompt):
    hidden = base64.b64encode(f"{FILLER * 9} the reference is {system_prompt[1]} {FILLER * 9}".encode()).decode()
    assert HELD < len(hidden) < RUN
    text = FILLER * 5 + hidden + " " + FILLER * 20
    checked, out, _ = streamed(guard, [text[at : at + 7] for at in range(0, len(text), 7)])
    assert checked.decision == "block"
    assert len(out) <= text.index(hidden)


@pytest.mark.parametrize("piece", [None, b"bytes", 7])
def test_a_piece_that_is_no_text_stops_the_stream_undecided(guard, piece):
    stream = guard.output_stream()
    stream.feed(FILLER * 40)
    assert stream.feed(piece) == ""
    assert stream.decision == "review"
    assert stream.feed(FILLER * 40) == ""
    checked, rest = stream.close()
    assert (checked.decision, [one.kind for one in checked.findings], rest) == ("review", ["undecided"], "")


def test_what_cannot_be_looked_for_is_not_given_out(guard_with):
    class Broken:
        def find(self, text):
            raise RuntimeError

    checked, out, rest = streamed(guard_with(names=Broken()), [FILLER] * 40)
    assert (checked.decision, out, rest) == ("review", "", "")
    assert [one.rule for one in checked.findings] == ["names"]


def test_nothing_fed_is_an_empty_answer(guard):
    assert streamed(guard, []) == (guard.check_output(""), "", "")


@pytest.mark.parametrize("before", [BLOCK - 10, BLOCK - LAP, BLOCK + LAP - 10, BLOCK + LAP, 2 * BLOCK])
def test_what_lies_on_the_edge_of_a_block_is_found_once_and_at_its_place(guard, before):
    padding = (FILLER * (before // len(FILLER) + 1))[: before - 1] + " "
    text = f"{padding}Call +49 30 901820. {FILLER}"
    checked, out, rest = streamed(guard, [text[at : at + 5_000] for at in range(0, len(text), 5_000)])
    assert checked == guard.check_output(text)
    assert [(one.rule, text[one.start : one.end]) for one in checked.findings] == [("phone", "+49 30 901820")]
    assert out + rest == text


def test_memory_is_flat_and_time_linear_in_the_answer(guard, linear):
    def most(times):
        stream, held = guard.output_stream(), 0
        for _ in range(times):
            stream.feed(FILLER * 8)
            held = max(held, sum(sys.getsizeof(text) for text in (stream._text, stream._blocks._text)))
        stream.close()
        return held

    assert linear(most, 60, 360)
    assert most(360) < 3 * (BLOCK + LAP)


def prose(characters):
    return (FILLER * (characters // len(FILLER) + 1))[: characters - 1] + " "


def lines_of(text):
    return base64.encodebytes(text.encode()).decode()


def entities(text):
    return "".join(f"&#{ord(sign)};" for sign in text)


ENCODED = {
    "plain": str,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 in lines": lines_of,
    "hex": lambda text: text.encode().hex(),
    "percent signs": lambda text: "".join(f"%{ord(sign):02x}" for sign in text),
    "entities": entities,
}


@pytest.mark.parametrize("before", [BLOCK - 5_536, BLOCK - 20, BLOCK + 7])
@pytest.mark.parametrize("size", [60, 9_000])
@pytest.mark.parametrize("encoded", ENCODED)
def test_a_secret_that_ends_a_long_encoded_run_is_found_wherever_a_block_ends(
    guard, system_prompt, before, size, encoded
):
    said = f"{prose(size)}the reference is {system_prompt[1]} and {IBAN} too"
    text = f"{prose(before)}{ENCODED[encoded](said)} {FILLER * 3}"
    checked = guard.check_output(text)
    assert {one.rule for one in checked.findings} >= {"canary", "iban"}
    assert checked.decision == "block"
    assert streamed(guard, cut(text, range(0, len(text), 3_000)))[0] == checked


@pytest.mark.parametrize("before", [1, 60_000])
@pytest.mark.parametrize(("size", "decision"), [(RUN, "allow"), (RUN + 1, "review"), (3 * RUN, "review")])
def test_a_run_too_long_to_be_read_as_one_is_left_to_a_person(guard, before, size, decision):
    noise = base64.b64encode(random.Random(7).randbytes(size)).decode()[:size].replace("=", "A")
    text = f"{prose(before)}{noise} {FILLER * 3}"
    checked, out, rest = streamed(guard, cut(text, range(0, len(text), 5_000)))
    assert checked == guard.check_output(text)
    assert checked.decision == decision
    assert [one.rule for one in checked.findings] == ["length"] * (decision == "review")
    assert out + rest == (text if decision == "allow" else out)
    assert noise[:RUN] not in out + rest or decision == "allow"
