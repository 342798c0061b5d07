"""The raw wire: single requests and streams, bounded in size and time, so that no client library hides a fault."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import aiohttp

from pilotage.agents.a2a_forms import VERSION, VERSION_HEADER, Interface, NotA2a, Operation, Refused
from pilotage.integration.a2a.form import check_result
from pilotage.integration.checks import Fault
from pilotage.integration.keys import key_headers

LONGEST = 4 * 2**20  # bytes of one answer or one stream
ANSWER_S = 10.0  # for one answer that needs no work of the agent
ENDS_S = 2.0  # in which a stream closes once its task has ended


@dataclass(frozen=True)
class Reply:
    """One answer over HTTP."""

    status: int
    body: bytes
    location: str = ""
    asked: str | None = None  # the id that a JSON-RPC answer has to repeat

    def json(self) -> Any:
        """The body as JSON; NotA2a where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise NotA2a(f"an answer of status {self.status} is no JSON: {self.start()}") from None

    def result(self, interface: Interface) -> dict[str, Any]:
        """What it says; Refused where that is an error of the protocol, NotA2a where it has another form."""
        return interface.result(self.status, self.json(), self.asked)

    def start(self) -> str:
        """The first characters of the body, for evidence."""
        return repr(self.body[:80].decode("utf-8", "replace"))


@dataclass(frozen=True)
class Wire:
    """The connections to one agent; `token` is sent along wherever the caller does not ask for another."""

    session: aiohttp.ClientSession
    token: str = ""
    key_header: str | None = None  # that takes the token as it is; none: it is a bearer token

    async def fetch(self, url: str, token: str = "", longest: int = LONGEST) -> Reply:
        """A GET of this URL."""
        async with asyncio.timeout(ANSWER_S), self._asked("GET", url, None, token, VERSION) as response:
            return await _whole(response, longest)

    async def reply(
        self, interface: Interface, operation: Operation, params: Mapping[str, Any],
        token: str | None = None, version: str = "", within_s: float = ANSWER_S,
    ) -> Reply:  # fmt: skip
        """The bare answer to one operation."""
        method, url, body = interface.request(operation, params)
        sent = self.token if token is None else token
        async with (
            asyncio.timeout(within_s),
            self._asked(method, url, body, sent, version or interface.number) as response,
        ):
            return replace(await _whole(response, LONGEST), asked=interface.id_of_request(body))

    async def answer(
        self, interface: Interface, operation: Operation, params: Mapping[str, Any],
        version: str = "", within_s: float = ANSWER_S,
    ) -> dict[str, Any]:  # fmt: skip
        """The result of one operation, whatever it holds; Refused where it is an error of the protocol."""
        reply = await self.reply(interface, operation, params, None, version, within_s)
        if reply.status in (401, 403):
            raise Fault("token_refused", f"status {reply.status} for {interface.binding} at {interface.url}")
        try:
            return reply.result(interface)
        except NotA2a as wrong:
            raise Fault("not_a2a", f"{interface.binding} at {interface.url}: {wrong}") from None

    async def call(
        self, interface: Interface, operation: Operation, params: Mapping[str, Any], within_s: float = ANSWER_S
    ) -> dict[str, Any]:
        """The same, of the form that the operation has to bring."""
        given = await self.answer(interface, operation, params, within_s=within_s)
        try:
            check_result(interface, operation, given)
            return given
        except NotA2a as wrong:
            raise Fault("not_a2a", f"{interface.binding} at {interface.url}: {wrong}") from None

    async def stream(self, interface: Interface, params: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """The events of a stream as they come; the caller bounds the time."""
        method, url, body = interface.request("stream", params)
        asked = interface.id_of_request(body)
        async with self._asked(method, url, body, self.token, interface.number) as response:
            try:
                if response.content_type != "text/event-stream":
                    reply = await _whole(response, LONGEST)
                    interface.result(reply.status, reply.json(), asked)
                    raise NotA2a(f"it is of the content type {response.content_type!r}")
                async for data in _events(response):
                    given = interface.result(response.status, data, asked)
                    check_result(interface, "stream", given)
                    yield given
            except NotA2a as wrong:
                raise Fault("stream_broken", f"no stream over {interface.binding}: {wrong}") from None

    @asynccontextmanager
    async def _asked(
        self, method: str, url: str, body: Any, token: str, version: str
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        headers = {VERSION_HEADER: version, "Accept": "application/json, application/a2a+json, text/event-stream"}
        headers |= key_headers(token, self.key_header)
        # A redirect would take the token along to wherever it leads.
        async with self.session.request(method, url, json=body, headers=headers, allow_redirects=False) as response:
            yield response


@asynccontextmanager
async def connected(token: str, local: bool, key_header: str | None = None) -> AsyncIterator[Wire]:
    """A wire with connections of its own; on this machine no proxy of the environment is asked."""
    jar, timeout = aiohttp.DummyCookieJar(), aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(cookie_jar=jar, timeout=timeout, trust_env=not local) as session:
        yield Wire(session, token, key_header)


async def _whole(response: aiohttp.ClientResponse, longest: int) -> Reply:
    raw = bytearray()
    try:
        async for piece in response.content.iter_chunked(2**16):
            raw += piece
            _check_length(len(raw), longest)
    except aiohttp.ClientPayloadError:
        raise Fault("answer_cut", f"the answer to {response.url.path} broke off after {len(raw):,} bytes") from None
    return Reply(response.status, bytes(raw), response.headers.get("Location", ""))


def _check_length(size: int, longest: int) -> None:
    if size > longest:
        raise Fault("answer_too_long", f"more than {longest // 1024:,} KiB came, and reading stopped there")


async def _events(response: aiohttp.ClientResponse) -> AsyncIterator[Any]:
    """The JSON values in the `data` lines of server-sent events; blank lines end an event."""
    size, rest, data = 0, b"", list[bytes]()
    async for piece in response.content.iter_any():
        size += len(piece)
        _check_length(size, LONGEST)
        *lines, rest = (rest + piece).split(b"\n")
        for line in (one.rstrip(b"\r") for one in lines):
            if line.startswith(b"data:"):
                data.append(line[5:].removeprefix(b" "))
            elif not line and data:
                yield _value(b"\n".join(data))
                data = []


def _value(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise Fault("stream_broken", f"an event is no JSON: {data[:80].decode('utf-8', 'replace')!r}") from None


def wrong_code(refused: Refused, wanted: int, what: str) -> Fault | None:
    """The fault of an error that is not the one the protocol has for this; None where it is."""
    if refused.code == wanted:
        return None
    return Fault("wrong_error_code", f"{what} is refused with {refused.code or 'another error'} instead of {wanted}")
