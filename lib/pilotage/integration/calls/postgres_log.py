"""PostgreSQL's own logs, as it writes them to standard error, as CSV and as JSON lines.

A statement stands in one entry with its duration (log_min_duration_statement), or, where log_statement noted it before
it ran, in two: the statement, and later in the same session its duration, if that is logged at all.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

_STAMP = re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?")
_CSV_STAMP = re.compile(rf"{_STAMP.pattern} \S+")
_SESSION = re.compile(r"\[(\d+)\]")
# With log_error_verbosity=verbose the code stands before the message.
_ENTRY = re.compile(
    r"(?P<prefix>.*?)(?:LOG:  ?(?:[0-9A-Z]{5}: )?(?P<message>.*)"
    r"|(?:ERROR|STATEMENT|DETAIL|HINT|LOCATION|CONTEXT|QUERY|WARNING|NOTICE|INFO|FATAL|PANIC|DEBUG\d?): )"
)
_DURATION = re.compile(r"duration: (?P<ms>\d+(?:\.\d+)?) ms(?P<rest>\s.*)?$", re.DOTALL)
_STATEMENT = re.compile(r"\s*(?:statement|execute [^:]*): (?P<text>.*)$", re.DOTALL)
_LONGEST_MS = 1e12  # of a duration; a longer one, of 31 years, is none
_LONGEST_START = 4096  # characters; in so many stands what comes before the message
_CSV_COLUMNS = 14  # up to the message; later versions add more behind it
_CSV_SESSION, _CSV_LEVEL, _CSV_MESSAGE = 5, 11, 13


@dataclass
class Asked:
    """One logged statement; `at` is when it began, in UTC where the log says its zone."""

    text: str
    request: str
    named: bool
    at: datetime | None
    seconds: float | None


class Entry(NamedTuple):
    """One entry of level LOG: the time as it is written, its session and the message."""

    stamp: str
    session: str
    message: str


def from_text(lines: Iterable[str]) -> Iterator[Entry | None]:
    """The entries of the log on standard error; further lines of one begin with a tab. None for what is no entry."""
    now: Entry | None = None
    more: list[str] = []
    for line in lines:
        if now is not None and line.startswith("\t"):
            more.append(line[1:])
            continue
        if now is not None:
            yield _joined(now, more)
        found, now, more = _ENTRY.match(line), None, []
        stamp = _STAMP.search(found["prefix"] if found else line)
        if found and stamp and found["message"] is not None:
            session = _SESSION.search(found["prefix"])
            now = Entry(stamp[0], session[1] if session else "", found["message"])
        elif not stamp and line.strip():
            yield None
    if now is not None:
        yield _joined(now, more)


def _joined(entry: Entry, more: list[str]) -> Entry:
    return entry._replace(message="\n".join((entry.message, *more)))


def from_csv(lines: Iterable[str]) -> Iterator[Entry | None]:
    """The entries of the CSV log; None for a row that is none of its own."""
    rows = csv.reader(line if line.endswith("\n") else f"{line}\n" for line in lines)
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:  # a field of over 128 KiB
            yield None
            continue
        if len(row) >= _CSV_COLUMNS and row[_CSV_LEVEL] == "LOG":
            yield Entry(row[0], row[_CSV_SESSION], row[_CSV_MESSAGE])
        elif row and len(row) < _CSV_COLUMNS:
            yield None


def is_csv(first: str) -> bool:
    """Whether the first line of a log looks like one of the CSV log."""
    try:
        row = next(csv.reader([first[:_LONGEST_START]]), [])
    except csv.Error:  # a return amid the line
        return False
    return len(row) >= _CSV_COLUMNS and row[_CSV_LEVEL].isupper() and bool(_CSV_STAMP.fullmatch(row[0]))


def from_json(entry: Any) -> Entry | None:
    """The entry of one object of the JSON log; None where it is another kind of object."""
    if not isinstance(entry, dict) or "error_severity" not in entry:
        return None
    return Entry(*(str(entry.get(name, "")) for name in ("timestamp", "session_id", "message")))


def statements(entries: Iterable[Entry | None]) -> Iterator[Asked | None]:
    """The statements among the entries, in their order; None for what is no entry."""
    running: dict[str, Asked] = {}  # noted before they ran, so their duration is still to come
    waiting: list[Asked | None] = []
    for entry in entries:
        if entry is None:
            waiting.append(None)
            continue
        timed = _DURATION.match(entry.message)
        seconds = seconds_of(float(timed["ms"])) if timed else None
        told = _STATEMENT.match((timed["rest"] or "") if timed else entry.message)
        if told:
            one = Asked(told["text"], entry.session, False, _begun(entry.stamp, seconds), seconds)
            waiting.append(one)
            if timed is None:
                running[entry.session] = one
        elif timed and not (timed["rest"] or "").strip() and entry.session in running:
            running.pop(entry.session).seconds = seconds
    yield from waiting


def seconds_of(ms: float) -> float | None:
    """A duration that is logged in milliseconds; None where it is none that a statement can take."""
    return ms / 1000 if 0 <= ms < _LONGEST_MS else None


def _begun(stamp: str, seconds: float | None) -> datetime | None:
    """When the statement began. An entry with a duration is of its end; of a time in whole seconds only whole ones
    are taken off, so that one can still see that it was rounded."""
    found = _STAMP.match(stamp)
    try:
        ended = datetime.fromisoformat(found[0]) if found else None
        took = timedelta(seconds=seconds or 0.0 if "." in stamp else int(seconds or 0.0))
        return ended - took if ended else None
    except (ValueError, OverflowError):
        return None
