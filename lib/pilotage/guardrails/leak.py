"""Whether an answer gives the system prompt away: its canary, or many of its words in a row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice

import numpy as np

from pilotage.guardrails.findings import Finding
from pilotage.guardrails.views import View, readings
from pilotage.playbook.guardrails import Action

_SIGNS = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_UNSPACED = re.compile(rf"[{_SIGNS}]")  # scripts that are written without spaces between words
_WORD = re.compile(rf"[{_SIGNS}]|[^\W_{_SIGNS}]+")
MOST = 100  # leaks that are listed of one view; more would change no decision
REASONS = {
    "canary": "the answer holds the phrase that stands in the system prompt and nowhere else",
    "overlap": "the answer shares {} words in a row with the system prompt",
}
Run = tuple[int, int, int]  # the first word, the one after the last, and how many words in a row


class Leak:
    """Finds the canary and runs of more than `overlap_max_words` words of the prompt.

    Runs are found with the suffix automaton of the prompt's words (Blumer et al. 1985), so the time is linear in the
    answer whatever the prompt.
    """

    def __init__(self, prompt: str, canary: str, overlap_max_words: int, action: Action) -> None:
        self.action, self.most = action, overlap_max_words
        spelt = dict.fromkeys((canary, readings(canary)[0]))  # views spell it without accents
        self._canaries = list(map(words_of, spelt))
        self._automaton = _automaton(words_of(prompt))
        self.reach = _reach(prompt, canary, overlap_max_words)

    def find(self, seen: Sequence[View]) -> list[Finding]:
        """The leaks in any view of an answer, with spans of the original text; none inside another of its kind."""
        found: list[Finding] = []
        for view in seen:
            for rule, reason, start, end in islice(self._in(view.text), MOST):
                start, end = view.span(start, end)
                if not any(one.rule == rule and one.start <= start and end <= one.end for one in found):
                    found.append(Finding("output", "leak", rule, self.action, start, end, 1.0, reason))
        return found

    def _in(self, text: str) -> Iterator[tuple[str, str, int, int]]:
        words = words_of(text)
        runs = [("canary", run) for canary in self._canaries for run in _in_a_row(canary, words)]
        runs += [("overlap", run) for run in self._shared(words)]
        places = [found.span() for found in _WORD.finditer(text)] if runs else []
        for rule, (first, after, size) in runs:
            yield rule, REASONS[rule].format(size), places[first][0], places[after - 1][1]

    def _shared(self, words: Sequence[str]) -> Iterator[Run]:
        """Runs of words that also stand in the prompt; those that lie over each other are one, as long as the longest.

        Looked for only where more words in a row than may be shared occur in the prompt at all.
        """
        known = np.fromiter(map(self._automaton.next[0].__contains__, words), dtype=bool, count=len(words))
        edges = np.flatnonzero(np.diff(known, prepend=False, append=False))
        for first, after in edges.reshape(-1, 2).tolist():
            if after - first > self.most:
                yield from self._runs(words, first, after)

    def _runs(self, words: Sequence[str], begin: int, stop: int) -> Iterator[Run]:
        """The runs in a stretch of words; a sign of a script without spaces counts as half a word."""
        halves = list(accumulate((1 if _UNSPACED.match(word) else 2 for word in words[begin:stop]), initial=0))
        first, after, longest = begin, begin, 0
        state, length = 0, 0
        for end in range(begin + 1, stop + 1):
            state, length = self._automaton.step(state, length, words[end - 1])
            size = halves[end - begin] - halves[end - begin - length]
            if size <= 2 * self.most:
                continue
            if longest and end - length >= after:
                yield first, after, longest // 2
                longest = 0
            first, after, longest = (first if longest else end - length), end, max(longest, size)
        if longest:
            yield first, after, longest // 2


def _reach(prompt: str, canary: str, most: int) -> int:
    """How many characters a leak takes before it is found, were they written with a blank between all letters."""
    places = [found.span() for found in _WORD.finditer(prompt)]
    rows = (after[1] - first[0] for first, after in zip(places, places[most:], strict=False))
    return 2 * max(len(canary), max(rows, default=0))


def _in_a_row(phrase: Sequence[str], words: Sequence[str]) -> Iterator[Run]:
    """Where the phrase's words stand in a row, whatever stands between them and however they are written."""
    size, place = len(phrase), -1
    while size:
        try:
            place = words.index(phrase[0], place + 1)
        except ValueError:
            return
        if words[place : place + size] == phrase:
            yield place, place + size, size


def words_of(text: str) -> list[str]:
    """The words of a text in small letters, without what stands between them."""
    small = text.casefold()
    if len(small) == len(text):
        return _WORD.findall(small)
    return [word.casefold() for word in _WORD.findall(text)]  # a letter that becomes two might split its word


@dataclass(frozen=True, slots=True)
class _Automaton:
    """Every run of words of one text: `next` leads on from a state, `link` to that of its longest proper suffix."""

    next: list[dict[str, int]]
    link: list[int]
    length: list[int]

    def step(self, state: int, length: int, word: str) -> tuple[int, int]:
        """State and length of the longest run that ends with this word; 0 and 0 where the word never occurs."""
        while state and word not in self.next[state]:
            state = self.link[state]
            length = self.length[state]
        if word not in self.next[state]:
            return 0, 0
        return self.next[state][word], length + 1


def _automaton(words: Sequence[str]) -> _Automaton:
    built = _Automaton([{}], [-1], [0])
    last = 0
    for word in words:
        last = _grown(built, last, word)
    return built


def _grown(built: _Automaton, last: int, word: str) -> int:
    """The automaton one word longer; the state of the whole text so far."""
    new = _added(built, {}, built.length[last] + 1, 0)
    while last != -1 and word not in built.next[last]:
        built.next[last][word] = new
        last = built.link[last]
    if last != -1:
        built.link[new] = _suffix(built, last, word)
    return new


def _suffix(built: _Automaton, state: int, word: str) -> int:
    """The state of exactly the run that ends `state` and this word; split off where it was joined with longer ones."""
    target = built.next[state][word]
    if built.length[target] == built.length[state] + 1:
        return target
    copy = _added(built, dict(built.next[target]), built.length[state] + 1, built.link[target])
    built.link[target] = copy
    while state != -1 and built.next[state].get(word) == target:
        built.next[state][word] = copy
        state = built.link[state]
    return copy


def _added(built: _Automaton, following: dict[str, int], length: int, link: int) -> int:
    built.next.append(following)
    built.length.append(length)
    built.link.append(link)
    return len(built.link) - 1
