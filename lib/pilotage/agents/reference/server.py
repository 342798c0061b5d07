"""The stand-in as an OpenAI-compatible server: POST /v1/chat/completions (also streamed) and GET /v1/models.

The same request gets the same answer in whatever order requests come; a request's `seed` is the number of its trial.
Trouble (429, 500, no answer) depends on the request and on how often it was seen: a retry has a chance of its own.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from aiohttp import web

from pilotage.agents.chat import STAND_IN
from pilotage.agents.reference.behaviour import Behaviour
from pilotage.agents.reference.mind import Wish, think

CHARACTERS_PER_TOKEN = 4


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers or {}


class Desk:
    """What the server remembers: how often each request was seen, and when the first one came."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self._seen: Counter[bytes] = Counter()
        self._first_at: float | None = None

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """The response to any request."""
        try:
            if (request.method, request.path) == ("POST", "/v1/chat/completions"):
                return await self._chat(request)
            if (request.method, request.path) == ("GET", "/v1/models"):
                return _json({"object": "list", "data": [{"id": STAND_IN, "object": "model", "owned_by": "pilotage"}]})
            raise Refused(404, f"there is nothing at {request.method} {request.path}")
        except Refused as refused:
            error = {"message": str(refused), "type": "reference_stand_in", "code": refused.status}
            return _json({"error": error}, refused.status, refused.headers)

    async def _chat(self, request: web.BaseRequest) -> web.StreamResponse:
        raw = await request.read()
        key = blake2b(raw, digest_size=16).digest()
        seen = self._seen[key]
        self._seen[key] += 1
        await self._make_trouble(key, seen)
        given = _object(raw)
        if wait := self.behaviour.wait_s(key, seen):
            await asyncio.sleep(wait)
        wish, trial = self._wish(given)
        completion = _completion(given, wish, f"{key.hex()}-{trial}")
        if given.get("stream") is True:
            return await _streamed(request, completion, given)
        return _json(completion)

    async def _make_trouble(self, key: bytes, seen: int) -> None:
        behaviour = self.behaviour
        if behaviour.outage_s:
            now = time.monotonic()
            self._first_at = now if self._first_at is None else self._first_at
            if 0 <= now - self._first_at - behaviour.outage_after_s < behaviour.outage_s:
                raise Refused(503, "the service is out of order for a while")
        trouble = behaviour.trouble(key, seen)
        if trouble == "429":
            wait = behaviour.retry_after_s
            headers = {"Retry-After": f"{-(-wait // 1):.0f}", "retry-after-ms": f"{wait * 1000:.0f}"}
            raise Refused(429, "too many requests", headers)
        if trouble == "500":
            raise Refused(500, "an internal error")
        if trouble == "hang":
            await asyncio.Event().wait()  # until the other side hangs up

    def _wish(self, given: Mapping[str, Any]) -> tuple[Wish, int]:
        messages, seed = given.get("messages"), given.get("seed")
        if not isinstance(messages, list) or not messages or not all(isinstance(said, dict) for said in messages):
            raise Refused(400, "messages should be a list of messages")
        if given.get("model") != STAND_IN:
            raise Refused(404, f"there is one model here: {STAND_IN}")
        trial = seed if isinstance(seed, int) else 0
        return think(messages, _offered(given.get("tools")), trial, self.behaviour), trial


def _offered(tools: Any) -> frozenset[str]:
    """The names of the tools in a request."""
    functions = [tool.get("function") for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []
    return frozenset(str(function.get("name")) for function in functions if isinstance(function, dict))


def _object(raw: bytes) -> dict[str, Any]:
    try:
        given = json.loads(raw)
    except (ValueError, RecursionError):
        raise Refused(400, "the request is no JSON") from None
    if not isinstance(given, dict):
        raise Refused(400, "the request should be a JSON object")
    return given


def _completion(given: Mapping[str, Any], wish: Wish, name: str) -> dict[str, Any]:
    """The wish as a chat completion; tokens are counted by characters."""
    message: dict[str, Any] = {"role": "assistant", "content": wish.text or None}
    if wish.tool:
        function = {"name": wish.tool, "arguments": json.dumps(wish.arguments)}
        message["tool_calls"] = [{"id": f"call_{name}", "type": "function", "function": function}]
    read = sum(len(str(said.get("content") or "")) for said in given["messages"]) // CHARACTERS_PER_TOKEN + 1
    written = len(wish.text or str(wish.arguments)) // CHARACTERS_PER_TOKEN + 1
    return {
        "id": f"chatcmpl-{name}",
        "object": "chat.completion",
        "created": 0,
        "model": STAND_IN,
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls" if wish.tool else "stop"}],
        "usage": {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written},
    }


async def _streamed(
    request: web.BaseRequest, completion: dict[str, Any], given: Mapping[str, Any]
) -> web.StreamResponse:
    """The completion in server-sent events: text word by word, a tool call in one piece."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    choice = completion["choices"][0]
    head = {key: completion[key] for key in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    words = (choice["message"]["content"] or "").split(" ")
    deltas = [{"content": f" {word}" if place else word} for place, word in enumerate(words)]
    if calls := choice["message"].get("tool_calls"):
        deltas = [{"tool_calls": [{"index": 0, **calls[0]}]}]
    for delta in [{"role": "assistant"}, *deltas]:
        await _event(response, {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    ended = {"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}
    await _event(response, {**head, "choices": [ended]})
    options = given.get("stream_options")
    if isinstance(options, dict) and options.get("include_usage"):
        await _event(response, {**head, "choices": [], "usage": completion["usage"]})
    await response.write(b"data: [DONE]\n\n")
    return response


async def _event(response: web.StreamResponse, value: Mapping[str, Any]) -> None:
    await response.write(b"data: " + json.dumps(value).encode() + b"\n\n")


def _json(value: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    body = json.dumps(value).encode()
    return web.Response(body=body, status=status, content_type="application/json", headers=headers)


async def serve(behaviour: Behaviour, port: int = 0) -> tuple[web.ServerRunner, str]:
    """A running server on loopback and its base URL; port 0 takes a free one. `await runner.cleanup()` ends it."""
    runner = web.ServerRunner(
        web.Server(Desk(behaviour).handle, access_log=None, handler_cancellation=True), shutdown_timeout=0.1
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
