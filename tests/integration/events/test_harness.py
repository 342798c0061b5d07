"""The real smoke test: a broker that never answers is stopped at the deadline, and nothing is left running."""

from __future__ import annotations

import socket
import time
from typing import Any

import psutil
import yaml

from pilotage.integration.process import MARK
from pilotage.integration.smoke_test import smoke_test
from pilotage.playbook import read_policy
from pilotage.workspace import Workspace

LIMIT = {"value": 0.4, "reason": "r", "source": "s", "set_by": "b"}


def probed(house: Workspace, *entries: dict[str, Any]) -> list[tuple[str, str, str]]:
    policy = {
        "owner": "Somebody", "systems": list(entries), "gates": {}, "flow": {"wait_share_max": LIMIT},
        "calls": {"calls_min": 5, "total_ms_min": 50.0, "paging_arguments": ["page"]},
    }  # fmt: skip
    (house.playbook / "integration.yaml").write_text(yaml.safe_dump(policy), encoding="utf-8")
    checks = smoke_test(house, read_policy(house, ("integration",)).integration)
    return [(check.id, check.status, check.reason) for check in checks]


def marked(house: Workspace) -> list[psutil.Process]:
    """Processes of this workspace's probes that still run."""
    found = []
    for process in psutil.process_iter():
        try:
            ours = MARK in process.environ() and str(house.root) in process.cmdline()
            found += [process] if ours else []
        except (psutil.Error, OSError):
            continue
    return found


def test_a_listener_that_never_answers_is_stopped_at_the_deadline(house: Workspace, entry: dict[str, Any]) -> None:
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"kafka://127.0.0.1:{listener.getsockname()[1]}"
        rows = probed(house, entry | {"address": address, "deadline_s": 3.0})
    assert [row for row in rows if row[1] == "fail"] in (
        [("events.reachable", "fail", "deadline")],
        [("events.settings", "fail", "deadline")],  # a busy machine has not even imported the clients by then
    )
    assert {row[2] for row in rows if row[1] == "skipped"} == {"not_reached"}
    assert time.monotonic() - began < 30
    assert marked(house) == []
