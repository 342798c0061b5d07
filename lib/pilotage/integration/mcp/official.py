"""Whether the official client of the protocol can work with a server: it is what most agents use."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pilotage.agents.mcp_tools import McpTools
from pilotage.errors import PilotageError
from pilotage.integration.checks import Fault
from pilotage.integration.mcp.server import McpServer
from pilotage.integration.offspring import below, kill
from pilotage.playbook.systems import ToolCall
from pilotage.words import count

if TYPE_CHECKING:
    import psutil


def check_official(server: McpServer, expected: int, call: ToolCall | None) -> str:
    """What the client saw, in a sentence; Fault where it cannot connect, sees other tools, or cannot make the call
    that was answered as it should be."""
    before, started = set(below()), set["psutil.Process"]()
    try:
        way = server.address or server.system.command
        with McpTools(way, server.token, server.folder, server.secrets) as tools:
            found, spoken = len(tools.tools), tools.version
            started = set(below()) - before
            if found == expected and call is not None:
                _call(tools, call)
    except PilotageError as error:
        raise Fault("sdk_refuses", f"{error.what}: {error.where}") from None
    finally:
        kill(started)  # the client ends the server only, and not its helpers
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
