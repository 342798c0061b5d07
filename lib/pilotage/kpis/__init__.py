"""KPIs: one definition each, measured by SQL over the tables, always with what they were counted over."""

from pilotage.kpis.definitions import DEFINITIONS, Definition, label_of
from pilotage.kpis.measure import exceedance, measure, measure_parts
from pilotage.kpis.record import Kpi, kpi_from_dict
from pilotage.kpis.tables import Tables

__all__ = [
    "DEFINITIONS",
    "Definition",
    "Kpi",
    "Tables",
    "exceedance",
    "kpi_from_dict",
    "label_of",
    "measure",
    "measure_parts",
]
