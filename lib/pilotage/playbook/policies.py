"""One policy file per page: what the organisation decided before anybody looked at the figures."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from pilotage.playbook.common import (
    TIERS,
    Amount,
    BaselineKpi,
    Chance,
    Count,
    Limit,
    Model,
    PilotKpi,
    Share,
    Text,
    Tier,
    TierGate,
)

Grade = Literal["locked", "recorded", "self-reported", "none"]
Answer = Literal["go", "no-go", "not yet"]
# Less confidence than this is no confidence: a bound on the wrong side of its own estimate, a go at the toss of a coin.
OneSided = Annotated[float, Field(ge=0.8, lt=1)]
TwoSided = Annotated[float, Field(ge=0.5, lt=1)]


class PilotPlan(Model):
    """What the pilot may spend, from which its size and its chance of an answer follow."""

    trials_per_task: Count = Field(description="How often the agent tries the same task.")
    pilot_share_of_cases: Chance = Field(description="The share of each week's cases that may take part in the pilot.")
    labels_per_week: Count = Field(description="How many answers people can check by hand in a week.")
    weeks_max: Count = Field(description="The longest the pilot may take, in weeks.")
    power_wanted: Chance = Field(description="The chance a good agent should have of getting its go.")


class BaselinePolicy(Model):
    """baseline.yaml: what must be known about the work before the agent."""

    owner: Text = Field(description="The role that answers for this file.")
    confidence: TwoSided = Field(description="The confidence of the intervals on the baseline page, two-sided.")
    min_cases: Limit[Count] = Field(description="How many finished cases the baseline needs.")
    min_weeks: Limit[Count] = Field(description="How many weeks of work the baseline must span.")
    grade_required: Limit[Grade] = Field(description="The least grade of baseline a decision may rest on.")
    plan: PilotPlan = Field(description="What the pilot may spend.")


class Gate(TierGate):
    """One KPI the agent must prove, with a limit for each tier."""

    @field_validator("limits")
    @classmethod
    def _stricter_with_less_review(cls, limits: Mapping[Tier, Limit[Amount]]) -> Mapping[Tier, Limit[Amount]]:
        values = [limits[tier].value for tier in TIERS]
        if values not in (sorted(values), sorted(values, reverse=True)):
            raise ValueError("should go one way from 'in the loop' to 'outside the loop': stricter, or the same")
        return limits


class Looks(Model):
    """When one pilot is looked at: a bound that is right once is wrong when one looks until it comes out well."""

    at: tuple[Count, ...] = Field(
        min_length=1, description="After how many interactions of the pilot one looks, from the first look to the last."
    )
    reason: Text = Field(description="Why these looks and not others, in a sentence.")
    set_by: Text = Field(description="The role that set them.")
    example: bool = Field(False, description="True while nobody here decided them: on real data they do not count.")

    @field_validator("at")
    @classmethod
    def _one_after_the_other(cls, at: tuple[int, ...]) -> tuple[int, ...]:
        if any(later <= earlier for earlier, later in pairwise(at)):
            raise ValueError("should rise from the first look to the last")
        return at


class Production(Model):
    """What production will bring, as far as it is known: what the pilot saw is held against it."""

    interactions_per_week: Limit[Count] | None = Field(
        None, description="How many interactions a week production is expected to bring."
    )
    segments: tuple[Text, ...] = Field((), description="The segments that production will bring; none: not known.")
    inputs: Text | None = Field(None, description="The `source` in the table `texts` that is a sample of real inputs.")
    example: bool = Field(False, description="True while nobody here decided it: on real data it does not count.")


class PilotPolicy(Model):
    """pilot.yaml: what the agent must prove, and how sure we want to be."""

    owner: Text = Field(description="The role that answers for this file.")
    confidence: OneSided = Field(description="How sure a go must be: the one-sided confidence of each gate's bound.")
    pass_k: Count = Field(description="How many tries in a row must succeed for the agent to count as reliable.")
    looks: Mapping[Text, Looks] = Field({}, description="The looks of each pilot, by the name of its dataset.")
    judge: Text | None = Field(
        None, description="The judge, as its labels name it, that may steady people's labels; none: people alone."
    )
    min_segment_n: Limit[Count] = Field(description="How many interactions a part needs before its figure is shown.")
    gates: Mapping[PilotKpi, Gate] = Field(description="The gates, by the name of the KPI they judge.")
    production: Production | None = Field(None, description="What production will bring, where anything is known.")

    @field_validator("gates")
    @classmethod
    def _rates_lie_between_zero_and_one(cls, gates: Mapping[PilotKpi, Gate]) -> Mapping[PilotKpi, Gate]:
        faults = [
            f"{name}: {tier}: the limit of a rate lies above 0 and below 1 (got {limit.value:g}); 5% is 0.05, "
            "and no pilot can prove never or always"
            for name, gate in gates.items()
            if name.endswith("_rate") or name == "pass_hat_k"
            for tier, limit in gate.limits.items()
            if not 0 < limit.value < 1
        ]
        if not any(gate.required for gate in gates.values()):
            faults.append("should have at least one required gate: otherwise every agent passes")
        if faults:
            raise ValueError("\n".join(faults))
        return gates


class Layers(Model):
    """Which KPI speaks for which kind of benefit; each stands in one layer only."""

    efficiency: tuple[BaselineKpi | PilotKpi, ...] = Field(description="Time and effort per case.")
    quality: tuple[BaselineKpi | PilotKpi, ...] = Field(description="What comes out right the first time.")
    business: tuple[BaselineKpi | PilotKpi, ...] = Field(description="What the organisation earns or saves.")

    @model_validator(mode="after")
    def _each_kpi_once(self) -> Self:
        named: list[str] = [*self.efficiency, *self.quality, *self.business]
        if twice := sorted({name for name in named if named.count(name) > 1}):
            raise ValueError(f"should name each KPI once; {', '.join(twice)} stands more than once")
        return self


class RoiPolicy(Model):
    """roi.yaml: when the agent counts as worth its money."""

    owner: Text = Field(description="The role that answers for this file.")
    horizon_months: Count = Field(description="Over how many months of production benefit and cost are added up.")
    one_off_categories: tuple[Text, ...] = Field(
        description="The cost categories spent once; all others recur monthly."
    )
    payback_months_max: Limit[Amount] = Field(description="By when the agent must have earned back what it cost.")
    chance_of_gain_min: Limit[Share] = Field(description="The least chance of ending the horizon with a gain.")
    layers: Layers = Field(description="Which KPI speaks for which kind of benefit.")


class Ask(Model):
    """What one role is asked to do once the answer is known."""

    who: Text = Field(description="The role that is asked.")
    what: Text = Field(description="What it is asked to do, as a sentence that begins with a verb.")
    within_days: Count = Field(description="By when, in days after the decision.")


class Asks(Model):
    """What each answer leads to."""

    go: tuple[Ask, ...] = Field(min_length=1, description="What is asked of whom after a go.")
    no_go: tuple[Ask, ...] = Field(alias="no-go", min_length=1, description="What is asked of whom after a no-go.")
    not_yet: tuple[Ask, ...] = Field(
        alias="not yet", min_length=1, description="What is asked of whom after a not yet."
    )

    def after(self, answer: Answer) -> tuple[Ask, ...]:
        """The asks that follow this answer; never empty."""
        return {"go": self.go, "no-go": self.no_go, "not yet": self.not_yet}[answer]


class DecisionPolicy(Model):
    """decision.yaml: who signs, what each answer leads to, and what ends the whole thing."""

    owner: Text = Field(description="The role that answers for this file.")
    example: bool = Field(False, description="True while this file names the shipped example: it holds every decision.")
    signatures: tuple[Text, ...] = Field(min_length=1, description="The roles that sign the decision.")
    asks: Asks = Field(description="What is asked of whom, by answer.")
    stop_rule: Text = Field(description="When the agent is stopped for good, in a sentence.")
    next_look_days: Count = Field(description="In how many days the decision is looked at again.")
    cannot_tell: tuple[Text, ...] = Field(min_length=1, description="What this decision cannot tell its reader.")
