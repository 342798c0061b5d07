"""The canonical tables as DuckDB views: what every page and KPI reads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb

from pilotage.records.schemas import TABLES, Table
from pilotage.workspace import Workspace

SQL_TYPES = {
    "text": "VARCHAR",
    "month": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "flag": "BOOLEAN",
    "time": "TIMESTAMP",
}


# Of a phase whose log tells begins and ends apart (XES: start, complete) the ends are the steps, and each knows its
# begin; the baseline may come from another log than the pilot.
_TOLD_APART = """
SELECT count(*) FILTER (lower(lifecycle) = 'complete') > 0 AND count(*) FILTER (lower(lifecycle) <> 'complete') > 0
FROM read_parquet('{path}')"""
_PAIRED = """
CREATE VIEW events AS
SELECT * EXCLUDE (began_at, ends),
       CASE WHEN lag(lower(lifecycle)) OVER step = 'start' THEN lag(timestamp) OVER step END AS began_at
FROM (SELECT *, coalesce(phase, '') IN (SELECT coalesce(phase, '') FROM read_parquet('{path}')
                                        WHERE lower(lifecycle) = 'complete') AS ends FROM ({log}))
WHERE NOT ends OR lifecycle IS NULL OR lower(lifecycle) IN ('start', 'complete')
WINDOW step AS (PARTITION BY ends, case_id, activity ORDER BY timestamp, row_number)
QUALIFY NOT ends OR lifecycle IS NULL OR lower(lifecycle) = 'complete'"""
OF_EVENTS = {"row_number": "BIGINT", "began_at": "TIMESTAMP"}


def open_tables(workspace: Workspace, dataset: str, names: Iterable[str]) -> duckdb.DuckDBPyConnection:
    """A connection in memory with one view per named table; one that the dataset lacks is an empty view of its types.

    Times are UTC. `events` has two further columns: `row_number` (from 0), the order of the log, which settles equal
    times, and `began_at`, when the step began, null where the log does not tell. Its rows are steps: of a log that
    tells begins and ends apart, the ends.
    """
    connection = duckdb.connect()
    for name in names:
        path = workspace.intake(dataset) / "tables" / f"{name}.parquet"
        connection.execute(_view(TABLES[name], connection, path) if path.is_file() else _empty(TABLES[name]))
    return connection


def _empty(table: Table) -> str:
    types = {column.name: SQL_TYPES[column.type] for column in table.columns}
    types |= OF_EVENTS if table.name == "events" else {}
    columns = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in types.items())
    return f'CREATE VIEW "{table.name}" AS SELECT {columns} WHERE false'


def _view(table: Table, connection: duckdb.DuckDBPyConnection, path: Path) -> str:
    names, quoted = ", ".join(f'"{name}"' for name in table.names), str(path).replace("'", "''")
    if table.name != "events":
        return f"CREATE VIEW \"{table.name}\" AS SELECT {names} FROM read_parquet('{quoted}')"
    log = (
        f"SELECT {names}, file_row_number AS row_number, NULL::TIMESTAMP AS began_at"
        f" FROM read_parquet('{quoted}', file_row_number = true)"
    )
    told_apart = connection.execute(_TOLD_APART.format(path=quoted)).fetchall()[0][0]
    return _PAIRED.format(log=log, path=quoted) if told_apart else f"CREATE VIEW events AS {log}"
