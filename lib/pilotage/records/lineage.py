"""Rows that belong to another row of their own table, as a sub-agent's run to the run that started it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pilotage.records.mapping import Fault, Rows
from pilotage.records.schemas import Table


def lineage_faults(table: Table, rows: pa.Table, kept: Rows) -> list[Fault]:
    """Among the kept rows (positions): those that name themselves, nothing that is kept, or each other in a circle.

    What follows from a row that goes is judged with it: a row below one that names nothing names nothing either.
    """
    if not table.above or not rows.column(table.above).take(pa.array(kept)).drop_null():
        return []
    ids = rows.column(table.key[0]).take(pa.array(kept)).combine_chunks()
    named = rows.column(table.above).take(pa.array(kept)).combine_chunks()
    above = _above(ids, named)
    end = _ends(above)
    count, itself = len(kept), above == np.arange(len(kept))
    told = {
        f"{table.above} is the row itself": itself,
        f"{table.above} is not in {table.name}": (end == count + 1) & ~itself,
        f"{table.above} leads round in a circle": (end < count) & ~itself,
    }
    found = ((reason, np.flatnonzero(mask)) for reason, mask in told.items())
    return [Fault(kept[at], reason, tuple(named.take(pa.array(at)).to_pylist())) for reason, at in found if len(at)]


def _above(ids: pa.Array, named: pa.Array) -> Rows:
    """For each row the place of the row it names; the count for a row that names none, one more for a name unknown."""
    count = len(ids)
    spot = pc.fill_null(pc.index_in(named, value_set=ids), count + 1)
    return np.asarray(pc.if_else(pc.is_valid(named), spot, count).to_numpy(zero_copy_only=False), dtype=np.int64)


def _ends(above: Rows) -> Rows:
    """Where each chain ends after more steps than there are rows, each round doubling the steps (pointer jumping)."""
    count = len(above)
    end = np.concatenate([above, [count, count + 1]])
    for _ in range(max(1, count).bit_length()):
        end = end[end]
    return end[:count]
