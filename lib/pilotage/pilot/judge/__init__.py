"""A language model as judge of answers: its labels, its agreement with people, and what it may add to their labels."""

from pilotage.pilot.judge.agreement import Agreement, agreement, agreement_kpis, agreement_table, agreements
from pilotage.pilot.judge.powered import with_judge

__all__ = ["Agreement", "agreement", "agreement_kpis", "agreement_table", "agreements", "with_judge"]
