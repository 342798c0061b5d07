"""How much an input is like one that the agent got wrong before."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from pilotage.kpis.guarded import shape

LETTERS = 3  # in a row: of words and of 3, 4 or 5 letters, 3 stand typing errors and other wordings best
COMMON = 8  # what one text in so many has
LONGEST = 500  # characters of a text that are compared, so that a long one takes no longer


class PastErrors:
    """The inputs that the agent got wrong, as hashes that are salted anew in each process; no text is kept.

    Texts are compared as `shape` leaves them, without case, numbers and codes. Where people found more inputs of a
    shape right than wrong, as with a form of which all inputs have the same words, the shape is no sign of an error:
    its errors are found again by their numbers alone. Of a text the first 500 characters count, on both sides.
    Building takes time in proportion to the texts.
    """

    def __init__(self, wrong: Iterable[str], right: Iterable[str] = ()) -> None:
        errors = [text[:LONGEST] for text in wrong]
        wrongs, rights = Counter(map(shape, errors)), Counter(shape(text[:LONGEST]) for text in right)
        told = {form for form, times in wrongs.items() if times >= rights[form]}
        self._shapes = _Index(sorted(told))
        self._exact = _Index(sorted({_plain(text) for text in errors if shape(text) not in told}))

    def __bool__(self) -> bool:
        return bool(self._shapes.size or self._exact.size)

    def likeness(self, text: str) -> float:
        """From 0 to 1: the cosine between the letters in a row of this text and of the error most like it.

        0 where nothing is known to have gone wrong, and for a text without anything to compare.
        """
        head = text[:LONGEST]
        near = self._shapes.nearest(shape(head)) if self._shapes.size else 0.0
        return max(near, self._exact.nearest(_plain(head))) if self._exact.size else near


class _Index:
    """For each run of letters the texts that have it, and its share in the length of each as a vector.

    What many texts have is kept as a row over all texts, what few have as a list of these: both are quick to sum.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        import numpy as np

        self.size = len(texts)
        found: dict[int, list[tuple[int, float]]] = {}
        for place, text in enumerate(texts):
            for letters, share in _shares(text):
                found.setdefault(letters, []).append((place, share))
        many = [letters for letters, pairs in found.items() if len(pairs) * COMMON >= self.size]
        self._row_of = {letters: row for row, letters in enumerate(many)}
        self._rows = np.zeros((len(many), self.size), np.float32)
        for row, letters in enumerate(many):
            places, shares = zip(*found.pop(letters), strict=True)
            self._rows[row, list(places)] = shares
        self._lists = {letters: np.array(pairs).T for letters, pairs in found.items()}

    def nearest(self, text: str) -> float:
        import numpy as np

        given = _shares(text)
        rows = [(self._row_of[letters], share) for letters, share in given if letters in self._row_of]
        lists = [(self._lists[letters], share) for letters, share in given if letters in self._lists]
        alike = np.zeros(self.size)
        if rows:
            places, shares = zip(*rows, strict=True)
            alike += np.array(shares, np.float32) @ self._rows[list(places)]
        if lists:
            pairs, shares = zip(*lists, strict=True)
            each = np.repeat(shares, [pair.shape[1] for pair in pairs])
            at, share = np.concatenate(pairs, axis=1)
            alike += np.bincount(at.astype(np.int64), share * each, self.size)
        return min(1.0, float(alike.max()))


def _plain(text: str) -> str:
    """The text without case and with single blanks, its numbers as they are."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _shares(text: str) -> list[tuple[int, float]]:
    """The hash of each run of letters, and its share in the text's length as a vector."""
    padded = f" {text} " if text else ""
    times = Counter(map(hash, zip(padded, padded[1:], padded[2:], strict=False)))
    length = sum(n * n for n in times.values()) ** 0.5
    return [(letters, n / length) for letters, n in times.items()]
