"""The tools of an MCP server as functions that a chat agent can use, whichever server it is."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import threading
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pilotage.errors import PilotageError

if TYPE_CHECKING:
    from mcp import Client

CONNECT_S = 30.0
CALL_S = 30.0
PAGES = 100
KEPT = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|TERM|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|SYSTEMROOT|VIRTUAL_ENV|PYTHON\w*|PILOTAGE_PROBE"
)


def server_environment(names: Iterable[str] = ()) -> dict[str, str]:
    """The environment of a server that is started by command: what programs need, and the variables named here.

    Everything else is left out, so that no server sees the secrets of another.
    """
    wanted = set(names)
    return {name: value for name, value in os.environ.items() if name in wanted or KEPT.fullmatch(name)}


class ToolError(Exception):
    """The server answered a call with an error; its words are the model's to read."""


class McpTools:
    """A connection to a server, by address or command, in a thread of its own. `tools` are functions like any others.

    PilotageError where the server cannot be reached. `version` is what was agreed on. It ends with `close`.
    `secrets` are the environment variables that a command gets besides those which every program needs.
    """

    def __init__(
        self, way: str | Sequence[str], token: str = "", folder: Path | None = None, secrets: Sequence[str] = ()
    ) -> None:
        self._way, self._token, self._folder, self._secrets = way, token, folder, secrets
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self._task: asyncio.Task[Any] | None = None
        self._ready = threading.Event()
        self._fault: BaseException | None = None
        self.tools: tuple[Callable[..., Any], ...] = ()
        self.version = ""
        self._thread = threading.Thread(target=self._run, name="pilotage-mcp", daemon=True)
        self._thread.start()
        in_time = self._ready.wait(CONNECT_S)
        if self._fault is not None or not in_time:
            self.close()
            what = f"{type(self._fault).__name__}: {self._fault}" if self._fault else f"no answer in {CONNECT_S:g} s"
            raise PilotageError("the MCP server cannot be used", what, "try `pilotage smoke-test` on it")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """The connection is closed, and a server that was started by command has ended."""
        if self._thread.is_alive() and self._task is not None:
            end = self._ended.set if self._ready.is_set() else self._task.cancel
            self._loop.call_soon_threadsafe(end)
        self._thread.join(5)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._connected())
        except BaseException as error:  # told to whoever waits, in another thread
            self._fault = _innermost(error)
        finally:
            self._loop.close()
            self._ready.set()

    async def _connected(self) -> None:
        """The connection is held open by one task from its beginning to its end."""
        self._task = asyncio.current_task()
        async with AsyncExitStack() as left:
            client = await _client(left, self._way, self._token, self._folder, self._secrets)
            self.version = client.protocol_version
            self.tools = tuple([self._function(client, about) for about in await _listed(client)])
            self._ready.set()
            await self._ended.wait()

    def _function(self, client: Client, about: Any) -> Callable[..., Any]:
        async def use(**arguments: Any) -> Any:
            return await self._here(_call(client, about.name, arguments))

        use.__name__, use.__doc__ = about.name, about.description or ""
        use.json_schema = about.input_schema  # type: ignore[attr-defined]  # goes before what the signature says
        return use

    async def _here(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What the work brings, done in the connection's own loop."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))


async def _client(
    left: AsyncExitStack, way: str | Sequence[str], token: str, folder: Path | None, secrets: Sequence[str]
) -> Client:
    from mcp import Client, StdioServerParameters
    from mcp.client.stdio import stdio_client
    from mcp.client.streamable_http import streamable_http_client

    if isinstance(way, str):
        import httpx2

        headers = {"Authorization": f"Bearer {token}"} if token else {}
        http = await left.enter_async_context(httpx2.AsyncClient(headers=headers, timeout=CALL_S))
        return await left.enter_async_context(Client(streamable_http_client(way, http_client=http)))
    program = sys.executable if way[0] in ("python", "python3") else way[0]
    server = StdioServerParameters(command=program, args=list(way[1:]), env=server_environment(secrets), cwd=folder)
    # What a server writes on standard error is told by the smoke test; here it could fill a screen or a file.
    nowhere = left.enter_context(os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
    return await left.enter_async_context(Client(stdio_client(server, errlog=nowhere)))


async def _listed(client: Client) -> list[Any]:
    from mcp.shared.exceptions import MCPError

    found, cursor = list[Any](), None
    for _ in range(PAGES):
        try:
            page = await client.list_tools(cursor=cursor)
        except MCPError:
            if client.server_capabilities.tools is None:  # it says itself that it has none
                return found
            raise
        found += page.tools
        cursor = page.next_cursor
        if not cursor:
            return found
    raise ValueError("the server's list of tools does not end")


async def _call(client: Client, name: str, arguments: dict[str, Any]) -> Any:
    """The text of the answer, read as JSON where it is such; ToolError where the server says that it is an error."""
    async with asyncio.timeout(CALL_S):
        result = await client.call_tool(name, arguments)
    text = "\n".join(part.text for part in result.content if part.type == "text")
    if result.is_error:
        raise ToolError(text)
    try:
        return json.loads(text)
    except ValueError:
        return text


def _innermost(error: BaseException) -> BaseException:
    """The first real error inside groups of them."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
