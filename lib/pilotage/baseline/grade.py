"""How far the baseline can be trusted, and therefore what may be claimed from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from pilotage import audit_log
from pilotage.audit_log import Entry
from pilotage.errors import PilotageError
from pilotage.kpis import Tables

Name = Literal["locked", "recorded", "self-reported", "none"]
ORDER: tuple[Name, ...] = ("locked", "recorded", "self-reported", "none")
LOCK = "baseline lock"

# What a lock covers. Written out, so that a column added to a table one day breaks no lock of today.
LOCKED_CASES = ("case_id", "segment", "opened_at", "closed_at", "handling_minutes", "cost", "error", "value")
LOCKED_EVENTS = ("case_id", "activity", "timestamp", "resource")

CLAIMS: dict[Name, str] = {
    "locked": "Locked before the pilot: time and errors may be stated as measured; money stays an estimate.",
    "recorded": "Recorded before the pilot, not locked: time and errors may be stated as measured, with this remark.",
    "self-reported": "Self-reported: savings may be stated as an estimate only.",
    "none": "No baseline: savings are not substantiated.",
}


@dataclass(frozen=True)
class Grade:
    """The baseline's grade, what may be claimed from it, and why it is no better."""

    name: Name
    claim: str
    why: str


def grade(tables: Tables, source: str, dataset: str, locks: Iterable[Entry]) -> Grade:
    """The grade of the baseline in `cases` and `events`, seen beside the first interaction of the pilot.

    `source` is the dataset's own word (recorded or self-reported); `locks` are the log's entries of kind LOCK.
    """
    print_now = fingerprint(tables)
    if not print_now["cases"]:
        return _grade("none", "the dataset has no cases of the baseline")
    if source != "recorded":
        return _grade("self-reported", "the dataset says that nobody recorded these figures while working")
    (last,) = tables.row("SELECT max(opened_at) FROM cases WHERE phase = 'baseline'")
    begun, pilot = begin_of_pilot(tables)
    if begun and pilot is None:
        return _grade("self-reported", "not every run of the pilot carries a time, so nothing shows that it came after")
    if pilot and last >= pilot:
        return _grade("self-reported", "cases of the baseline were opened after the pilot had begun")
    own = [entry for entry in locks if entry.what.get("dataset") == dataset]
    if not own:
        return _grade("recorded", "it was never locked (`pilotage baseline lock` does it)")
    if own[-1].what.get("fingerprint") != print_now:
        return _grade(
            "self-reported", f"its rows differ from those locked on {own[-1].at[:10]}; lock it anew if that is right"
        )
    return _graded_by_lock([entry for entry in own if entry.what.get("fingerprint") == print_now], pilot)


def _graded_by_lock(matching: list[Entry], pilot: datetime | None) -> Grade:
    """The grade of a baseline that is what its locks say; the first of them counts."""
    locked = min(datetime.fromisoformat(entry.at).replace(tzinfo=None) for entry in matching)
    if pilot is None:
        return _grade("locked", f"it was locked on {locked:%Y-%m-%d}, and no pilot has begun")
    if locked >= pilot:
        return _grade("recorded", f"it was locked on {locked:%Y-%m-%d}, after the pilot had begun on {pilot:%Y-%m-%d}")
    return _grade("locked", f"it was locked on {locked:%Y-%m-%d}, before the pilot began on {pilot:%Y-%m-%d}")


def locks(path: Path) -> list[Entry]:
    """The locks in the audit log; none where the log does not verify, which the decision page then says."""
    try:
        return [entry for entry in audit_log.read(path) if entry.kind == LOCK]
    except PilotageError:
        return []


def fingerprint(tables: Tables) -> dict[str, int | str]:
    """What a lock keeps: how many rows the baseline has and the SHA-256 of their contents, whatever their order."""
    cases = f"SELECT {', '.join(LOCKED_CASES)} FROM cases WHERE phase = 'baseline'"
    events = ", ".join(f"e.{column}" for column in LOCKED_EVENTS)
    events = f"SELECT {events} FROM events e JOIN cases c USING (case_id) WHERE c.phase = 'baseline'"
    counted = {
        f"{name}": tables.row(f"SELECT count(*) FROM ({rows})")[0]
        for name, rows in (("cases", cases), ("events", events))
    }
    return {**counted, "cases_sha256": _sha256(tables, cases), "events_sha256": _sha256(tables, events)}


def _sha256(tables: Tables, rows: str) -> str:
    sql = f"WITH prints AS (SELECT sha256(CAST(to_json(r) AS VARCHAR)) AS print FROM ({rows}) r) "
    sql += "SELECT sha256(coalesce(string_agg(print, '' ORDER BY print), '')) FROM prints"
    return str(tables.row(sql)[0])


def begin_of_pilot(tables: Tables) -> tuple[bool, datetime | None]:
    """Whether there is a pilot, and its first moment by its interactions or cases; None where a run carries no time."""
    sql = "SELECT count(*), count({time}), min({time}) FROM {table} WHERE phase IN ('pilot', 'production')"
    runs, timed, first_run = tables.row(sql.format(table="interactions", time="started_at"))
    cases, _, first_case = tables.row(sql.format(table="cases", time="opened_at"))
    begins = [begin for begin in (first_run, first_case) if isinstance(begin, datetime)]
    return bool(runs or cases), min(begins) if begins and runs == timed else None


def _grade(name: Name, why: str) -> Grade:
    return Grade(name, CLAIMS[name], why)
