"""The playbook: what the organisation decides and edits, read from playbook/*.yaml into frozen models."""

from pilotage.playbook.assumptions import Assumptions
from pilotage.playbook.charter import Agent, Charter, Page
from pilotage.playbook.common import TIERS, Assumption, Limit, Stage, Tier
from pilotage.playbook.governance import Change, GovernancePolicy, Person
from pilotage.playbook.guardrails import GuardrailsPolicy, Rule
from pilotage.playbook.integration import IntegrationPolicy
from pilotage.playbook.load import Playbook, PlaybookFaults, load_playbook, read_policy
from pilotage.playbook.oversight import ActionType, OversightPolicy, RiskClass
from pilotage.playbook.policies import (
    Ask,
    BaselinePolicy,
    DecisionPolicy,
    Gate,
    Looks,
    PilotPlan,
    PilotPolicy,
    Production,
    RoiPolicy,
)

__all__ = [
    "TIERS",
    "ActionType",
    "Agent",
    "Ask",
    "Assumption",
    "Assumptions",
    "BaselinePolicy",
    "Change",
    "Charter",
    "DecisionPolicy",
    "Gate",
    "GovernancePolicy",
    "GuardrailsPolicy",
    "IntegrationPolicy",
    "Limit",
    "Looks",
    "OversightPolicy",
    "Page",
    "Person",
    "PilotPlan",
    "PilotPolicy",
    "Playbook",
    "PlaybookFaults",
    "Production",
    "RiskClass",
    "RoiPolicy",
    "Rule",
    "Stage",
    "Tier",
    "load_playbook",
    "read_policy",
]
