"""What the agent is about to say that is personal, and what the policy does about each kind."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from pilotage.guardrails.findings import Finding
from pilotage.guardrails.views import View
from pilotage.guardrails.views.view import Edit, edited
from pilotage.playbook.guardrails import Action, PersonalData
from pilotage.redact import KINDS, find

if TYPE_CHECKING:
    from pilotage.guardrails.detectors.presidio import Names

NAME = "name"  # the kind that presidio finds; `redact` finds all others
OTHER = "other"
FOUND = (*KINDS, NAME, OTHER)  # what a policy may have an action for
MOST = 100  # values of one kind that are listed; more would change no decision
SURE = ("card", "iban", "secret", "email", "national_id")  # known by form or check digit, also where decoded
_REWORDED = ("digits for letters", "spelling")  # views that put words for others, and so no value that was hidden
_SPELT = re.compile(
    r"(?<!\S)[!-~](?: {1,3}[!-~]){9,}(?!\S)"
    r"|(?<![\w./|@-])[0-9A-Za-z_@](?:[-./|][0-9A-Za-z_@]){9,}(?![\w./|@-])"
)
_GAPS = re.compile(r"(?<=[!-~]) +|(?<=\w)[-./|](?=[\w@])|(?<=@)[-./|]")
_WRITTEN_APART = ("phone", "iban", "card", "national_id")  # blanks and hyphens in these mean nothing


class PersonalDataFinder:
    """Finds personal data and secrets; values that the policy allows are left alone."""

    def __init__(self, policy: PersonalData) -> None:
        self.policy = policy
        self._allowed = {spelt for value in policy.allowed for spelt in (_squeezed(value), value.strip().casefold())}

    def find(self, seen: Sequence[View]) -> list[Finding]:
        """What `redact.find` finds, each with the action of its kind; `seen` are the views, the text as written first.

        In what was decoded, or spelt sign by sign, only the kinds in SURE count, and only what was not seen before.
        """
        written = self._in(seen[0])
        repeats, found = _Seen(written), list(written)
        for view in _differing(seen):
            shown = [one for one in self._in(view) if one.rule in SURE and not repeats(one)]
            found += [one for rule in SURE for one in islice((one for one in shown if one.rule == rule), MOST)]
        return found

    def _in(self, view: View) -> list[Finding]:
        return [
            self._finding(one.kind, *view.span(one.start, one.end), one.score, one.reason)
            for one in find(view.text, self.policy.regions)
            if not self._may_be_said(one.kind, view.text[one.start : one.end])
        ]

    def find_names(self, names: Names, text: str) -> list[Finding]:
        """People's names that are not allowed."""
        reason = "reads like a person's name"
        return [
            self._finding(NAME, one.start, one.end, one.score, reason)
            for one in names.find(text)
            if not self._may_be_said(NAME, text[one.start : one.end])
        ]

    def _finding(self, kind: str, start: int, end: int, score: float, reason: str) -> Finding:
        action: Action = self.policy.actions.get(kind) or self.policy.actions[OTHER]
        return Finding("output", "personal_data", kind, action, start, end, score, reason)

    def _may_be_said(self, kind: str, value: str) -> bool:
        spelt = _squeezed(value) if kind in _WRITTEN_APART else value.strip().casefold()
        return spelt in self._allowed


class _Seen:
    """Whether a finding was seen before: over one of its kind in the text as written, or at the very place."""

    def __init__(self, written: Sequence[Finding]) -> None:
        self._ends: dict[str, list[tuple[int, int]]] = {}
        for one in written:
            self._ends.setdefault(one.rule, []).append((one.end, one.start))
        self._places: set[tuple[str, int, int]] = set()

    def __call__(self, one: Finding) -> bool:
        ends = self._ends.get(one.rule, [])
        at = bisect_right(ends, (one.start, one.end))
        if at < len(ends) and ends[at][1] < one.end:
            return True
        before = len(self._places)
        self._places.add((one.rule, one.start, one.end))
        return len(self._places) == before


def _differing(seen: Sequence[View]) -> Iterator[View]:
    """The views but the first that may show a value, and each without the gaps between single signs."""
    for place, view in enumerate(seen):
        if view.name not in _REWORDED:
            closed = _closed_up(view)
            yield from (shown for shown in (view, closed) if shown is not seen[0] and (place or shown is closed))


def _closed_up(view: View) -> View:
    """The view with values that are spelt sign by sign (4 1 1 1, g-h-p) written in one; the view itself without."""
    edits = [edit for match in _SPELT.finditer(view.text) for edit in _gaps(match)]
    return edited(view, "closed up", edits)


def _gaps(match: re.Match[str]) -> list[Edit]:
    """The gaps closed, but for the wider ones, which part words."""
    gaps = [(gap.start() + match.start(), gap.end() + match.start()) for gap in _GAPS.finditer(match.group())]
    least = min(end - start for start, end in gaps)
    return [(start, end, "" if end - start == least else " ") for start, end in gaps]


def unknown_kinds(policy: PersonalData) -> list[str]:
    """The kinds in the policy's actions that nothing finds."""
    return sorted(set(policy.actions) - {*FOUND})


def _squeezed(value: str) -> str:
    return "".join(sign for sign in value.casefold() if sign.isalnum())
