"""One DuckDB in memory for work on single columns of text; opening one per file would cost more than the work."""

from __future__ import annotations

from functools import cache
from typing import Any

import pyarrow as pa


@cache
def _database() -> Any:
    import duckdb

    return duckdb.connect()


def query(sql: str, given: pa.Table) -> pa.Table:
    """What the SQL makes of the table, which it calls `given`, in the order of its rows."""
    with _database().cursor() as connection:
        connection.register("given", given)
        return connection.sql(sql).to_arrow_table()
