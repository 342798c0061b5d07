"""Measure a KPI: DuckDB sums the rows per cluster, statistics turns the sums into an estimate with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pilotage.kpis.definitions import DEFINITIONS, Definition
from pilotage.kpis.record import Kpi

if TYPE_CHECKING:
    import duckdb
    import numpy as np

    from pilotage.statistics import Interval


@dataclass(frozen=True)
class Tables:
    """The canonical tables of a dataset as a DuckDB connection, with what the intake found out about them.

    `facts` maps a table present in the dataset to its entry in checks.json: `columns` that exist, rows `missing`.
    """

    connection: duckdb.DuckDBPyConnection
    facts: Mapping[str, Mapping[str, Any]]

    def missing(self, table: str) -> int:
        """Rows that are known to exist and are not there: set aside at intake, or declared and absent."""
        return int(self.facts.get(table, {}).get("missing", 0))

    def frame(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> Any:
        """The rows of a query as a pandas DataFrame."""
        return self.connection.execute(sql, parameters).df()

    def arrays(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> dict[str, np.ndarray]:
        """The rows of a query, one array per column; nulls are masked."""
        return self.connection.execute(sql, parameters).fetchnumpy()


def measure(tables: Tables, name: str, phase: str, confidence: float = 0.95, k: int = 1) -> Kpi:
    """The KPI over the whole phase. `k` is the number of trials that pass^k asks for.

    Missing rows of its table, and rows whose value is null, widen the interval to its worst and its best case.
    """
    definition = DEFINITIONS[name]
    reason = undecided(tables, definition, phase, k)
    if reason:
        return _unknown(definition, confidence, reason, k)
    kpis = _measure(tables, definition, phase, "NULL", confidence, tables.missing(definition.table), k)
    return kpis[0] if kpis else _unknown(definition, confidence, _no_rows(definition, phase), k)


def measure_parts(tables: Tables, name: str, phase: str, part: str, confidence: float = 0.95) -> list[Kpi]:
    """The KPI for each value of `part` (a column such as segment or tool), in the order of the values; empty where the
    dataset has none."""
    definition = DEFINITIONS[name]
    if undecided(tables, definition, phase):
        return []
    return _measure(tables, definition, phase, part, confidence, 0, 1)


def undecided(tables: Tables, definition: Definition, phase: str, k: int = 1) -> str:
    """Why the dataset cannot answer, as one sentence; empty where it can."""
    for need in definition.needs:
        options = [option.split(".") for option in need.split("|")]
        if any(column in tables.facts.get(table, {}).get("columns", ()) for table, column in options):
            continue
        if not any(table in tables.facts for table, _ in options):
            return f"the dataset has no table `{options[0][0]}`"
        return f"the table `{options[0][0]}` has no column `{options[0][1]}`"
    sql = f"SELECT count(*) AS n, count(value) AS measured FROM ({definition.rows}) WHERE phase = ?"
    rows, measured = tables.connection.execute(sql, [phase]).fetchall()[0]
    if not rows:
        return _no_rows(definition, phase)
    if not measured:
        return f"none of the {rows:,} {definition.counted} of the {phase} has a value"
    return _too_few_trials(tables, definition, phase, k) if definition.kind == "pass^k" else ""


def _too_few_trials(tables: Tables, definition: Definition, phase: str, k: int) -> str:
    sql = f"SELECT max(n) FROM (SELECT count(*) AS n FROM ({definition.rows}) WHERE phase = ? GROUP BY cluster)"
    most = tables.connection.execute(sql, [phase]).fetchall()[0][0]
    return "" if most >= k else f"no task of the {phase} was tried {k} times; the most is {most}"


def exceedance(tables: Tables, name: str, phase: str, limit: float) -> tuple[int, int]:
    """How many values of a quantile KPI lie above `limit`, of how many: a quantile's gate seen as a rate."""
    sql = f"SELECT count(*) FILTER (value > ?), count(*) FROM ({DEFINITIONS[name].rows}) WHERE phase = ?"
    over, n = tables.connection.execute(sql, [limit, phase]).fetchall()[0]
    return int(over), int(n)


def _no_rows(definition: Definition, phase: str) -> str:
    return f"no {definition.counted} of the {phase} are in the dataset"


def _measure(
    tables: Tables, definition: Definition, phase: str, part: str, confidence: float, missing: int, k: int
) -> list[Kpi]:
    estimate = {"rate": _rate, "mean": _mean, "quantile": _quantile, "pass^k": _pass_hat_k}[definition.kind]
    arrays = tables.arrays(_SQL[definition.kind].format(rows=definition.rows, part=part), [phase])
    kpis = []
    for value, rows in _by_part(arrays):
        if value is None and part != "NULL":
            continue
        interval, row = estimate(rows, definition, confidence, missing, k)
        dimension = f"k={k}" if definition.kind == "pass^k" else f"{part}={value}" if part != "NULL" else None
        kpis.append(replace(_known(definition, interval), dimension=dimension, **row))
    return kpis


