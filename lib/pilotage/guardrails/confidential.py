"""Mentions of what the organisation keeps to itself: terms and classifications, as whole words, in every view."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import re2

from pilotage.guardrails.findings import Finding, Side
from pilotage.guardrails.views import View, readings
from pilotage.playbook.guardrails import Confidential

# Scripts that are written without spaces between words: there a word may begin or end anywhere.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_BEFORE, _AFTER = r"(?:^|[^\pL\pN\pM_])", r"(?:$|[^\pL\pN\pM_])"
_GAP = r"[\s\pZ_\-]+"  # between the words of one term; a line may end there
MOST = 100  # mentions that are listed of one view; more would change no decision
REASONS = {
    "classification": "the text carries a marking of confidential documents",
    "term": "the text names something that the organisation keeps to itself",
}


class ConfidentialTerms:
    """Finds the policy's terms and classifications; linear in the length of the text."""

    def __init__(self, policy: Confidential) -> None:
        self.action = policy.action
        given = {"classification": policy.classifications, "term": policy.terms}
        self._patterns = {rule: _pattern(words) for rule, words in given.items() if words}

    def find(self, seen: Sequence[View], side: Side) -> list[Finding]:
        """One finding for each mention, `rule` either classification or term; spans are those of the original text."""
        spans = {
            (rule, *view.span(*at)): None
            for rule in self._patterns
            for view in seen
            for at in islice(self._at(rule, view), MOST)
        }
        return [
            Finding(side, "confidential", rule, self.action, start, end, 1.0, REASONS[rule])
            for rule, start, end in spans
        ]

    def _at(self, rule: str, view: View) -> Iterator[tuple[int, int]]:
        """Where the words stand in the view. One search after the other, since two mentions may share a blank."""
        raw, pattern = view.text.encode("utf-8", "replace"), self._patterns[rule]
        place, known, counted = 0, 0, 0
        while found := pattern.search(raw, place):
            first, last = found.span(found.lastindex)
            start = counted + len(raw[known:first].decode())
            end = start + len(raw[first:last].decode())
            yield start, end
            place, known, counted = last, last, end


def _pattern(words: Sequence[str]) -> Any:
    """The words as written and as the views spell them, without accents."""
    longest_first = sorted({spelt for word in words for spelt in (word, readings(word)[0])}, key=len, reverse=True)
    return re2.compile("(?i)" + "|".join(map(_bounded, longest_first)))


def _bounded(word: str) -> str:
    parts = word.split()
    inside = _GAP.join(re2.escape(part) for part in parts)
    return f"{_edge(parts[0][0], _BEFORE)}({inside}){_edge(parts[-1][-1], _AFTER)}"


def _edge(sign: str, boundary: str) -> str:
    """Nothing next to a sign that is no part of a word anyway, such as a bracket."""
    return boundary if sign.isalnum() and not _UNSPACED.match(sign) else ""
