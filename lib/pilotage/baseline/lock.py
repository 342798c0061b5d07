"""Lock the baseline: write its fingerprint into the audit log, so that nobody can better it afterwards unseen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pilotage import audit_log
from pilotage.audit_log import Entry
from pilotage.baseline.grade import LOCK, begin_of_pilot, fingerprint, locks
from pilotage.errors import PilotageError
from pilotage.kpis import Tables
from pilotage.records.intake import intake
from pilotage.records.store import open_tables
from pilotage.workspace import Workspace


@dataclass(frozen=True)
class Locked:
    """The entry in the audit log, and what whoever locks should know: locked before already, or too late."""

    entry: Entry
    remark: str


def lock_baseline(workspace: Workspace, dataset: str, by: str, at: datetime) -> Locked:
    """Append the lock; the same baseline may be locked again, the first lock counts.

    Raises PilotageError where the dataset has no baseline.
    """
    intake(workspace, dataset)
    tables = Tables(open_tables(workspace, dataset, ("cases", "events", "interactions")), {})
    print_now = fingerprint(tables)
    if not print_now["cases"]:
        raise PilotageError(
            "there is no baseline to lock", f"data/{dataset}", "map cases or events with `phase: baseline` first"
        )
    before = locks(workspace.log)
    entry = audit_log.append(workspace.log, LOCK, {"dataset": dataset, "fingerprint": print_now}, by, at)
    return Locked(entry, _remark(tables, dataset, before, entry))


def _remark(tables: Tables, dataset: str, before: list[Entry], entry: Entry) -> str:
    same = [old for old in before if old.what == entry.what]
    if same:
        return f"the same baseline was locked on {same[0].at[:10]} already; that lock counts"
    begun, pilot = begin_of_pilot(tables)
    if begun and (pilot is None or datetime.fromisoformat(entry.at).replace(tzinfo=None) >= pilot):
        when = f" on {pilot:%Y-%m-%d}" if pilot else ""
        return f"the pilot had begun{when}: this lock comes too late to make the baseline's grade “locked”"
    return ""
