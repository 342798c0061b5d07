"""Long texts in pieces: an attack of one sentence must not drown in a long document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pilotage.guardrails.classifier.codes import Places
from pilotage.guardrails.views import Read, readings


@dataclass(frozen=True, slots=True)
class Windows:
    """How long a piece is, how many characters it shares with the one before, and what many pieces cost.

    The highest of many harmless pieces lies higher than one alone; `allowance` times the logarithm of their number is
    taken off.
    """

    length: int = 800
    overlap: int = 160
    allowance: float = 0.5

    def corrected(self, highest: NDArray[np.float64], count: NDArray[np.int64]) -> NDArray[np.float64]:
        """The highest value of texts with so many pieces, comparable with that of a text of one piece."""
        return highest - self.allowance * np.log(count)


@dataclass(frozen=True, slots=True)
class Pieces:
    """All pieces of all texts in order: `owner` is a piece's text, `count` the pieces of a text's longest reading."""

    texts: list[str]
    owner: Places
    count: NDArray[np.int64]

    def highest(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The highest value among each text's pieces."""
        return np.maximum.reduceat(values, self.starts) if len(values) else values

    @property
    def starts(self) -> Places:
        """The place of each text's first piece."""
        return np.searchsorted(self.owner, np.arange(len(self.count)))


def pieces(texts: Sequence[str], windows: Windows, reads: Mapping[str, Read] | None = None) -> Pieces:
    """Every reading of every text, cut into windows; an empty text has one empty piece."""
    found: list[str] = []
    owner: list[int] = []
    count = np.ones(len(texts), dtype=np.int64)
    for number, text in enumerate(texts):
        known = reads.get(text) if reads else None
        for reading in known.readings if known else readings(text):
            cut = _cut(reading, windows)
            count[number] = max(count[number], len(cut))
            found += cut
            owner += [number] * len(cut)
    return Pieces(found, np.array(owner, dtype=np.int64), count)


def _cut(text: str, windows: Windows) -> list[str]:
    stride = windows.length - windows.overlap
    return [text[at : at + windows.length] for at in range(0, max(len(text) - windows.overlap, 1), stride)]
