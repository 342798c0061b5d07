"""Files as text: every cell a string or null, every row with its line, so that nothing is lost before it is checked.

Each kind's reader is loaded only when such a file is met.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pilotage.errors import PilotageError
from pilotage.records.dataset import TableSource
from pilotage.records.sources import NOTHING_IN_IT, kind_of


@dataclass(frozen=True)
class Broken:
    """A row that could not be taken apart: its line, why, and its text."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True)
class Raw:
    """One file: its cells as text (null where empty), the line each row starts in, and the rows that are broken."""

    cells: pa.Table
    lines: np.ndarray[Any, np.dtype[np.int64]]
    broken: tuple[Broken, ...] = ()


def read(path: Path, source: TableSource) -> Raw:
    """The file's rows in their order; PilotageError where the file as a whole cannot be read."""
    with _guarded(path) as kind:
        if kind == "csv":
            from pilotage.records import read_csv

            return read_csv.read(path, source)
        if kind == "jsonl":
            from pilotage.records import read_jsonl

            return read_jsonl.read(path, source)
        if kind == "xlsx":
            from pilotage.records import read_xlsx

            return read_xlsx.read(path, source)
        if kind == "xes":
            from pilotage.records import read_xes

            return read_xes.read(path)
        from pilotage.records import read_parquet

        return read_parquet.read(path)


def header(path: Path, source: TableSource, wanted: frozenset[str] = frozenset()) -> list[str]:
    """The names of the file's columns, of a text file from its beginning.

    JSON lines name theirs line by line: they are read on to the end only where one of the wanted names is not met.
    """
    with _guarded(path) as kind:
        if kind == "csv":
            from pilotage.records import read_csv

            return read_csv.header(path, source)
        if kind == "jsonl":
            from pilotage.records import read_jsonl

            return read_jsonl.header(path, source, wanted)
        if kind == "xlsx":
            from pilotage.records import read_xlsx

            return read_xlsx.header(path, source)
        if kind == "xes":
            from pilotage.records import read_xes

            return read_xes.header(path)
        from pilotage.records import read_parquet

        return read_parquet.header(path)


@contextmanager
def _guarded(path: Path) -> Iterator[str]:
    """The file's kind; what goes wrong while it is read is told as PilotageError."""
    kind = kind_of(path.name)
    if kind is None:
        raise PilotageError("is of no known kind", path.name, "give CSV, JSON lines, XLSX, Parquet or XES")
    try:
        if path.stat().st_size == 0:
            raise PilotageError("is empty", path.name, NOTHING_IN_IT)
        yield kind
    except (OSError, EOFError) as fault:
        raise PilotageError(f"cannot be read: {fault}", path.name, "check that the file is whole") from fault
