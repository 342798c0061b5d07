"""Where an agent is reached, with what secrets, and what its refusals mean; no secret leaves by repr, name or fault."""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pilotage.agents.run import AgentFault
from pilotage.redact import redact
from pilotage.words import plain

if TYPE_CHECKING:
    import aiohttp

LONGEST_ANSWER = 8 * 2**20  # bytes; a server that sends without end must not fill the memory
_QUOTED = 160  # characters of a server's own words that a fault repeats
_SHORTEST_HINT = 6  # so many first characters of a key give it away, as in "sk-abc1***"
# A script that nobody closes lasts to the end, and a tag no further than to the next: else a text full of begins
# would take the square of its length.
_TAG = re.compile(r"<(script|style)\b.*?(?:</\1>|\Z)|<[^<>]*>", re.S)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address with the key and headers that go with each request; `key_env` names where the key came from."""

    address: str
    key: str | None = None
    key_env: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Endpoint({self.shown!r})"

    @property
    def shown(self) -> str:
        """The address as people are shown it: without what follows a question mark."""
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    @property
    def local(self) -> bool:
        """Whether it is on this machine, where no proxy of the environment leads."""
        return is_loopback(self.address)

    def quoted(self, body: str) -> str:
        """The server's own words in one short line, without HTML tags and anything secret or personal.

        Empty text where it said nothing.
        """
        bare = _TAG.sub(" ", _message(body[:20_000]))
        text = " ".join(unescape(bare).split())
        for secret in re.findall(r"[^\s\"',;:=]+", " ".join((self.key or "", *self.headers.values()))):
            text = re.sub(re.escape(secret[:_SHORTEST_HINT]) + r"[^\s\"',;]*", "[secret]", text)
        return f": “{plain(redact(text), _QUOTED)}”" if text else ""

    def refusal(self, status: int, headers: Mapping[str, str], body: str, model: str | None = None) -> AgentFault:
        """The fault that an HTTP status outside 200 to 299 means, with how long the server asked to wait."""
        said, wait = self.quoted(body), retry_after_s(headers)
        if status == 429 and "insufficient_quota" not in body:
            return AgentFault("throttled", f"{self.shown} is asked too often (429){said}", wait)
        if status == 408:
            return AgentFault("timeout", f"{self.shown} waited too long for the request (408){said}", wait)
        if status == 409 or status >= 500:
            return AgentFault("server", f"{self.shown} failed ({status}){said}", wait)
        return AgentFault("rejected", self._rejected(status, headers, said, model))

    def _rejected(self, status: int, headers: Mapping[str, str], said: str, model: str | None) -> str:
        """What a refusal for good means and what to check; a refused key is not quoted, since servers echo keys."""
        if status == 401:
            return f"{self.shown} {self._key_advice()}"
        if status == 403:
            return f"{self.shown} refuses access (403); check what the key in {self.key_env or 'use'} is allowed to do"
        if status == 404:
            named = f" and the model {model!r}" if model else ""
            return f"{self.shown} knows nothing at this address (404){said}; check the address{named}"
        if 300 <= status < 400:
            to = Endpoint(headers.get("location", "")).shown if "location" in headers else "elsewhere"
            return f"{self.shown} points to {plain(to)} ({status}); give that address if it is the right one"
        return f"{self.shown} refuses the request ({status}){said}"

    def _key_advice(self) -> str:
        if self.key:
            return f"does not accept the key (401); check the environment variable {self.key_env}"
        named = self.key_env or "that key_env names (of an agent: in its agent.yaml)"
        return f"asks for a key (401); put it into the environment variable {named}"

    def unreadable(self, body: str, content_type: str = "") -> AgentFault:
        """The fault of an answer that is no JSON object of the expected shape."""
        html = "html" in content_type.lower() or body.lstrip()[:1] == "<"
        what = "HTML instead of JSON" if html else "something else than the JSON that was expected"
        return AgentFault("unreadable", f"{self.shown} answered {what}{self.quoted(body)}; check the address")

    def check_length(self, size: int) -> None:
        """AgentFault where so many bytes of an answer are more than any may have."""
        if size > LONGEST_ANSWER:
            what = f"{self.shown} sent more than {LONGEST_ANSWER // 2**20} MiB without coming to an end"
            raise AgentFault("unreadable", what)

    def unconnected(self, reason: str) -> AgentFault:
        """The fault of a server that could not be reached, or went away in mid-answer."""
        words = " ".join(plain(redact(reason), _QUOTED).split())
        return AgentFault("connection", f"no connection to {self.shown}: {words}")

    def late(self, timeout_s: float) -> AgentFault:
        """The fault of a server that took too long; its connection is dropped."""
        return AgentFault("timeout", f"no answer from {self.shown} within {timeout_s:g} s")


def is_loopback(address: str) -> bool:
    """Whether a URL is on this machine; ValueError where it is no URL."""
    return urlsplit(address).hostname in _LOOPBACK


class Connections:
    """A pool of connections, opened with the first request: these headers, the endpoint's own and its key go with each.

    It bounds neither how many requests run at once nor their time: both are for the caller to say.
    """

    def __init__(self, endpoint: Endpoint, headers: Mapping[str, str]) -> None:
        self._endpoint, self._headers = endpoint, {**headers, **endpoint.headers}
        if endpoint.key:
            self._headers["Authorization"] = f"Bearer {endpoint.key}"
        self._session: aiohttp.ClientSession | None = None

    def session(self) -> aiohttp.ClientSession:
        """The one session of all requests; to be asked for where a loop is running."""
        import aiohttp

        self._session = self._session or aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=None),
            headers=self._headers,
            trust_env=not self._endpoint.local,
            cookie_jar=aiohttp.DummyCookieJar(),  # what one run was given must not reach the next
        )
        return self._session

    async def close(self) -> None:
        """The connections are closed."""
        if self._session is not None:
            await self._session.close()
            await asyncio.sleep(0)  # the transports close in the next round of the loop


async def read_json(endpoint: Endpoint, response: aiohttp.ClientResponse) -> Any:
    """What the endpoint answered, as JSON; AgentFault for a refusal, an answer too long, and one that is no JSON."""
    raw = bytearray()
    async for piece in response.content.iter_chunked(2**16):
        raw += piece
        endpoint.check_length(len(raw))
    body = raw.decode("utf-8", "replace")
    if not 200 <= response.status < 300:
        raise endpoint.refusal(response.status, response.headers, body)
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise endpoint.unreadable(body, response.content_type) from None


def unreached(endpoint: Endpoint, error: BaseException, timeout_s: float) -> AgentFault:
    """What kept a request from its answer, in the words of aiohttp at the root of it.

    The chat client calls most of what its transport raises a timeout, a refused connection too.
    """
    import aiohttp

    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, aiohttp.ClientError | TimeoutError):
        cause = cause.__cause__
    if isinstance(cause, TimeoutError):
        return endpoint.late(timeout_s)
    found = cause or error
    number = getattr(found, "errno", None) or getattr(getattr(found, "os_error", None), "errno", None)
    if isinstance(number, int) and number > 0:
        return endpoint.unconnected(os.strerror(number))
    return endpoint.unconnected(str(found) or type(found).__name__)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait: `retry-after-ms`, else Retry-After in seconds or as a date (RFC 9110, 10.2.3); never below 0.

    A date is compared with the server's own Date, so that a wrong clock on either side does not matter. None where
    nothing readable is said.
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        if re.fullmatch(r"\s*\d{1,12}(\.\d*)?\s*", headers.get(name, "")):
            return float(headers[name]) * unit
    until, now = (_unix(headers.get(name, "")) for name in ("retry-after", "date"))
    return None if until is None else max(0.0, until - (time.time() if now is None else now))


def _unix(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None


def _message(body: str) -> str:
    """The message in a JSON error as servers word it, else the text itself."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return body
    for name in ("error", "detail", "message"):
        told = told.get(name, told) if isinstance(told, dict) else told
    return told if isinstance(told, str) else body
