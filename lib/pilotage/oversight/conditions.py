"""Why the agent asks a person, or is refused, before it acts: one function for each kind of reason."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from numbers import Rational, Real
from typing import Any, Literal

from pilotage.oversight.likeness import PastErrors
from pilotage.playbook.oversight import ActionType, Escalation
from pilotage.words import listed, number, plain

Decision = Literal["act", "ask a person", "refuse"]
Reason = tuple[Decision, str]
ASK: Decision = "ask a person"
REFUSE: Decision = "refuse"
NOTE = "note"  # what a finding leads to that only says something
_LONGEST_NAME = 60
_MOST_NAMED = 5


def of_tier(action: ActionType, tier: object) -> Iterator[Reason]:
    """What the tier says: only on the loop and outside it does the agent act by itself."""
    if tier is None:
        # A person decides, and is not refused the case: without reviewed cases the action could never go live.
        yield ASK, f"{action.name} is not live yet: a person decides each one until the reviews prove enough"
    elif tier == "in the loop":
        high = ", as high-risk actions do" if action.risk_class == "high" else ""
        yield ASK, f"{action.name} is in the loop: a person decides each one{high}"
    elif tier not in ("on the loop", "outside the loop"):
        yield ASK, f"the tier of {action.name} cannot be read"


def of_alarm(action: ActionType, alarms: Iterable[str]) -> Iterator[Reason]:
    """Whether the reviews have raised an alarm since the last promotion."""
    if action.name in alarms:
        yield ASK, f"the reviews of {action.name} have raised an alarm: its errors have become more frequent"


def of_confidence(given: object, limits: Escalation) -> Iterator[Reason]:
    """Whether the agent is sure enough; a limit of 0 asks nobody."""
    least = limits.confidence_min.value
    if not least:
        return
    value = _number(given)
    if value is None or not 0 <= value <= 1:
        fault = "is missing" if given is None else "cannot be read: it should be a number from 0 to 1"
        yield ASK, f"the agent's confidence {fault}"
    elif value < least:
        yield ASK, f"the agent's confidence is below {number(least, 'share')}"


def of_amount(given: object, action: ActionType) -> Iterator[Reason]:
    """Whether the amount is one that the agent may decide on."""
    if action.amount_max is None:
        return
    value = _number(given)
    if value is None or value < 0:
        fault = "is missing" if given is None else "cannot be read: it should be a number that is not negative"
        yield ASK, f"the amount {fault}"
    elif _over(given, action.amount_max.value):
        yield ASK, f"the amount is over {number(action.amount_max.value)}"


def of_likeness(given: object, errors: PastErrors, limits: Escalation) -> Iterator[Reason]:
    """Whether the input is like one that went wrong; nothing where nothing went wrong yet."""
    if not errors:
        return
    if not isinstance(given, str) or not given.strip():
        yield ASK, "there is no input text, so nobody knows whether it is like one that went wrong before"
    elif errors.likeness(given) >= limits.similarity_min.value:
        yield ASK, "the input is like one that the agent got wrong before"


def of_id(given: object) -> Iterator[Reason]:
    """Whether the run has a name, without which nobody could draw it for a review afterwards."""
    if not isinstance(given, str) or not given.strip():
        yield ASK, "the interaction has no id, so nobody could look at it afterwards"


def of_findings(findings: object, personal_data: bool) -> Iterator[Reason]:
    """What the guard found, each rule once; findings that are not there or cannot be read are no all-clear.

    A finding has an action (note, review or block), a kind and a rule, as attributes or by name in a mapping.
    """
    if findings is None:
        yield ASK, "the guard was not asked, so nobody knows of attacks or personal data"
        return
    if not isinstance(findings, Iterable) or isinstance(findings, str | bytes | Mapping):
        yield ASK, "the guard's findings cannot be read"
        return
    personal: dict[str, None] = {}
    for finding in findings:
        action, kind, rule = (_part(finding, name) for name in ("action", "kind", "rule"))
        yield from _of_finding(action, kind, rule)
        if kind == "personal_data" and personal_data:
            personal[_named(rule)] = None
    if personal:
        more = ["more"] if len(personal) > _MOST_NAMED else []
        yield ASK, f"there is personal data: {listed([*list(personal)[:_MOST_NAMED], *more])}"


def _of_finding(action: Any, kind: Any, rule: Any) -> Iterator[Reason]:
    if action == "block":
        yield REFUSE, f"the guard blocks it: {_named(kind)}, {_named(rule)}"
    elif kind == "undecided":
        yield ASK, f"the guard could not decide: {_named(rule)}"
    elif action == "review":
        yield ASK, f"the guard asks for a review: {_named(kind)}, {_named(rule)}"
    elif action != NOTE or not isinstance(kind, str):
        yield ASK, "a finding of the guard cannot be read"


def _part(finding: Any, name: str) -> Any:
    return finding.get(name) if isinstance(finding, Mapping) else getattr(finding, name, None)


def _named(given: Any) -> str:
    return plain(given, _LONGEST_NAME) if isinstance(given, str) and given else "without a name"


def _over(given: Any, limit: float) -> bool:
    """Whether the number is over the limit as it is written, with every digit of both."""
    if isinstance(given, Decimal):
        return given > Decimal(str(limit))
    return Fraction(given) > Fraction(str(limit)) if isinstance(given, Rational) else float(given) > limit


def _number(given: object) -> float | None:
    """The finite number; None for anything else, such as text, true and false."""
    if isinstance(given, bool) or not isinstance(given, Real | Decimal):
        return None
    value = float(given)
    return value if math.isfinite(value) else None
