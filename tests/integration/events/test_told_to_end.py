"""A probe that is told to end half-way takes away what it made."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pika
import pytest

from pilotage.integration.events import rabbitmq

Probed = Callable[..., dict[str, Any]]


def test_a_durable_queue_is_deleted_when_the_probe_is_told_to_end(
    probed: Probed, amqp: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    declared = rabbitmq.RabbitMq._declared

    def told_to_end(self: rabbitmq.RabbitMq, *given: Any) -> str:
        made.append(declared(self, *given))
        sys.exit(143)

    monkeypatch.setattr(rabbitmq.RabbitMq, "_declared", told_to_end)
    with pytest.raises(SystemExit):
        probed(address=amqp, queue={"x-queue-type": "quorum"})
    connection = pika.BlockingConnection(pika.URLParameters(amqp))
    with pytest.raises(pika.exceptions.ChannelClosedByBroker, match="404"):
        connection.channel().queue_declare(made[0], passive=True)
    connection.close()
