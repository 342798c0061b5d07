"""The file of the review queue, `data/<name>/reviews.sqlite`: its form, whose it is, and how it is read untouched.

Several processes write it through SQLite's write-ahead log, so its newest decisions lie beside it in `-wal`.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pilotage.errors import PilotageError

if TYPE_CHECKING:
    import sqlite3

FORM = 1
OURS = 0x70696C71  # SQLite's application_id: "pilq"
LOG = "-wal"
RESTORE = "put back a copy of it; until then nothing in it counts, and nothing is written over it"
_TRIES = 50

# What the tables hold is what makes a second decision impossible: a slot for each copy of an item, a decision for a
# slot at most, and never two of one person on an item. Decisions are only ever added, in the order of their times.
# `who` is the person whatever the case in which the name beside it is written. A slot repeats what the queue is sorted
# by, so that the next open one is found by an index; `sheet` is the hand-out it went to, undecided or decided.
SCHEMA = f"""
CREATE TABLE queue (
    one INTEGER PRIMARY KEY CHECK (one = 1), dataset TEXT NOT NULL, tokens INTEGER NOT NULL DEFAULT 0,
    planted_share REAL NOT NULL DEFAULT 0 CHECK (planted_share >= 0 AND planted_share < 1)
) STRICT;
CREATE TABLE frame (
    interaction_id TEXT NOT NULL, action_type TEXT NOT NULL, tier TEXT NOT NULL,
    chance REAL NOT NULL CHECK (chance > 0 AND chance <= 1), drawn_at TEXT NOT NULL,
    PRIMARY KEY (interaction_id, action_type)
) STRICT, WITHOUT ROWID;
CREATE TABLE items (
    item_id TEXT PRIMARY KEY, interaction_id TEXT NOT NULL, action_type TEXT NOT NULL, tier TEXT NOT NULL,
    stream TEXT NOT NULL CHECK (stream IN ('uniform', 'guided')),
    inclusion_probability REAL NOT NULL CHECK (inclusion_probability > 0 AND inclusion_probability <= 1),
    seeded INTEGER NOT NULL CHECK (seeded IN (0, 1)), adjudicates INTEGER NOT NULL CHECK (adjudicates IN (0, 1)),
    copies INTEGER NOT NULL CHECK (copies >= 1), queued_at TEXT NOT NULL, position REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX items_of_a_run ON items (interaction_id, action_type);
CREATE TABLE barred (
    item_id TEXT NOT NULL REFERENCES items, who TEXT NOT NULL, PRIMARY KEY (item_id, who)
) STRICT, WITHOUT ROWID;
CREATE INDEX barred_of_a_person ON barred (who);
CREATE TABLE turns (who TEXT PRIMARY KEY, taken INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE slots (
    item_id TEXT NOT NULL REFERENCES items, copy INTEGER NOT NULL CHECK (copy >= 1),
    seeded INTEGER NOT NULL, day TEXT NOT NULL, position REAL NOT NULL,
    reviewer TEXT, who TEXT, token INTEGER UNIQUE, sheet INTEGER, claimed_at TEXT, clock_at TEXT, lease_until TEXT,
    PRIMARY KEY (item_id, copy),
    CHECK ((who IS NULL) = (reviewer IS NULL) AND (who IS NULL) = (token IS NULL)),
    CHECK ((who IS NULL) = (claimed_at IS NULL)),
    CHECK (who IS NOT NULL OR (lease_until IS NULL AND sheet IS NULL)), CHECK (lease_until IS NULL OR sheet IS NULL)
) STRICT;
CREATE UNIQUE INDEX no_person_has_two_copies ON slots (item_id, who) WHERE who IS NOT NULL;
CREATE UNIQUE INDEX one_lease_a_person ON slots (who) WHERE lease_until IS NOT NULL;
CREATE INDEX slots_of_a_person ON slots (who, item_id) WHERE who IS NOT NULL;
CREATE INDEX slots_in_sheets ON slots (sheet, who) WHERE sheet IS NOT NULL;
CREATE INDEX slots_that_are_open ON slots (seeded, day, position, item_id, copy) WHERE who IS NULL;
CREATE TABLE decisions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, item_id TEXT NOT NULL, copy INTEGER NOT NULL,
    reviewer TEXT NOT NULL, who TEXT NOT NULL, token INTEGER NOT NULL UNIQUE,
    decision TEXT NOT NULL CHECK (decision IN ('approve', 'reject', 'correct')),
    reason TEXT NOT NULL, correction TEXT NOT NULL, seconds REAL CHECK (seconds >= 0),
    claimed_at TEXT NOT NULL, decided_at TEXT NOT NULL CHECK (decided_at >= claimed_at),
    UNIQUE (item_id, copy), UNIQUE (item_id, who), FOREIGN KEY (item_id, copy) REFERENCES slots (item_id, copy)
) STRICT;
CREATE TABLE returns (
    token INTEGER PRIMARY KEY, item_id TEXT NOT NULL, copy INTEGER NOT NULL,
    reviewer TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL CHECK (why IN ('released', 'lapsed')),
    claimed_at TEXT NOT NULL, returned_at TEXT NOT NULL CHECK (returned_at >= claimed_at),
    FOREIGN KEY (item_id, copy) REFERENCES slots (item_id, copy)
) STRICT;
CREATE INDEX returns_of_an_item ON returns (item_id, who);
CREATE TRIGGER only_the_holder_decides BEFORE INSERT ON decisions WHEN NOT EXISTS (
    SELECT 1 FROM slots s JOIN items i USING (item_id)
    WHERE s.item_id = NEW.item_id AND s.copy = NEW.copy AND s.reviewer = NEW.reviewer AND s.who = NEW.who
      AND s.token = NEW.token AND s.claimed_at = NEW.claimed_at AND i.queued_at <= NEW.claimed_at
      AND NEW.decided_at >= NEW.claimed_at)
BEGIN SELECT raise(ABORT, 'only who holds an item decides it'); END;
CREATE TRIGGER decisions_are_in_order BEFORE INSERT ON decisions
WHEN NEW.decided_at < (SELECT decided_at FROM decisions ORDER BY seq DESC LIMIT 1)
BEGIN SELECT raise(ABORT, 'no decision is dated before an older one'); END;
CREATE TRIGGER decisions_stay_as_they_are BEFORE UPDATE ON decisions
BEGIN SELECT raise(ABORT, 'decisions are only ever added'); END;
CREATE TRIGGER decisions_stay BEFORE DELETE ON decisions
BEGIN SELECT raise(ABORT, 'decisions are only ever added'); END;
CREATE TRIGGER items_stay_as_they_are BEFORE UPDATE ON items
BEGIN SELECT raise(ABORT, 'items are only ever added'); END;
CREATE TRIGGER items_stay BEFORE DELETE ON items
BEGIN SELECT raise(ABORT, 'items are only ever added'); END;
PRAGMA application_id = {OURS};
PRAGMA user_version = {FORM};
"""

DECISIONS = """
SELECT d.item_id || '-' || d.copy AS review_id, d.item_id, i.interaction_id, i.action_type, i.tier, i.stream,
       i.inclusion_probability, i.seeded, i.adjudicates, d.reviewer, d.decision, d.reason, d.correction, d.seconds,
       i.queued_at, d.decided_at
FROM decisions d JOIN items i USING (item_id) ORDER BY d.seq"""


@contextmanager
def told(path: Path) -> Iterator[None]:
    """What SQLite or the disk says against the queue's file, as PilotageError; the file keeps what it held before."""
    import sqlite3

    try:
        yield
    except OSError as fault:
        raise PilotageError(
            f"cannot be read or written: {fault.strerror}", str(path), "check its permissions"
        ) from fault
    except sqlite3.Error as fault:
        raise _in_words(fault, path) from fault


def _in_words(fault: sqlite3.Error, path: Path) -> PilotageError:
    name = getattr(fault, "sqlite_errorname", "") or ""
    kept = "nothing was lost; make room or mend it, and do this again"
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return PilotageError("is damaged or no review queue", str(path), RESTORE)
    if name.startswith("SQLITE_FULL"):
        return PilotageError("the disk is full", str(path), kept)
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return PilotageError("cannot be written: it is read-only, or no file", str(path), kept)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return PilotageError("another process keeps it busy", str(path), "try again once that has ended")
    return PilotageError(f"cannot be read or written: {fault}", str(path), kept)


def check(connection: sqlite3.Connection, path: Path, dataset: str, whole: bool = True) -> None:
    """PilotageError where the open file is damaged, no review queue, another dataset's, or made by a newer pilotage.

    `whole` reads all of it to find damage, which takes longer the more it holds.
    """
    with told(path):
        (ours,), (form,) = (
            connection.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")
        )
        if ours != OURS:
            advice = "it is another program's: give it another name, so that the queue can have this one"
            raise PilotageError("is damaged or no review queue", str(path), advice)
        if form != FORM:
            what = f"was made by another pilotage: its form is {form}, this one reads form {FORM}"
            raise PilotageError(what, str(path), "update pilotage")
        if whole and connection.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]:
            raise PilotageError("is damaged", str(path), RESTORE)
        found = connection.execute("SELECT dataset FROM queue").fetchall()
    if found != [(dataset,)]:
        whose = f"of the dataset {found[0][0]!r}" if found else "of no dataset"
        what = f"is the review queue {whose}, not of {dataset!r}: its items are runs of that one"
        raise PilotageError(what, str(path), "put it back there; this dataset gets a queue of its own once it is gone")


@contextmanager
def copied(path: Path, dataset: str) -> Iterator[sqlite3.Connection]:
    """The queue as it stands now, to read: a copy, so nothing is written beside it and nobody is kept waiting.

    PilotageError as `check` says, or where others write without a pause.
    """
    import sqlite3

    with tempfile.TemporaryDirectory(prefix="pilotage-") as folder, told(path):
        main, log = _still(path)
        copy = Path(folder, path.name)
        copy.write_bytes(main)
        if log:
            Path(f"{copy}{LOG}").write_bytes(log)
        with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
            check(connection, path, dataset)
            yield connection


def _still(path: Path) -> tuple[bytes, bytes]:
    """The file and its log as of one moment: a log that stays the same makes up for all that reached the file."""
    for _ in range(_TRIES):
        before, log = path.stat(), _log(path)
        main = path.read_bytes()
        after = path.stat()
        if _log(path) == log and (log or (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)):
            return main, log
    raise PilotageError("is written to without a pause", str(path), "try again once the reviewers have paused")


def _log(path: Path) -> bytes:
    try:
        return Path(os.fspath(path) + LOG).read_bytes()
    except FileNotFoundError:
        return b""
