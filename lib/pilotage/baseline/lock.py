"""Lock the baseline: write its fingerprint into the audit log, so that nobody can better it afterwards unseen."""

from __future__ import annotations

from datetime import datetime

from pilotage import audit_log
from pilotage.audit_log import Entry
from pilotage.baseline.grade import LOCK, fingerprint
from pilotage.errors import PilotageError
from pilotage.kpis import Tables
from pilotage.records.intake import intake
from pilotage.records.store import open_tables
from pilotage.workspace import Workspace


def lock_baseline(workspace: Workspace, dataset: str, by: str, at: datetime) -> Entry:
    """Append the lock and return its entry; the same baseline may be locked again, the first lock counts.

    Raises PilotageError where the dataset has no baseline.
    """
    intake(workspace, dataset)
    tables = Tables(open_tables(workspace, dataset, ("cases", "events")), {})
    print_now = fingerprint(tables)
    if not print_now["cases"]:
        raise PilotageError(
            "there is no baseline to lock", f"data/{dataset}", "map cases or events with `phase: baseline` first"
        )
    return audit_log.append(workspace.log, LOCK, {"dataset": dataset, "fingerprint": print_now}, by, at)
