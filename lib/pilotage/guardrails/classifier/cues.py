"""The ideas that attacks are made of, found in many texts at once: which words of which idea stand where."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pilotage.guardrails.classifier.codes import BASE, Codes, Places, Stream, step, words_only

_NEAR = 80  # characters between two ideas that belong together
_NEXT = 4  # so many following ideas are looked at
_NO_IDEA = -1
_LAST = 0xFFFF  # code points from here on are not told apart at first
# Scripts that write words together, or particles before them (Arabic).
_TOGETHER = re.compile("[\u0600-\u06ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")


@dataclass(frozen=True, slots=True)
class Depth:
    """All beginnings of entries with so many characters: their hashes in order, and the idea of those that end here."""

    hashes: Codes
    idea: Places


@dataclass(frozen=True, slots=True)
class Table:
    """Which code points an entry begins with, and all beginnings by length."""

    begins: NDArray[np.bool_]
    depths: list[Depth]


class Cues:
    """Entries by idea, as they stand in cues.yaml; a table of hashed beginnings, one for each length."""

    def __init__(self, ideas: Mapping[str, Sequence[str]]) -> None:
        self.ideas = {name: tuple(entries) for name, entries in ideas.items()}
        spelt = [(_spelling(entry), number) for number, part in enumerate(self.ideas.values()) for entry in part]
        self._words = _table([(text, number) for text, number in spelt if _is_words(text)])
        self._signs = _table([(text, number) for text, number in spelt if not _is_words(text)])

    @property
    def width(self) -> int:
        """How many columns `columns` speaks of: each idea, and each ordered pair of ideas."""
        return len(self.ideas) * (len(self.ideas) + 1)

    def columns(self, read: Stream) -> tuple[Places, Places]:
        """Row and column of every idea present and of every pair of ideas near each other, with repetitions."""
        count = len(self.ideas)
        found = [_walk(words_only(read), self._words), _walk(read, self._signs)]
        row, place, idea = (np.concatenate(part) for part in zip(*found, strict=True))
        order = np.lexsort((idea, place, row))
        row, place, idea = row[order], place[order], idea[order]
        rows, columns = [row], [idea]
        for apart in range(1, _NEXT + 1):
            near = (row[apart:] == row[:-apart]) & (place[apart:] - place[:-apart] <= _NEAR)
            rows.append(row[apart:][near])
            columns.append(count * (1 + idea[:-apart][near]) + idea[apart:][near])
        return np.concatenate(rows), np.concatenate(columns)


def _walk(read: Stream, table: Table) -> tuple[Places, Places, Places]:
    """Row, place and idea of each entry found: every place is followed as long as some entry goes on like it."""
    places = np.flatnonzero(table.begins[np.minimum(read.code, _LAST).astype(np.int64)])
    hashes = np.zeros(len(places), dtype=np.uint64)
    found = [(places[:0], places[:0])]
    for n, depth in enumerate(table.depths):
        inside = places < len(read.code) - n
        places, hashes = places[inside], hashes[inside]
        if not len(places):
            break
        hashes = step(hashes, read.code[places + n])
        nearest = np.minimum(np.searchsorted(depth.hashes, hashes), len(depth.hashes) - 1)
        known = (depth.hashes[nearest] == hashes) & (read.row[places] == read.row[places + n])
        places, hashes, idea = places[known], hashes[known], depth.idea[nearest[known]]
        ended = idea != _NO_IDEA
        found.append((places[ended], idea[ended]))
    place, idea = (np.concatenate(part) for part in zip(*found, strict=True))
    row = read.row[place]
    return row, place - np.searchsorted(read.row, row), idea


def _table(spelt: Sequence[tuple[str, int]]) -> Table:
    """What the entries begin with, and the beginnings of each length; what two ideas claim belongs to the first."""
    begins = np.zeros(_LAST + 1, dtype=bool)
    begins[[min(ord(text[0]), _LAST) for text, _ in spelt]] = True
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for text, idea in spelt:
        hashes = _beginnings(text)
        for n, value in enumerate(hashes):
            found[n].setdefault(value, _NO_IDEA)
        if found[len(hashes) - 1][hashes[-1]] == _NO_IDEA:
            found[len(hashes) - 1][hashes[-1]] = idea
    return Table(begins, [_depth(found[n]) for n in sorted(found)])


def _depth(found: Mapping[int, int]) -> Depth:
    items = sorted(found.items())
    hashes = np.array([value for value, _ in items], dtype=np.uint64)
    return Depth(hashes, np.array([idea for _, idea in items], dtype=np.int64))


def _beginnings(text: str) -> list[int]:
    """The rolling hash after each character, as `step` works it out for arrays."""
    value, hashes = 0, []
    for sign in text:
        value = (value * int(BASE) + ord(sign) + 1) % 2**64
        hashes.append(value)
    return hashes


def _spelling(entry: str) -> str:
    """The entry as it stands in a stream: a blank before it if it begins a word, one after it if "_" ends it."""
    body = entry.removeprefix("~").removesuffix("_") if _is_words(entry.strip("~_")) else entry
    text = re.sub(r"\d", "0", " ".join(body.casefold().split()))
    inside = entry.startswith("~") or _TOGETHER.search(text) or not text[0].isalnum()
    return ("" if inside else " ") + text + (" " if body != entry and entry.endswith("_") else "")


def _is_words(text: str) -> bool:
    """Whether there is nothing but letters, marks, digits and blanks in it."""
    return all(sign.isalnum() or sign.isspace() or unicodedata.category(sign) in ("Mn", "Mc") for sign in text)
