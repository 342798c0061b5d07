"""Whether the official client of the protocol can work with a server: it is what most agents use."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import psutil

from pilotage.agents.mcp_tools import McpTools
from pilotage.errors import PilotageError
from pilotage.integration.checks import Fault
from pilotage.integration.mcp.server import McpServer
from pilotage.playbook.systems import ToolCall
from pilotage.words import count


def check_official(server: McpServer, expected: int, call: ToolCall | None) -> str:
    """What the client saw, in a sentence; Fault where it cannot connect, sees other tools, or cannot make the call
    that was answered as it should be."""
    started = set[psutil.Process]()
    try:
        way = server.address or server.system.command
        with McpTools(way, server.token, server.folder, server.secrets) as tools:
            found, spoken = len(tools.tools), tools.version
            started = _below()
            if found == expected and call is not None:
                _call(tools, call)
    except PilotageError as error:
        raise Fault("sdk_refuses", f"{error.what}: {error.where}") from None
    finally:
        _end_orphans(started)
    if found != expected:
        raise Fault("sdk_refuses", f"the official client lists {found} tools instead of {expected}")
    said = f"the official client agrees on {spoken} and lists {count(found, 'tools')}"
    return f"{said}; it is answered by {call.tool}" if call else said


def _call(tools: McpTools, call: ToolCall) -> None:
    """Fault where the client makes an error of the call."""
    for use in tools.tools:
        if use.__name__ == call.tool:
            try:
                asyncio.run(use(**call.arguments))
            except Exception as error:
                said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
                raise Fault("sdk_refuses", f"the official client calls {call.tool} in vain: {said}") from None


def _below() -> set[psutil.Process]:
    """All processes that this one started, and those started by them."""
    return set(psutil.Process().children(recursive=True))


def _end_orphans(started: set[psutil.Process]) -> None:
    """End what a server left behind: the client ends the server only, and not its helpers."""
    for process in started - _below() if started else ():
        with suppress(psutil.Error):
            process.kill()
