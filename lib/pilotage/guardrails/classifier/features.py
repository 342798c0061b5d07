"""What the classifier sees of a text: hashed n-grams and ideas, as one sparse row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from pilotage.guardrails.classifier.codes import Places, Stream, stream
from pilotage.guardrails.classifier.cues import Cues
from pilotage.guardrails.classifier.ngrams import character_ngrams, word_ngrams

_AT_ONCE = 200_000  # characters that are worked on at a time, so that memory stays flat


@dataclass(frozen=True, slots=True)
class Features:
    """How texts become rows: the lengths of the n-grams, 2^bits buckets for each sort, and the ideas."""

    cues: Cues
    characters: tuple[int, ...] = (3, 4, 5)
    words: tuple[int, ...] = (1, 2)
    bits: int = 17
    cue_value: float = 0.3

    @property
    def width(self) -> int:
        """The number of columns: character n-grams, word n-grams, ideas and pairs of ideas."""
        return 2 * (1 << self.bits) + self.cues.width

    def rows(self, texts: Sequence[str]) -> csr_array:
        """One row for each text: what is in it, once; see `valued` for the values. No text gives no row."""
        parts = [self._some(some) for some in _portions(texts)]
        return csr_array(vstack(parts)) if parts else csr_array((0, self.width), dtype=np.float64)

    def valued(self, columns: Places, starts: Places) -> csr_array:
        """Rows from the columns present, sorted within a row: each sort of n-gram has length 1, an idea its own value.

        Row i has the columns from starts[i] to before starts[i + 1]. That a word comes twice does not count: attackers
        repeat words to drown others.
        """
        count = len(starts) - 1
        row = np.repeat(np.arange(count), np.diff(starts))
        group = 3 * row + np.minimum(columns >> self.bits, 2)
        value = 1 / np.sqrt(np.maximum(np.bincount(group, minlength=3 * count), 1))[group]
        value[columns >= 2 << self.bits] = self.cue_value
        return csr_array((value, columns, starts), shape=(count, self.width))

    def _some(self, texts: Sequence[str]) -> csr_array:
        found = [row * self.width + column for row, column in self._found(stream(texts))]
        key = _distinct(np.concatenate(found))
        starts = np.searchsorted(key, np.arange(len(texts) + 1) * self.width)
        return self.valued(key % self.width, starts)

    def _found(self, read: Stream) -> Iterator[tuple[Places, Places]]:
        yield from character_ngrams(read, self.characters, self.bits)
        for row, column in word_ngrams(read, self.words, self.bits):
            yield row, column + (1 << self.bits)
        row, column = self.cues.columns(read)
        yield row, column + (2 << self.bits)


def _distinct(key: Places) -> Places:
    """The keys in order, each once; 32 bits, where they are enough, are sorted several times faster."""
    narrow = key.max(initial=0) < 1 << 32
    ordered: NDArray[Any] = np.sort(key.astype(np.uint32) if narrow else key)
    kept = np.ones(len(ordered), dtype=bool)
    kept[1:] = ordered[1:] != ordered[:-1]
    return ordered[kept].astype(np.int64)


def _portions(texts: Sequence[str]) -> Iterator[list[str]]:
    portion: list[str] = []
    size = 0
    for text in texts:
        portion.append(text)
        size += len(text) + 2
        if size >= _AT_ONCE:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion
