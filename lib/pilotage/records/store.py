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


_STEPS = """
WHERE lifecycle IS NULL OR lower(lifecycle) = 'complete'
      OR NOT EXISTS (FROM read_parquet('{path}') WHERE lower(lifecycle) = 'complete')"""


def open_tables(workspace: Workspace, dataset: str, names: Iterable[str]) -> duckdb.DuckDBPyConnection:
    """A connection in memory with one view per named table; one that the dataset lacks is an empty view of its types.

    Times are UTC. `events` has a further column `row_number` (from 0): the order of the log, which settles equal times;
    its rows are steps, so a log that tells when each began and ended is read by the ends alone.
    """
    connection = duckdb.connect()
    for name in names:
        path = workspace.intake(dataset) / "tables" / f"{name}.parquet"
        connection.execute(_view(TABLES[name], path if path.is_file() else None))
    return connection


def _view(table: Table, path: Path | None) -> str:
    types = {column.name: SQL_TYPES[column.type] for column in table.columns}
    row_number = table.name == "events"
    if path is None:
        types |= {"row_number": "BIGINT"} if row_number else {}
        columns = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in types.items())
        return f'CREATE VIEW "{table.name}" AS SELECT {columns} WHERE false'
    columns = ", ".join(f'"{name}"' for name in types) + (", file_row_number AS row_number" if row_number else "")
    quoted = str(path).replace("'", "''")
    view = f"CREATE VIEW \"{table.name}\" AS SELECT {columns} FROM read_parquet('{quoted}', file_row_number = true)"
    return view + _STEPS.format(path=quoted) if table.name == "events" else view
