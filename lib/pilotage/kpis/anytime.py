"""Measure a KPI so that one may look at any time: one row per cluster, and the bounds of the e-process.

A bound that is right at one look promises too much when one looks every day. The e-process holds for every look there
ever was, at the price of a wider interval; it needs independent rows, so of the repeated trials of a task one enters:
the first in time, which no later one replaces; of the calls of one run the one whose name's hash comes first. Because
the order of trials is only as good as their times, the range is never narrower than the one look over all rows gives.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from pilotage.kpis.definitions import DEFINITIONS
from pilotage.kpis.estimate import Asked
from pilotage.kpis.measure import measure, sql_of
from pilotage.kpis.record import Kpi
from pilotage.kpis.rows import UNASSIGNED
from pilotage.kpis.tables import Tables

if TYPE_CHECKING:
    import numpy as np

    from pilotage.statistics import Interval

MEAN = "a mean can be decided at registered looks only (`looks` in `playbook/pilot.yaml`)"

# One row per cluster. Of pass^k the first k, each of which has to succeed.
_ONE = """SELECT cluster, first(value ORDER BY begun, md5(id), id)::DOUBLE AS value FROM ({rows}) WHERE phase = ?
          GROUP BY cluster ORDER BY cluster"""
_FIRST_K = """SELECT cluster, min(coalesce(value, 0))::DOUBLE AS value
              FROM (SELECT *, row_number() OVER (PARTITION BY cluster ORDER BY begun, md5(id), id) AS place
                    FROM ({rows}) WHERE phase = ? AND cluster <> '{unassigned}')
              WHERE place <= {k} GROUP BY cluster HAVING count(*) = {k} ORDER BY cluster"""


def measure_anytime(tables: Tables, name: str, phase: str, confidence: float = 0.95, k: int = 1) -> Kpi:
    """The KPI over all its rows, with an interval that holds at every look (method "anytime-valid").

    The interval rests on one row per cluster (`n_eff` counts them) and covers that of `measure`. A mean has none here:
    its estimate is None and the reason says what to do. Rows without a value, and rows known to exist that are not
    there, count as the worst and the best case. Source: Howard et al. 2021.
    """
    kpi, kind = measure(tables, name, phase, confidence, k), DEFINITIONS[name].kind
    if kpi.estimate is None:
        return kpi
    if kind == "mean":
        return replace(kpi, estimate=None, low=None, high=None, n_eff=None, method="none", reason=MEAN)
    asked = Asked(DEFINITIONS[name], confidence, tables.missing(DEFINITIONS[name].table), k)
    values = _values(tables, asked, phase)
    if not values.count():
        return replace(kpi, low=None, high=None, n_eff=None)
    found = (_quantile if kind == "quantile" else _rate)(values, asked)
    low = None if kpi.low is None or not math.isfinite(found.low) else min(kpi.low, found.low)
    high = None if kpi.high is None or not math.isfinite(found.high) else max(kpi.high, found.high)
    return replace(kpi, low=low, high=high, method=found.method, n_eff=float(len(values)))


def exceedance_anytime(tables: Tables, name: str, phase: str, limit: float) -> tuple[int, int]:
    """How many values of a quantile KPI lie above `limit`, of how many: one value per cluster."""
    values = _values(tables, Asked(DEFINITIONS[name], 0.95), phase).compressed()
    return int((values > limit).sum()), len(values)


def _values(tables: Tables, asked: Asked, phase: str) -> np.ma.MaskedArray:
    """One value per cluster, masked where it was not measured."""
    import numpy as np

    rows = sql_of(tables, asked.definition)
    sql = _FIRST_K if asked.definition.kind == "pass^k" else _ONE
    return np.ma.asarray(tables.arrays(sql.format(rows=rows, k=asked.k, unassigned=UNASSIGNED), [phase])["value"])


def _rate(values: np.ma.MaskedArray, asked: Asked) -> Interval:
    """A row without a value may be either; a missing one may have been the one to enter in another's place."""
    from pilotage.statistics import anytime_rate, one_trial_rate

    held, blank, n = float(values.sum()), len(values) - int(values.count()), len(values)
    worst, best = (one_trial_rate(k, n, asked.confidence, asked.missing, anytime_rate) for k in (held, held + blank))
    return replace(worst, high=best.high)


def _quantile(values: np.ma.MaskedArray, asked: Asked) -> Interval:
    from pilotage.statistics import anytime_quantile

    measured = values.compressed()
    lost = asked.missing + len(values) - len(measured)
    return anytime_quantile(measured, asked.definition.quantile or 0.5, asked.confidence, lost)
