"""How much human review does it still need? An agent's own code calls `load` and `route`; the rest is page 04's."""

from pilotage.oversight.adoption import adoption
from pilotage.oversight.adoption_shown import adoption_alt, adoption_figure, adoption_finding, adoption_table
from pilotage.oversight.agreement import agreement_finding, agreement_table, disputes_table
from pilotage.oversight.audits_shown import audits_table
from pilotage.oversight.fatigue_shown import fatigue_finding, fatigue_table, wear_alt, wear_figure
from pilotage.oversight.gates import gates
from pilotage.oversight.overseen import in_detail, overseen
from pilotage.oversight.queue.form import form
from pilotage.oversight.route import Routed
from pilotage.oversight.routers import load, route
from pilotage.oversight.screen import first_screen, left
from pilotage.oversight.show import (
    actions_table,
    history_table,
    items_table,
    limits_table,
    path_alt,
    path_figure,
    proved_table,
    remarks,
    reviewed_text,
    rules_text,
    way_table,
)
from pilotage.oversight.threshold_shown import threshold_alt, threshold_figure, threshold_table

__all__ = [
    "Routed",
    "actions_table",
    "adoption",
    "adoption_alt",
    "adoption_figure",
    "adoption_finding",
    "adoption_table",
    "agreement_finding",
    "agreement_table",
    "audits_table",
    "disputes_table",
    "fatigue_finding",
    "fatigue_table",
    "first_screen",
    "form",
    "gates",
    "history_table",
    "in_detail",
    "items_table",
    "left",
    "limits_table",
    "load",
    "overseen",
    "path_alt",
    "path_figure",
    "proved_table",
    "remarks",
    "reviewed_text",
    "route",
    "rules_text",
    "threshold_alt",
    "threshold_figure",
    "threshold_table",
    "way_table",
    "wear_alt",
    "wear_figure",
]
