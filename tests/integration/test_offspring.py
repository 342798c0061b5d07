"""What a probe's system started ends with the probe, however well it hid."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pytest

from pilotage.integration.mcp.server import McpServer
from pilotage.playbook import IntegrationPolicy
from pilotage.workspace import Workspace

DETACHED = "env -i setsid sleep 61.5 > /dev/null & echo $!"  # its parent ends at once, and so does its environment
LEAVES_IT = f"""
import subprocess
from pilotage.integration.offspring import adopt_orphans, kill_all_below
adopt_orphans()
subprocess.run(["/bin/sh", "-c", {DETACHED!r}])
kill_all_below()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt orphans")
def test_what_detached_itself_and_emptied_its_environment_is_gone_too() -> None:
    told = subprocess.run([sys.executable, "-c", LEAVES_IT], capture_output=True, text=True, check=True)
    assert not psutil.pid_exists(int(told.stdout))


def test_what_a_server_left_running_is_told_by_name(house: Workspace, policy_of) -> None:
    policy: IntegrationPolicy = policy_of({"address": None, "command": ("server",)})
    server = McpServer(policy.systems[0], house)
    assert server.left_running() == []
    process = subprocess.Popen(["sleep", "61.5"])
    assert server.left_running() == ["sleep"]
    process.kill()
    process.wait()
