"""A server behind an address (streamable HTTP), spoken to raw: any header can be sent, any status is seen."""

from __future__ import annotations

import functools
import http.client
import io
import json
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from pilotage.integration.checks import Fault
from pilotage.integration.mcp.stdio import WRITE_S, refusal
from pilotage.integration.mcp.stream import Listening, bounded, is_asked, messages, read_json

TAKES = "application/json, text/event-stream"
PIECE = 65_536
LEFT_S = 0.05  # for the end of a stream whose answer was read
END_S = 1.0  # for the server to hear that a session has ended
REFUSE_S = 2.0  # for what the server asks to be answered
SESSION, VERSION = "Mcp-Session-Id", "MCP-Protocol-Version"
CLOSED = (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError, http.client.CannotSendRequest)


class _Timed(io.RawIOBase):
    """What is read from a connection, all of it before one moment: head and body, however slowly they drip."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._sock, self._raw, self.until = sock, sock.makefile("rb", buffering=0), until

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """As every raw stream does; TimeoutError once the moment has come."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer came too slowly to be read in time")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """The connection itself is closed by whoever opened it."""
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """An answer that must be read before one moment."""

    def __init__(self, sock: socket.socket, *given: Any, until: float, **named: Any) -> None:
        super().__init__(sock, *given, **named)
        self.fp.close()
        self.timed = _Timed(sock, until)
        self.fp = io.BufferedReader(self.timed)


class Answered(NamedTuple):
    """An answer as a caller sees it who may have to be turned away; `taken` where it is a result."""

    status: int
    taken: bool
    words: str


