"""Is the agent good enough, and how sure are we?"""

from pilotage.pilot.accounting import accounting, accounting_text
from pilotage.pilot.environment import environment, environment_table
from pilotage.pilot.feedback import feedback, feedback_table
from pilotage.pilot.gates import gates
from pilotage.pilot.labelled import labelled_table
from pilotage.pilot.looks import PHASE, look, looks_table, looks_text, plan_told
from pilotage.pilot.measured import by_part, judges_told, measured
from pilotage.pilot.paired import compared, paired_table
from pilotage.pilot.provider import provider_failures, provider_table
from pilotage.pilot.screen import first_screen, headline
from pilotage.pilot.show import finding, gates_figure, parts_table
from pilotage.pilot.teamwork import teamwork, teamwork_table
from pilotage.pilot.tools import tool_failures, tools_table
from pilotage.pilot.trends import trends, trends_table, week_figure

__all__ = [
    "PHASE",
    "accounting",
    "accounting_text",
    "by_part",
    "compared",
    "environment",
    "environment_table",
    "feedback",
    "feedback_table",
    "finding",
    "first_screen",
    "gates",
    "gates_figure",
    "headline",
    "judges_told",
    "labelled_table",
    "look",
    "looks_table",
    "looks_text",
    "measured",
    "paired_table",
    "parts_table",
    "plan_told",
    "provider_failures",
    "provider_table",
    "teamwork",
    "teamwork_table",
    "tool_failures",
    "tools_table",
    "trends",
    "trends_table",
    "week_figure",
]
