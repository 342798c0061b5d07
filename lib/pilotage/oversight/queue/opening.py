"""The queue's file opened to be written by several processes at once: found or made, whole, and ours."""

from __future__ import annotations

import os
import secrets
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from pilotage.errors import PilotageError
from pilotage.records.queue_file import SCHEMA, check, told
from pilotage.records.sources import OWN_REVIEWS
from pilotage.workspace import Workspace

PATIENCE = 30.0  # seconds to wait for another process's transaction, which takes milliseconds


def path_of(workspace: Workspace, dataset: str) -> Path:
    """Where the queue lies; PilotageError where there is no such dataset."""
    from pilotage.records.dataset import load_dataset

    load_dataset(workspace, dataset)
    return workspace.dataset(dataset) / OWN_REVIEWS


def connect(path: Path, dataset: str, whole: bool = True) -> sqlite3.Connection:
    """A connection to the queue, which is made if absent; PilotageError where the file cannot be this dataset's queue.

    What is committed is on disk (write-ahead log, synchronous FULL). `whole` reads all of it to find damage.
    """
    with told(path):
        if not path.exists():
            _make(path, dataset)
        connection = _connected(path)
        try:
            _checked(connection, path, dataset, whole)
        except BaseException:
            connection.close()
            raise
    return connection


def _checked(connection: sqlite3.Connection, path: Path, dataset: str, whole: bool) -> None:
    if not path.stat().st_size:
        raise PilotageError("is empty: what it held is gone", str(path), "put back a copy, or remove it to begin anew")
    check(connection, path, dataset, whole)


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _make(path: Path, dataset: str) -> None:
    """Whole or not at all: written beside its place, and put there unless another process or thread was first.

    What a process that was killed left beside it is removed: nobody needs it once the queue is there.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        data = _empty(dataset)
        _write(part, data)
        _put(part, path, data)
    finally:
        part.unlink(missing_ok=True)
    for left in path.parent.glob(f".{path.name}.*.part"):
        left.unlink(missing_ok=True)


def _empty(dataset: str) -> bytes:
    """An empty queue's file, made where no log of it can be left behind."""
    with tempfile.TemporaryDirectory(prefix="pilotage-") as folder:
        path = Path(folder, "queue")
        with closing(_connected(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(f"BEGIN;\n{SCHEMA}\nCOMMIT;")
            connection.execute("INSERT INTO queue (one, dataset) VALUES (1, ?)", [dataset])
        return path.read_bytes()


def _put(part: Path, path: Path, data: bytes) -> None:
    """Give the file its name unless that is taken; where the disk knows no second name for a file, write it there."""
    with suppress(FileExistsError):
        try:
            os.link(part, path)
        except FileExistsError:
            raise
        except OSError:
            _write(path, data)  # finds the queue there where another one's making removed the part


def _write(path: Path, data: bytes) -> None:
    """A new file with all of this on disk, or none; FileExistsError where there is one."""
    with path.open("xb") as stream:
        try:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        except OSError:
            path.unlink()
            raise


@contextmanager
def transaction(connection: sqlite3.Connection, path: Path) -> Iterator[sqlite3.Connection]:
    """One transaction that no other process writes beside: all of it is kept, or nothing where anything fails."""
    with told(path):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