class HttpPipe:
    """One connection, kept open between calls. `headers` go with each request; Host and Origin among them count."""

    broken = False  # a lost connection is made anew with the next request

    def __init__(self, address: str, headers: Mapping[str, str]) -> None:
        self._parts, self._headers = urlsplit(address), dict(headers)
        self._path = (self._parts.path or "/") + (f"?{self._parts.query}" if self._parts.query else "")
        self._connection: http.client.HTTPConnection | None = None
        self._listening: Listening | None = None
        self._session: dict[str, str] = {}  # the headers that name it, where the server keeps sessions

    def request(self, message: Mapping[str, Any], headers: Mapping[str, str], timeout_s: float) -> dict[str, Any]:
        """The answer to the message; Fault where the server answers with none."""
        if self._listening is not None:
            self._listening.wait()
        until = time.monotonic() + timeout_s
        with _in_time(message, timeout_s):
            response = self._post(message, headers, timeout_s)
            try:
                answer = self._read(response, message["id"], until)
            except BaseException:
                self._hang_up()  # half an answer is left on it
                raise
        if _is_answer(answer, response.status):
            return dict(answer)
        raise _no_answer(response)

    def notify(self, message: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        """The message is sent; an answer is not looked at."""
        with _in_time(message, WRITE_S):
            _body(self._post(message, headers, WRITE_S), time.monotonic() + WRITE_S)
        if self._session and message["method"] == "notifications/initialized":
            self._session |= {key: value for key, value in headers.items() if key == VERSION}
            sent = {"Accept": "text/event-stream", **self._session, **self._headers}
            self._listening = Listening(self._connected(REFUSE_S), self._path, sent, self._refuse)

    def answered(self, message: Mapping[str, Any], headers: Mapping[str, str], timeout_s: float) -> Answered:
        """How the message is answered, whatever the answer is."""
        until, answer = time.monotonic() + timeout_s, None
        with _in_time(message, timeout_s):
            response = self._post(message, headers, timeout_s)
            if response.status < 300:
                answer = self._read(response, message["id"], until)
        self._hang_up()
        taken = isinstance(answer, Mapping) and _is_answer(answer, response.status) and "error" not in answer
        return Answered(response.status, taken, f"status {response.status}{_kind(response, answer)}")

    def close(self) -> None:
        """The connection is closed, and a server that keeps sessions knows that this one has ended."""
        self._hang_up()
        if self._listening is not None:  # what is asked of a session that has ended is not answered
            self._listening.close()
        if SESSION in self._session:
            with suppress(Fault, OSError, http.client.HTTPException):  # a server may say no (405)
                self._sent("DELETE", b"", {}, END_S)
            self._session.clear()
            self._hang_up()

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _post(
        self, message: Mapping[str, Any], headers: Mapping[str, str], timeout_s: float
    ) -> http.client.HTTPResponse:
        """The response's head. A kept connection that the server has closed meanwhile is made anew, once."""
        lost = Fault("connection_lost", f"the connection was closed without an answer to {message['method']}")
        body, kept = json.dumps(message).encode(), self._connection is not None
        try:
            return self._sent("POST", body, headers, timeout_s)
        except CLOSED:
            self._hang_up()
            if not kept:
                raise lost from None
        try:
            return self._sent("POST", body, headers, timeout_s)
        except (*CLOSED, ConnectionRefusedError):
            raise lost from None

    def _sent(self, verb: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> http.client.HTTPResponse:
        connection = self._connection = self._connection or self._connected(timeout_s)
        connection.timeout = timeout_s
        until = time.monotonic() + timeout_s
        connection.response_class = functools.partial(_Response, until=until)  # type: ignore[assignment]
        if connection.sock is not None:
            connection.sock.settimeout(timeout_s)
        everything = {"Content-Type": "application/json", "Accept": TAKES, **self._session, **headers, **self._headers}
        try:
            connection.request(verb, self._path, body, everything)
            response = connection.getresponse()
        except socket.gaierror as error:
            raise Fault("unreachable", f"{self._parts.hostname}: {error.strerror}") from None
        except (TimeoutError, http.client.BadStatusLine, http.client.LineTooLong, http.client.HTTPException) as error:
            self._hang_up()
            if isinstance(error, (http.client.RemoteDisconnected, http.client.CannotSendRequest, TimeoutError)):
                raise
            raise Fault("http_error", f"the answer is no HTTP: {type(error).__name__}") from None
        if named := response.headers.get(SESSION):
            self._session[SESSION] = named
        return response

    def _connected(self, timeout_s: float) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=ssl.create_default_context())
        return http.client.HTTPConnection(host, port, timeout=timeout_s)

    def _read(self, response: http.client.HTTPResponse, id: Any, until: float) -> Any:
        if "text/event-stream" in response.headers.get("Content-Type", "") and response.status == 200:
            return self._streamed(response, id, until)
        return read_json(_body(response, until))

    def _streamed(self, response: http.client.HTTPResponse, id: Any, until: float) -> Any:
        """The message with this id out of a stream of server-sent events; then the stream is closed."""
        for found in messages(response, until):
            if is_asked(found):
                self._refuse(found)
            elif found.get("id") == id and "method" not in found:
                self._end(response)
                return found
        raise Fault("connection_lost", "the stream of events ended without the answer")

    def _refuse(self, asked: Mapping[str, Any]) -> None:
        """Answer what the server asks of its client, on a connection of its own: the stream is still open."""
        own = HttpPipe(urlunsplit(self._parts), self._headers)
        own._session = self._session
        with suppress(Fault, OSError, http.client.HTTPException):  # what counts is the answer to the call
            own._sent("POST", json.dumps(refusal(asked)).encode(), {}, REFUSE_S)
        own._hang_up()

    def _end(self, response: http.client.HTTPResponse) -> None:
        """A stream that has ended leaves the connection for the next call; one that has not is cut off."""
        assert self._connection is not None
        assert isinstance(response, _Response)
        ended = False
        if self._connection.sock is not None:  # none where the server said that it closes the connection itself
            response.timed.until = time.monotonic() + LEFT_S
            with suppress(OSError, http.client.HTTPException):
                ended = not response.read1(PIECE)
        response.close()
        if not ended:
            self._hang_up()


@contextmanager
def _in_time(message: Mapping[str, Any], timeout_s: float) -> Iterator[None]:
    """Fault `timed_out` with the name of what was not answered."""
    try:
        yield
    except TimeoutError:
        raise Fault("timed_out", f"no answer to {message['method']} within {timeout_s:g} s") from None


def _body(response: http.client.HTTPResponse, until: float) -> bytes:
    found = bytearray()
    try:
        while piece := response.read1(PIECE):
            found += piece
            bounded(len(found), until)
        cut = bool(response.length)  # read1 says nothing of what is missing
    except http.client.IncompleteRead:
        cut = True
    if cut:
        raise Fault("answer_cut", f"the answer broke off after {len(found):,} bytes")
    response.close()  # Python 3.11 forgets to, after read1, and then takes no further request
    return bytes(found)


def _is_answer(answer: Any, status: int) -> bool:
    """An error of the protocol may come with any status, a result with a good one only."""
    return (
        isinstance(answer, Mapping)
        and answer.get("jsonrpc") == "2.0"
        and ("error" in answer or ("result" in answer and status < 400))
    )


def _host(response: http.client.HTTPResponse) -> str:
    """The host that a redirect names; its path and query may hold secrets."""
    try:
        return urlsplit(response.headers.get("Location", "")).hostname or "the same host"
    except ValueError:
        return "an address that cannot be read"


def _kind(response: http.client.HTTPResponse, answer: Any) -> str:
    """What the answer is besides its status, as the end of a sentence."""
    if 300 <= response.status < 400:
        return f", which leads to {_host(response)},"
    if response.status >= 300:
        return ""
    if not _is_answer(answer, response.status):
        return " and no answer of the protocol"
    return " and an error of the protocol" if "error" in answer else ""


def _no_answer(response: http.client.HTTPResponse) -> Fault:
    if response.status in (401, 403):
        return Fault("http_error", f"status {response.status}: the server refuses the token, or asks for one")
    if 300 <= response.status < 400:
        return Fault("http_error", f"status {response.status} leads to {_host(response)}, and is not followed")
    if response.status >= 400:
        return Fault("http_error", f"status {response.status} {response.reason}")
    return Fault("not_json_rpc", f"status {response.status}, and what follows is no answer of the protocol")
