"""The user's columns under our names: renamed, filled with constants, translated value by value; all still text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pilotage.records.dataset import TableSource, ValueMap
from pilotage.records.schemas import Column, Table
from pilotage.words import plain

_SHOWN = 60  # characters of a column's name that a reason repeats

Rows = np.ndarray[Any, np.dtype[np.int64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Fault:
    """Rows (by position) that break one rule, the rule in words, and what each of them holds instead."""

    rows: Rows
    reason: str
    got: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cell:
    """One of our columns as text: null where empty; how its numbers are written; the factor they are multiplied by."""

    text: pa.ChunkedArray
    decimal: str = "."
    times: float | None = None


def fault_at(mask: Any, reason: str, text: pa.ChunkedArray | None = None) -> list[Fault]:
    """One fault for the rows where the mask holds, with what they hold; nothing where it holds nowhere."""
    rows = np.flatnonzero(as_numpy(mask)).astype(np.int64)
    if not len(rows):
        return []
    got = tuple(str(value) for value in text.take(pa.array(rows)).to_pylist()) if text is not None else ()
    return [Fault(rows, reason, got)]


def as_numpy(mask: Any) -> Mask:
    """A mask as numpy booleans; null counts as false."""
    return np.asarray(mask if isinstance(mask, np.ndarray) else pc.fill_null(mask, False), dtype=bool)


def map_columns(table: Table, source: TableSource, cells: pa.Table) -> tuple[dict[str, Cell], list[Fault]]:
    """The table's columns that the file gives (or a constant does), and the rows with a value that no map knows."""
    mapped: dict[str, Cell] = {}
    faults: list[Fault] = []
    for column in table.columns:
        if column.name in source.constants:
            mapped[column.name] = _constant(source.constants[column.name], cells.num_rows)
            continue
        origin = source.origin(column.name, cells.column_names)
        if origin is None or origin not in cells.column_names:
            continue
        text = _tidy(column, cells.column(origin), source.empty)
        cell, wrong = _translate(column, source.values.get(column.name), text, source.decimal)
        mapped[column.name] = cell
        faults += wrong
    return mapped, faults


def _constant(value: str, rows: int) -> Cell:
    text = pa.nulls(rows, pa.string()) if not value else pa.repeat(pa.scalar(value, pa.string()), rows)
    return Cell(pa.chunked_array([text]))


def _tidy(column: Column, text: pa.ChunkedArray, empty: tuple[str, ...]) -> pa.ChunkedArray:
    """Blanks around a value go (not in free text), and what stands for an empty cell becomes null."""
    if not column.free_text:
        text = pc.utf8_trim_whitespace(text)
    nothing = pc.is_in(text, value_set=pa.array(["", *empty], pa.string()))
    return pc.if_else(nothing, pa.scalar(None, pa.string()), text)


def _translate(column: Column, way: ValueMap | None, text: pa.ChunkedArray, decimal: str) -> tuple[Cell, list[Fault]]:
    if way is None or way.map is None:
        return Cell(text, decimal, way.times if way else None), []
    keys = pa.array(list(way.map), pa.string())
    targets = pa.array([target or None for target in way.map.values()], pa.string())
    spot = pc.index_in(pc.fill_null(text, "") if "" in way.map else text, value_set=keys)
    known = pc.is_valid(spot)
    reason = f"{column.name}: the value of {plain(way.source, _SHOWN)} is not in its map"
    unknown = pc.and_(pc.is_valid(text), pc.invert(known))
    found = pc.take(targets, pc.if_else(known, spot, pa.scalar(None, pa.int32())))
    return Cell(found), fault_at(unknown, reason, text)
