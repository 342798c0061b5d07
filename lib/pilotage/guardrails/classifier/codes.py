"""Many texts as one array of code points in which every letter, digit and blank has one form, and rolling hashes."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint64]
Places = NDArray[np.int64]

BASE = np.uint64(0x9E3779B97F4A7C15)
_SPREAD = np.uint64(0xFF51AFD7ED558CCD)
SIGN, LETTER, DIGIT, BLANK, IDEOGRAPH = range(5)
_ALONE = ((0x3005, 0x3008), (0x3040, 0x3100), (0x3400, 0xA000), (0xF900, 0xFB00))  # written without blanks


@dataclass(frozen=True, slots=True)
class Stream:
    """Code points of all texts in a row: `code` in folded form, `kind` of each, `row` the text it belongs to."""

    code: Codes
    kind: NDArray[np.uint8]
    row: Places

    def only(self, kept: NDArray[np.bool_]) -> Stream:
        """The stream without what is not kept."""
        return Stream(self.code[kept], self.kind[kept], self.row[kept])


def stream(texts: Sequence[str]) -> Stream:
    """The texts, each between two blanks: case folded, every digit as 0, a run of blanks as one blank."""
    padded = [f" {text.casefold()} " for text in texts]
    raw = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    row = np.repeat(np.arange(len(padded), dtype=np.int64), [len(text) for text in padded])
    kind = _kinds()[np.minimum(raw, 0xFFFF)]
    code = np.where(kind == DIGIT, ord("0"), np.where(kind == BLANK, ord(" "), raw)).astype(np.uint64)
    return _without_runs(Stream(code, kind, row))


def words_only(read: Stream) -> Stream:
    """The stream with every sign as a blank."""
    sign = read.kind == SIGN
    code = np.where(sign, np.uint64(ord(" ")), read.code)
    return _without_runs(Stream(code, np.where(sign, np.uint8(BLANK), read.kind), read.row))


def step(hashes: Codes, code: Codes) -> Codes:
    """The polynomial hash of each string with one more code point at its end (mod 2^64)."""
    return hashes * BASE + code + np.uint64(1)


def bucket(hashes: Codes, bits: int, salt: int) -> Places:
    """The hashes mixed and cut to so many bits."""
    mixed = (hashes ^ np.uint64(salt)) * _SPREAD
    mixed = (mixed ^ (mixed >> np.uint64(29))) * BASE
    return (mixed >> np.uint64(64 - bits)).astype(np.int64)


def _without_runs(read: Stream) -> Stream:
    blank = read.kind == BLANK
    kept = np.ones(len(blank), dtype=bool)
    kept[1:] = ~(blank[1:] & blank[:-1] & (read.row[1:] == read.row[:-1]))
    return read.only(kept)


@cache
def _kinds() -> NDArray[np.uint8]:
    """The kind of each code point of the basic plane; those above it are signs (emoji, for the most part)."""
    kinds = np.full(0x10000, LETTER, dtype=np.uint8)
    for code in (*range(0x3040), *range(0xFF00, 0x10000)):
        kinds[code] = _kind(chr(code))
    kinds[0xD800:0xF900] = SIGN  # surrogates and private use
    kinds[0xFE10:0xFE70] = SIGN
    for first, end in _ALONE:
        kinds[first:end] = IDEOGRAPH
    kinds[0xFFFF] = SIGN
    return kinds


def _kind(sign: str) -> int:
    if sign.isspace() or sign == "\0":
        return BLANK
    if sign.isdecimal():
        return DIGIT
    return LETTER if sign.isalnum() or unicodedata.category(sign) in ("Mn", "Mc") else SIGN
