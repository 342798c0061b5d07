"""Character and word n-grams of many texts as hashed buckets, in a few array operations."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pilotage.guardrails.classifier.codes import (
    BASE,
    BLANK,
    DIGIT,
    IDEOGRAPH,
    LETTER,
    Codes,
    Places,
    Stream,
    bucket,
    step,
)

_LONGEST_WORD = 64  # characters that count; a longer word is known by its beginning
_WORDS = 1000  # keeps the salts of word n-grams apart from those of character n-grams


def character_ngrams(read: Stream, lengths: tuple[int, ...], bits: int) -> Iterator[tuple[Places, Places]]:
    """For each length, the row and the bucket of every n-gram within a word or at its edge.

    A blank stands only at the ends of an n-gram.
    """
    hashes = step(np.zeros(len(read.code), dtype=np.uint64), read.code)
    blank = read.kind == BLANK
    split = np.zeros(len(blank), dtype=bool)
    for n in range(2, max(lengths) + 1):
        count = max(len(read.code) - n + 1, 0)
        hashes = step(hashes[:count], read.code[n - 1 :])
        split = split[:count] | (blank[n - 2 : n - 2 + count] if n > 2 else False)
        if n in lengths:
            whole = (read.row[:count] == read.row[n - 1 :]) & ~split
            yield read.row[:count][whole], bucket(hashes[whole], bits, n)


def word_ngrams(read: Stream, lengths: tuple[int, ...], bits: int) -> Iterator[tuple[Places, Places]]:
    """For each length, the row and the bucket of every run of so many words; an ideograph is a word of its own."""
    rows, words = _words(read)
    hashes = np.zeros(len(words), dtype=np.uint64)
    for n in range(1, max(lengths) + 1):
        count = max(len(words) - n + 1, 0)
        hashes = step(hashes[:count], words[n - 1 :])
        if n in lengths:
            whole = rows[:count] == rows[n - 1 :]
            yield rows[:count][whole], bucket(hashes[whole], bits, _WORDS + n)


def _words(read: Stream) -> tuple[Places, Codes]:
    """The row and the hash of each word, in reading order."""
    spelt = (read.kind == LETTER) | (read.kind == DIGIT)
    goes_on = np.zeros(len(spelt), dtype=bool)
    goes_on[1:] = spelt[1:] & spelt[:-1] & (read.row[1:] == read.row[:-1])
    inside = spelt | (read.kind == IDEOGRAPH)
    starts = np.flatnonzero(inside & ~goes_on)
    if not len(starts):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint64)
    nth = np.cumsum(np.bincount(starts, minlength=len(spelt))) - 1
    place = np.minimum(np.arange(len(spelt)) - starts[np.maximum(nth, 0)], _LONGEST_WORD)
    counted = inside & (nth >= 0)
    terms = np.where(counted, (read.code + np.uint64(1)) * _POWERS[np.maximum(place, 0)], np.uint64(0))
    return read.row[starts], np.add.reduceat(terms, starts)


def _powers() -> Codes:
    """BASE to the power of the place in the word; nothing beyond the longest."""
    powers = np.ones(_LONGEST_WORD + 1, dtype=np.uint64)
    powers[1:] = BASE
    powers = np.multiply.accumulate(powers)
    powers[_LONGEST_WORD] = 0
    return powers


_POWERS = _powers()
