"""Do we go to production, and at which tier?"""

from pilotage.decision.combine import Decision, decide
from pilotage.decision.memo import asks, finding, first_screen, headline, kpi_rows, next_tier, plotted, stop_and_sign
from pilotage.decision.record import decision_json

__all__ = [
    "Decision",
    "asks",
    "decide",
    "decision_json",
    "finding",
    "first_screen",
    "headline",
    "kpi_rows",
    "next_tier",
    "plotted",
    "stop_and_sign",
]
