"""decision.json: the answer for machines, with the head of the audit log it was reached under."""

from __future__ import annotations

from typing import Any

from pilotage import audit_log
from pilotage.decision.combine import Decision
from pilotage.page import Page


def decision_json(page: Page, decision: Decision) -> dict[str, Any]:
    """The decision, schema 1. `run` is the name of the report folder; `audit_log_head` None means no log, or one that
    does not verify (a gate then says so)."""
    page.opened.file(page.workspace.log)
    return {
        "schema": 1,
        "answer": decision.answer,
        "tier": decision.tier,
        "why": decision.why,
        "conditions": list(decision.conditions),
        "gates": [gate.as_dict() for gate in decision.gates],
        "kpis": [kpi.as_dict() for kpi in decision.kpis],
        "run": page.run.name,
        "dataset": page.dataset,
        "synthetic": page.synthetic,
        "as_of": page.as_of.isoformat(),
        "baseline_grade": decision.facts.get("baseline_grade", "none"),
        "audit_log_head": audit_log.head(page.workspace.log),
    }
