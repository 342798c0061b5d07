"""Whether somebody who labels also had a hand in the agent: then the label is no independent judgement."""

from __future__ import annotations

from collections.abc import Iterable

from pilotage import audit_log
from pilotage.workspace import Workspace

# Entries of the audit log by which a person shapes the agent. Locking a baseline or registering a plan is not among
# them; entries that come to be kept of changes to the agent are.
TUNING = frozenset({"proposal made", "tuning", "change"})


def tuners(workspace: Workspace, labellers: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The labellers named in the audit log as somebody who shaped the agent, each with the kinds of these entries.

    Names compare without regard to case and blanks. Empty without a log; InputFaults when the log does not verify.
    """
    kinds: dict[str, dict[str, None]] = {}
    for entry in audit_log.read(workspace.log):
        if entry.kind in TUNING:
            kinds.setdefault(_key(entry.by), {})[entry.kind] = None
    return {name: tuple(kinds[_key(name)]) for name in dict.fromkeys(labellers) if _key(name) in kinds}


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()
