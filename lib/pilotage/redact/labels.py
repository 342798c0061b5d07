"""The words beside a value that say what it is: "phone", "Kontonummer", "numéro de passeport"."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import lru_cache
from typing import Any

from pilotage.redact.label_words import WORDS

_BEFORE, _AFTER = 60, 30  # characters between a value and the word that names it


class Labels:
    """The labels of one text, by their class ("phone", "passport", "us_ssn", …), found in one pass."""

    def __init__(self, plain: str) -> None:
        pattern, classes = _book()
        self.spots: dict[str, list[tuple[int, int]]] = {}
        self._ends: list[int] = []
        self._classes: list[tuple[str, ...]] = []
        for match in pattern.finditer(plain):
            start, end = match.span()
            known = classes.get(_key(plain[start:end]))
            if known is None or not _whole_word(plain, start, end, known[1]):
                continue
            self._ends.append(end)
            self._classes.append(known[0])
            for name in known[0]:
                self.spots.setdefault(name, []).append((start, end))

    def nearest(self, start: int, reach: int = _BEFORE) -> tuple[str, ...]:
        """The classes of the last label that ends before, at most so many characters away; () where none does."""
        last = bisect_right(self._ends, start) - 1
        return self._classes[last] if last >= 0 and start - self._ends[last] <= reach else ()

    def near(self, name: str, start: int, end: int, before: int = _BEFORE, after: int = _AFTER) -> bool:
        """Whether a label of this class stands shortly before or after."""
        spots = self.spots.get(name, [])
        first = bisect_left(spots, (start - before - 60, 0))
        for place in range(first, len(spots)):
            if spots[place][0] > end + after:
                return False
            if spots[place][1] > start - before:
                return True
        return False


@lru_cache(maxsize=4096)
def _key(words: str) -> str:
    return " ".join(words.casefold().replace("-", " ").split())


def _whole_word(plain: str, start: int, end: int, stem: bool) -> bool:
    """Not in the middle of a word; scripts without spaces between words have no middle. A placeholder is no label."""
    first, last = plain[start], plain[end - 1]
    if start and plain[start - 1] == "[" and plain[end : end + 1] == "]":
        return False
    if start and _spaced(first) and plain[start - 1].isalnum() and _spaced(plain[start - 1]):
        return False
    after = plain[end : end + 1]
    return stem or not (after.isalnum() and _spaced(after) and _spaced(last))


def _spaced(character: str) -> bool:
    """Whether its script puts spaces between words (CJK, kana and Thai do not; Korean hangs endings on words)."""
    return not "\u0e00" <= character <= "\u0e7f" and not "\u3040" <= character <= "\ud7a3"


@lru_cache(maxsize=1)
def _book() -> tuple[Any, dict[str, tuple[tuple[str, ...], bool]]]:
    """One pattern for all words, and for each its classes and whether it may go on (a stem, written with a *)."""
    import re2

    classes: dict[str, tuple[tuple[str, ...], bool]] = {}
    for name, words in WORDS.items():
        for word in words.split(","):
            key = _key(word.strip().removesuffix("*"))
            known, stem = classes.get(key, ((), False))
            classes[key] = ((*known, name), stem or word.strip().endswith("*"))
    options = re2.Options()
    options.longest_match, options.max_mem, options.case_sensitive = True, 64 << 20, False
    forms = [re2.escape(key).replace("\\ ", r"[\s-]{1,3}").replace(" ", r"[\s-]{1,3}") for key in classes]
    latin = "|".join(form for form, key in zip(forms, classes, strict=True) if key[0].isascii())
    others = "|".join(form for form, key in zip(forms, classes, strict=True) if not key[0].isascii())
    return re2.compile(rf"\b(?:{latin})|(?:{others})", options), classes
