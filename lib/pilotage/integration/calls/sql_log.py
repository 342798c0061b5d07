"""N+1 and duplicates in a log of SQL statements, by the rule of the tool calls.

A log is JSON lines with `statement` (or `query`, `sql`) and, where known, `duration_ms`, `at` and `request` (or
`trace`); or PostgreSQL's own (standard error, CSV or JSON) with log_min_duration_statement or log_statement, one
session being one request until it pauses.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pilotage.errors import PilotageError
from pilotage.integration.calls import postgres_log
from pilotage.integration.calls.postgres_log import Asked
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
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            entries = list(_entries(line.removesuffix("\n") for line in file))
    except OSError as fault:
        raise PilotageError(f"cannot be read: {fault.strerror}", str(path), "name a log of SQL statements") from fault
    asked = [entry for entry in entries if entry is not None]
    if not asked:
        advice = "write JSON lines with `statement`, or PostgreSQL's log with log_min_duration_statement = 0"
        raise PilotageError("holds no SQL statement that can be read", str(path), advice)
    return asked, len(entries) - len(asked)


def _entries(lines: Iterator[str]) -> Iterator[Asked | None]:
    first = next(filter(str.strip, lines), "")
    every = chain([first], lines)
    return _from_json(every) if first.lstrip().startswith("{") else _from_postgres(every, first)


def _from_postgres(lines: Iterable[str], first: str) -> Iterator[Asked | None]:
    read = postgres_log.from_csv if postgres_log.is_csv(first) else postgres_log.from_text
    return postgres_log.statements(read(lines))


def _from_json(lines: Iterable[str]) -> Iterator[Asked | None]:
    entries = [_object(line) for line in filter(str.strip, lines)]
    if any(map(postgres_log.from_json, entries)):
        return postgres_log.statements(map(postgres_log.from_json, entries))
    return _of_objects(entries)


def _object(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _of_objects(entries: list[Any]) -> Iterator[Asked | None]:
    for entry in entries:
        text, request, at = (_first(entry, _NAMES[name]) for name in ("text", "request", "at"))
        if not isinstance(text, str) or not text.strip():
            yield None
            continue
        ms = _first(entry, ("duration_ms",))
        is_number = isinstance(ms, int | float) and not isinstance(ms, bool)
        seconds = postgres_log.seconds_of(ms) if is_number else None
        yield Asked(text, str(request or ""), request is not None, _time(at), seconds)


def _first(entry: Any, names: tuple[str, ...]) -> Any:
    given = entry if isinstance(entry, dict) else {}
    return next((given[name] for name in names if given.get(name) is not None), None)


def _time(value: Any) -> datetime | None:
    try:
        time = datetime.fromisoformat(str(value))
        return (time.astimezone(UTC) if time.tzinfo else time).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None


def _requests(asked: list[Asked]) -> bool:
    """Gives statements without a request one by the pauses of their session; whether there were any.

    Times in whole seconds lie up to a second apart from what they stand for, so that no pause is seen where none was.
    """
    quiet_s = QUIET_S + all(one.at is None or not one.at.microsecond for one in asked)
    last: dict[str, tuple[datetime, int]] = {}
    for one in asked:
        if one.named:
            continue
        session, number = one.request or "the log", 1
        if session in last:
            ended, number = last[session]
            number += one.at is not None and (one.at - ended).total_seconds() > quiet_s
        if one.at is not None:
            last[session] = (_ended(one.at, one.seconds or 0.0), number)
        one.request = f"{session}, part {number}"
    return any(not one.named for one in asked)


def _ended(at: datetime, seconds: float) -> datetime:
    try:
        return at + timedelta(seconds=seconds)
    except OverflowError:  # it began on one of the last days that there are
        return datetime.max
