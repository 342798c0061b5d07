"""Load: does a staging system answer what production will ask, where is its end, and what did the pilot never try?"""

from pilotage.integration.load.measured import Outcome, load_outcomes, measure_embedded
from pilotage.integration.load.peak import Peak, never_tried, pilot_peak
from pilotage.integration.load.ramp import run_load
from pilotage.integration.load.recorded import load_path, read_result, write_result
from pilotage.integration.load.result import LoadResult, Step
from pilotage.integration.load.show import load_alt, load_figure, load_table, show_load, sla_table
from pilotage.integration.load.target import Target, chosen_for_load, target_of

__all__ = [
    "LoadResult",
    "Outcome",
    "Peak",
    "Step",
    "Target",
    "chosen_for_load",
    "load_alt",
    "load_figure",
    "load_outcomes",
    "load_path",
    "load_table",
    "measure_embedded",
    "never_tried",
    "pilot_peak",
    "read_result",
    "run_load",
    "show_load",
    "sla_table",
    "target_of",
    "write_result",
]
