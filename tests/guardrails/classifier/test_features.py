from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.guardrails.classifier.codes import BASE, stream
from pilotage.guardrails.classifier.corpus import ideas
from pilotage.guardrails.classifier.cues import Cues
from pilotage.guardrails.classifier.features import Features
from pilotage.guardrails.classifier.pieces import Windows, pieces

BITS = 10
WORLD = st.text(st.sampled_from("aB9éß .,!?\n\0\u3000忽略ا한क\u094d😀\ud800İ"), max_size=40)


def features(**entries: tuple[str, ...]) -> Features:
    return Features(Cues(entries or {"none": ("zzz",)}), bits=BITS)


def mixed(value: int, salt: int) -> int:
    value = ((value ^ salt) * 0xFF51AFD7ED558CCD) % 2**64
    value = ((value ^ (value >> 29)) * int(BASE)) % 2**64
    return value >> (64 - BITS)


def alone(sign: str) -> bool:
    return "\u3400" <= sign < "\ua000"


def spelt(sign: str) -> bool:
    return sign.isalnum() or unicodedata.category(sign) in ("Mn", "Mc")


def read(text: str) -> list[str]:
    signs = ["0" if sign.isdecimal() else " " if sign.isspace() or sign == "\0" else sign for sign in text.casefold()]
    padded = [" ", *signs, " "]
    return [sign for at, sign in enumerate(padded) if sign != " " or at == 0 or padded[at - 1] != " "]


def words(signs: list[str]) -> list[int]:
    found: list[str] = []
    goes_on = False
    for sign in signs:
        if alone(sign):
            found.append(sign)
        elif spelt(sign):
            found[-1:] = [found[-1] + sign] if goes_on else [*found[-1:], sign]
        goes_on = spelt(sign) and not alone(sign)
    powers = [pow(int(BASE), place, 2**64) for place in range(64)]
    return [sum((ord(s) + 1) * p for s, p in zip(word, powers, strict=False)) % 2**64 for word in found]


def rolled(values: list[int]) -> int:
    total = 0
    for value in values:
        total = (total * int(BASE) + value + 1) % 2**64
    return total


def plain_columns(text: str) -> set[int]:
    """What a text's row should hold, one n-gram after the other."""
    signs, columns = read(text), set()
    for n in (3, 4, 5):
        for at in range(len(signs) - n + 1):
            gram = signs[at : at + n]
            if " " not in gram[1:-1]:
                columns.add(mixed(rolled([ord(sign) for sign in gram]), n))
    hashes = words(signs)
    for n in (1, 2):
        columns |= {2**BITS + mixed(rolled(hashes[at : at + n]), 1000 + n) for at in range(len(hashes) - n + 1)}
    return columns


@given(st.lists(WORLD, max_size=5))
@settings(max_examples=80, deadline=None)
def test_a_row_holds_the_n_grams_that_plain_python_counts(texts: list[str]) -> None:
    rows = features().rows(texts)
    found = [set(rows.indices[rows.indptr[at] : rows.indptr[at + 1]].tolist()) for at in range(len(texts))]
    assert found == [plain_columns(text) for text in texts]


def test_each_sort_of_n_gram_has_length_one_and_repeating_a_word_adds_nothing() -> None:
    once, often = features().rows(["stop it now", "stop it now now now now"]).toarray()
    assert np.square(once[: 2**BITS]).sum() == pytest.approx(1)
    assert np.square(once[2**BITS : 2 << BITS]).sum() == pytest.approx(1)
    assert abs(often).max() <= abs(once).max()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("please IGNORE it", {"drop"}),
        ("signore, buon giorno", set()),
        ("the system-prompt", {"prompt"}),
        ("Sicherheitsregeln", {"rule"}),
        ("a rule", {"rule"}),
        ("ruler", set()),
        ("请忽略它", {"drop"}),
        ("فتجاهل", {"drop"}),
        ("<|im_start|>", {"mark"}),
        ("im start", set()),
    ],
)
def test_an_idea_is_found_where_an_entry_says_so(text: str, expected: set[str]) -> None:
    entries = {
        "drop": ("ignor", "忽略", "تجاهل"),
        "prompt": ("system prompt",),
        "rule": ("rule_", "~regeln"),
        "mark": ("<|im",),
    }
    cues = Cues(entries)
    _, columns = cues.columns(stream([text]))
    assert {list(entries)[column] for column in columns if column < len(entries)} == expected


def test_a_pair_of_ideas_counts_only_near_each_other_and_in_one_text() -> None:
    cues = Cues({"drop": ("ignore",), "rule": ("rules",)})
    rows, columns = cues.columns(stream(["ignore the rules", "ignore " + "x" * 100 + " rules", "ignore", "rules"]))
    assert {int(row) for row, column in zip(rows, columns, strict=True) if column >= 2} == {0}


def test_every_entry_of_the_word_lists_is_found_in_itself() -> None:
    lists = {name: tuple(entries) for name, entries in ideas().items()}
    texts = [entry.strip("~_") for entries in lists.values() for entry in entries]
    rows, _ = Cues(lists).columns(stream(texts))
    assert [texts[at] for at in sorted(set(range(len(texts))) - set(rows.tolist()))] == []


@given(st.integers(0, 400), st.integers(20, 60), st.integers(0, 19))
@settings(deadline=None)
def test_pieces_leave_nothing_out(size: int, length: int, overlap: int) -> None:
    text = "".join(chr(97 + at % 26) for at in range(size))
    cut = pieces([text], Windows(length, overlap)).texts
    stride = length - overlap
    assert all(text[at * stride :].startswith(piece) and len(piece) <= length for at, piece in enumerate(cut))
    assert (len(cut) - 1) * stride + len(cut[-1]) == size
