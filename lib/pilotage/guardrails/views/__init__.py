"""A text as it reads to a person or a model once what hides it is taken away: every view, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import re2

from pilotage.guardrails.views import characters, encodings, wording
from pilotage.guardrails.views.view import Step, View

_NORMAL = (encodings.SMUGGLED, *characters.STEPS)
_ONCE = (*encodings.STEPS, *characters.STEPS)
_DECODED = _ONCE * 4  # an encoded piece inside another, and so on
_MEMORY = 64 << 20  # bytes that the automaton of all triggers may take


@dataclass(frozen=True, slots=True)
class Read:
    """A text gone through once: all its views, and which of them a classifier reads."""

    views: list[View]
    readings: list[str]


def views(text: str) -> list[View]:
    """The text as written, then a view for each step that read it differently, each built on the one before.

    Steps: bytes hidden in variation selectors, invisible characters, letter forms, homoglyphs, accents; what percent
    signs, entities, escapes, hex, bits and base64 say; spaced letters, digits for letters, misspelt key words. Rot13
    and reversal change every word, so they are views beside the decoded text, from which the last three steps start
    anew: a word that calls for them hides nothing from the others. Ordinary text has one view. Time and memory grow
    linearly with the text; lone surrogates and NUL bytes are characters like any other.
    """
    return read(text).views


def readings(text: str) -> list[str]:
    """What a classifier reads: the text without what hides it (case kept), then what it says decoded and rejoined.

    One entry for ordinary text; one more for each of rot13 and reversal that a word calls for.
    """
    return read(text).readings


def read(text: str) -> Read:
    """Both `views` and `readings` of the text."""
    plain = _read(View("as written", text), _NORMAL)
    decoded = _read(plain[-1], _DECODED)
    ways = [_worded(view) for view in (decoded[-1], *_branches(decoded[-1]))]
    seen = [*plain, *decoded[1:], *ways[0][1:], *(view for way in ways[1:] for view in way)]
    return Read(seen, list(dict.fromkeys([plain[-1].text, *(way[-1].text for way in ways)])))


def _branches(view: View) -> list[View]:
    """The whole text shifted, reversed, or both, each where a word in it calls for that."""
    shifted, turned = (_read(view, (step,))[1:] for step in wording.BRANCHES)
    both = [further for branch in shifted for further in _read(branch, wording.BRANCHES[1:])[1:]]
    return [*shifted, *turned, *both]


def _worded(view: View) -> list[View]:
    """The view, then its words rejoined and spelt right."""
    found = _read(view, wording.STEPS)
    right = wording.respelt(found[-1])
    return found if right is found[-1] else [*found, right]


def _read(view: View, steps: tuple[Step, ...]) -> list[View]:
    """The view, then what each step makes of the one before, where its trigger is in the text and it changes it."""
    found, needed = [view], _triggered(view.text)
    for step in steps:
        if step.trigger in needed:
            view = step.read(found[-1])
            if view is not found[-1]:
                found.append(view)
                needed = _triggered(view.text)
    return found


@cache
def _triggers() -> tuple[re2.Set, tuple[str, ...]]:
    """All triggers in one automaton: a text is gone through once, however many steps there are."""
    options = re2.Options()
    options.max_mem, options.log_errors = _MEMORY, False
    triggers = tuple(dict.fromkeys(step.trigger for step in (*_NORMAL, *_ONCE, *wording.BRANCHES, *wording.STEPS)))
    together = re2.Set.SearchSet(options)
    for trigger in triggers:
        together.Add(trigger)
    together.Compile()
    return together, triggers


def _triggered(text: str) -> set[str]:
    together, triggers = _triggers()
    return {triggers[at] for at in together.Match(text.encode("utf-8", "replace")) or ()}


__all__ = ["Read", "View", "read", "readings", "views"]
