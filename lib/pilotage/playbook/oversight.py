"""oversight.yaml: what the agent does, how much of it people review, and what must be proved to review less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from pilotage.playbook.common import TIERS, Amount, Chance, Count, Limit, Model, Share, Text, Tier, TierGate

RiskClass = Literal["minimal", "limited", "high"]
Outcome = Literal["answered", "escalated", "refused", "error"]
RISK_CLASSES: tuple[RiskClass, ...] = ("minimal", "limited", "high")
OversightKpi = Literal["reviewer_catch_rate", "reviewer_agreement"]


class ActionType(Model):
    """One kind of action of the agent, as the column action_type of the reviews names it."""

    name: Text = Field(description="The action type, as the table reviews has it.")
    what: Text = Field(description="What the agent does then, in a sentence.")
    risk_class: RiskClass = Field(description="How much harm an error does: minimal, limited or high.")
    outcomes: tuple[Outcome, ...] = Field(
        (), description="The outcomes of runs that end in it: what the review queue draws from."
    )
    acts: bool = Field(True, description="False where the agent only hands the case to a person: no tier is needed.")
    tier: Tier = Field("in the loop", description="The tier granted; above in the loop only by an approved proposal.")
    amount_max: Limit[Amount] | None = Field(
        None, description="A larger amount, in the playbook's currency, always goes to a person."
    )

    @model_validator(mode="after")
    def _who_does_not_act_needs_no_tier(self) -> Self:
        if not self.acts and self.tier != "in the loop":
            raise ValueError("tier: an action type that does not act is granted none")
        return self


class Escalation(Model):
    """When the agent asks a person although its tier would let it act."""

    confidence_min: Limit[Share] = Field(description="Below this confidence a person decides; 0 asks nobody for it.")
    similarity_min: Limit[Chance] = Field(
        description="An input at least this much like one that the agent got wrong goes to a person."
    )
    personal_data: bool = Field(description="Whether personal data that the guard found is a reason to ask.")


class ReviewQueue(Model):
    """Which runs people review, and how the queue is worked off."""

    uniform_share: Mapping[Tier, Share] = Field(description="The share of the runs reviewed by chance alone, by tier.")
    guided_share: Share = Field(description="The share of the suspicious runs among the others that are reviewed.")
    seeded_share: Annotated[float, Field(ge=0, le=0.5)] = Field(
        description="Known errors mixed in, as a share of the queue: they show what reviewers catch."
    )
    overlap_share: Share = Field(description="The share of the uniform runs that two people review.")
    lease_minutes: Count = Field(description="How long an item is kept for the reviewer who took it.")
    reasons: Mapping[Text, Text] = Field(min_length=1, description="Reason codes for a rejection or correction.")

    @field_validator("uniform_share")
    @classmethod
    def _every_tier(cls, shares: Mapping[Tier, float]) -> Mapping[Tier, float]:
        if absent := [tier for tier in TIERS if not shares.get(tier)]:
            raise ValueError(f"should have a share above 0 for each tier; lacks {', '.join(map(repr, absent))}")
        return shares


class Reviewers(Model):
    """When a reviewer's decisions are doubted."""

    catch_min: Limit[Chance] = Field(description="Who surely catches less than this share of planted errors is named.")
    seconds_min: Limit[Amount] = Field(description="Nobody reads an item in fewer seconds.")
    session_gap_minutes: Count = Field(description="A pause this long ends a session.")


class RiskAcceptance(Model):
    """How a high-risk action may leave the loop all the same."""

    role: Text = Field(description="The role that must sign the acceptance.")
    longest_days: Count = Field(description="For how many days at most a risk may be accepted.")


class Audits(Model):
    """How what nobody reviews beforehand is looked at afterwards."""

    cycle: Literal["weekly", "monthly"] = Field(description="How often actions outside the loop are audited.")
    interactions_min: Count = Field(description="How many runs an audit looks at, drawn by chance.")


class OversightPolicy(Model):
    """oversight.yaml: tiers, limits, escalation and the review queue."""

    owner: Text = Field(description="The role that answers for this file.")
    confidence: Annotated[float, Field(ge=0.8, lt=1)] = Field(
        description="How sure a promotion must be, one-sided, however often one looks."
    )
    reviews_min: Limit[Count] = Field(description="Reviewed cases of an action type before it goes live in the loop.")
    actions: tuple[ActionType, ...] = Field(min_length=1, description="What the agent does.")
    limits: Mapping[RiskClass, Mapping[Tier, Limit[Chance]]] = Field(
        description="The error rate at most, by risk class and tier."
    )
    worse_times: tuple[Annotated[float, Field(gt=1)], ...] = Field(
        min_length=1, description="Error rates so many times the limit are what the alarm listens for."
    )
    run_length_min: Limit[Count] = Field(description="Reviews between two false alarms, on average, at the limit.")
    gates: Mapping[OversightKpi, TierGate] = Field(description="The gates on the reviewers, by the KPI they judge.")
    escalation: Escalation = Field(description="When the agent asks a person although its tier would let it act.")
    queue: ReviewQueue = Field(description="Which runs people review.")
    reviewers: Reviewers = Field(description="When a reviewer's decisions are doubted.")
    risk_acceptance: RiskAcceptance = Field(description="How a high-risk action may leave the loop all the same.")
    audits: Audits = Field(description="How what nobody reviews beforehand is looked at afterwards.")

    @property
    def alpha(self) -> float:
        """The chance of a false promotion, at most."""
        return 1 - self.confidence

    def action(self, name: str) -> ActionType | None:
        """The action type of this name; None where the file names none."""
        return next((action for action in self.actions if action.name == name), None)

    def limit(self, action: ActionType, tier: Tier) -> Limit[Chance]:
        """The error rate at most for this action type at this tier."""
        return self.limits[action.risk_class][tier]

    @field_validator("actions")
    @classmethod
    def _each_action_once(cls, actions: tuple[ActionType, ...]) -> tuple[ActionType, ...]:
        if twice := sorted(name for name, n in Counter(action.name for action in actions).items() if n > 1):
            raise ValueError(f"should name each action type once; more than once: {', '.join(twice)}")
        if not any(action.acts for action in actions):
            raise ValueError("should have one action type at least that acts")
        outcomes = Counter(outcome for action in actions for outcome in action.outcomes)
        if twice := sorted(name for name, n in outcomes.items() if n > 1):
            raise ValueError(f"should give each outcome to one action type; more than one has: {', '.join(twice)}")
        return actions

    @field_validator("limits")
    @classmethod
    def _every_class_and_tier(
        cls, limits: Mapping[RiskClass, Mapping[Tier, Limit[float]]]
    ) -> Mapping[RiskClass, Mapping[Tier, Limit[float]]]:
        absent = [f"{risk}, {tier}" for risk in RISK_CLASSES for tier in TIERS if tier not in limits.get(risk, {})]
        if absent:
            raise ValueError(f"should have a limit for each risk class and tier; lacks {'; '.join(absent)}")
        for risk, by_tier in limits.items():
            if any(by_tier[less].value > by_tier[more].value for more, less in pairwise(TIERS)):
                raise ValueError(f"{risk}: with less review the limit should not grow")
        return limits

    @model_validator(mode="after")
    def _both_gates(self) -> Self:
        if "reviewer_catch_rate" not in self.gates:
            raise ValueError("gates: should say how many planted errors reviewers must catch: reviewer_catch_rate")
        return self
