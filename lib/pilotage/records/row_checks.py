"""Which rows break the schema, and why: first row by row, then against the rows of the same and of the parent table."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pilotage.records.dataset import TableSource
from pilotage.records.mapping import Cell, Fault, Mask, Rows, as_numpy, fault_at, map_columns
from pilotage.records.parsing import ARROW, no_values, parse
from pilotage.records.schemas import Table


def check_file(
    table: Table, source: TableSource, cells: pa.Table, zone: str | None
) -> tuple[pa.Table, list[str], list[Fault]]:
    """One file's rows under our names and types (all columns of the table), the columns it gives, and its faults."""
    mapped, faults = map_columns(table, source, cells)
    values: dict[str, pa.ChunkedArray] = {}
    for column in table.columns:
        if column.name not in mapped:
            values[column.name] = no_values(column, cells.num_rows)
            continue
        form = None if column.name in source.constants else source.time_format
        values[column.name], wrong = parse(column, mapped[column.name], zone, form)
        faults += wrong
    faults += _lacking(table, mapped)
    faults += _out_of_order(table, values)
    rows = pa.table(values, schema=arrow_schema(table))
    return rows, [name for name in table.names if name in mapped], faults


def arrow_schema(table: Table) -> pa.Schema:
    """The table's columns as Arrow (and Parquet) types; times are UTC in microseconds, without a zone mark."""
    return pa.schema([(column.name, ARROW[column.type]) for column in table.columns])


def _lacking(table: Table, mapped: dict[str, Cell]) -> list[Fault]:
    """Rows without a value they cannot do without."""
    needed = [name for name in table.required if name in mapped]
    return [fault for name in needed for fault in fault_at(pc.is_null(mapped[name].text), f"{name} is empty")]


def _out_of_order(table: Table, values: dict[str, pa.ChunkedArray]) -> list[Fault]:
    return [
        fault
        for first, last in table.order
        for fault in fault_at(pc.greater(values[first], values[last]), f"{last} is before {first}")
    ]


def duplicates(table: Table, rows: pa.Table, good: Mask) -> tuple[Rows, Rows, Rows]:
    """Among the good rows: exact repeats of an earlier row; rows that share its id but differ; and that earlier row.

    Tables whose rows have no identity have no duplicates.
    """
    none = np.empty(0, dtype=np.int64)
    if not table.key:
        return none, none, none
    at = np.flatnonzero(good)
    keys = rows.select(list(table.key)).filter(pa.array(good)).to_pandas()
    shared = keys.duplicated(keep=False).to_numpy()
    if not shared.any():
        return none, none, none
    at = at[shared]
    frame = rows.take(pa.array(at)).to_pandas()
    content = frame.groupby(list(frame.columns), dropna=False, sort=False).ngroup().to_numpy()
    first = frame.groupby(list(table.key), sort=False).cumcount().to_numpy() == 0
    owner = frame.groupby(list(table.key), sort=False).ngroup().to_numpy()
    spot = np.empty(owner.max() + 1, dtype=np.int64)
    spot[owner[first]] = np.flatnonzero(first)
    same = content == content[spot[owner]]
    differ = ~same
    return at[same & ~first], at[differ], at[spot[owner[differ]]]


def repeats(rows: pa.Table) -> int:
    """How many rows of a table without ids equal an earlier one in every column."""
    return int(rows.to_pandas().duplicated().sum()) if rows.num_rows else 0


def orphans(table: Table, rows: pa.Table, parent: pa.Table) -> Mask:
    """Mask of the rows whose parent is named but not there."""
    assert table.parent is not None
    name = table.parent[1]
    known = parent.column(name).combine_chunks()
    missing = pc.and_(pc.is_valid(rows.column(name)), pc.invert(pc.is_in(rows.column(name), value_set=known)))
    return as_numpy(missing)


def with_parents_phase(table: Table, rows: pa.Table, parent: pa.Table) -> pa.Table:
    """The rows with the phase (and the agent) of the row they belong to, where they do not say their own."""
    assert table.parent is not None
    name = table.parent[1]
    spot = pc.index_in(rows.column(name), value_set=parent.column(name).combine_chunks())
    for column in ("phase", "agent"):
        theirs = pc.take(parent.column(column).combine_chunks(), spot)
        at = rows.schema.get_field_index(column)
        rows = rows.set_column(at, rows.schema.field(at), pc.coalesce(rows.column(column), theirs))
    return rows
