"""N+1 and duplicates in a log of SQL statements, by the rule of the tool calls.

A log is JSON lines with `statement` (or `query`, `sql`) and, where known, `duration_ms`, `at` and `request` (or
`trace`); or what PostgreSQL writes to standard error with log_min_duration_statement, one session being one request.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pilotage.errors import PilotageError
from pilotage.integration.calls.similar import similar_calls
from pilotage.integration.calls.sql_text import statement
from pilotage.playbook import IntegrationPolicy

if TYPE_CHECKING:
    import pandas as pd

QUIET_S = 1.0  # where no request is named, a session that was quiet for so long has begun another one
_NAMES = {
    "text": ("statement", "query", "sql"),
    "request": ("request", "request_id", "trace", "trace_id"),
    "at": ("at", "timestamp", "time"),
}
_POSTGRES = re.compile(
    r"^(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)(?: (?P<zone>UTC|GMT|Z|[+-]\d\d(?::?\d\d)?|[A-Z]{2,5}))?"
    r"(?P<prefix>[^\n]*?)LOG:\s+duration: (?P<ms>[\d.]+) ms\s+(?:statement|execute [^:]*): (?P<text>.*)$"
)
_STAMPED = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_SESSION = re.compile(r"\[(\d+)\]")


@dataclass
class Asked:
    """One logged statement; `at` is when it began, in UTC where the log says its zone."""

    text: str
    request: str
    named: bool
    at: datetime | None
    seconds: float | None


@dataclass(frozen=True)
class SqlFindings:
    """`found` as `similar_calls` has it (run is the request, tool the fingerprint), and what was looked at.

    `guessed` says that requests were told apart by pauses, since the log names none; `unread` counts lines that are no
    statement.
    """

    found: pd.DataFrame
    statements: int
    requests: int
    guessed: bool
    unread: int


def sql_log_findings(path: Path, policy: IntegrationPolicy) -> SqlFindings:
    """N+1 and duplicates in the log. PilotageError where it cannot be read or holds no statement.

    A parameter whose value the log does not give counts as varying, so that a statement with one of them repeated
    often enough is N+1, and one with several is not.
    """
    import duckdb
    import pyarrow as pa

    asked, unread = _read(path)
    guessed = _requests(asked)
    rows = [_row(seq, one) for seq, one in enumerate(asked)]
    names = ("run", "seq", "tool", "status", "begun", "duration_s", "arguments", "parts")
    parts = pa.list_(pa.struct([("key", pa.string()), ("value", pa.string())]))
    kinds = (pa.string(), pa.int64(), pa.string(), pa.string(), pa.timestamp("us"), pa.float64(), pa.string(), parts)
    columns = zip(*rows, strict=True)
    table = pa.table({name: pa.array(cells, kind) for name, kind, cells in zip(names, kinds, columns, strict=True)})
    with duckdb.connect() as connection:
        connection.register("logged_statements", table)
        found = similar_calls(connection, "logged_statements", policy.calls)
    return SqlFindings(found, len(asked), len({one.request for one in asked}), guessed, unread)


def _row(seq: int, one: Asked) -> tuple[Any, ...]:
    taken = statement(one.text)
    parts = [{"key": place, "value": f"unknown {seq}" if value is None else value} for place, value in taken.literals]
    return one.request, seq, taken.fingerprint, "ok", one.at, one.seconds, one.text, parts


def _read(path: Path) -> tuple[list[Asked], int]:
    """The statements in the order of the log, and how many of its lines say nothing that is known."""
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as fault:
        raise PilotageError(f"cannot be read: {fault.strerror}", str(path), "name a log of SQL statements") from fault
    first = next((line for line in lines if line.strip()), "")
    entries = list(_from_json(lines) if first.lstrip().startswith("{") else _from_postgres(lines))
    asked = [entry for entry in entries if entry is not None]
    if not asked:
        what = "holds no SQL statement that can be read"
        raise PilotageError(what, str(path), "write JSON lines with `statement`, or PostgreSQL's log with durations")
    return asked, len(entries) - len(asked)


def _from_json(lines: list[str]) -> Iterator[Asked | None]:
    for line in filter(str.strip, lines):
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            entry = None
        text, request, at = (_first(entry, _NAMES[name]) for name in ("text", "request", "at"))
        if not isinstance(text, str) or not text.strip():
            yield None
            continue
        ms = _first(entry, ("duration_ms",))
        known = isinstance(ms, int | float) and not isinstance(ms, bool) and 0 <= ms < 1e12
        yield Asked(text, str(request or ""), request is not None, _time(at), ms / 1000 if known else None)


def _first(entry: Any, names: tuple[str, ...]) -> Any:
    given = entry if isinstance(entry, dict) else {}
    return next((given[name] for name in names if given.get(name) is not None), None)


def _time(value: Any) -> datetime | None:
    try:
        time = datetime.fromisoformat(str(value))
        return (time.astimezone(UTC) if time.tzinfo else time).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None


def _from_postgres(lines: list[str]) -> Iterator[Asked | None]:
    """Entries of PostgreSQL's own log; it notes a statement when it ended, and further lines belong to it."""
    from datetime import timedelta

    now: Asked | None = None
    for line in lines:
        if now is not None and line.startswith("\t"):
            now.text += f"\n{line[1:]}"
            continue
        if now is not None:
            yield now
        found, now = _POSTGRES.match(line), None
        if found:
            ended, ms = _time(found["at"]), float(found["ms"])
            session = _SESSION.search(found["prefix"])
            begun = ended - timedelta(milliseconds=ms) if ended else None
            now = Asked(found["text"], session[1] if session else "", False, begun, ms / 1000)
        elif not _STAMPED.match(line) and line.strip():
            yield None
    if now is not None:
        yield now


def _requests(asked: list[Asked]) -> bool:
    """Gives statements without a request one by the pauses of their session; whether there were any."""
    last: dict[str, tuple[datetime, int]] = {}
    for one in asked:
        if one.named:
            continue
        session, number = one.request or "the log", 1
        if session in last:
            ended, number = last[session]
            number += one.at is not None and (one.at - ended).total_seconds() > QUIET_S
        if one.at is not None:
            last[session] = (one.at, number)
        one.request = f"{session}, part {number}"
    return any(not one.named for one in asked)
