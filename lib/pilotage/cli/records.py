"""`pilotage baseline lock` and `pilotage log verify`."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path

import typer

from pilotage import audit_log
from pilotage.cli.speak import workspace_at
from pilotage.errors import InputFaults


def lock_now(dataset: str, by: str) -> None:
    """Lock the baseline of the dataset in the audit log, and say so."""
    from pilotage.baseline.lock import lock_baseline
    from pilotage.runner.job import choose_dataset

    workspace = workspace_at(None)
    name = choose_dataset(workspace, dataset)
    entry = lock_baseline(workspace, name, by or getpass.getuser(), datetime.now(UTC))
    said = f"entry {entry.seq} of the audit log ({entry.hash[:12]}), by {entry.by}"
    typer.echo(f"locked: the baseline of data/{name}, {said}")


def verify_log(path: Path | None) -> int:
    """Say whether the log is whole; InputFaults with every fault when it is not."""
    workspace = workspace_at(path)
    faults = audit_log.verify(workspace.log)
    if faults:
        raise InputFaults("playbook/audit_log.jsonl is not as it was written", faults)
    entries = audit_log.read(workspace.log)
    number = "1 entry" if len(entries) == 1 else f"{len(entries):,} entries"
    typer.echo(f"{number}, none altered; head {entries[-1].hash}" if entries else "the audit log has no entry yet")
    return 0
