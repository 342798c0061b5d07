"""The playbook's rules as one automaton: every pattern over every view of a text, in time linear in its length."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import re2

from pilotage.errors import InputFaults
from pilotage.guardrails.views import View, views
from pilotage.playbook.guardrails import Action, Rule
from pilotage.words import plain

_MEMORY = 32 << 20  # bytes that the automaton of one pattern may take; it is built as texts need it
_PLACES_MAX = 20  # of one pattern in one view; more say nothing new
_QUOTED = 60  # characters of an example or pattern that a fault repeats
# How much one rule that hits says, by what its owner wants done about it.
_WEIGHT: dict[Action, float] = {"note": 0.3, "review": 0.6, "block": 0.85}


@dataclass(frozen=True, slots=True)
class Hit:
    """One place where a rule bites: in characters of the text as it was written, and the view that showed it."""

    rule: Rule
    start: int
    end: int
    view: str


class RuleBook:
    """Rules ready to be looked for; made by `compile_rules`."""

    name = "rules"

    def __init__(self, rules: Sequence[Rule], owners: Sequence[Rule], patterns: Any) -> None:
        self.rules = tuple(rules)
        self._owners, self._patterns = owners, patterns  # the rule of each pattern, and RE2's filter over all of them

    def hits(self, text: str, side: Literal["input", "output"], seen: Sequence[View] | None = None) -> list[Hit]:
        """Every place where a rule for this side bites, by place; a place that several views show is told once.

        `seen`: the text's views where they were made already. Empty for a text that no rule knows.
        """
        found: dict[str, list[Hit]] = defaultdict(list)
        for view in views(text) if seen is None else seen:
            for hit in self._in_view(view, side):
                earlier = found[hit.rule.id]
                if not any(other.start < hit.end and hit.start < other.end for other in earlier):
                    earlier.append(hit)
        together = (hit for several in found.values() for hit in several)
        return sorted(together, key=lambda hit: (hit.start, hit.end, hit.rule.id))

    def score(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """For each text from 0 to 1 how much the input's injection and jailbreak rules speak for an attack.

        1 minus the product of what each rule that hits leaves open (noisy or): a note .7, a review .4, a block .15; so
        it grows with the number of different rules, and is 0 where none hits. Not a calibrated probability.
        """
        return np.array([strength(hit.rule for hit in self.hits(text, "input")) for text in texts], dtype=np.float64)

    def finds(self, rule: Rule, text: str) -> bool:
        """Whether this rule bites anywhere in the text, whatever its side."""
        return any(rule is found for view in views(text) for found, _ in self._found(_bytes(view)))

    def _found(self, data: bytes) -> Iterator[tuple[Rule, Any]]:
        """The rules and patterns that are in the text; words that a pattern needs are looked for first, all at once."""
        if not self._owners:
            return iter(())
        return ((self._owners[at], self._patterns.re(at)) for at in sorted(self._patterns.Match(data) or ()))

    def _in_view(self, view: View, side: Literal["input", "output"]) -> Iterator[Hit]:
        data = _bytes(view)
        for rule, regex in self._found(data):
            if rule.side in (side, "both"):
                for start, end in _spans(regex, data, view.text.isascii()):
                    yield Hit(rule, *view.span(start, end), view.name)


def compile_rules(rules: Sequence[Rule]) -> RuleBook:
    """The rules ready to be looked for. InputFaults with every pattern RE2 refuses and every example that fails.

    A pattern that finds the empty text would bite everywhere and is refused too.
    Source: RE2 (Cox 2010), whose time grows linearly with the text whatever the pattern.
    """
    owners, together, faults = [], re2.Filter(), []
    for rule in rules:
        for number, pattern in enumerate(rule.patterns, 1):
            owners.append(rule)
            if fault := _added(together, pattern):
                faults.append(f"{rule.id}: pattern {number} {fault}: {plain(pattern, _QUOTED)!r}")
    if not faults:
        if owners:
            together.Compile()
        book = RuleBook(rules, owners, together)
        faults = [fault for rule in rules for fault in _failing(book, rule)]
    if faults:
        raise InputFaults("rules cannot be used", faults, "correct the pattern or the example; both are the rule's own")
    return book


def _failing(book: RuleBook, rule: Rule) -> Iterator[str]:
    for name, examples, wanted in (
        ("must_match", rule.must_match, True),
        ("must_not_match", rule.must_not_match, False),
    ):
        for number, example in enumerate(examples, 1):
            if book.finds(rule, example) is not wanted:
                what = "is not found" if wanted else "is found"
                yield f"{rule.id}: {name} {number} {what}: {plain(example, _QUOTED)!r}"


def strength(found: Iterable[Rule]) -> float:
    """How much the rules that hit a text speak for an attack, each counted once; see `RuleBook.score`."""
    said = {rule.id: _WEIGHT[rule.action] for rule in found if _speaks_of_attacks(rule)}
    return float(1 - np.prod([1 - weight for weight in said.values()]))


def _speaks_of_attacks(rule: Rule) -> bool:
    return rule.kind in ("injection", "jailbreak") and rule.side != "output"


def _bytes(view: View) -> bytes:
    """The view as RE2 reads it; half a surrogate pair becomes one question mark, so that places stay the same."""
    return view.text.encode("utf-8", "replace")


def _options() -> Any:
    options = re2.Options()
    options.max_mem = _MEMORY
    options.case_sensitive, options.never_capture, options.log_errors = False, True, False
    return options


def _added(together: Any, pattern: str) -> str:
    """Adds a pattern to the filter; what is wrong with it, empty where nothing is."""
    try:
        at = together.Add(pattern, _options())
        return "finds the empty text" if together.re(at).search(b"") else ""
    except re2.error:
        return f"is refused by RE2 ({_complaint(pattern)})"


def _complaint(pattern: str) -> str:
    """RE2's own words about a pattern, which its filter does not pass on."""
    try:
        re2.compile(pattern, _options())
    except re2.error as fault:
        told = fault.args[0]
        return told.decode() if isinstance(told, bytes) else str(told)
    return "it needs too much memory"


def _spans(regex: Any, data: bytes, ascii_only: bool) -> Iterator[tuple[int, int]]:
    """From and to of the first places of a pattern, in characters."""
    at = characters = 0
    for match in islice(regex.finditer(data), _PLACES_MAX):
        start, end = match.span()
        if ascii_only:
            yield start, end
            continue
        characters += len(data[at:start].decode())
        length = len(data[start:end].decode())
        at, characters = end, characters + length
        yield characters - length, characters
