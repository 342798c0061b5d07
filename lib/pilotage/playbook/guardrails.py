"""guardrails.yaml: what may neither go into the agent nor come out of it, and how strict the guard is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from pilotage.playbook.common import Count, Limit, Model, Share, Text, TierGate

Side = Literal["input", "output", "both"]
Action = Literal["note", "review", "block"]  # a note is written down and stops nothing
RuleKind = Literal["injection", "jailbreak", "topic", "policy", "leak"]
GuardKpi = Literal["guard_false_positive_rate", "guard_catch_rate", "guard_reviews_per_week"]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


class Rule(Model):
    """One rule: patterns in RE2's syntax, any of which is a hit in the text or in one of its normalised views."""

    id: Id = Field(description="The rule's name in findings and figures: small letters, digits and hyphens.")
    kind: RuleKind = Field(description="What a hit is a sign of.")
    side: Side = Field(description="Whether it looks at what goes in, at what comes out, or at both.")
    action: Action = Field(description="What a hit leads to.")
    reason: Text = Field(description="What goes wrong without this rule, in a sentence; whoever is stopped reads it.")
    owner: Text = Field(description="The role that answers for this rule.")
    patterns: tuple[Text, ...] = Field(min_length=1, description="RE2 patterns; upper and lower case are the same.")
    must_match: tuple[Text, ...] = Field(min_length=1, description="Examples that the rule must find.")
    must_not_match: tuple[Text, ...] = Field(min_length=1, description="Examples that it must leave alone.")


class Bands(Model):
    """Where the calibrated probability of an injection leads: below to allow, between to a person, above to a block."""

    review_at: Share = Field(description="From this probability on a person looks.")
    block_at: Annotated[float, Field(ge=0)] = Field(description="From here the text is stopped; above 1: never.")
    reason: Text = Field(description="Why these bands and not others, in a sentence.")
    source: Text = Field(description="Where the figures can be looked up, such as a proposal.")
    set_by: Text = Field(description="The role that set them.")
    example: bool = Field(False, description="True while nobody here decided them: it holds every gate on real data.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.review_at > self.block_at:
            raise ValueError(f"review_at ({self.review_at:g}) should not lie above block_at ({self.block_at:g})")
        return self


class DetectorSetting(Model):
    """One detector of injections; all that are named are combined into one probability."""

    name: Literal["rules", "classifier", "stackone", "moderation"] = Field(description="Which detector.")
    model: Text | None = Field(None, description="classifier: its file from the workspace on; none: the one shipped.")
    sha256: Text | None = Field(None, description="classifier: the hash of that file, so that no other is loaded.")
    address: Text | None = Field(None, description="moderation: the address that is asked.")
    key_env: Text | None = Field(None, description="moderation: the environment variable that holds the key.")

    @model_validator(mode="after")
    def _model_is_pinned_and_in_the_workspace(self) -> Self:
        if self.model is None:
            return self
        faults = []
        if self.name == "classifier" and self.sha256 is None:
            faults.append("sha256: should be the hash of the model's file, so that no other is loaded")
        posix, windows = PurePosixPath(self.model), PureWindowsPath(self.model)
        if posix.is_absolute() or windows.anchor or ".." in windows.parts:
            faults.append(f"model: should be a path from the workspace on that stays in it, not {self.model!r}")
        if faults:
            raise ValueError("\n".join(faults))
        return self


class Confidential(Model):
    """What the organisation keeps to itself."""

    classifications: tuple[Text, ...] = Field((), description="Markings of documents, such as strictly confidential.")
    terms: tuple[Text, ...] = Field((), description="Names that stand for confidential matters, such as a project's.")
    action: Action = Field(description="What a mention leads to.")


class PersonalData(Model):
    """What is done when the agent is about to say something personal."""

    regions: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")], ...] = Field(
        min_length=1, description="The countries (ISO 3166) whose telephone numbers are read without a country code."
    )
    actions: Mapping[Text, Action] = Field(description="The action for each kind; `other` for those not named.")
    allowed: tuple[Text, ...] = Field((), description="Values that may be said, such as the help desk's own address.")
    names: bool = Field(False, description="Whether presidio also looks for people's names (extra `presidio`).")

    @field_validator("actions")
    @classmethod
    def _others_are_decided(cls, actions: Mapping[str, Action]) -> Mapping[str, Action]:
        if "other" not in actions:
            raise ValueError("should say what happens to the kinds that are not named: `other: review`")
        return actions


class SystemPrompt(Model):
    """The rules that belong in the system prompt, as the text the agent is given."""

    prompt: Text = Field(description="The file under playbook/prompts/ with the text.")
    canary: Text = Field(description="A phrase in the prompt that nothing else contains: an answer with it leaked it.")
    overlap_max_words: Count = Field(description="How many words in a row an answer may share with the prompt.")
    cases: Text = Field(description="The file under playbook/prompts/ with the attacks it must withstand.")
    action: Action = Field(description="What a leak leads to.")


class GuardrailsPolicy(Model):
    """guardrails.yaml: the live guard. Tuning never edits it: `pilotage guard tune` writes a proposal."""

    owner: Text = Field(description="The role that answers for this file.")
    review_cycle: Literal["weekly", "monthly"] = Field(description="How often the guard is looked at again.")
    confidence: Annotated[float, Field(ge=0.8, lt=1)] = Field(description="How sure a go must be, one-sided.")
    benign_min: Limit[Count] = Field(description="How many benign texts a check of false alarms needs.")
    attacks_min: Limit[Count] = Field(description="How many attacks a check of the catch needs.")
    gates: Mapping[GuardKpi, TierGate] = Field(description="The gates, by the name of the KPI they judge.")
    bands: Bands = Field(description="Where the probability of an injection leads.")
    detectors: tuple[DetectorSetting, ...] = Field(min_length=1, description="What looks for injections.")
    confidential: Confidential = Field(description="What the organisation keeps to itself.")
    personal_data: PersonalData = Field(description="What is personal, and what is done about it.")
    system_prompt: SystemPrompt | None = Field(None, description="The rules that stand in the system prompt.")
    rules: tuple[Rule, ...] = Field((), description="The rules, in any order.")

    @field_validator("gates")
    @classmethod
    def _both_mistakes_have_a_limit(cls, gates: Mapping[GuardKpi, TierGate]) -> Mapping[GuardKpi, TierGate]:
        wanted: tuple[GuardKpi, ...] = ("guard_false_positive_rate", "guard_catch_rate")
        if absent := [name for name in wanted if name not in gates]:
            raise ValueError(f"should have a limit for what is stopped in error and for what is caught; lacks {absent}")
        return gates

    @field_validator("rules")
    @classmethod
    def _each_id_once(cls, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        if twice := sorted(name for name, times in Counter(rule.id for rule in rules).items() if times > 1):
            raise ValueError(f"should give each rule an id of its own; more than once: {', '.join(twice)}")
        return rules

    @field_validator("detectors")
    @classmethod
    def _each_detector_once(cls, detectors: tuple[DetectorSetting, ...]) -> tuple[DetectorSetting, ...]:
        if twice := sorted(name for name, n in Counter(one.name for one in detectors).items() if n > 1):
            raise ValueError(f"should name each detector once; more than once: {', '.join(twice)}")
        return detectors
