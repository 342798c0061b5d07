"""Server-sent events: the messages in them, and the stream on which a server asks its client outside of any call."""

from __future__ import annotations

import http.client
import json
import math
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from pilotage.integration.checks import Fault
from pilotage.integration.mcp.stdio import ANSWER_BYTES

OPEN_S = 0.5  # for the stream to open: what is asked before is lost
END_S = 1.0  # for its thread to end


def messages(
    response: http.client.HTTPResponse, until: float = math.inf, lasting: bool = False
) -> Iterator[dict[str, Any]]:
    """Every message in the stream; TimeoutError once the moment has come, Fault `answer_too_long` where it has no end.

    A `lasting` stream may be of any length, each message in it may not.
    """
    data, read = bytearray(), 0
    while line := response.readline(ANSWER_BYTES + 1):
        read += len(line)
        bounded(read, until)
        if line.startswith(b"data:"):
            data += line[5:].strip()
        elif not line.strip():
            found = read_json(bytes(data))
            data.clear()
            read = 0 if lasting else read
            yield from (one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict))


def bounded(read: int, until: float) -> None:
    """Fault or TimeoutError where more was read than an answer may have, or for too long."""
    if read > ANSWER_BYTES:
        raise Fault("answer_too_long", f"an answer of more than {ANSWER_BYTES:,} bytes")
    if time.monotonic() > until:
        raise TimeoutError("the answer came too slowly to be read in time")


def read_json(text: bytes) -> Any:
    """What the text holds; None where it is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def is_asked(message: Mapping[str, Any]) -> bool:
    """Whether the server wants an answer to its message."""
    return "method" in message and "id" in message


class Listening:
    """A thread that reads the stream of a server that offers one; `answer` is given what is asked there.

    A server that keeps sessions may ask on it in the middle of a call, and waits with the call for the answer.
    """

    def __init__(
        self,
        connection: http.client.HTTPConnection,
        path: str,
        headers: Mapping[str, str],
        answer: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self._connection, self._path, self._headers, self._answer = connection, path, dict(headers), answer
        self._sock: socket.socket | None = None
        self._opened, self._closed = threading.Event(), threading.Event()
        self._until = time.monotonic() + OPEN_S
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """The stream is open, or was given the time to open."""
        self._opened.wait(max(0.0, self._until - time.monotonic()))

    def close(self) -> None:
        """The stream is closed, and nothing that was asked on it and not read yet is answered any more."""
        self._closed.set()
        if self._sock is not None:
            with suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(END_S)
        self._connection.close()

    def _listen(self) -> None:
        # ValueError and AttributeError are what reading brings of a connection that is being closed.
        with suppress(Fault, OSError, http.client.HTTPException, ValueError, AttributeError):
            self._connection.connect()
            self._sock = self._connection.sock
            self._sock.settimeout(None)
            self._connection.request("GET", self._path, headers=self._headers)
            response = self._connection.getresponse()
            self._opened.set()
            if response.status == 200 and "text/event-stream" in response.headers.get("Content-Type", ""):
                for message in messages(response, lasting=True):
                    if self._closed.is_set():
                        break
                    if is_asked(message):
                        self._answer(message)
        self._opened.set()
