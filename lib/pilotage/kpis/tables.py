"""The canonical tables of a dataset, ready for the KPIs' SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb
    import numpy as np

Parameters = Sequence[object] | Mapping[str, object]


@dataclass(frozen=True)
class Tables:
    """The tables as a DuckDB connection, with what the intake found out about them.

    `facts` maps a table present in the dataset to its entry in checks.json: `columns` that exist, rows `missing`.
    `zone` is the time zone in which days and weeks are counted; the SQL function local_time(t) turns UTC into it.
    `until` is the last run of the look, its begin and its name: KPIs count no run after it; None counts all.
    """

    connection: duckdb.DuckDBPyConnection
    facts: Mapping[str, Mapping[str, Any]]
    zone: str = "UTC"
    until: tuple[datetime, str] | None = None

    def __post_init__(self) -> None:
        quoted = self.zone.replace("'", "''")
        sql = f"CREATE OR REPLACE TEMP MACRO local_time(t) AS timezone('{quoted}', timezone('UTC', t::TIMESTAMP))"
        self.connection.execute(sql)

    def missing(self, table: str) -> int:
        """Rows that are known to exist and are not there: set aside at intake, or declared and absent."""
        return int(self.facts.get(table, {}).get("missing", 0))

    def has(self, table: str, column: str) -> bool:
        """Whether the dataset has the column, filled or not."""
        return column in self.facts.get(table, {}).get("columns", ())

    def frame(self, sql: str, parameters: Parameters = ()) -> Any:
        """The rows of a query as a pandas DataFrame."""
        return self.connection.execute(sql, parameters).df()

    def arrays(self, sql: str, parameters: Parameters = ()) -> dict[str, np.ndarray]:
        """The rows of a query, one array per column; nulls are masked."""
        return self.connection.execute(sql, parameters).fetchnumpy()

    def row(self, sql: str, parameters: Parameters = ()) -> tuple[Any, ...]:
        """The first row of a query that always has one."""
        first: tuple[Any, ...] = self.connection.execute(sql, parameters).fetchall()[0]
        return first
