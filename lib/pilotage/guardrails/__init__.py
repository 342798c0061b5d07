"""Where should the guardrails bite? An agent's own code calls `load`; the rest is what page 03 is made of."""

from pilotage.guardrails.control import control, control_table, control_told
from pilotage.guardrails.drifted import drift_text, drifted
from pilotage.guardrails.findings import Checked, Finding
from pilotage.guardrails.gates import gates
from pilotage.guardrails.guard import Guard, load
from pilotage.guardrails.live import live
from pilotage.guardrails.measured import measured
from pilotage.guardrails.outputs import findings_table, outputs_table
from pilotage.guardrails.parts import parts, parts_table
from pilotage.guardrails.rule_cards import rule_cards, rules_table
from pilotage.guardrails.screen import first_screen
from pilotage.guardrails.show import (
    alternatives_figure,
    bands_text,
    costs_table,
    model_told,
    put_to_it,
    saving,
    scenarios_table,
    scores_figure,
    scores_finding,
    tuned_text,
)
from pilotage.guardrails.tuned import sliders, tuned

__all__ = [
    "Checked",
    "Finding",
    "Guard",
    "alternatives_figure",
    "bands_text",
    "control",
    "control_table",
    "control_told",
    "costs_table",
    "drift_text",
    "drifted",
    "findings_table",
    "first_screen",
    "gates",
    "live",
    "load",
    "measured",
    "model_told",
    "outputs_table",
    "parts",
    "parts_table",
    "put_to_it",
    "rule_cards",
    "rules_table",
    "saving",
    "scenarios_table",
    "scores_figure",
    "scores_finding",
    "sliders",
    "tuned",
    "tuned_text",
]
