"""Excel workbooks: one sheet, its first row the header."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pilotage.errors import PilotageError
from pilotage.forms import near
from pilotage.records.dataset import TableSource
from pilotage.records.encodings import REPLACEMENT
from pilotage.records.readers import Raw
from pilotage.records.sources import NOTHING_IN_IT

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def header(path: Path, source: TableSource) -> list[str]:
    """The cells of the sheet's first row, stripped."""
    for names in _rows(path, source):
        return [str(cell or "").strip() for cell in names]
    raise PilotageError("is empty", path.name, NOTHING_IN_IT)


def read(path: Path, source: TableSource) -> Raw:
    """All rows that hold anything, as text; a row's line is the number Excel shows; formulas give stored values."""
    rows = _rows(path, source)
    names = [str(cell or "").strip() for cell in next(rows, ())]
    if not names:
        raise PilotageError("is empty", path.name, NOTHING_IN_IT)
    kept = [(line, row) for line, row in enumerate(rows, start=2) if any(cell not in (None, "") for cell in row)]
    lines = np.array([line for line, _ in kept], dtype=np.int64)
    columns = list(zip(*(row for _, row in kept), strict=True)) or [()] * len(names)
    cells = {
        name: pa.array([_text(value) for value in columns[names.index(name)]], pa.string())
        for name in dict.fromkeys(names)
    }
    return Raw(pa.table(cells), lines)


def _rows(path: Path, source: TableSource) -> Iterator[tuple[Any, ...]]:
    """The sheet's rows, all as wide as its first."""
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError) as fault:
        raise PilotageError(f"is not an Excel workbook: {fault}", path.name, "save it as .xlsx again") from fault
    try:
        if source.sheet and source.sheet not in book.sheetnames:
            raise PilotageError(f"has no sheet {source.sheet!r}{near(source.sheet, book.sheetnames)}", path.name)
        width = 0
        for row in (book[source.sheet] if source.sheet else book.worksheets[0]).iter_rows(values_only=True):
            width = width or len(row)
            yield (*row, *[None] * (width - len(row)))[:width]
    finally:
        book.close()


def _text(value: Any) -> str | None:
    """Numbers without a needless `.0`, times in ISO 8601, flags as words."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _UNSTORABLE.sub(REPLACEMENT, str(value))
