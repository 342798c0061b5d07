"""A text as the patterns read it: digits, dashes and spaces of any script made plain, invisible characters left out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pilotage.redact.labels import Labels

_MEMORY = 64 << 20  # bytes a pattern's automaton may take before it falls back to a slower one


class _Plain(dict[int, str | None]):
    """For str.translate: one plain character for one character, None for one that is not seen."""

    def __missing__(self, code: int) -> str | None:
        self[code] = plain = _plain(chr(code))
        return plain


def _plain(character: str) -> str | None:
    if ord(character) < 128:
        return character
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    category = unicodedata.category(character)
    if category in ("Cf", "Mn", "Cs", "Zs", "Pd"):
        return {"Cf": None, "Mn": character, "Cs": "\ufffd", "Zs": " ", "Pd": "-"}[category]
    if character in "\u2212\u2028\u2029":  # a minus sign is written for a dash; the others end a line
        return "-" if character == "\u2212" else "\n"
    if character == "\u3002":  # the full stop of Chinese and Japanese domains
        return "."
    folded = unicodedata.normalize("NFKC", character)
    return folded if len(folded) == 1 else character


_PLAIN = _Plain()


class Reading:
    """A text and its plain form; positions of the plain form lead back by `origin`.

    `data` has one byte for each character of `plain`: Latin-1, everything else as "?".
    """

    def __init__(self, text: str) -> None:
        self.plain = text if text.isascii() else text.translate(_PLAIN)
        self.data = self.plain.encode("latin-1", "replace")
        self._at = None
        if len(self.plain) != len(text):
            self._at = [place for place, character in enumerate(text) if _PLAIN[ord(character)] is not None]

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """The span in the text as it was given."""
        return (start, end) if self._at is None else (self._at[start], self._at[end - 1] + 1)

    @cached_property
    def labels(self) -> Labels:
        """The words that say what stands beside them; looked for when a find first hangs on one."""
        from pilotage.redact.labels import Labels

        return Labels(self.plain)


class Pattern:
    """An RE2 pattern over `Reading.data`, compiled when first used; upper and lower case differ unless it says (?i)."""

    def __init__(self, pattern: str, longest: bool = False) -> None:
        self.pattern, self.longest = pattern, longest

    @cached_property
    def compiled(self) -> Any:
        """The compiled pattern."""
        return _compiled(self.pattern.encode("latin-1"), self.longest)

    def spans(self, data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
        """Where it matches, from left to right: its first group where it has one, else the whole match."""
        group = 1 if self.compiled.groups else 0
        for match in self.compiled.finditer(data, start, len(data) if end is None else end):
            yield match.span(group)

    def fits(self, data: bytes) -> bool:
        """Whether it matches all of the data."""
        return self.compiled.fullmatch(data) is not None

    def occurs(self, data: bytes) -> bool:
        """Whether it matches anywhere."""
        return self.compiled.search(data) is not None


@cache
def _compiled(pattern: bytes, longest: bool) -> Any:
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.longest_match, options.max_mem = longest, _MEMORY
    return re2.compile(pattern, options)


def any_of(patterns: list[str]) -> Pattern:
    """A pattern that matches where one of them does, the longest where several do."""
    return Pattern("|".join(f"(?:{pattern})" for pattern in patterns), longest=True)
