"""Is the agent good enough, and how sure are we?"""

from pilotage.pilot.gates import gates
from pilotage.pilot.measured import by_part, by_week, growth, labels_counted, measured
from pilotage.pilot.show import finding, gates_figure, parts_table, token_figure, token_finding

__all__ = [
    "by_part",
    "by_week",
    "finding",
    "gates",
    "gates_figure",
    "growth",
    "labels_counted",
    "measured",
    "parts_table",
    "token_figure",
    "token_finding",
]
