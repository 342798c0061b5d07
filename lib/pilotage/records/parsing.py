"""Text to values: numbers, flags, times and months, and the rows whose text is none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pilotage.records.dataset_checks import FLAGS
from pilotage.records.mapping import Cell, Fault, Mask, Rows, fault_at
from pilotage.records.schemas import Column
from pilotage.records.times import parse_times

ARROW = {
    "text": pa.string(),
    "month": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "flag": pa.bool_(),
    "time": pa.timestamp("us"),
}
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"
_COMMA_NUMBER = r"^[+-]?(\d{1,3}(\.\d{3})+|\d+|)(,\d*)?([eE][+-]?\d{1,3})?$"
_INTEGER = r"^[+-]?\d{1,18}(\.0*)?$"
_LARGE_INTEGER = r"^[+-]?\d{19,}(\.0*)?$"
_ENDLESS = 1e15  # beyond this nothing was measured, and sums soon overflow
_NOT_FINITE = r"(?i)^[+-]?(nan|inf|infinity)$"
_MONTH = r"^\d{4}-(0[1-9]|1[0-2])([-T ].*)?$"

Parsed = tuple[pa.ChunkedArray, list[Fault]]


def parse(column: Column, cell: Cell, zone: str | None, time_format: str | None) -> Parsed:
    """The column's values (null where the text is empty or wrong) and the faults; then its set and its bounds."""
    if column.type == "time":
        values, faults = parse_times(column.name, cell.text, zone, time_format)
    else:
        values, faults = _PARSERS[column.type](column, cell)
    return values, [*faults, *_outside(column, values, cell.text)]


def _text(column: Column, cell: Cell) -> Parsed:
    return cell.text, []


def _month(column: Column, cell: Cell) -> Parsed:
    good = pc.match_substring_regex(cell.text, _MONTH)
    return _only(pc.utf8_slice_codeunits(cell.text, 0, 7), good), _wrong(column, cell, good, "is not a month (YYYY-MM)")


def _flag(column: Column, cell: Cell) -> Parsed:
    words = {**FLAGS, "1.0": True, "0.0": False}
    spot = pc.index_in(pc.utf8_lower(cell.text), value_set=pa.array(list(words), pa.string()))
    values = pc.take(pa.array(list(words.values())), spot)
    return values, _wrong(column, cell, pc.is_valid(spot), "is neither true nor false")


def _number(column: Column, cell: Cell) -> Parsed:
    text = _pointed(cell)
    endless = pc.match_substring_regex(cell.text, _NOT_FINITE)
    good = pc.match_substring_regex(text, _NUMBER)
    values = pc.cast(_only(text, good), pa.float64())
    values = pc.multiply(values, cell.times) if cell.times is not None else values
    finite, sane = pc.is_finite(values), pc.less(pc.abs(values), _ENDLESS)
    wrong = _wrong(column, cell, pc.or_(good, endless), "is not a number")
    endless = pc.or_(endless, pc.and_(good, pc.invert(pc.fill_null(finite, False))))
    faults = [*wrong, *fault_at(endless, f"{column.name} is not a finite number", cell.text)]
    huge = pc.and_(pc.fill_null(finite, False), pc.invert(pc.fill_null(sane, True)))
    return _only(values, sane), [*faults, *fault_at(huge, f"{column.name} is beyond {_ENDLESS:g}", cell.text)]


def _integer(column: Column, cell: Cell) -> Parsed:
    if cell.times is not None:
        values, faults = _number(column, cell)
        return pc.cast(pc.round(values), pa.int64()), faults
    text = _pointed(cell)
    good = pc.match_substring_regex(text, _INTEGER)
    large = pc.match_substring_regex(text, _LARGE_INTEGER)
    whole = pc.replace_substring_regex(_only(text, good), r"^\+|\..*$", "")
    endless = pc.match_substring_regex(cell.text, _NOT_FINITE)
    wrong = _wrong(column, cell, pc.or_(pc.or_(good, large), endless), "is not a whole number")
    faults = [*_too_large(column, cell, large), *fault_at(endless, f"{column.name} is not a finite number", cell.text)]
    return pc.cast(whole, pa.int64()), [*wrong, *faults]


def _too_large(column: Column, cell: Cell, large: pa.ChunkedArray) -> list[Fault]:
    return fault_at(large, f"{column.name} has more than 18 digits", cell.text)


_PARSERS: dict[str, Callable[[Column, Cell], Parsed]] = {
    "text": _text,
    "month": _month,
    "flag": _flag,
    "number": _number,
    "integer": _integer,
}


def _pointed(cell: Cell) -> pa.ChunkedArray:
    """Numbers written with a decimal comma, with a point; with a comma declared, points only group digits."""
    if cell.decimal == ".":
        return cell.text
    plain = pc.replace_substring(pc.replace_substring(cell.text, ".", ""), ",", ".")
    good = pc.match_substring_regex(cell.text, _COMMA_NUMBER)
    return pc.if_else(good, plain, pc.if_else(pc.is_valid(cell.text), "not a number", cell.text))


def _only(values: pa.ChunkedArray, good: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(good, values, pa.scalar(None, values.type))


def _wrong(column: Column, cell: Cell, good: pa.ChunkedArray, what: str) -> list[Fault]:
    bad = pc.and_(pc.is_valid(cell.text), pc.invert(pc.fill_null(good, False)))
    return fault_at(bad, f"{column.name} {what}", cell.text)


def _outside(column: Column, values: pa.ChunkedArray, text: pa.ChunkedArray) -> list[Fault]:
    """Values outside the column's set or bounds."""
    faults = []
    if column.allowed:
        odd = pc.and_(pc.is_valid(values), pc.invert(pc.is_in(values, value_set=pa.array(column.allowed))))
        faults += fault_at(odd, f"{column.name} is not one of {', '.join(column.allowed)}", text)
    if column.minimum is not None:
        low = "is negative" if column.minimum == 0 else f"is below {column.minimum:g}"
        faults += fault_at(pc.less(values, column.minimum), f"{column.name} {low}", text)
    if column.positive:
        faults += fault_at(pc.less_equal(values, 0), f"{column.name} is not above 0", text)
    if column.maximum is not None:
        faults += fault_at(pc.greater(values, column.maximum), f"{column.name} is above {column.maximum:g}", text)
    return faults


def no_values(column: Column, rows: int) -> pa.ChunkedArray:
    """A column that the dataset does not have: all null, of the right type."""
    return pa.chunked_array([pa.nulls(rows, ARROW[column.type])])


def as_mask(rows: Rows, count: int) -> Mask:
    """Row positions as a mask of `count` booleans."""
    mask = np.zeros(count, dtype=bool)
    mask[rows] = True
    return mask
