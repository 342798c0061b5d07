"""Files as text: every cell a string or null, every row with its line, so that nothing is lost before it is checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pilotage.errors import PilotageError
from pilotage.records.dataset import TableSource
from pilotage.records.sources import kind_of


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
    raw: Raw = _guarded(path, source, lambda module: module.read)
    return raw


def header(path: Path, source: TableSource) -> list[str]:
    """The names of the file's columns; for JSON lines every key that any line has."""
    names: list[str] = _guarded(path, source, lambda module: module.header)
    return names


def _guarded(path: Path, source: TableSource, choose: Callable[[Any], Callable[[Path, TableSource], Any]]) -> Any:
    try:
        if path.stat().st_size == 0:
            raise PilotageError("is empty", path.name, "check the export")
        return choose(_module(path))(path, source)
    except (OSError, EOFError) as fault:
        raise PilotageError(f"cannot be read: {fault}", path.name, "check that the file is whole") from fault


def _module(path: Path) -> Any:
    """The reader of the file's kind, loaded only when such a file is met."""
    kind = kind_of(path.name)
    if kind == "csv":
        from pilotage.records import read_csv as module
    elif kind == "jsonl":
        from pilotage.records import read_jsonl as module  # type: ignore[no-redef]
    elif kind == "xlsx":
        from pilotage.records import read_xlsx as module  # type: ignore[no-redef]
    elif kind == "parquet":
        from pilotage.records import read_parquet as module  # type: ignore[no-redef]
    else:
        raise PilotageError("is of no known kind", path.name, "give CSV, JSON lines, XLSX or Parquet")
    return module
