"""Will the systems around it hold? Probes, pins, load, calls and the process: what page 05 calls."""

from pilotage.integration.calls.calls_shown import calls_finding, calls_table, sql_shown
from pilotage.integration.flow.drawn import flow_alt, flow_figure
from pilotage.integration.flow.shown import (
    agent_finding,
    agent_table,
    bottleneck_finding,
    bottlenecks_table,
    edges_table,
    flows_table,
    rework_table,
    ties_warning,
    variants_table,
)
from pilotage.integration.gates import gates
from pilotage.integration.integrated import integrated, repeated
from pilotage.integration.load import never_tried, show_load, sla_table
from pilotage.integration.patterns import effort_table, patterns_finding, patterns_table, phases_table
from pilotage.integration.screen import first_screen, left
from pilotage.integration.show import (
    checks_alt,
    checks_figure,
    checks_table,
    every_check_table,
    example_note,
    limits_table,
    systems_table,
)

__all__ = [
    "agent_finding",
    "agent_table",
    "bottleneck_finding",
    "bottlenecks_table",
    "calls_finding",
    "calls_table",
    "checks_alt",
    "checks_figure",
    "checks_table",
    "edges_table",
    "effort_table",
    "every_check_table",
    "example_note",
    "first_screen",
    "flow_alt",
    "flow_figure",
    "flows_table",
    "gates",
    "integrated",
    "left",
    "limits_table",
    "never_tried",
    "patterns_finding",
    "patterns_table",
    "phases_table",
    "repeated",
    "rework_table",
    "show_load",
    "sla_table",
    "sql_shown",
    "systems_table",
    "ties_warning",
    "variants_table",
]
