"""CSV files: any delimiter, quoted line ends, rows with too few or too many cells set aside."""

from __future__ import annotations

import csv
import io
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from pilotage.errors import PilotageError
from pilotage.records.dataset import TableSource
from pilotage.records.encodings import read_text
from pilotage.records.readers import Broken, Raw
from pilotage.records.sources import NOTHING_IN_IT

csv.field_size_limit(1 << 30)
DELIMITERS = (",", ";", "\t", "|")
_HEAD = 1 << 20  # bytes in which a header is looked for
_BLOCK = 1 << 26  # bytes parsed at a time; a row may be as large as this


def header(path: Path, source: TableSource) -> list[str]:
    """The cells of the first row, stripped; of a large file only the beginning is read."""
    text = read_text(path, source.encoding, _HEAD)
    if not text.whole and not _goes_on(text.data, source.delimiter or sniff(text.data)):
        text = read_text(path, source.encoding)
    return _header(text.data, source.delimiter or sniff(text.data), path)


def _goes_on(data: bytes, delimiter: str) -> bool:
    """Whether a further row follows the first: otherwise the first may be torn."""
    rows = (row for row in csv.reader(_text(data), delimiter=delimiter) if row)
    return len(list(islice(rows, 2))) == 2


def read(path: Path, source: TableSource) -> Raw:
    """All rows as text; an empty cell is null. A line of blanks is no row.

    A quote that never closes is an error naming its line.
    """
    data = read_text(path, source.encoding).data
    delimiter = source.delimiter or sniff(data)
    names = _header(data, delimiter, path)
    _refuse_open_quote(data, delimiter, path)
    skipped: list[Any] = []
    cells = _parse(data, delimiter, len(names), skipped, path)
    lines = _lines(data, delimiter, cells.num_rows + len(skipped))
    rows = np.array([row.number - 2 for row in skipped], dtype=np.int64)
    broken = tuple(_broken(row, int(lines[at])) for row, at in zip(skipped, rows, strict=True) if row.text.strip())
    return Raw(_named(cells, names), np.delete(lines, rows), broken)


def sniff(data: bytes) -> str:
    """The delimiter that splits the first rows most evenly into most cells; a comma where none splits them."""
    sample = data[: 1 << 16].decode("utf-8", "replace").splitlines()[:20]
    return max(DELIMITERS, key=lambda sign: (_evenness(sample, sign), -DELIMITERS.index(sign)))


def _evenness(sample: list[str], delimiter: str) -> tuple[bool, float, int]:
    """Whether the header splits at all, the share of rows as wide as it, and how wide it is."""
    rows = [row for row in csv.reader(sample, delimiter=delimiter) if row]
    width = len(rows[0]) if rows else 0
    even = sum(len(row) == width for row in rows) / max(len(rows), 1)
    return width > 1, even, width


def _header(data: bytes, delimiter: str, path: Path) -> list[str]:
    first = next((row for row in csv.reader(_text(data), delimiter=delimiter) if row), None)
    if first is None or not any(name.strip() for name in first):
        raise PilotageError("is empty", path.name, NOTHING_IN_IT)
    return [name.strip() for name in first]


def _text(data: bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="")


def _refuse_open_quote(data: bytes, delimiter: str, path: Path) -> None:
    """An unclosed quote would swallow the rest of the file as one cell, without a word."""
    if data.count(b'"') % 2 == 0:
        return
    line = 1
    strict = csv.reader(_text(data), delimiter=delimiter, strict=True)
    try:
        for _ in strict:
            line = strict.line_num + 1
    except csv.Error as fault:
        if "unexpected end of data" not in str(fault):
            return
        raise PilotageError(f"the quote opened in line {line} is never closed", path.name, "close it") from fault


def _parse(data: bytes, delimiter: str, width: int, skipped: list[Any], path: Path) -> pa.Table:
    names = [str(position) for position in range(width)]

    def skip(row: Any) -> str:
        skipped.append(row)
        return "skip"

    try:
        return arrow_csv.read_csv(
            io.BytesIO(data),
            arrow_csv.ReadOptions(use_threads=False, block_size=_BLOCK, skip_rows=0, column_names=names),
            arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        ).slice(1)
    except pa.ArrowInvalid as fault:
        raise PilotageError(f"cannot be read as CSV: {fault}", path.name, "check delimiter and quotes") from fault


def _named(cells: pa.Table, names: list[str]) -> pa.Table:
    """The first column of each name under its name; `header` reports names given twice."""
    return pa.table({name: cells.column(names.index(name)) for name in dict.fromkeys(names)})


def _broken(row: Any, line: int) -> Broken:
    return Broken(line, f"has {row.actual_columns} cells where the header has {row.expected_columns}", row.text)


def _lines(data: bytes, delimiter: str, rows: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The line each row starts in (the header left out), counted as an editor counts."""
    starts = _starts(data)
    if len(starts) != rows + 1:
        starts = _starts_one_by_one(data, delimiter)
    if len(starts) != rows + 1:
        starts = np.arange(1, rows + 2)
    return starts[1:]


def _starts(data: bytes) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Line numbers of row starts: a line end inside quotes (an odd number of them before it) starts no row."""
    signs = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(signs == 10)
    if not len(ends) or ends[-1] != len(signs) - 1:
        ends = np.append(ends, len(signs))
    begins = np.concatenate([[0], ends[:-1] + 1])
    blank = (ends == begins) | ((ends == begins + 1) & (signs[np.minimum(begins, len(signs) - 1)] == 13))
    inside = np.zeros(len(begins), dtype=bool)
    if b'"' in data:
        inside = np.searchsorted(np.flatnonzero(signs == 34), begins) % 2 == 1
    return np.asarray(np.flatnonzero(~blank & ~inside) + 1, dtype=np.int64)


def _starts_one_by_one(data: bytes, delimiter: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The same with the standard library's reader, where quotes inside cells mislead the count."""
    reader, starts, line = csv.reader(_text(data), delimiter=delimiter), [], 1
    for row in reader:
        starts += [line] if row else []
        line = reader.line_num + 1
    return np.array(starts, dtype=np.int64)
