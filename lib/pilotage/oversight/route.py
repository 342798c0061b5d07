"""What becomes of an action that the agent wants to take: it acts, asks a person, or is refused.

    router = oversight.load(workspace, dataset, as_of)
    router.route({"interaction_id": "i1", "action_type": "post invoice", "confidence": 0.93}, checked.findings)

Only what is known and allowed acts. What cannot be read asks a person, and says what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pilotage.hashes import permanent_number
from pilotage.oversight.conditions import (
    ASK,
    REFUSE,
    Decision,
    Reason,
    of_alarm,
    of_amount,
    of_confidence,
    of_findings,
    of_id,
    of_likeness,
    of_tier,
)
from pilotage.oversight.likeness import PastErrors
from pilotage.playbook.common import Tier
from pilotage.playbook.oversight import ActionType, OversightPolicy

_ID = "the interaction's id"
Look = Callable[[], Iterable[Reason] | None]


@dataclass(frozen=True, slots=True)
class Routed:
    """The decision, and every reason for it in plain words; an action that simply may be taken has none.

    `tier` is that of the action type, None where it has none. Where the agent acts, `sampled` says whether the review
    queue draws this run by chance alone, and `inclusion_probability` with which chance; 0 where a person decides.
    """

    decision: Decision
    reasons: tuple[str, ...]
    tier: Tier | None
    sampled: bool = False
    inclusion_probability: float = 0.0


@dataclass(frozen=True)
class Router:
    """The policy with the tiers as they stand, the action types whose reviews raised an alarm, and past errors.

    `salt` is the dataset's name, which keeps the draws of two datasets apart. A router knows what it was made of and
    nothing that happened since: load another one now and then, so that a demotion counts. One serves all threads.
    """

    policy: OversightPolicy
    tiers: Mapping[str, Tier | None]
    alarms: Collection[str] = ()
    errors: PastErrors = field(default_factory=lambda: PastErrors(()))
    salt: str = ""

    def route(self, interaction: Mapping[str, Any], findings: Iterable[Any] | None) -> Routed:
        """The decision on an action, in less than a millisecond for ordinary texts.

        `interaction` names interaction_id and action_type, and where they are known confidence (0 to 1), amount (in
        the playbook's currency) and input_text. `findings` are the guard's on the input and the answer, as it gives
        them or as mappings; () where it found nothing, None where it was not asked. Never raises: what is missing or
        cannot be read asks a person.
        """
        if not isinstance(interaction, Mapping):
            return Routed(ASK, ("what the agent wants to do cannot be read",), None)
        told: list[Reason] = []
        _collect("the guard's findings", lambda: of_findings(findings, self.policy.escalation.personal_data), told)
        action = self._action(interaction, told)
        if action is None:
            return Routed(REFUSE, _words(told), None)
        tier = self.tiers.get(action.name)
        if not action.acts:
            return _handed_over(action, tier, told)
        for name, look in self._looks(interaction, action, tier).items():
            _collect(name, look, told)
        return self._decided(interaction, tier, told)

    def _action(self, given: Mapping[str, Any], told: list[Reason]) -> ActionType | None:
        """The action type that is named; a reason to refuse where the policy has none of this name."""
        named: list[Any] = [None]
        _collect("the action type", lambda: named.append(given.get("action_type")), told)
        name = named[-1]
        action = self.policy.action(name) if isinstance(name, str) else None
        if action is None:
            fault = "playbook/oversight.yaml does not name" if isinstance(name, str) and name else "nobody has named"
            told.append((REFUSE, f"{fault} this type of action, so nobody has said what may go wrong"))
        return action

    def _looks(self, given: Mapping[str, Any], action: ActionType, tier: object) -> dict[str, Look]:
        """Everything else that is looked at, by its name."""
        limits = self.policy.escalation
        return {
            "the tier": lambda: of_tier(action, tier),
            "the alarms": lambda: of_alarm(action, self.alarms),
            "the confidence": lambda: of_confidence(given.get("confidence"), limits),
            "the amount": lambda: of_amount(given.get("amount"), action),
            "the input text": lambda: of_likeness(given.get("input_text"), self.errors, limits),
            _ID: lambda: of_id(given.get("interaction_id")),
        }

    def _decided(self, given: Mapping[str, Any], tier: Tier | None, told: list[Reason]) -> Routed:
        """The strictest of the reasons decides; a run in which the agent acts may be looked at afterwards."""
        drawn: list[float] = []
        if not told:
            _collect(_ID, lambda: drawn.append(self._number(given["interaction_id"])), told)
        if told or tier is None:
            return Routed(_strictest(told), _words(told), tier)
        share = self.policy.queue.uniform_share[tier]
        return Routed("act", (), tier, drawn[0] < share, share)

    def _number(self, name: str) -> float:
        """The run's own number, by which the review queue draws it as well."""
        return permanent_number("uniform", self.salt, name)


def _collect(name: str, look: Look, told: list[Reason]) -> None:
    """Add what a look says; one that fails asks a person, and what it had said before stands."""
    try:
        told.extend(look() or ())
    except Exception as error:  # whatever an agent's own objects may raise
        told.append((ASK, f"{name} cannot be read: {type(error).__name__}"))


def _handed_over(action: ActionType, tier: Tier | None, told: list[Reason]) -> Routed:
    """A person decides anyway, so only what the guard blocks is stopped."""
    if _strictest(told) == REFUSE:
        return Routed(REFUSE, _words(told), tier)
    return Routed("act", (f"{action.name} only hands the case to a person", *_words(told)), tier)


def _strictest(told: list[Reason]) -> Decision:
    return REFUSE if any(decision == REFUSE for decision, _ in told) else ASK


def _words(told: list[Reason]) -> tuple[str, ...]:
    """Each reason once, those to refuse first."""
    return tuple(dict.fromkeys(words for _, words in sorted(told, key=lambda reason: reason[0] != REFUSE)))
