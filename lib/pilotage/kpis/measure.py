"""Measure a KPI: DuckDB fetches its rows, `estimate` turns them into an interval, and what cannot be said is said."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pilotage.kpis.definitions import DEFINITIONS, Definition
from pilotage.kpis.estimate import Asked, Found, Rows, estimate
from pilotage.kpis.record import Kpi
from pilotage.kpis.rows import RUNS, UNASSIGNED
from pilotage.kpis.tables import Tables

if TYPE_CHECKING:
    import numpy as np


def measure(tables: Tables, name: str, phase: str, confidence: float = 0.95, k: int = 1) -> Kpi:
    """The KPI over the whole phase. `k` is the number of trials that pass^k asks for.

    Where the data cannot say, the estimate is None and the reason is given. Missing rows of its table, and rows whose
    value is null, widen the interval to its worst and its best case; a mean only counts them (`unmeasured`).
    """
    definition = DEFINITIONS[name]
    asked = Asked(definition, confidence, tables.missing(definition.table), k)
    if reason := lacking(tables, definition):
        return kpi_of(asked, reason, phase)
    return kpi_of(asked, estimate(_rows(tables, definition, phase, "NULL"), asked), phase)


def measure_parts(tables: Tables, name: str, phase: str, part: str, confidence: float = 0.95) -> list[Kpi]:
    """The KPI for each value of `part` (a column such as segment or tool), in the order of the values.

    Rows without a part form none; empty where the dataset has none. Rows missing from the table are in no part.
    """
    definition = DEFINITIONS[name]
    if lacking(tables, definition):
        return []
    asked = Asked(definition, confidence)
    pieces = _by_part(_rows(tables, definition, phase, part))
    kpis = [(value, kpi_of(asked, estimate(rows, asked), phase)) for value, rows in pieces]
    return [replace(kpi, dimension=f"{part}={value}") for value, kpi in kpis if value is not None]


def exceedance(tables: Tables, name: str, phase: str, limit: float) -> tuple[int, int]:
    """How many values of a quantile KPI lie above `limit`, of how many: a quantile's gate seen as a rate."""
    sql = f"SELECT count(*) FILTER (value > ?), count(*) FROM ({sql_of(tables, DEFINITIONS[name])}) WHERE phase = ?"
    over, n = tables.row(sql, [limit, phase])
    return int(over), int(n)


# Relations that a page makes and no dataset has (see kpis.guarded).
PUT_TO_NO_GUARD = {"guarded": "no text was put to the guard", "guarded_runs": "no run's input was put to the guard"}


def lacking(tables: Tables, definition: Definition) -> str:
    """Which table or column the dataset lacks for this KPI, as one sentence; empty where it has all."""
    for need in definition.needs:
        options = [option.split(".") for option in need.split("|")]
        if any(tables.has(table, column) for table, column in options):
            continue
        if not any(table in tables.facts for table, _ in options):
            return PUT_TO_NO_GUARD.get(options[0][0]) or f"the dataset has no table `{options[0][0]}`"
        return f"the table `{options[0][0]}` has no column `{options[0][1]}`"
    return ""


def sql_of(tables: Tables, definition: Definition) -> str:
    """The definition's rows, of the runs that had begun by the look."""
    return fill_runs(tables, definition.rows)


def fill_runs(tables: Tables, sql: str) -> str:
    """The SQL with the runs that had begun by the look in the place of {runs}.

    Where runs have tasks or cases, those that name neither may be any one's: together they are one cluster, so that
    losing the names narrows no interval.
    """
    named = tables.has("interactions", "task_id") or tables.has("interactions", "case_id")
    alone = f"'{UNASSIGNED}'" if named else "coalesce(i.parent_interaction, i.interaction_id)"
    seen = in_time = "true"
    if tables.until:
        moment, last = tables.until
        quoted = last.replace("'", "''")
        seen = f"(i.started_at, i.interaction_id) <= (TIMESTAMP '{moment}', '{quoted}')"
        in_time = f"f.at <= TIMESTAMP '{moment}'"
    runs = RUNS.replace("{alone}", alone).replace("{seen}", seen)
    return sql.replace("{runs}", runs).replace("{in_time}", in_time)


_SUMS = """SELECT {part} AS part, cluster, count(value) AS n, count(*) - count(value) AS unmeasured,
                  coalesce(sum(value ORDER BY value), 0)::DOUBLE AS total
           FROM ({rows}) WHERE phase = ? GROUP BY ALL ORDER BY part, cluster"""
_VALUES = """SELECT {part} AS part, dense_rank() OVER (ORDER BY cluster) AS cluster, value::DOUBLE AS value
             FROM ({rows}) WHERE phase = ? ORDER BY part, value, cluster"""


def _rows(tables: Tables, definition: Definition, phase: str, part: str) -> Rows:
    sql = _VALUES if definition.kind == "quantile" else _SUMS
    return tables.arrays(sql.format(rows=sql_of(tables, definition), part=part), [phase])


def _by_part(rows: dict[str, np.ndarray]) -> list[tuple[Any, Rows]]:
    """Split sorted rows where `part` changes; a part without a name comes as None."""
    import numpy as np

    labels = np.ma.asarray(rows["part"]).astype(object)
    names = [None if hidden else name for name, hidden in zip(labels.data, np.ma.getmaskarray(labels), strict=True)]
    starts = [i for i, name in enumerate(names) if i == 0 or name != names[i - 1]]
    bounds = pairwise([*starts, len(names)])
    return [(names[i], {column: values[i:j] for column, values in rows.items()}) for i, j in bounds]


def kpi_of(asked: Asked, found: Found | str, phase: str) -> Kpi:
    """The record of what was found, or of the reason why nothing was."""
    definition = asked.definition
    empty = Kpi(
        name=definition.name, label=definition.label, layer=definition.layer, unit=definition.unit,
        dimension=f"k={asked.k}" if definition.kind == "pass^k" else None, count=None, n=0, clusters=0, estimate=None,
        low=None, high=None, confidence=asked.confidence, method="none", better=definition.better,
    )  # fmt: skip
    if isinstance(found, str):
        return replace(empty, reason=found.replace("{phase}", phase))
    interval = found.interval
    low, high = (bound if math.isfinite(bound) else None for bound in (interval.low, interval.high))
    return replace(
        empty, count=found.count, n=found.n, clusters=found.clusters, estimate=interval.estimate, low=low, high=high,
        method=interval.method, n_eff=interval.n_eff, unmeasured=found.unmeasured,
    )  # fmt: skip
