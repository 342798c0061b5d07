"""`pilotage baseline lock`, `pilotage pilot register` and `pilotage log verify`."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path

from pilotage import audit_log
from pilotage.audit_log import Entry
from pilotage.cli.speak import tell, workspace_at
from pilotage.errors import PilotageError
from pilotage.words import plain


def lock_now(path: Path | None, dataset: str, by: str | None) -> None:
    """Lock the baseline of the dataset in the audit log, and say so; no run may be reading its tables meanwhile."""
    from pilotage.baseline.lock import lock_baseline
    from pilotage.runner.job import choose_dataset
    from pilotage.runner.lock import only_run

    workspace, person = workspace_at(path), named_person(by, "a lock needs the name of the person who locks")
    name = choose_dataset(workspace, dataset)
    with only_run(workspace.reports):
        locked = lock_baseline(workspace, name, person, datetime.now(UTC))
    tell(f"locked: the baseline of data/{name}, {_said(locked.entry)}")
    if locked.remark:
        tell(f"mind: {locked.remark}")


def register_now(path: Path | None, by: str | None) -> None:
    """Write the pilot's plan of playbook/pilot.yaml into the audit log, and say so; PlaybookFaults where it has any."""
    from pilotage.pilot.plan import register
    from pilotage.playbook import load_playbook

    workspace, person = (
        workspace_at(path),
        named_person(by, "a registration needs the name of whoever registers"),
    )
    policy = load_playbook(workspace).pilot
    entry = register(workspace, policy, person, datetime.now(UTC))
    tell(f"registered: the plan in playbook/pilot.yaml, {_said(entry)}")
    named = [name for name, looks in policy.looks.items() if not looks.example]
    without = "no dataset (those in the file are examples); so every look will count, and ranges are wider"
    tell(f"looks are set for: {', '.join(named) or without}")


def _said(entry: Entry) -> str:
    return f"entry {entry.seq} of the audit log ({entry.hash[:12]}), by {plain(' '.join(entry.by.split()))}"


def named_person(by: str | None, needed: str) -> str:
    """The name given, else the login name; PilotageError when that is nobody's."""
    try:
        person = getpass.getuser() if by is None else by.strip()
    except (KeyError, OSError):
        person = ""
    if not person:
        raise PilotageError(needed, next="name yourself: --by NAME")
    return person


def verify_log(path: Path | None) -> int:
    """Say whether the log is whole; InputFaults with every fault when it is not."""
    from pilotage.runner.log import check_log

    workspace = workspace_at(path)
    check_log(workspace)
    entries = audit_log.read(workspace.log)
    number = "1 entry" if len(entries) == 1 else f"{len(entries):,} entries"
    tell(f"{number}, none altered; head {entries[-1].hash}" if entries else "the audit log has no entry yet")
    return 0
