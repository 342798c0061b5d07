"""Parquet files, their typed cells written as text so that the same checks read them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pilotage.errors import PilotageError
from pilotage.records.encodings import REPLACEMENT
from pilotage.records.readers import Raw


def header(path: Path) -> list[str]:
    """The names of the columns."""
    try:
        return [str(name) for name in pq.read_schema(path).names]
    except pa.ArrowInvalid as fault:
        raise PilotageError(f"is not a Parquet file: {fault}", path.name, "export it again") from fault


def read(path: Path) -> Raw:
    """All rows as text; nested cells become JSON text. A row's line is its number, from 1."""
    header(path)
    table = pq.read_table(path)
    cells = pa.table({name: as_text(table.column(name)) for name in table.column_names})
    return Raw(cells, np.arange(1, table.num_rows + 1, dtype=np.int64))


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column as text, null where empty: times in ISO 8601 (with their offset if they have one), flags as words."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = kind.value_type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        values = [None if value is None else _json(value) for value in column.to_pylist()]
        column = pa.chunked_array([values], pa.string())
    elif pa.types.is_timestamp(kind) and kind.tz is not None:
        # Text in UTC: casting a zoned column to text writes local wall time in some zones.
        column = pc.strftime(column.cast(pa.timestamp("us", "UTC"), safe=False), "%Y-%m-%dT%H:%M:%S+00:00")
    else:
        column = column.cast(pa.string())
    if pc.any(pc.match_substring(column, "\0")).as_py():
        column = pc.replace_substring(column, "\0", REPLACEMENT)
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def _json(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return json.dumps(value, ensure_ascii=False, default=str)
