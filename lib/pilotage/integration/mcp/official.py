"""Whether the official client of the protocol can work with a server: it is what most agents use."""

from __future__ import annotations

from contextlib import suppress

import psutil

from pilotage.agents.mcp_tools import McpTools
from pilotage.errors import PilotageError
from pilotage.integration.checks import Fault
from pilotage.integration.mcp.server import McpServer


def check_official(server: McpServer, version: str, expected: int) -> str:
    """What the client saw, in a sentence; Fault where it cannot connect, or sees other tools."""
    started = set[psutil.Process]()
    try:
        way = server.address or server.system.command
        with McpTools(way, server.token, server.folder, server.secrets) as tools:
            found, spoken = len(tools.tools), tools.version
            started = _below()
    except PilotageError as error:
        raise Fault("sdk_refuses", f"{error.what}: {error.where}") from None
    finally:
        _end_orphans(started)
    if found != expected:
        raise Fault("sdk_refuses", f"the official client lists {found} tools instead of {expected}")
    return f"the official client agrees on {spoken} and lists {found} tools"


def _below() -> set[psutil.Process]:
    """All processes that this one started, and those started by them."""
    return set(psutil.Process().children(recursive=True))


def _end_orphans(started: set[psutil.Process]) -> None:
    """End what a server left behind: the client ends the server only, and not its helpers."""
    for process in started - _below() if started else ():
        with suppress(psutil.Error):
            process.kill()
