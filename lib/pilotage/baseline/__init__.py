"""What did the work cost before the agent, and how large must the pilot be?"""

from pilotage.baseline.gates import gates, process_kpis, remarks, volume
from pilotage.baseline.grade import grade, locks
from pilotage.baseline.plan import pilot_plan
from pilotage.baseline.process import variants, waits
from pilotage.baseline.show import pilot_plans, plan_table, variants_table, wait_finding, waits_figure

__all__ = [
    "gates",
    "grade",
    "locks",
    "pilot_plan",
    "pilot_plans",
    "plan_table",
    "process_kpis",
    "remarks",
    "variants",
    "variants_table",
    "volume",
    "wait_finding",
    "waits",
    "waits_figure",
]
