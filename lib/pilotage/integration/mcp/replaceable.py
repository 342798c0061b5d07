"""Whether another server can stand in for this one: the same tools, the same answers, the same agent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pilotage.agents.mcp_tools import McpTools
from pilotage.agents.reference.tasks import make_tasks
from pilotage.integration.checks import Fault
from pilotage.integration.mcp.calls import check_safe_call, same_answers
from pilotage.integration.mcp.server import McpServer
from pilotage.integration.mcp.session import Session, WrongVersion
from pilotage.integration.mcp.tools import definitions
from pilotage.integration.pins import differences, read_pin
from pilotage.playbook import read_policy
from pilotage.playbook.systems import EMBEDDED, McpSystem
from pilotage.workspace import Workspace

if TYPE_CHECKING:
    from pilotage.agents.chat import ChatAgent

TASKS = 3
SEED = 6


def check_replaceable(server: McpServer, session: Session, workspace: Workspace) -> str:
    """What was compared, in a sentence; Fault with the first thing in which the stand-in differs."""
    system = server.system
    pin = read_pin(workspace, system)
    with McpServer(_stand_in(system, workspace), workspace) as other:
        standing_in = _opened(other, session.version)
        found = definitions(standing_in.tools(), standing_in.instructions)
        if gone := differences(pin.definitions, found):
            raise Fault("other_definitions", f"{other.system.name}: {'; '.join(gone)}")
        for call in system.safe_calls:
            if not same_answers(check_safe_call(session, call), check_safe_call(standing_in, call)):
                raise Fault("other_answers", f"{other.system.name} answers {call.tool} otherwise")
        seen = f"{other.system.name} has the same {len(found)} definitions and answers"
        if system.address == EMBEDDED:
            _same_agent(server, other)
            seen += f"; the reference agent did {TASKS} tasks alike with either"
    return seen


def _stand_in(system: McpSystem, workspace: Workspace) -> McpSystem:
    name = system.replaceable_by or ""
    other = read_policy(workspace, ("integration",)).integration.system(name)
    if not isinstance(other, McpSystem) or other.name == system.name:
        raise Fault("no_stand_in", f"replaceable_by: there is no other system {name!r} of the pattern mcp")
    return other


def _opened(other: McpServer, version: str) -> Session:
    try:
        return other.open(version)
    except WrongVersion:
        raise
    except Fault as fault:
        raise Fault("no_stand_in", f"{other.system.name}: {fault.evidence}") from None


def _same_agent(server: McpServer, other: McpServer) -> None:
    """The reference agent, its model unchanged, does the same tasks with the tools of either server."""
    first, second = asyncio.run(_both(server, other))
    for one, two in zip(first, second, strict=True):
        if one != two:
            raise Fault("agent_differs", f"“{one[:200]}” here, “{two[:200]}” with {other.system.name}")


async def _both(server: McpServer, other: McpServer) -> tuple[list[str], list[str]]:
    """The answers with the tools of the one and of the other; the model is the same process."""
    from pilotage.agents.chat import ChatAgent
    from pilotage.agents.reference import Behaviour, ReferenceAgent

    agent = ReferenceAgent(Behaviour(), tools=_tools(server))
    try:
        replaced = ChatAgent(agent.endpoint, agent.chat, mcp=_tools(other))
        try:
            return await _answers(agent), await _answers(replaced)
        finally:
            await replaced.close()
    finally:
        await agent.close()


def _tools(server: McpServer) -> McpTools:
    return McpTools(server.address or server.system.command, server.token, server.folder, server.secrets)


async def _answers(agent: ChatAgent) -> list[str]:
    runs = [agent.begin(task.input, 0) for task in make_tasks(TASKS, SEED)]
    return [(await run.attempt()).text for run in runs]
