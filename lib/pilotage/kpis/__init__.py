"""KPIs: one definition each, measured by SQL over the tables, always with what they were counted over."""

from pilotage.kpis.anytime import exceedance_anytime, measure_anytime
from pilotage.kpis.definitions import DEFINITIONS, Definition, label_of
from pilotage.kpis.guarded import guarded, guarded_runs
from pilotage.kpis.measure import exceedance, fill_runs, measure, measure_parts, sql_of
from pilotage.kpis.record import Kpi, kpi_from_dict
from pilotage.kpis.rows import OWNERS, SPENT
from pilotage.kpis.steps import next_begin
from pilotage.kpis.tables import Tables

__all__ = [
    "DEFINITIONS",
    "OWNERS",
    "SPENT",
    "Definition",
    "Kpi",
    "Tables",
    "exceedance",
    "exceedance_anytime",
    "fill_runs",
    "guarded",
    "guarded_runs",
    "kpi_from_dict",
    "label_of",
    "measure",
    "measure_anytime",
    "measure_parts",
    "next_begin",
    "sql_of",
]
