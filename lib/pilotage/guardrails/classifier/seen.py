"""Which texts a model was adapted on, as short hashes, and what it said of each before it had learnt it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pilotage.guardrails.views import readings


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Hashes of texts in order, and their held-out probabilities."""

    hashes: NDArray[np.uint64]
    held_out: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.hashes)

    def scores(self, texts: Sequence[str]) -> list[float | None]:
        """The held-out probability of each text that was seen, None for others."""
        if not len(self):
            return [None] * len(texts)
        keys = keys_of(texts)
        nearest = np.minimum(np.searchsorted(self.hashes, keys), len(self) - 1)
        known = self.hashes[nearest] == keys
        return [float(self.held_out[at]) if is_known else None for at, is_known in zip(nearest, known, strict=True)]


def nothing_seen() -> Seen:
    """What a model knows that was adapted on nothing."""
    return Seen(np.zeros(0, dtype=np.uint64), np.zeros(0))


def seen(texts: Sequence[str], held_out: NDArray[np.float64]) -> Seen:
    """The texts as hashes; of a text that stands there more than once, the first score."""
    hashes, first = np.unique(keys_of(texts), return_index=True)
    return Seen(hashes, np.asarray(held_out, dtype=np.float64)[first])


def keys_of(texts: Sequence[str]) -> NDArray[np.uint64]:
    """64 bits for each text; alike for texts that differ in case, blanks and what views take away only."""
    return np.array([_key(text) for text in texts], dtype=np.uint64)


def _key(text: str) -> int:
    plain = " ".join(readings(text)[0].casefold().split())
    return int.from_bytes(hashlib.sha256(plain.encode("utf-8", "surrogatepass")).digest()[:8], "big")
