"""What is left after redaction: nothing that is found, nothing else changed, in time that grows with the length."""

from __future__ import annotations

import base64
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.redact import KINDS, find, redact

_PIECES = (
    "someone@example.com", "+49 30 12345678", "0171 1234567", "(555) 123-4567", "3660170548", "4111 1111 1111 1111",
    "4111111111111111", "DE89370400440532013000", "DE89 3704 0044 0532 0130 00", "536-90-4399", "529.982.247-25",
    "12345678Z", "203.0.113.42", "2001:db8::1:2", "00:1A:2B:3C:4D:5E", "12.03.1985", "C01X00T47", "s3cret!pw",
    "AKIAQ3EXAMPLE7ABCDEF", "call", "phone", "card", "order", "born", "passport", "password:", "SSN", "id number",
    "token=", "://user:", "@", "[", "]", "[phone]", "x12", "ext. 5", "+", "00", "(", ")", "-", ".", "/", ",", "\n",
    "1", "12", "467 3395", "\u200b", "\u00a0", "Straße", "电话", "тел.", "\ud800", "\x00", "a", " ", " ", " ",
)  # fmt: skip
_texts = st.lists(st.sampled_from(_PIECES), max_size=14).map("".join) | st.text(max_size=60)


@given(_texts)
@settings(max_examples=400, deadline=None)
def test_nothing_is_found_in_a_redacted_text_and_redacting_twice_is_redacting_once(text: str) -> None:
    once = redact(text)
    assert find(once) == []
    assert redact(once) == once


@given(_texts)
@settings(max_examples=300, deadline=None)
def test_finds_are_sorted_apart_inside_the_text_and_of_known_kinds(text: str) -> None:
    found = find(text)
    ends = [place for one in found for place in (one.start, one.end)]
    assert ends == sorted(ends)
    assert all(0 <= one.start < one.end <= len(text) and one.kind in KINDS for one in found)


def test_what_is_not_found_stays_as_it_is() -> None:
    text = "Liebe Ana – ruf mich an: 0171 1234567, oder someone@example.com.\x00 Grüße \ud800"
    assert redact(text) == "Liebe Ana – ruf mich an: [phone], oder [email].\x00 Grüße \ud800"


@pytest.mark.parametrize(
    "text", ["", "\x00", "\ud800", "\u200b", "[phone]", "[", "@", "+", "://", "\u0660" * 50, " \n\t"]
)
def test_odd_texts_are_left(text: str) -> None:
    assert find(text) == []
    assert redact(text) == text


_MEGABYTE = 1_000_000
_LONG = {
    "a": "a" * _MEGABYTE,
    "ones": "1" * _MEGABYTE,
    "digits": "".join(random.Random(0).choices("0123456789", k=_MEGABYTE)),
    "base64": base64.b64encode(random.Random(0).randbytes(37_500)).decode(),
    "spaces": " " * _MEGABYTE,
    "NUL": "\x00" * _MEGABYTE,
    "surrogates": "\ud800" * _MEGABYTE,
    "at signs": "a@" * (_MEGABYTE // 2),
    "prose": ("We shipped 12 boxes on 3 May for 1,200 EUR; nobody called about it. " * 15_000)[:_MEGABYTE],
    "scripts": ("Привет мир, 这是一个测试 مرحبا بالعالم ñandú נסיון １２ " * 20_000)[:_MEGABYTE],
    "brackets": '{"a":[' * (_MEGABYTE // 6),
}


@pytest.mark.parametrize("name", _LONG)
def test_a_megabyte_takes_at_most_half_a_second_of_the_processor(within, name: str) -> None:
    find("call 030 1234567 or +49 30 1234567, id number 12345678")  # patterns are compiled when first used
    assert within(0.5, lambda: find(_LONG[name]))


@pytest.mark.parametrize("unit", ["12 34 ", "555-123-4567 ", "0 0", "ssn 123-45-6788 "])
def test_time_grows_with_the_length_and_not_with_its_square(linear, unit: str) -> None:
    assert linear(lambda size: find(unit * (size // len(unit))), 4_000, 40_000)