_SUMS = """SELECT {part} AS part, cluster, count(value) AS n, count(*) - count(value) AS unmeasured,
                  coalesce(sum(value), 0)::DOUBLE AS total
           FROM ({rows}) WHERE phase = ? GROUP BY ALL ORDER BY part, cluster"""
_VALUES = """SELECT {part} AS part, dense_rank() OVER (ORDER BY cluster) AS cluster, value::DOUBLE AS value
             FROM ({rows}) WHERE phase = ? ORDER BY part, value, cluster"""
_SQL = {"rate": _SUMS, "mean": _SUMS, "pass^k": _SUMS, "quantile": _VALUES}


def _by_part(arrays: dict[str, np.ndarray]) -> list[tuple[Any, dict[str, np.ndarray]]]:
    """Split sorted columns where `part` changes; a part without a name comes as None."""
    import numpy as np

    labels = np.ma.asarray(arrays["part"]).astype(object)
    names = [None if hidden else name for name, hidden in zip(labels.data, np.ma.getmaskarray(labels), strict=True)]
    starts = [i for i, name in enumerate(names) if i == 0 or name != names[i - 1]]
    return [
        (names[i], {column: values[i:j] for column, values in arrays.items()})
        for i, j in pairwise([*starts, len(names)])
    ]


def _rate(
    rows: dict[str, np.ndarray], definition: Definition, confidence: float, missing: int, k: int
) -> tuple[Interval, dict[str, Any]]:
    from pilotage.statistics import clustered_rate

    measured = rows["n"] > 0
    sizes, successes = rows["n"][measured], rows["total"][measured]
    interval = clustered_rate(successes, sizes, confidence, missing=missing + int(rows["unmeasured"].sum()))
    return interval, {"count": int(successes.sum()), "n": int(sizes.sum()), "clusters": len(sizes)}


def _mean(
    rows: dict[str, np.ndarray], definition: Definition, confidence: float, missing: int, k: int
) -> tuple[Interval, dict[str, Any]]:
    from pilotage.statistics import mean_interval

    measured = rows["n"] > 0
    sizes = rows["n"][measured]
    interval = mean_interval(rows["total"][measured], sizes, confidence)
    return interval, {"count": None, "n": int(sizes.sum()), "clusters": len(sizes)}


def _quantile(
    rows: dict[str, np.ndarray], definition: Definition, confidence: float, missing: int, k: int
) -> tuple[Interval, dict[str, Any]]:
    import numpy as np

    from pilotage.statistics import quantile_interval

    known = ~np.ma.getmaskarray(np.ma.asarray(rows["value"]))
    values, clusters = np.asarray(rows["value"][known]), np.asarray(rows["cluster"][known])
    lost = missing + int((~known).sum())
    interval = quantile_interval(values, definition.quantile or 0.5, confidence, clusters=clusters, missing=lost)
    return interval, {"count": None, "n": len(values), "clusters": len(np.unique(clusters))}


def _pass_hat_k(
    rows: dict[str, np.ndarray], definition: Definition, confidence: float, missing: int, k: int
) -> tuple[Interval, dict[str, Any]]:
    from pilotage.statistics import pass_hat_k

    # A trial without a result is a trial that did not succeed: pass^k promises that every one does.
    trials = rows["n"] + rows["unmeasured"]
    repeated = trials >= k
    tasks = int(repeated.sum())
    interval = pass_hat_k(rows["total"][repeated], trials[repeated], k, confidence)
    return interval, {"count": None, "n": tasks, "clusters": tasks}


def _known(definition: Definition, interval: Interval) -> Kpi:
    low, high = (bound if math.isfinite(bound) else None for bound in (interval.low, interval.high))
    return replace(
        _unknown(definition, interval.confidence, "", 0),
        estimate=interval.estimate, low=low, high=high, method=interval.method, n_eff=interval.n_eff,
    )  # fmt: skip


def _unknown(definition: Definition, confidence: float, reason: str, k: int) -> Kpi:
    return Kpi(
        name=definition.name, label=definition.label, layer=definition.layer, unit=definition.unit,
        dimension=f"k={k}" if definition.kind == "pass^k" else None, count=None, n=0, clusters=0, estimate=None,
        low=None, high=None, confidence=confidence, method="none", better=definition.better, reason=reason,
    )  # fmt: skip
