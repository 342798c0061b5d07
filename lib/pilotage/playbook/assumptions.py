"""assumptions.yaml: every number that is assumed and not measured, in one place, with who answers for it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from pilotage.playbook.common import Assumption, Model, Text


def _is_amount(assumption: Assumption) -> Assumption:
    if assumption.span[0] < 0:
        raise ValueError("should not be negative")
    return assumption


def _is_share(assumption: Assumption) -> Assumption:
    if assumption.span[0] < 0 or assumption.span[2] > 1:
        raise ValueError("should lie between 0 and 1; 85% is 0.85")
    return assumption


AssumedAmount = Annotated[Assumption, AfterValidator(_is_amount)]
AssumedShare = Annotated[Assumption, AfterValidator(_is_share)]


class Assumptions(Model):
    """What is assumed; a range where the value is uncertain, so that the money page can show what that does."""

    owner: Text = Field(description="The role that answers for this file.")
    people_cost_per_hour: AssumedAmount = Field(description="Full cost of an hour of the people who do the work.")
    cost_per_error: AssumedAmount = Field(description="What it costs to put one wrong case right.")
    share_of_cases_with_agent: AssumedShare = Field(description="Share of all cases the agent handles once settled.")
    share_of_saved_time_used: AssumedShare = Field(description="Share of saved minutes that becomes work or money.")
    good_agent_success_rate: AssumedShare = Field(description="Task success of an agent one would want to have.")
    missed_attack_cost: AssumedAmount = Field(description="What an attack costs that the guard lets through.")
    false_block_cost: AssumedAmount = Field(description="What it costs to stop a harmless text.")
    guard_review_minutes: AssumedAmount = Field(description="Minutes a person needs to look at a text held up.")
    attack_share_of_inputs: AssumedShare = Field(description="Share of inputs that are attacks.")
    attacks_caught_in_review: AssumedShare = Field(description="Share of attacks a person recognises in review.")
    expected_icc: AssumedShare = Field(description="How alike repeated tries of a task are: 0 not at all, 1 the same.")
