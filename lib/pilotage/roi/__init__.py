"""Is it worth the money?"""

from pilotage.roi.gates import gates
from pilotage.roi.layers import claim, with_baseline
from pilotage.roi.money import Costs, before_and_after, cases_per_month, cost_table, costs, phase_with_agent
from pilotage.roi.payback import Draws, draw, money_kpis, unknown
from pilotage.roi.show import assumptions_table, costs_table, layers_table, payback_figure, payback_finding

__all__ = [
    "Costs",
    "Draws",
    "assumptions_table",
    "before_and_after",
    "cases_per_month",
    "claim",
    "cost_table",
    "costs",
    "costs_table",
    "draw",
    "gates",
    "layers_table",
    "money_kpis",
    "payback_figure",
    "payback_finding",
    "phase_with_agent",
    "unknown",
    "with_baseline",
]
