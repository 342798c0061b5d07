"""The stream on which a server asks its client: it lasts just as long as the session, however much is said."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from pilotage.integration.mcp import stream
from pilotage.integration.mcp.stdio import ANSWER_BYTES
from pilotage.integration.mcp.stream import Listening

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
PING = b'data: {"jsonrpc": "2.0", "id": 1, "method": "ping"}\n\n'
NOTE = b'data: {"jsonrpc": "2.0", "method": "notifications/message", "params": "%s"}\n\n'


@pytest.fixture
def listening() -> Iterator[Callable[..., Listening]]:
    """Listens to a server that sends these pieces: listening(pieces, answer)."""
    server = socket.create_server(("127.0.0.1", 0))
    sending = list[threading.Thread]()

    def listen(pieces: Iterator[bytes], answer: Callable[[object], None] = lambda asked: None) -> Listening:
        def send() -> None:
            with suppress(OSError), server.accept()[0] as connection:
                connection.recv(65_536)
                for piece in pieces:
                    connection.sendall(piece)
                connection.recv(1)

        sending.append(threading.Thread(target=send, daemon=True))
        sending[0].start()
        return Listening(http.client.HTTPConnection(*server.getsockname()), "/", {}, answer)

    yield listen
    sending[0].join(5)
    server.close()


def test_nothing_is_answered_any_more_once_the_stream_is_closed(listening: Callable[..., Listening]) -> None:
    asked, enough = list[object](), threading.Event()

    def answer(message: object) -> None:
        asked.append(message)
        if len(asked) == 3:
            enough.set()
        time.sleep(0.01)

    def flood() -> Iterator[bytes]:
        yield HEAD
        while True:
            yield 100 * PING

    ear = listening(flood(), answer)
    assert enough.wait(5)
    ear.close()
    answered = len(asked)
    time.sleep(0.2)
    assert not ear._thread.is_alive()
    assert len(asked) == answered


@pytest.mark.parametrize(("note", "times", "heard"), [(2**20, 5, True), (ANSWER_BYTES + 1, 1, False)])
def test_a_session_may_be_long_and_a_message_in_it_may_not(
    note: int, times: int, heard: bool, listening: Callable[..., Listening]
) -> None:
    asked = threading.Event()
    ear = listening(iter([HEAD, *times * [NOTE % (note * b"x")], PING]), lambda message: asked.set())
    ear._thread.join(2 if not heard else 0)
    assert asked.wait(3 if heard else 0.1) == heard
    ear.close()


def test_a_stream_that_does_not_open_is_waited_for_once_and_not_in_the_first_answer(
    listening: Callable[..., Listening], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "OPEN_S", 0.8)
    took, ears = list[float](), list[Listening]()
    for step in (lambda: ears.append(listening(iter(()))), lambda: ears[0].wait(), lambda: ears[0].wait()):
        began = time.monotonic()
        step()
        took.append(time.monotonic() - began)
    ears[0].close()
    assert max(took[0], took[2]) < 0.4
    assert took[0] + took[1] > 0.75
