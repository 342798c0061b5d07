"""Two people who approve at the same moment: nothing is lost, applied twice or given twice."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

from pilotage import audit_log

# Each step of the log takes long enough for the other process to come between, were it not locked out.
APPROVE = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from pilotage import audit_log
from pilotage.approvals import approve
from pilotage.errors import PilotageError
from pilotage.workspace import Workspace

root, name, key, *proposals = sys.argv[1:]
append = audit_log.append

def slowly(*given):
    time.sleep(0.2)
    entry = append(*given)
    time.sleep(0.2)
    return entry

audit_log.append = slowly
Path(root, name).touch()
while not Path(root, "begin").exists():
    time.sleep(0.001)
id, version = proposals
try:
    print(approve(Workspace(Path(root)), id, version, name, datetime.now(UTC), Path(key)).status)
except PilotageError as refused:
    print(refused)
"""


def at_once(desk: Any, one: Any, *names: str) -> list[str]:
    """What became of the approvals of these people, each in a process of its own."""
    root = desk.workspace.root
    command = [sys.executable, "-c", APPROVE, str(root)]
    given = {name: [name, str(desk.keys[name]), one.id, one.version] for name in names}
    begun = [subprocess.Popen([*command, *given[name]], stdout=subprocess.PIPE) for name in names]
    while not all((root / name).exists() for name in names):
        time.sleep(0.01)
    (root / "begin").touch()
    return sorted(process.communicate(timeout=60)[0].decode().strip() for process in begun)


def kinds(desk: Any) -> list[str]:
    return sorted(entry.kind.split()[-1] for entry in audit_log.read(desk.workspace.log))


def test_two_roles_given_at_once_both_count_and_apply_it_once(desk: Any) -> None:
    one = desk.propose()
    assert at_once(desk, one, "Ben", "Cat") == ["applied", "open"]
    assert kinds(desk) == ["applied", "approved", "approved", "made"]
    assert desk.state(one).status == "applied"
    assert desk.live().read_text() == desk.text()


def test_one_role_given_by_two_at_once_is_given_once(desk: Any) -> None:
    desk.person("Ann", roles=["AI Owner", "AI Engineer"])
    one = desk.propose()
    refused, given = at_once(desk, one, "Ann", "Ben")
    assert given == "open"
    assert refused.startswith("given already: AI Engineer by ")
    assert kinds(desk) == ["approved", "made"]
