"""How far the baseline can be trusted, and therefore what may be claimed from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pilotage.audit_log import Entry
from pilotage.kpis import Tables

Name = Literal["locked", "recorded", "self-reported", "none"]
ORDER: tuple[Name, ...] = ("locked", "recorded", "self-reported", "none")
LOCK = "baseline lock"

CLAIMS: dict[Name, str] = {
    "locked": "Locked before the pilot: savings may be stated as measured.",
    "recorded": "Recorded before the pilot, not locked before it: savings may be stated as measured, with this remark.",
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
    pilot = _first(tables, "interactions", "started_at", "pilot") or _first(tables, "cases", "opened_at", "pilot")
    last = tables.connection.execute("SELECT max(opened_at) FROM cases WHERE phase = 'baseline'").fetchall()[0][0]
    if pilot is None:
        return _grade("self-reported", "the pilot carries no time, so nothing shows that the baseline came first")
    if last >= pilot:
        return _grade("self-reported", "cases of the baseline were opened after the pilot had begun")
    own = [entry for entry in locks if entry.what.get("dataset") == dataset]
    if not own:
        return _grade("recorded", "it was never locked (`pilotage baseline lock` does it)")
    if own[-1].what.get("fingerprint") != print_now:
        return _grade("recorded", f"its rows differ from those locked on {own[-1].at[:10]}")
    matching = [entry for entry in own if entry.what.get("fingerprint") == print_now]
    locked = min(datetime.fromisoformat(entry.at).replace(tzinfo=None) for entry in matching)
    if locked >= pilot:
        return _grade("recorded", f"it was locked on {locked:%Y-%m-%d}, after the pilot had begun on {pilot:%Y-%m-%d}")
    return _grade("locked", f"it was locked on {locked:%Y-%m-%d}, before the pilot began on {pilot:%Y-%m-%d}")


def fingerprint(tables: Tables) -> dict[str, int | str]:
    """What a lock keeps: how many rows the baseline has and the SHA-256 of their contents, whatever their order."""
    rows = "SELECT {columns} FROM {table} WHERE phase = 'baseline'"
    events = "SELECT e.* EXCLUDE (row_number) FROM events e JOIN cases c USING (case_id) WHERE c.phase = 'baseline'"
    cases = rows.format(columns="*", table="cases")
    return {
        "cases": _count(tables, cases), "cases_sha256": _sha256(tables, cases),
        "events": _count(tables, events), "events_sha256": _sha256(tables, events),
    }  # fmt: skip


def _count(tables: Tables, rows: str) -> int:
    return int(tables.connection.execute(f"SELECT count(*) FROM ({rows})").fetchall()[0][0])


def _sha256(tables: Tables, rows: str) -> str:
    sql = f"WITH prints AS (SELECT sha256(CAST(to_json(r) AS VARCHAR)) AS print FROM ({rows}) r) "
    sql += "SELECT sha256(coalesce(string_agg(print, '' ORDER BY print), '')) FROM prints"
    return str(tables.connection.execute(sql).fetchall()[0][0])


def _first(tables: Tables, table: str, column: str, phase: str) -> datetime | None:
    found = tables.connection.execute(f"SELECT min({column}) FROM {table} WHERE phase = ?", [phase]).fetchall()[0][0]
    return found if isinstance(found, datetime) else None


def _grade(name: Name, why: str) -> Grade:
    return Grade(name, CLAIMS[name], why)
