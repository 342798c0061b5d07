"""`python -m pilotage.integration.mcp.embedded [--http]`: the invoice tools as an MCP server, to try out and to copy.

Without options it speaks on standard input and output. With --http it serves loopback, prints its address first and
ends when standard input does; where PILOTAGE_MCP_TOKEN is set, callers must bring that token.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import json
import logging
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import mcp.types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from pydantic import ConfigDict, ValidationError, validate_call
from starlette.types import ASGIApp, Receive, Scope, Send

from pilotage.agents.own_server import when_stdin_ends
from pilotage.agents.reference.tools import TOOLS
from pilotage.agents.tools import Tool, tool_of
from pilotage.integration.mcp import TOKEN_ENV

NAME = "pilotage-invoices"


def server() -> Server[Any]:
    """The server, over no transport yet. Each tool's schema is that which `pilotage.agents.tools` writes of it."""
    tools = {tool.name: tool for tool in (tool_of(function) for function in TOOLS)}

    async def list_tools(_context: Any, _params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_listed(tool) for tool in tools.values()])

    async def call_tool(_context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        return _called(tools.get(params.name), params.name, params.arguments or {})

    return Server(NAME, version="1", on_list_tools=list_tools, on_call_tool=call_tool)


def _listed(tool: Tool) -> types.Tool:
    return types.Tool(name=tool.name, description=tool.description, input_schema=dict(tool.parameters))


def _called(tool: Tool | None, name: str, arguments: Mapping[str, Any]) -> types.CallToolResult:
    """What comes of a call; whatever is wrong with it is told as an error, without the server's inner code."""
    if tool is None:
        return _result(f"there is no tool {name!r}", is_error=True)
    try:
        answer = validate_call(config=ConfigDict(strict=True))(tool.function)(**arguments)
        return _result(json.dumps(answer, ensure_ascii=False))
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_url=False)]
        return _result("; ".join(faults), is_error=True)
    except LookupError as error:
        return _result(f"{type(error).__name__}: {error}", is_error=True)


def _result(text: str, is_error: bool = False) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=is_error)


def behind_token(app: ASGIApp, token: str) -> ASGIApp:
    """The app for callers who bring the token; all others are answered with 401."""
    expected = f"Bearer {token}".encode()

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(scope.get("headers") or []).get(b"authorization", b"")
        if scope["type"] == "http" and not hmac.compare_digest(given, expected):
            headers = [(b"www-authenticate", b"Bearer"), (b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 401, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        await app(scope, receive, send)

    return guarded


async def serve_stdio() -> None:
    """Serve until standard input ends."""
    own = server()
    async with stdio_server() as (incoming, outgoing):
        await own.run(incoming, outgoing, own.create_initialization_options())


async def serve_http(ready: Callable[[str], object] = lambda address: print(address, flush=True)) -> None:
    """Serve a free port of loopback until standard input ends. Foreign Host and Origin are refused by the SDK."""
    import socket

    import uvicorn

    app: ASGIApp = server().streamable_http_app()
    if token := os.environ.get(TOKEN_ENV):
        app = behind_token(app, token)
    # Named as TCP, so that asyncio sends small answers at once instead of waiting for the caller (40 ms each).
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    web = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on", timeout_graceful_shutdown=1))
    when_stdin_ends(lambda: setattr(web, "should_exit", True))
    listening.listen()
    ready(f"http://127.0.0.1:{listening.getsockname()[1]}/mcp")
    with listening:
        await web.serve([listening])


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve as the options say."""
    parser = argparse.ArgumentParser(prog="python -m pilotage.integration.mcp.embedded", description=__doc__)
    parser.add_argument("--http", action="store_true", help="serve streamable HTTP on loopback")
    logging.basicConfig(level=logging.ERROR)
    serve: Callable[[], Awaitable[None]] = serve_http if parser.parse_args(arguments).http else serve_stdio
    asyncio.run(serve())  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
