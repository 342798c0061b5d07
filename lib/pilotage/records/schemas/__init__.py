"""The eleven tables. Column names are contract: a dataset maps its own names onto these."""

from __future__ import annotations

from pilotage.records.schemas.agent import INTERACTIONS, MODEL_CALLS, TOOL_CALLS
from pilotage.records.schemas.columns import PHASES, Column, Table
from pilotage.records.schemas.people import FEEDBACK, LABELS, REVIEWS, TEXTS
from pilotage.records.schemas.process import CASES, COSTS, EVENTS, TRAINING

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        CASES,
        EVENTS,
        INTERACTIONS,
        MODEL_CALLS,
        TOOL_CALLS,
        LABELS,
        FEEDBACK,
        REVIEWS,
        TEXTS,
        COSTS,
        TRAINING,
    )
}

__all__ = ["PHASES", "TABLES", "Column", "Table"]
