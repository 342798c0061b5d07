"""Rows that are not accepted: the reasons of each in words, and what it held as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pilotage.records.duck import query
from pilotage.records.mapping import Fault, Rows

_SHOWN = 80  # characters of a wrong value that a reason repeats


def reasons_by_row(faults: Sequence[Fault]) -> tuple[Rows, pa.Array]:
    """The faulty rows (positions, ascending) and for each all its reasons as one text."""
    if not faults:
        return np.empty(0, dtype=np.int64), pa.array([], pa.string())
    rows = np.concatenate([fault.rows for fault in faults])
    told = pa.concat_arrays([_told(fault) for fault in faults])
    order = pa.array(np.argsort(rows, kind="stable"))
    pairs = pa.table({"row": pa.array(rows).take(order), "told": told.take(order)})
    groups = pairs.group_by("row", use_threads=False).aggregate([("told", "list")])
    joined = pc.binary_join(groups["told_list"].combine_chunks(), "; ")
    return np.asarray(groups["row"].to_numpy(), dtype=np.int64), joined


def _told(fault: Fault) -> pa.Array:
    if not fault.got:
        return pa.repeat(pa.scalar(fault.reason, pa.string()), len(fault.rows))
    return pa.array([f"{fault.reason} ({_shown(value)})" for value in fault.got], pa.string())


def _shown(value: str) -> str:
    text = value if value.startswith("duplicate of") else f"got {value!r}"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def as_json(cells: pa.Table) -> pa.Array:
    """Each row as a JSON object of text, without its empty cells."""
    if not cells.num_rows:
        return pa.array([], pa.string())
    names = [json.dumps(name, ensure_ascii=False).replace("'", "''") for name in cells.column_names]
    parts = [f"""'{name}: ' || to_json("{at}")""" for at, name in enumerate(names)]
    numbered = cells.rename_columns([str(at) for at in range(len(names))])
    found = query(f"SELECT '{{' || concat_ws(', ', {', '.join(parts)}) || '}}' AS row FROM given", numbered)
    return found["row"].combine_chunks()
