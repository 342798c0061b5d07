"""Brokers for the tests: a mock cluster over TCP, a real RabbitMQ where one is up, and a proxy that can be cut."""

from __future__ import annotations

import os
import selectors
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("confluent_kafka", reason="needs the extra `events`")
pytest.importorskip("pika", reason="needs the extra `events`")

import pika
from confluent_kafka import Producer

from pilotage.integration.checks import Recorder
from pilotage.integration.events.probe import probe
from pilotage.playbook.systems import EventsSystem
from pilotage.workspace import Workspace

AMQP = os.environ.get("PILOTAGE_TEST_AMQP", "amqp://127.0.0.1:5672")
ENTRY: dict[str, Any] = {
    "name": "invoice events", "pattern": "events", "what": "Tells of invoices.", "address": "embedded",
    "update_frequency": "many a minute", "consistency": "eventual", "probe_may_write": True,
    "message": {"invoice": "Süd-1", "amount": 12.5},
    "message_schema": {
        "type": "object", "required": ["invoice", "amount"],
        "properties": {"invoice": {"type": "string"}, "amount": {"type": "number", "minimum": 0}},
    },
}  # fmt: skip
Rows = dict[str, dict[str, Any]]
Probed = Callable[..., Rows]


@pytest.fixture
def entry() -> dict[str, Any]:
    """An entry of the playbook, good in every way."""
    return dict(ENTRY)


@pytest.fixture
def probed(house: Workspace) -> Probed:
    """The rows of a probe by id: probed(address=…, at={"events.key_order": what to do when it begins})."""

    def made(at: dict[str, Callable[[], object]] | None = None, **changed: Any) -> Rows:
        rows: Rows = {}

        def tell(line: dict[str, Any]) -> None:
            if "id" in line:
                rows[line["id"]] = line
            elif (act := (at or {}).get(line["begin"])) is not None:
                act()

        probe(EventsSystem.model_validate(ENTRY | changed), Recorder(tell), house)
        return rows

    return made


class Mock:
    """librdkafka's mock cluster, over TCP, that a test can let go away."""

    def __init__(self) -> None:
        self._producer: Producer | None = Producer({"test.mock.num.brokers": 1, "log_level": 0})
        [broker] = self._producer.list_topics(timeout=5).brokers.values()
        self.servers = f"{broker.host}:{broker.port}"

    def stop(self) -> None:
        """The cluster is gone when this returns."""
        self._producer = None


@pytest.fixture
def cluster() -> Iterator[Mock]:
    """A mock cluster of the test's own."""
    mock = Mock()
    yield mock
    mock.stop()


@pytest.fixture(scope="session")
def amqp() -> str:
    """The address of a real RabbitMQ; the test is skipped, and says so, where none is up."""
    parts = urlsplit(AMQP)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 5672), timeout=1).close()
    except OSError:
        pytest.skip(f"no RabbitMQ at {AMQP}: set PILOTAGE_TEST_AMQP")
    return AMQP


@pytest.fixture
def channel(amqp: str) -> Iterator[Any]:
    """A channel of the test's own."""
    connection = pika.BlockingConnection(pika.URLParameters(amqp))
    yield connection.channel()
    connection.close()


class Proxy:
    """Passes bytes on to a broker, until it is `cut` (connections closed, and no new ones) or `stalled` (silence)."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._ended = threading.Event()
        self._silent = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def cut(self) -> None:
        """Close everything; the broker is gone when this returns."""
        self._ended.set()
        self._thread.join()

    def stall(self) -> None:
        """From now on nothing is passed on."""
        self._silent.set()

    def _run(self) -> None:
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._listener, selectors.EVENT_READ)
            while not self._ended.is_set():
                for key, _ in waiting.select(0.02):
                    self._step(waiting, key)
        for one in [self._listener, *self._open]:
            one.close()

    def _step(self, waiting: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
        if key.fileobj is self._listener:
            near, far = self._listener.accept()[0], socket.create_connection(self._to)
            self._open += [near, far]
            waiting.register(near, selectors.EVENT_READ, far)
            waiting.register(far, selectors.EVENT_READ, near)
            return
        assert isinstance(key.fileobj, socket.socket)
        data = b""
        with suppress(OSError):
            data = key.fileobj.recv(65536)
        if not data:
            waiting.unregister(key.fileobj)
        elif not self._silent.is_set():
            with suppress(OSError):  # the other side may have closed meanwhile
                key.data.sendall(data)


@pytest.fixture
def proxy(amqp: str) -> Iterator[Proxy]:
    """A way to RabbitMQ that can be cut."""
    parts = urlsplit(amqp)
    made = Proxy(parts.hostname or "", parts.port or 5672)
    yield made
    made.cut()
