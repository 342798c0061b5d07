"""JSON lines: one object a line; nested values stay JSON text; a malformed line is set aside, the others go on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pilotage.errors import PilotageError
from pilotage.records.dataset import TableSource
from pilotage.records.duck import query
from pilotage.records.encodings import REPLACEMENT, read_text
from pilotage.records.mapping import Mask, Rows
from pilotage.records.readers import Broken, Raw
from pilotage.records.sources import NOTHING_IN_IT

_HEAD = 1 << 20  # bytes in which keys are looked for first


def header(path: Path, source: TableSource, wanted: frozenset[str]) -> list[str]:
    """Every key that any line at the beginning has, in the order first met; of any line, where a wanted one lacks."""
    text = read_text(path, source.encoding, _HEAD)
    names = _names(text.data)
    if not text.whole and not (names and wanted <= set(names)):
        names = _names(read_text(path, source.encoding).data)
    return _some(names, path)


def _names(data: bytes) -> list[str]:
    lines, numbers = _lines(data)
    good = _objects(lines)
    rescued, _ = _second_look(lines, numbers, np.flatnonzero(~good))
    more = [name for row in rescued.values() for name in row]
    return list(dict.fromkeys([*_keys(lines.filter(pa.array(good))), *more]))


def read(path: Path, source: TableSource) -> Raw:
    """All objects as text cells: numbers as JSON writes them, true and false as words, null and "" as null."""
    lines, numbers = _lines(read_text(path, source.encoding).data)
    if not len(numbers):
        raise PilotageError("is empty", path.name, NOTHING_IN_IT)
    good = _objects(lines)
    rescued, broken = _second_look(lines, numbers, np.flatnonzero(~good))
    cells, names = _cells(lines.filter(pa.array(good)))
    if rescued:
        cells, names = _merge(cells, names, good, rescued)
        good[list(rescued)] = True
    _some(names, path)
    table = pa.table({name: _emptied(column) for name, column in zip(names, cells, strict=True)})
    return Raw(table, numbers[good], tuple(broken))


def _some(names: list[str], path: Path) -> list[str]:
    if not names:
        raise PilotageError("has no line that is a JSON object", path.name, "write one object a line (jq -c '.[]')")
    return names


def _lines(data: bytes) -> tuple[pa.Array, Rows]:
    """The lines that hold anything, and their numbers."""
    lines = pa.array(data.split(b"\n"), type=pa.large_binary()).cast(pa.large_string())
    filled = pc.not_equal(pc.utf8_length(pc.utf8_trim_whitespace(lines)), 0)
    numbers = np.flatnonzero(filled.to_numpy(zero_copy_only=False)) + 1
    return lines.filter(filled), numbers.astype(np.int64)


def _query(lines: pa.Array, sql: str) -> pa.Table:
    return query(sql, pa.table({"line": lines}))


def _objects(lines: pa.Array) -> Mask:
    """Which lines are JSON objects for DuckDB, whose reader takes a million lines in a second or two."""
    found = _query(lines, "SELECT json_valid(line) AND ltrim(line, E' \\t\\r') LIKE '{%' AS good FROM given")
    return np.array(found["good"].to_numpy(), dtype=bool)


_KEYS = """
SELECT key FROM (SELECT unnest(keys) AS key, spot, generate_subscripts(keys, 1) AS place
                 FROM (SELECT json_keys(line) AS keys, row_number() OVER () AS spot FROM given))
GROUP BY key ORDER BY min(spot), min_by(place, spot), key
"""


def _keys(lines: pa.Array) -> list[str]:
    """Every key of any line, in the order first met."""
    return [str(name) for name in _query(lines, _KEYS)["key"].to_pylist()]


def _cells(lines: pa.Array) -> tuple[list[pa.ChunkedArray], list[str]]:
    names = _keys(lines)
    if not names:
        return [], []
    shape = json.dumps(dict.fromkeys(names, "VARCHAR"), ensure_ascii=False).replace("'", "''")
    found = _query(lines, f"SELECT json_transform(line, '{shape}') AS cells FROM given")["cells"]
    fields = [pa.chunked_array([chunk.field(at) for chunk in found.chunks], pa.string()) for at in range(len(names))]
    return fields, names


def _second_look(
    lines: pa.Array, numbers: Rows, doubtful: Rows
) -> tuple[dict[int, dict[str, str | None]], list[Broken]]:
    """Python's reader takes lone surrogates, which some exports hold; what it refuses too is broken."""
    rescued: dict[int, dict[str, str | None]] = {}
    broken = []
    for at in doubtful.tolist():
        text = lines[at].as_py()
        try:
            row = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
        except (json.JSONDecodeError, RecursionError) as fault:
            broken.append(Broken(int(numbers[at]), f"is not JSON: {getattr(fault, 'msg', 'nested too deep')}", text))
            continue
        if isinstance(row, dict):
            rescued[at] = {_clean(name): _as_text(value) for name, value in row.items()}
        else:
            broken.append(Broken(int(numbers[at]), "is not a JSON object", text))
    return rescued, broken


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return None if value is None else _clean(value)
    return _clean(json.dumps(value, ensure_ascii=False))


def _clean(text: str) -> str:
    return "".join(REPLACEMENT if "\ud800" <= sign <= "\udfff" else sign for sign in text)


def _merge(
    cells: list[pa.ChunkedArray],
    names: list[str],
    good: Mask,
    rescued: dict[int, dict[str, str | None]],
) -> tuple[list[pa.ChunkedArray], list[str]]:
    """The rescued rows put back at their places."""
    more = [name for row in rescued.values() for name in row]
    names = list(dict.fromkeys([*names, *more]))
    order = np.argsort(np.concatenate([np.flatnonzero(good), list(rescued)]), kind="stable")
    count = int(good.sum())
    columns = []
    for position, name in enumerate(names):
        had = cells[position] if position < len(cells) else pa.chunked_array([pa.nulls(count, pa.string())])
        extra = pa.array([row.get(name) for row in rescued.values()], type=pa.string())
        columns.append(pa.chunked_array([*had.chunks, extra], pa.string()).take(pa.array(order)))
    return columns, names


def _emptied(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """`""` is an empty cell, and NUL cannot be stored everywhere."""
    if pc.any(pc.match_substring(column, "\0")).as_py():
        column = pc.replace_substring(column, "\0", REPLACEMENT)
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
