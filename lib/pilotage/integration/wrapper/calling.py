"""Calls of an API: bounded in time and length, without cookies, and never following a redirect with the token."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.cookies import RequestsCookieJar
from urllib3.exceptions import ProtocolError

from pilotage.agents.endpoint import is_loopback
from pilotage.integration.checks import Fault
from pilotage.integration.keys import key_headers
from pilotage.playbook.systems import HttpCall, WrapperSystem

TIMEOUT_S = 10.0  # for a whole answer
LONGEST_ANSWER = 4 * 2**20  # bytes
SAFE = ("GET", "HEAD")


@dataclass(frozen=True)
class Answer:
    """What came back; `ms` is the time until its last byte."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    ms: float

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def good(self) -> bool:
        """Whether it claims success."""
        return 200 <= self.status < 300

    @property
    def media_type(self) -> str:
        """Such as application/json; empty where it is not told."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @cached_property
    def value(self) -> Any:
        """The JSON in the body; None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def quoted(self) -> str:
        """The body's first words, for evidence."""
        words = " ".join(self.text.split())
        return f"“{words[:160]}{'…' if len(words) > 160 else ''}”" if words else "an empty body"


class Bounded(requests.Session):
    """A session whose answers are read only as far as they may be long, and only as long as they may take."""

    def __init__(self, local: bool) -> None:
        super().__init__()
        self.trust_env = not local  # no proxy of the environment leads to this machine
        self.auth = _as_it_is  # else a token from ~/.netrc would be sent where none should be

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """The answer, whole; Fault where it is too long, TimeoutError where it takes too long."""
        self.cookies = RequestsCookieJar()  # what one answer set must not reach the next request
        began = time.monotonic()
        kwargs |= {"stream": True, "allow_redirects": False, "timeout": TIMEOUT_S}
        response = super().send(request, **kwargs)
        try:
            response._content = _read(response, began)  # where requests keeps what it has read
        except ProtocolError:
            raise Fault("answer_cut", f"the answer to {request.path_url} broke off") from None
        finally:
            response.close()
        return response


def _read(response: requests.Response, began: float) -> bytes:
    """The whole body; Fault where it is too long, TimeoutError where it comes too slowly."""
    body, path = bytearray(), response.request.path_url
    while piece := response.raw.read1(2**16, decode_content=True):
        body += piece
        if len(body) > LONGEST_ANSWER:
            raise Fault("answer_too_long", f"{path} answers with more than {LONGEST_ANSWER:,} bytes")
        if time.monotonic() - began > TIMEOUT_S:
            raise TimeoutError(f"{path} was not done after {TIMEOUT_S:g} s")
    return bytes(body)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


class Api:
    """The API at its address. `token` goes with every call that does not say otherwise."""

    def __init__(self, address: str, token: str | None, key_header: str | None = None) -> None:
        self.address, self.token, self.key_header = address.rstrip("/"), token, key_header
        self.session = Bounded(is_loopback(address))

    def __enter__(self) -> Api:
        return self

    def __exit__(self, *error: object) -> None:
        self.session.close()

    @property
    def headers(self) -> dict[str, str]:
        """What every call brings."""
        return self.bringing(self.token)

    def bringing(self, token: str | None) -> dict[str, str]:
        """The headers of a caller with this token, or with none."""
        return {"Accept": "application/json", **key_headers(token, self.key_header)}

    def call(self, call: HttpCall, **headers: str) -> Answer:
        """The answer to a call of the playbook."""
        return self.call_with(self.token, call, **headers)

    def call_with(self, token: str | None, call: HttpCall, **headers: str) -> Answer:
        """What a caller with this token, or with none, is answered to a call of the playbook."""
        sent = self.bringing(token) | {name.replace("_", "-"): value for name, value in headers.items()}
        body = None if call.body is None else json.dumps(dict(call.body)).encode()
        return self.send(call.method, call.path, sent, body)

    def get(self, path: str) -> Answer:
        """The answer to a GET."""
        return self.send("GET", path, self.headers)

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """The answer to any request; Fault where it leads elsewhere or is too long, as an exception where none came."""
        if body is not None:
            headers = {"Content-Type": "application/json", **headers}
        began = time.perf_counter()
        got = self.session.request(method, self.address + path, headers=dict(headers), data=body)
        took = 1000 * (time.perf_counter() - began)
        check_not_redirected(method, path, got)
        return Answer(got.status_code, got.headers, got.content, took)


def safe_calls(system: WrapperSystem) -> list[HttpCall]:
    """The safe calls of the entry whose method, too, says that they change nothing."""
    return [call for call in system.safe_calls if call.method in SAFE]


def check_not_redirected(method: str, path: str, got: requests.Response) -> None:
    """Fault where the answer sends the caller elsewhere."""
    if 300 <= got.status_code < 400 and (to := got.headers.get("Location")):
        raise Fault("redirected", f"{method} {path} leads to {_shown(to)} ({got.status_code}), and was not followed")


def _shown(address: str) -> str:
    """An address without what may be secret in it."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.netloc else parts.path
