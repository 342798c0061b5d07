"""Measure a KPI so that one may look at any time: one row per cluster, and the bounds of the e-process.

A bound that is right at one look promises too much when one looks every day. The e-process holds for every look there
ever was, at the price of a wider interval; it needs independent rows, so of the repeated trials of a task one enters:
the first in time, which no later one replaces; of the calls of one run the one whose name's hash comes first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pilotage.kpis.definitions import DEFINITIONS, UNASSIGNED, Definition
from pilotage.kpis.estimate import Asked, Found
from pilotage.kpis.measure import kpi_of, lacking, sql_of
from pilotage.kpis.record import Kpi
from pilotage.kpis.tables import Tables

if TYPE_CHECKING:
    import numpy as np

# One row per cluster. Of pass^k the first k, each of which has to succeed.
_ONE = """SELECT cluster, first(value ORDER BY begun, md5(id), id)::DOUBLE AS value FROM ({rows}) WHERE phase = ?
          GROUP BY cluster ORDER BY cluster"""
_FIRST_K = """SELECT cluster, min(coalesce(value, 0))::DOUBLE AS value
              FROM (SELECT *, row_number() OVER (PARTITION BY cluster ORDER BY begun, md5(id), id) AS place
                    FROM ({rows}) WHERE phase = ? AND cluster <> '{unassigned}')
              WHERE place <= {k} GROUP BY cluster HAVING count(*) = {k} ORDER BY cluster"""


def measure_anytime(tables: Tables, name: str, phase: str, confidence: float = 0.95, k: int = 1) -> Kpi:
    """The KPI over one row per cluster, with an interval that holds at every look (method "anytime-valid").

    A mean has no such interval here: its estimate is None and the reason says what to do. Rows without a value, and
    rows known to exist that are not there, count as the worst and the best case. Source: Howard et al. 2021.
    """
    definition = DEFINITIONS[name]
    asked = Asked(definition, confidence, tables.missing(definition.table), k)
    if reason := lacking(tables, definition) or _undecidable(definition):
        return kpi_of(asked, reason, phase)
    return kpi_of(asked, _found(_values(tables, asked, phase), asked), phase)


def exceedance_anytime(tables: Tables, name: str, phase: str, limit: float) -> tuple[int, int]:
    """How many values of a quantile KPI lie above `limit`, of how many: one value per cluster."""
    values = _values(tables, Asked(DEFINITIONS[name], 0.95), phase).compressed()
    return int((values > limit).sum()), len(values)


def _undecidable(definition: Definition) -> str:
    if definition.kind != "mean":
        return ""
    return "a mean can be decided at registered looks only (`looks` in playbook/pilot.yaml)"


def _values(tables: Tables, asked: Asked, phase: str) -> np.ma.MaskedArray:
    """One value per cluster, masked where it was not measured."""
    import numpy as np

    rows = sql_of(tables, asked.definition)
    sql = _FIRST_K if asked.definition.kind == "pass^k" else _ONE
    return np.ma.asarray(tables.arrays(sql.format(rows=rows, k=asked.k, unassigned=UNASSIGNED), [phase])["value"])


def _found(values: np.ma.MaskedArray, asked: Asked) -> Found | str:
    measured = values.compressed()
    if not len(values):
        return f"no {asked.definition.counted} of the {{phase}} are in the dataset, or none was tried often enough"
    if not len(measured):
        return f"none of the {len(values):,} {asked.definition.counted} drawn has a value"
    return (_quantile if asked.definition.kind == "quantile" else _rate)(values, asked)


def _rate(values: np.ma.MaskedArray, asked: Asked) -> Found:
    """A row without a value may be either; a missing one may have been the one to enter in another's place."""
    from pilotage.statistics import anytime_rate, one_trial_rate

    measured, n = values.compressed(), len(values)
    held, blank = float(measured.sum()), n - len(measured)
    worst, best = (one_trial_rate(k, n, asked.confidence, asked.missing, anytime_rate) for k in (held, held + blank))
    found = replace(worst, estimate=held / len(measured), high=best.high)
    count = int(held) if asked.definition.kind == "rate" else None
    return Found(found, count, len(measured), n, asked.missing + blank)


def _quantile(values: np.ma.MaskedArray, asked: Asked) -> Found | str:
    from pilotage.statistics import anytime_quantile

    measured, quantile = values.compressed(), asked.definition.quantile or 0.5
    lost = asked.missing + len(values) - len(measured)
    interval = anytime_quantile(measured, quantile, asked.confidence, lost)
    if interval.estimate == float("inf"):
        return f"more than {1 - quantile:.0%} of the {len(measured):,} {asked.definition.counted} are not over yet"
    return Found(interval, None, len(measured), len(values), lost)
