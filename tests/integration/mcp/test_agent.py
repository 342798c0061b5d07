"""Agents that take their tools from an MCP server, and servers that can stand in for one another."""

from __future__ import annotations

import asyncio
import csv
from pathlib import Path

import pytest
import yaml

from pilotage.agents.mcp_tools import McpTools, ToolError
from pilotage.agents.open import open_agent
from pilotage.agents.reference.tasks import make_tasks
from pilotage.errors import InputFaults, PilotageError
from pilotage.workspace import Workspace

ROOT = Path(__file__).parents[3]


async def answers(what: str) -> list[tuple[str, list[str]]]:
    """What the agent answers to a few tasks, and the tools that it used."""
    agent = open_agent(what)
    try:
        runs = [agent.begin(task.input, 0) for task in make_tasks(6, 3)]
        return [((await run.attempt()).text, [call.tool for call in run.tool_calls]) for run in runs]
    finally:
        await agent.close()


def test_the_reference_agent_answers_alike_with_its_own_tools_and_the_same_over_mcp():
    own, over_mcp = asyncio.run(answers("reference")), asyncio.run(answers("reference?tools=mcp"))
    assert own == over_mcp
    assert any(tools for _, tools in own)


def test_the_tools_of_a_server_are_functions_and_its_errors_are_exceptions(mcp_servers):
    with McpTools(("python", "-S", mcp_servers.RAW, "--fault=")) as server:
        add, _ = server.tools
        assert (add.__name__, asyncio.run(add(a=2, b=3))) == ("add", 5)
        with pytest.raises(ToolError, match="should be integers"):
            asyncio.run(add(a=2))


def test_what_a_server_writes_on_standard_error_stays_with_it(mcp_servers, capfd):
    with McpTools(("python", "-S", mcp_servers.RAW, "--fault=talkative")) as server:
        assert len(server.tools) == 2
    assert capfd.readouterr().err == ""


def test_a_server_that_is_not_there_is_told_in_one_sentence():
    with pytest.raises(PilotageError, match="the MCP server cannot be used"):
        McpTools("http://127.0.0.1:9/mcp")


def test_an_agent_file_that_names_no_way_to_its_mcp_server_is_refused(tmp_path):
    file = tmp_path / "agent.yaml"
    file.write_text("kind: chat\naddress: http://localhost/v1\nmodel: m\nmcp: {}\n")
    with pytest.raises(InputFaults, match="mcp: should have either an address or a command"):
        open_agent(str(file))


def test_an_agent_file_gives_any_chat_agent_the_tools_of_a_server(tmp_path, mcp_servers):
    said = {"kind": "chat", "address": "http://localhost/v1", "model": "m", "escalation_tool": "add"}
    file = tmp_path / "agent.yaml"
    file.write_text(yaml.safe_dump(said | {"mcp": {"command": ["python", "-S", mcp_servers.RAW, "--fault="]}}))
    agent = open_agent(str(file))
    try:
        assert list(agent.tools) == ["add", "tree.depth"]
    finally:
        asyncio.run(agent.close())


def stood_in(own: Workspace, mcp_servers, fault: str) -> dict[str, str]:
    """What fails where the raw server names another, with this fault, to stand in for it."""
    other = mcp_servers.raw(fault, name="other").model_dump(mode="json", exclude_defaults=True)
    shipped = yaml.safe_load((ROOT / "playbook/integration.yaml").read_text())
    (own.playbook / "integration.yaml").write_text(yaml.safe_dump(shipped | {"systems": [other]}))
    return mcp_servers.failed(mcp_servers.checked(mcp_servers.raw(replaceable_by="other"), own))


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("", {}),
        ("changed", {"replaceable": "other_definitions"}),
        ("wrong_answer", {"replaceable": "wrong_answer"}),
        ("wordy", {"replaceable": "other_answers"}),
        ("crash_at_start", {"replaceable": "no_stand_in"}),
        ("legacy_only", {"replaceable": "wrong_version"}),
    ],
)
def test_a_stand_in_must_have_the_pinned_tools_and_give_the_same_answers(fault, expected, own, mcp_servers):
    assert stood_in(own, mcp_servers, fault) == expected


def test_the_embedded_server_passes_the_smoke_test_and_can_be_replaced(sample_report):
    with (sample_report / "tables/integration-checks.csv").open(encoding="utf-8", newline="") as file:
        checks = {row["id"]: row for row in csv.DictReader(file) if row["system"] == "invoice tools"}
    assert {row["status"] for row in checks.values()} == {"pass"}
    assert checks["mcp.tool_list_tokens"]["evidence"].startswith("4 tools, about ")
    assert "mcp.replaceable" in checks
