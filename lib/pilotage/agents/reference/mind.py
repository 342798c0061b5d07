"""How the stand-in gets from the messages of a chat to its next one: a tool to use, or an answer, right or wrong."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pilotage.agents.reference.behaviour import Behaviour, chance
from pilotage.agents.reference.questions import Found, Kind, read

HAND_OVER = "hand_over"
FURTHEST_OFF = 9  # a wrong answer is off by 1 to 9


@dataclass(frozen=True, slots=True)
class Wish:
    """The stand-in's next message: text, or the tool it wants used with these arguments."""

    text: str
    tool: str = ""
    arguments: Mapping[str, str] | None = None


def think(messages: Sequence[Mapping[str, Any]], offered: Collection[str], trial: int, behaviour: Behaviour) -> Wish:
    """The next message. What it says is decided by the first question, the trial and the seed alone."""
    question = next((str(said.get("content")) for said in messages if said.get("role") == "user"), "")
    results = [str(said.get("content")) for said in messages if said.get("role") == "tool"]
    understood = read(question)
    if understood is None:
        return Wish("I can only answer questions about invoices.")
    if behaviour.hands_over(question, trial):
        return _handed_over(results, offered)
    kind, about = understood
    found = _read_all(results)
    if found is None:
        return Wish("I could not look that up.")
    if len(found) < len(kind.steps):
        tool, arguments = kind.steps[len(found)](about, found)
        return Wish("", tool, arguments) if tool in offered else Wish("I have no tool to look that up.")
    return Wish(_said(kind, about, found, question, trial, behaviour))


def _handed_over(results: Sequence[str], offered: Collection[str]) -> Wish:
    if not results and HAND_OVER in offered:
        return Wish("", HAND_OVER, {"reason": "I am not sure enough to answer this."})
    return Wish("I have handed this over to a person.")


def _said(kind: Kind, about: Mapping[str, str], found: Found, question: str, trial: int, behaviour: Behaviour) -> str:
    off = 0
    if behaviour.ends_wrong(question, trial):
        off = 1 + int(FURTHEST_OFF * chance(behaviour.seed, "off", question, trial))
    return kind.say(about, found, off)


def _read_all(results: Sequence[str]) -> list[Mapping[str, Any]] | None:
    """What the tools answered; None where one of them failed."""
    found = []
    for result in results:
        try:
            found.append(json.loads(result))
        except ValueError:
            return None
    return found if all(isinstance(one, dict) for one in found) else None
