"""Texts that break other guards: each is decided, quickly, in time that grows with its length and no faster."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable

import pytest

from pilotage.guardrails import load
from pilotage.guardrails.guard import Guard
from pilotage.workspace import Workspace

WORDS = [
    "the",
    "invoice",
    "of",
    "our",
    "supplier",
    "was",
    "paid",
    "on",
    "Friday",
    "and",
    "we",
    "will",
    "check",
    "the",
    "amount",
    "against",
    "order",
    "before",
    "it",
    "is",
    "due",
]


def prose(characters: int) -> str:
    rng = random.Random(5)
    return " ".join(rng.choices(WORDS, k=characters // 4))[:characters]


def base64_of(characters: int) -> str:
    return base64.b64encode(random.Random(5).randbytes(characters)).decode()[:characters]


def nested(characters: int) -> str:
    depth = characters // 8
    return '{"a":[' * depth + "]}" * depth


SHAPES: dict[str, Callable[[int], str]] = {
    "prose": prose,
    "one letter": lambda characters: "a" * characters,
    "base64": base64_of,
    "nested JSON": nested,
}
TEXTS = {
    "empty": "",
    "blank": " \t\n",
    "NUL": "\0",
    "NUL between": "good\0day",
    "lone surrogate": "\ud800",
    "lone surrogates between": "a\udc00b\ud83d",
    "half of an emoji from JSON": json.loads('"good \\ud83d day"'),
    "50 KB of base64": base64_of(50_000),
    "100 KB of prose": prose(100_000),
    "mixed scripts": "Счёт 請求書 الفاتورة चालान ใบแจ้งหนี้ חשבונית τιμολόγιο 송장 facture" * 20,
    "right to left marks": "\u202einvoice\u202c \u200fpaid\u200e",
    "deep JSON": nested(20_000),
    "combining marks": "e" + "\u0301" * 5_000,
    "emoji": "👩‍👩‍👧‍👦" * 500,
    "line ends": "\r\n" * 5_000,
}


@pytest.fixture(scope="module")
def live(request: pytest.FixtureRequest) -> Guard:
    """The guard of the shipped playbook, with its rules and its classifier."""
    return load(Workspace(request.config.rootpath))


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("check", ["check_input", "check_output"])
def test_it_is_decided(live: Guard, check: str, name: str) -> None:
    text = TEXTS[name]
    checked = getattr(live, check)(text)
    assert checked.decision in ("allow", "review", "block")
    assert not [one for one in checked.findings if one.kind == "undecided"]
    assert all(0 <= one.start <= one.end <= len(text) for one in checked.findings)
    json.dumps([one.as_dict() for one in checked.findings])


@pytest.mark.parametrize("given", [None, b"\xff", 3.5])
def test_what_is_no_text_is_left_to_a_person(live: Guard, given: object) -> None:
    assert live.check_input(given).decision == live.check_output(given).decision == "review"


def test_a_lone_surrogate_moves_no_finding(live: Guard) -> None:
    plain, odd = (live.check_output(f"{sign} jane.roe@example.com") for sign in ("x", "\ud800"))
    assert [(one.rule, one.start, one.end) for one in plain.findings] == [("email", 2, 22)]
    assert plain == odd


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("check", ["check_input", "check_output"])
def test_time_grows_no_faster_than_the_text(live: Guard, check: str, shape: str, linear) -> None:
    assert linear(lambda characters: getattr(live, check)(SHAPES[shape](characters)), 6_000, 36_000)


@pytest.mark.parametrize("shape", ["prose", "one letter"])
def test_a_megabyte_of_an_answer_takes_ten_times_what_a_tenth_of_it_does(live: Guard, shape: str, linear) -> None:
    assert linear(lambda characters: live.check_output(SHAPES[shape](characters)), 100_000, 1_000_000)
