"""The queue's file opened to be written by several processes at once: found or made, whole, and ours."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
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


def connect(path: Path, dataset: str) -> sqlite3.Connection:
    """A connection to the queue, which is made if absent; PilotageError where the file cannot be this dataset's queue.

    What is committed is on disk (write-ahead log, synchronous FULL).
    """
    with told(path):
        if not path.exists():
            _make(path, dataset)
        connection = _connected(path)
        try:
            _checked(connection, path, dataset)
        except BaseException:
            connection.close()
            raise
    return connection


def _checked(connection: sqlite3.Connection, path: Path, dataset: str) -> None:
    if not path.stat().st_size:
        raise PilotageError("is empty: what it held is gone", str(path), "put back a copy, or remove it to begin anew")
    check(connection, path, dataset)


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _make(path: Path, dataset: str) -> None:
    """Whole or not at all: made beside its place, and put there unless another process was first."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    try:
        with closing(_connected(part)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(f"BEGIN;\n{SCHEMA}\nCOMMIT;")
            connection.execute("INSERT INTO queue (one, dataset) VALUES (1, ?)", [dataset])
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        part.unlink(missing_ok=True)


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
