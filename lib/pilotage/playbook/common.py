"""What every file of the playbook is made of: words with a fixed meaning, limits and assumptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

Stage = Literal[
    "baseline",
    "pilot",
    "guardrails",
    "oversight",
    "integration",
    "governance",
    "organization",
    "roi",
    "decision",
    "monitoring",
]
Tier = Literal["in the loop", "on the loop", "outside the loop"]
TIERS: tuple[Tier, ...] = ("in the loop", "on the loop", "outside the loop")  # from the most human review to the least

BaselineKpi = Literal["lead_time_h", "handling_minutes", "error_rate", "rework_rate", "cost_per_case"]
PilotKpi = Literal[
    "task_success_rate",
    "pass_hat_k",
    "tool_call_failure_rate",
    "latency_p50_s",
    "latency_p95_s",
    "tokens_per_interaction",
    "negative_feedback_rate",
    "escalation_rate",
    "hallucination_rate",
    "human_task_success_rate",
]

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Chance = Annotated[float, Field(gt=0, lt=1)]
Amount = Annotated[float, Field(ge=0)]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]  # an environment variable's name

V = TypeVar("V")


class Model(BaseModel):
    """One part of the playbook: cannot be changed once read, refuses unknown keys, makes no number out of text."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Limit(Model, Generic[V]):
    """A number somebody decided, with the reason, so that who disagrees knows what to argue with and with whom."""

    value: V = Field(description="The limit itself, in the unit of what it limits.")
    reason: Text = Field(description="Why this value and not another, in a sentence.")
    source: Text = Field(description="Where the decision or the figure can be looked up.")
    set_by: Text = Field(description="The role that set it and may change it.")
    example: bool = Field(False, description="True while nobody here decided it: it holds every gate on real data.")

    @model_validator(mode="before")
    @classmethod
    def _bare_value_is_a_value(cls, given: Any) -> Any:
        """A bare `many` is read as the value, so that its own fault is named beside the missing reason and source."""
        return given if isinstance(given, dict) else {"value": given}


class TierGate(Model):
    """One figure that must be proved, with a limit for each tier."""

    required: bool = Field(description="Whether this gate alone can hold the decision.")
    why: Text = Field(description="What goes wrong in the work when this limit is missed, in a sentence.")
    limits: Mapping[Tier, Limit[Amount]] = Field(description="The limit for each tier.")

    @field_validator("limits")
    @classmethod
    def _every_tier(cls, limits: Mapping[Tier, Limit[Amount]]) -> Mapping[Tier, Limit[Amount]]:
        if absent := [tier for tier in TIERS if tier not in limits]:
            raise ValueError(f"should have a limit for each tier; lacks {', '.join(map(repr, absent))}")
        return limits


class Assumption(Model):
    """A number nobody measured here yet: one value, or a range with its most likely point."""

    value: float | None = Field(None, description="The assumed value, where one number is enough.")
    low: float | None = Field(None, description="The lowest value one should reckon with.")
    likely: float | None = Field(None, description="The most likely value.")
    high: float | None = Field(None, description="The highest value one should reckon with.")
    unit: Text = Field(description="The unit, spelled out.")
    reason: Text = Field(description="Why this value or range, in a sentence.")
    source: Text = Field(description="Where the figure comes from.")
    set_by: Text = Field(description="The role that answers for it.")
    quality: Literal["measured", "estimated", "guessed"] = Field(description="How well the figure is known.")
    impact: Text = Field(description="What changes in the decision when this figure is wrong.")
    example: bool = Field(False, description="True while nobody here decided it: it holds every gate on real data.")

    @model_validator(mode="after")
    def _one_value_or_a_range(self) -> Self:
        ends = (self.low, self.likely, self.high)
        given = [end for end in ends if end is not None]
        if (self.value is None) == (not given) or len(given) not in (0, 3):
            raise ValueError("should have either value, or all of low, likely and high")
        if given != sorted(given):
            raise ValueError("should be in order: low, then likely, then high")
        return self

    @property
    def point(self) -> float:
        """The value to reckon with where one number is wanted: the value, else the most likely one."""
        return self.span[1]

    @property
    def span(self) -> tuple[float, float, float]:
        """Low, likely and high; three times the value where it is one number."""
        if self.value is not None:
            return (self.value, self.value, self.value)
        low, likely, high = (end for end in (self.low, self.likely, self.high) if end is not None)
        return (low, likely, high)
