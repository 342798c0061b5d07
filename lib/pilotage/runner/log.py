"""The audit log held against itself and against the runs that were decided under it."""

from __future__ import annotations

from pilotage import audit_log
from pilotage.errors import InputFaults
from pilotage.hashes import read_object
from pilotage.workspace import Workspace

ADVICE = "put back the last copy that `pilotage log verify` accepts, and ask who changed it"


def check_log(workspace: Workspace) -> None:
    """Nothing where the log is whole; InputFaults with every fault where it is not."""
    faults = audit_log.verify(workspace.log)
    lost = lost_heads(workspace)
    if faults or lost:
        advice = ADVICE if lost or not audit_log.only_torn(faults) else ""
        raise InputFaults("playbook/audit_log.jsonl is not as it was written", [*faults, *lost], advice)


def lost_heads(workspace: Workspace) -> list[str]:
    """One sentence for each run whose decision names an entry that the log does not have: it was cut, or replaced.

    A decision.json that cannot be read says nothing. Linear in the log and in the runs.
    """
    known = audit_log.known_hashes(workspace.log)
    folders = sorted(path.parent for path in workspace.reports.glob("*/decision.json") if not path.parent.is_symlink())
    heads = ((folder.name, (read_object(folder / "decision.json") or {}).get("audit_log_head")) for folder in folders)
    return [
        f"reports/{name} was decided under entry {head[:12]}, which the log no longer has"
        for name, head in heads
        if isinstance(head, str) and head not in known
    ]
