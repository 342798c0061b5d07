"""Servers to probe in this process: what an entry would say of them, and the checks as a table."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pilotage.agents.own_server import OwnServer
from pilotage.integration.checks import Recorder
from pilotage.integration.mcp import probe as mcp_probe
from pilotage.integration.mcp import session
from pilotage.integration.pins import write_pin
from pilotage.playbook.systems import McpSystem
from pilotage.workspace import Workspace

SERVERS = Path(__file__).parent / "servers"
RAW, RAW_HTTP, BY_SDK = (str(SERVERS / name) for name in ("raw.py", "raw_http.py", "by_sdk.py"))
ADD = {"tool": "add", "arguments": {"a": 2, "b": 3}, "contains": "5"}
TOKEN = "a-token-of-the-tests"
Checks = dict[str, tuple[str, str, str]]  # by id without its prefix: status, reason, evidence


def entry(**given: Any) -> McpSystem:
    """An entry of the playbook for the raw server, changed as given."""
    limit = {"value": 1000, "reason": "r", "source": "s", "set_by": "t"}
    usual = {
        "name": "raw", "pattern": "mcp", "what": "Adds.", "update_frequency": "rarely", "consistency": "strong",
        "protocol_versions": ("2026-07-28", "2025-11-25"), "safe_calls": (ADD,), "p95_ms_max": limit,
        "tool_list_tokens_max": {**limit, "value": 500},
    }  # fmt: skip
    return McpSystem.model_validate(usual | given)


def raw(fault: str = "", **given: Any) -> McpSystem:
    """The entry of the raw server with one fault, on standard input and output."""
    return entry(command=("python", "-S", RAW, f"--fault={fault}"), **given)


def checked(system: McpSystem, workspace: Workspace) -> Checks:
    """What the probe finds."""
    lines: list[dict[str, Any]] = []
    mcp_probe.probe(system, Recorder(lines.append), workspace)
    ended = [line for line in lines if "id" in line]
    return {line["id"].removeprefix("mcp."): (line["status"], line["reason"], line["evidence"]) for line in ended}


def failed(checks: Checks) -> dict[str, str]:
    """The checks that did not pass, with their reasons."""
    return {id: reason for id, (status, reason, _) in checks.items() if status != "pass"}


def pin(workspace: Workspace, system: McpSystem) -> None:
    """Pin what the server says of itself now."""
    found = mcp_probe.definitions(system, workspace)
    write_pin(workspace, system, found, "A. Tester", datetime(2026, 11, 23, tzinfo=UTC))


@pytest.fixture(scope="session")
def mcp_servers() -> Any:
    """The helpers of this file, for tests: they cannot import it."""
    return sys.modules[__name__]


@pytest.fixture(scope="session")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with a pin of the good raw server; tests only read it."""
    workspace = Workspace(tmp_path_factory.mktemp("mcp"))
    workspace.playbook.mkdir()
    pin(workspace, raw())
    return workspace


@pytest.fixture
def own(pinned: Workspace, tmp_path: Path) -> Workspace:
    """A copy of it that a test may change."""
    return Workspace(Path(shutil.copytree(pinned.root, tmp_path / "own")))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits for answers are short."""
    monkeypatch.setattr(session, "ANSWER_S", 0.4)
    monkeypatch.setattr(session, "START_S", 0.8)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., McpSystem]]:
    """Starts a server script over HTTP and gives its entry."""
    started: list[Served] = []
    monkeypatch.setenv("RAW_TOKEN", TOKEN)

    def serve(script: str, *options: str, **given: Any) -> McpSystem:
        started.append(Served(script, *options))
        usual = {"key_env": "RAW_TOKEN"} if script == RAW_HTTP else {"auth": "none"}
        return entry(address=started[-1].address, **(usual | given))

    yield serve
    for one in started:
        one.stop()


class Served(OwnServer):
    """A script of ours that serves HTTP until its standard input ends."""

    def __init__(self, script: str, *options: str) -> None:
        import subprocess

        self._process = subprocess.Popen(
            [sys.executable, script, "--http", *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ),
        )  # fmt: skip
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()
