"""A table of a SQLite file, read in batches through a connection that cannot write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa

from pilotage.forms import near
from pilotage.integration.checks import Fault
from pilotage.integration.virtualization.stream import BATCH, Stream, picked, quoted

WAIT_S = 5.0  # for another program that holds the file
STEPS = 1_000_000  # of SQLite's machine, a few milliseconds
TOLD_TO_END = 143  # 128 + SIGTERM
_WAL = b"\x02\x02"  # bytes 18 and 19 of a file whose changes go to a log beside it first


@contextmanager
def reading(path: Path, table: str, wanted: set[str] | None) -> Iterator[Stream]:
    """The table's columns and rows, all from one state of the file; Fault where it has no such table."""
    try:
        with closing(connected(path)) as connection:
            connection.set_progress_handler(lambda: None, STEPS)  # the moment at which being told to end is heard
            connection.execute("BEGIN")
            yield _stream(connection, table, wanted)
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):  # what SQLite makes of the exception of whoever told us to end
            raise SystemExit(TOLD_TO_END) from error
        if "locked" in str(error) or "busy" in str(error):
            raise TimeoutError(f"{path.name} is locked by another program") from error
        raise Fault("broken_file", f"{path.name}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise Fault("broken_file", f"{path.name}: {error}") from error


def connected(path: Path) -> sqlite3.Connection:
    """A connection that can only read; it leaves no file beside the database either."""
    with path.open("rb") as file:
        logged = file.read(20)[18:] == _WAL
    # SQLite would make log files even to read; where there are none nobody has the file open, so it cannot change.
    still = logged and not path.with_name(f"{path.name}-wal").exists()
    address = f"file:{quote(str(path))}?mode=ro{'&immutable=1' if still else ''}"
    return sqlite3.connect(address, uri=True, timeout=WAIT_S, isolation_level=None)


def _stream(connection: sqlite3.Connection, table: str, wanted: set[str] | None) -> Stream:
    known = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")]
    if table.lower() not in {name.lower() for name in known}:  # as SQLite compares names
        raise Fault("no_such_table", f"the file has no table {table!r}{near(table, known)}")
    # Unlike table_info it lists generated columns; 1 marks those that a virtual table keeps to itself.
    names = [row[1] for row in connection.execute(f"PRAGMA table_xinfo({quoted(table)})") if row[6] != 1]
    columns = picked(names, wanted)
    types = _types(connection, table, columns)
    return Stream(names, types, _batches(connection, table, types))


def _types(connection: sqlite3.Connection, table: str, columns: Sequence[str]) -> dict[str, str]:
    """What the values are, not what the table declares: SQLite keeps text in an integer column without a word."""
    kinds = ("text", "blob", "real", "integer")
    asked = ", ".join(f"max(typeof({quoted(name)}) = '{kind}')" for name in columns for kind in kinds)
    row = connection.execute(f"SELECT {asked} FROM {quoted(table)}").fetchone()
    found: dict[str, set[str]] = {name: set() for name in columns}
    for place, yes in enumerate(row):
        if yes:
            found[columns[place // len(kinds)]].add(kinds[place % len(kinds)])
    return {name: _type(seen) for name, seen in found.items()}


def _type(seen: set[str]) -> str:
    if not seen or "text" in seen:
        return "VARCHAR"
    if "blob" in seen:
        return "BLOB"
    return "DOUBLE" if "real" in seen else "BIGINT"


_ARROW: dict[str, tuple[pa.DataType, Any]] = {
    "VARCHAR": (pa.string(), str),
    "BLOB": (pa.binary(), lambda value: value if isinstance(value, bytes) else str(value).encode()),
    "DOUBLE": (pa.float64(), float),
    "BIGINT": (pa.int64(), int),
}


def _batches(connection: sqlite3.Connection, table: str, types: dict[str, str]) -> Iterator[pa.RecordBatch]:
    cursor = connection.execute(f"SELECT {', '.join(map(quoted, types))} FROM {quoted(table)}")
    while rows := cursor.fetchmany(BATCH):
        pairs = zip(zip(*rows, strict=True), types.values(), strict=True)
        arrays = [_array(values, *_ARROW[kind]) for values, kind in pairs]
        yield pa.RecordBatch.from_arrays(arrays, names=list(types))


def _array(values: Sequence[Any], kind: pa.DataType, made: Any) -> pa.Array:
    try:
        return pa.array(values, kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # numbers or bytes among text
        return pa.array([None if value is None else made(value) for value in values], kind)
