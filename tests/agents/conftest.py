"""Real servers on loopback that answer what a test tells them to."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from pilotage.agents.chat import Chat, ChatAgent
from pilotage.agents.endpoint import Endpoint

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def _serving(handler: Handler) -> AsyncIterator[str]:
    runner = web.ServerRunner(web.Server(handler, handler_cancellation=True), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@dataclass
class Script:
    """Answers one request after the other with what is listed, and remembers what it was asked."""

    answers: list[Any]
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(json.loads(await request.read()))
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if callable(answer):
            return await answer(request)
        if isinstance(answer, tuple):
            status, body, headers = answer
            return web.Response(status=status, body=body.encode(), headers=headers)
        return web.json_response(answer)


def _said(text: str | None = None, tools: Sequence[tuple[str, Any]] = (), **more: Any) -> dict[str, Any]:
    """A chat completion that says a text, or asks for tools with these arguments."""
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if tools:
        message["tool_calls"] = [
            {"id": f"c{place}", "type": "function", "function": {"name": name, "arguments": arguments}}
            for place, (name, arguments) in enumerate(tools)
        ]
    return {
        "model": "m-2026",
        "choices": [{"message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 12, "completion_tokens": 3},
        **more,
    }


@pytest.fixture
def serving() -> Callable[[Handler], AbstractAsyncContextManager[str]]:
    return _serving


@pytest.fixture
def script() -> type[Script]:
    return Script


@pytest.fixture
def said() -> Callable[..., dict[str, Any]]:
    return _said


@pytest.fixture
def chatting() -> Callable[..., AbstractAsyncContextManager[ChatAgent]]:
    """A chat agent before a script, closed in the end: `async with chatting(script, tools=…) as agent`."""

    @asynccontextmanager
    async def open_it(handler: Handler, key: str | None = None, **settings: Any) -> AsyncIterator[ChatAgent]:
        async with _serving(handler) as address:
            agent = ChatAgent(Endpoint(f"{address}/v1", key, "MY_KEY"), Chat("m", **settings))
            try:
                yield agent
            finally:
                await agent.close()

    return open_it
