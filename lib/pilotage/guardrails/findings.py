"""What a guard says of a text: each thing it found, and what they lead to together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from pilotage.errors import PilotageError
from pilotage.guardrails.detectors import DetectorFault
from pilotage.guardrails.views import Read, View, read
from pilotage.playbook.guardrails import Action

if TYPE_CHECKING:
    from pilotage.guardrails.rules import Hit

Decision = Literal["allow", "review", "block"]
Side = Literal["input", "output"]
DECIDES: dict[Action, Decision] = {"note": "allow", "review": "review", "block": "block"}
STRICTNESS: tuple[Decision, ...] = ("allow", "review", "block")
UNDECIDED = "undecided"
_LONE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in a text, `start` to `end` in characters of it.

    `kind` is injection, jailbreak, topic, policy, leak, confidential, personal_data or undecided. `rule` is the rule's
    id, the kind of personal data, "detectors" for what these say together, or what failed where nothing was decided.
    `score` from 0 to 1 says how sure it is. Neither `reason` nor any other field repeats the text.
    """

    side: Side
    kind: str
    rule: str
    action: Action
    start: int
    end: int
    score: float
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """The fields by name, as JSON takes them."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Checked:
    """The decision on a text; `score` is the calibrated probability of an injection, None where none was worked out.

    An answer has no score: injections are looked for in what goes in.
    """

    decision: Decision
    score: float | None
    findings: tuple[Finding, ...]


def undecided(side: Side, rule: str, reason: str) -> Finding:
    """What could not be decided, and why; it asks for a person."""
    return Finding(side, UNDECIDED, rule, "review", 0, 0, 0.0, reason)


def attempted(side: Side, name: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    """What the look finds; where it fails, one finding of kind undecided that says so."""
    try:
        return look()
    except Exception as error:
        return [undecided(side, name, f"{name} could not be looked for: {why(error)}")]


def read_through(side: Side, text: str) -> tuple[Read, list[Finding]]:
    """The text gone through; where that fails, the text as written and a finding that says so."""
    try:
        return read(text), []
    except Exception as error:
        failure = undecided(side, "views", f"what is hidden could not be read: {why(error)}")
        return Read([View("as written", text)], [text]), [failure]


def why(error: Exception) -> str:
    """What went wrong, without what an unknown exception may quote of the text."""
    return str(error) if isinstance(error, DetectorFault | PilotageError) else f"it raised {type(error).__name__}"


def of_rules(side: Side, hits: Iterable[Hit]) -> list[Finding]:
    """The rules' hits, each place of a rule once in whatever views it is seen."""
    found = {(hit.rule.id, hit.start, hit.end): hit.rule for hit in hits}
    return [
        Finding(side, rule.kind, rule.id, rule.action, start, end, 1.0, rule.reason)
        for (_, start, end), rule in found.items()
    ]


def readable(text: str) -> str:
    """The text with � for each lone surrogate, which JSON can spell and nothing can encode; as long as before."""
    return _LONE.sub("\ufffd", text)


def strictest(decisions: Iterable[Decision]) -> Decision:
    """The strictest of the decisions; allow where there is none."""
    return max(decisions, key=STRICTNESS.index, default="allow")


def checked(findings: Iterable[Finding], score: float | None = None, band: Decision = "allow") -> Checked:
    """All of it together, findings in the order of the text: the strictest of the band and of each finding's action."""
    ordered = tuple(sorted(findings, key=lambda one: (one.start, one.end, one.kind, one.rule, one.action, one.reason)))
    return Checked(strictest([band, *(DECIDES[one.action] for one in ordered)]), score, ordered)
