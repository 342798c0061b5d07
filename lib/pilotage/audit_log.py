"""The audit log: decisions of people, one JSON line each, chained so that a later change cannot hide.

Each line carries its own hash and the hash of the line before. Altered, removed, inserted and reordered lines are
found from the file alone. Lines cut off the end are not: that needs a head kept elsewhere, which is why decision.json
carries the head of its day. Nor does the chain say who wrote: whoever can write the file can write it anew whole.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from pilotage.errors import InputFaults, PilotageError
from pilotage.hashes import canonical_json, sha256_json

FIELDS = ("seq", "at", "by", "kind", "what", "previous", "hash")
TORN = "is torn: remove this line and enter its decision again"
UNENDED = "has lost its line end: put it back"


@dataclass(frozen=True)
class Entry:
    """One decision: number from 1, UTC time as ISO 8601, who, of which kind, what, and its place in the chain."""

    seq: int
    at: str
    by: str
    kind: str
    what: Mapping[str, Any]
    previous: str | None
    hash: str


def append(path: Path, kind: str, what: Mapping[str, Any], by: str, at: datetime) -> Entry:
    """Add one entry to the log's end, made if absent, and return it once it is on disk.

    One writer at a time (a lock on the file). PilotageError when the time has no zone, a text is empty or `what`
    cannot be written as JSON; InputFaults when the log itself no longer verifies.
    """
    body = _body(kind, what, by, at)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path, "a+b", fcntl.LOCK_EX) as log:
        entries = _sound(log, path)
        last = entries[-1] if entries else None
        body = {"seq": last.seq + 1 if last else 1, **body, "previous": last.hash if last else None}
        entry = Entry(**body, hash=sha256_json(body))
        log.write((canonical_json(asdict(entry)) + "\n").encode())
        log.flush()
        os.fsync(log.fileno())
    return entry


def read(path: Path) -> tuple[Entry, ...]:
    """All entries in order, none when there is no log; InputFaults when the log does not verify."""
    if not path.exists():
        return ()
    with _locked(path, "rb", fcntl.LOCK_SH) as log:
        return _sound(log, path)


def verify(path: Path) -> list[str]:
    """Every fault as `line N: …`; empty when the chain is whole or there is no log. Linear in the log's length."""
    if not path.exists():
        return []
    with _locked(path, "rb", fcntl.LOCK_SH) as log:
        return [found for found in _walk(log) if isinstance(found, str)]


def known_hashes(path: Path) -> frozenset[str]:
    """The hashes of all entries that can be read, also in a log that does not verify; empty when there is no log."""
    if not path.exists():
        return frozenset()
    with _locked(path, "rb", fcntl.LOCK_SH) as log:
        return frozenset(found.hash for found in _walk(log) if isinstance(found, Entry))


def only_torn(faults: Sequence[str]) -> bool:
    """Whether all is well but for the last line, which an interruption left half written; the fault says what to do."""
    return len(faults) == 1 and faults[0].endswith((TORN, UNENDED))


def head(path: Path) -> str | None:
    """The hash of the last entry, which stands for all before it; None without a log that can be read and verifies."""
    try:
        entries = read(path)
    except PilotageError:
        return None
    return entries[-1].hash if entries else None


@contextmanager
def _locked(path: Path, mode: str, lock: int) -> Iterator[BinaryIO]:
    """The log, locked until it closes, so that nobody reads or follows a line that is half written."""
    try:
        stream = cast(BinaryIO, path.open(mode))
    except OSError as fault:
        raise PilotageError(f"the audit log cannot be opened: {fault.strerror}", str(path)) from fault
    with stream as log:
        fcntl.flock(log, lock)
        yield log


def _body(kind: str, what: Mapping[str, Any], by: str, at: datetime) -> dict[str, Any]:
    if at.utcoffset() is None:
        raise PilotageError("the time of an audit entry needs a time zone", next="pass an aware datetime")
    if not kind.strip() or not by.strip():
        raise PilotageError("an audit entry needs a kind and a person", next="name who decides, such as --by NAME")
    try:
        plain = json.loads(canonical_json(dict(what)))
        canonical_json([by, kind, plain]).encode()
    except (TypeError, ValueError) as fault:
        raise PilotageError(f"an audit entry cannot hold this: {fault}") from fault
    return {"at": at.astimezone(UTC).isoformat(), "by": by, "kind": kind, "what": plain}


def _sound(log: BinaryIO, path: Path) -> tuple[Entry, ...]:
    log.seek(0)
    found = list(_walk(log))
    if faults := [item for item in found if isinstance(item, str)]:
        blame = "put back the last copy that `pilotage log verify` accepts, and ask who changed it"
        advice = "nothing was added" if only_torn(faults) else f"nothing was added; {blame}"
        raise InputFaults(f"{path} is not the log that was written", faults, advice)
    return tuple(item for item in found if isinstance(item, Entry))


def _walk(log: BinaryIO) -> Iterator[Entry | str]:
    """Each line as its entry, or its faults; the chain goes on from what a line claims, so that one fault is one."""
    seq, previous = 0, None
    for number, line in enumerate(log, 1):
        torn = not line.endswith(b"\n")
        try:
            entry = _parse(line)
        except ValueError as fault:
            yield f"line {number}: {TORN if torn else fault}"
            seq, previous = seq + 1, None
            continue
        if torn:
            yield f"line {number}: {UNENDED}"
        known = previous is not None or seq == 0
        yield from (f"line {number}: {fault}" for fault in _misplaced(entry, seq, previous, known))
        yield entry
        seq, previous = entry.seq, entry.hash


def _parse(line: bytes) -> Entry:
    """The line's entry; ValueError unless it is, byte for byte, what `append` would write for it."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as fault:  # bad UTF-8 is a ValueError too
        raise ValueError("was altered: it is no JSON") from fault
    if not isinstance(data, dict) or set(data) != set(FIELDS):
        raise ValueError(f"should have exactly the keys {', '.join(FIELDS)}")
    if type(data["seq"]) is not int:  # True would count as 1
        raise ValueError("was altered: its number is no integer")
    body = {name: data[name] for name in FIELDS if name != "hash"}
    try:
        same = sha256_json(body) == data["hash"] and canonical_json(data).encode() == line.removesuffix(b"\n")
    except ValueError:  # NaN, or half a surrogate
        same = False
    if not same:
        raise ValueError("was altered: its hash does not fit its content")
    return Entry(**data)


def _misplaced(entry: Entry, seq: int, previous: str | None, known: bool) -> Iterator[str]:
    where = f"is entry {entry.seq} after {f'entry {seq}' if seq else 'the beginning'}"
    if entry.seq > seq + 1:
        yield f"{where}: {entry.seq - seq - 1} removed before it, or reordered"
    elif entry.seq < seq + 1:
        yield f"{where}: reordered or repeated"
    elif known and entry.previous != previous:
        yield "does not follow the entry before it: one of the two was replaced"
