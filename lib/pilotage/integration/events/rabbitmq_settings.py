"""The settings of one's own RabbitMQ clients, in pika's names."""

from __future__ import annotations

import ssl
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from pika import BasicProperties, ConnectionParameters, PlainCredentials, SSLOptions
from pika.exceptions import AMQPError

from pilotage.forms import near
from pilotage.integration.checks import Fault
from pilotage.integration.events.settings import login
from pilotage.playbook.systems import EventsSystem

ANSWER_S = 5  # for one answer of the broker
PORTS = {"amqp": 5672, "amqps": 5671}
CONNECTION = ("channel_max", "frame_max", "locale", "client_properties", "heartbeat", "blocked_connection_timeout",
              "connection_attempts", "retry_delay", "socket_timeout", "stack_timeout")  # fmt: skip
PROPERTIES = ("content_type", "content_encoding", "headers", "delivery_mode", "priority", "correlation_id", "reply_to",
              "expiration", "timestamp", "type", "user_id", "app_id")  # fmt: skip
PRODUCER = (*CONNECTION, *PROPERTIES, "confirm_delivery", "mandatory")
CONSUMER = (*CONNECTION, "auto_ack", "prefetch_count", "exclusive", "arguments")
QUEUE = ("x-message-ttl", "x-expires", "x-max-length", "x-max-length-bytes", "x-overflow", "x-dead-letter-exchange",
         "x-dead-letter-routing-key", "x-dead-letter-strategy", "x-single-active-consumer", "x-max-priority",
         "x-queue-type", "x-queue-mode", "x-queue-version", "x-delivery-limit", "x-queue-leader-locator",
         "x-queue-master-locator", "x-initial-cluster-size", "x-quorum-initial-group-size",
         "x-quorum-target-group-size", "x-max-in-memory-length", "x-max-in-memory-bytes",
         "x-cancel-on-ha-failover")  # fmt: skip
FLAGS = ("confirm_delivery", "mandatory", "auto_ack", "exclusive")
MAPPINGS = ("headers", "arguments", "client_properties")


@dataclass(frozen=True)
class OwnSettings:
    """One's own producer and consumer; what they do not say is the careful way."""

    producer: Mapping[str, Any]
    consumer: Mapping[str, Any]

    @classmethod
    def of(cls, system: EventsSystem) -> OwnSettings:
        """Those of the entry, not yet checked."""
        return cls(system.producer, system.consumer)

    @property
    def confirm(self) -> bool:
        """Whether the producer waits for publisher confirms."""
        return bool(self.producer.get("confirm_delivery", True))

    @property
    def mandatory(self) -> bool:
        """Whether the producer is told of messages that reach no queue."""
        return bool(self.producer.get("mandatory", True))

    @property
    def properties(self) -> dict[str, Any]:
        """What the producer writes on each message."""
        return {key: value for key, value in self.producer.items() if key in PROPERTIES}

    @property
    def auto_ack(self) -> bool:
        """Whether the broker forgets a message once it is on the wire."""
        return bool(self.consumer.get("auto_ack", False))

    @property
    def prefetch(self) -> int:
        """How many messages may be on their way unacknowledged; 0: any number."""
        return int(self.consumer.get("prefetch_count", 0))

    @property
    def exclusive(self) -> bool:
        """Whether the consumer wants the queue for itself."""
        return bool(self.consumer.get("exclusive", False))

    @property
    def consume_arguments(self) -> dict[str, Any]:
        """The consumer's arguments, such as its priority."""
        return dict(self.consumer.get("arguments", {}))

    def check(self) -> int:
        """How many settings there are, all known; Fault otherwise."""
        wrong = [f"producer: pika knows no {key}" for key in self.producer if key not in PRODUCER]
        wrong += [f"consumer: pika knows no {key}" for key in self.consumer if key not in CONSUMER]
        for part in (self.producer, self.consumer):
            wrong += [f"{key} should be true or false" for key in FLAGS if not isinstance(part.get(key, True), bool)]
            wrong += [f"{key} should be a mapping" for key in MAPPINGS if not isinstance(part.get(key, {}), Mapping)]
        wrong += _refused(self)
        if wrong:
            raise Fault("client_setting", "; ".join(wrong))
        return len(self.producer) + len(self.consumer)


def ignored(queue: Mapping[str, Any]) -> str:
    """Words on arguments that RabbitMQ does not know, and so takes without effect; a plugin may know them."""
    told = [f"{name}{near(name, QUEUE)}" for name in queue if name not in QUEUE]
    return f"; RabbitMQ itself knows no queue argument {', '.join(told)}" if told else ""


def parameters(system: EventsSystem) -> ConnectionParameters:
    """How the probe connects. Its waits are bounded whatever one's own settings say."""
    parts = urlsplit(system.address)
    user, password = login(system) or (unquote(parts.username or "") or "guest", "guest")
    context = ssl.create_default_context() if parts.scheme == "amqps" else None
    return ConnectionParameters(
        parts.hostname or "", parts.port or PORTS[parts.scheme], unquote(parts.path[1:]) or "/",
        PlainCredentials(user or unquote(parts.username or "") or "guest", password),
        heartbeat=ANSWER_S, blocked_connection_timeout=ANSWER_S, socket_timeout=ANSWER_S, stack_timeout=ANSWER_S,
        connection_attempts=1, ssl_options=SSLOptions(context, parts.hostname) if context else None,
        client_properties={"connection_name": "pilotage probe"},
    )  # fmt: skip


def _refused(own: OwnSettings) -> list[str]:
    """What pika itself says of the values."""
    wrong = []
    for name, part in (("producer", own.producer), ("consumer", own.consumer)):
        try:
            ConnectionParameters(**{key: value for key, value in part.items() if key in CONNECTION})
        except (TypeError, ValueError) as error:
            wrong.append(f"{name}: {error}")
    try:
        BasicProperties(**own.properties).encode()
    except (AssertionError, TypeError, ValueError, AttributeError, struct.error, AMQPError) as error:
        wrong.append(f"producer: {error or 'a property has the wrong type'}")
    prefetch = own.consumer.get("prefetch_count", 0)
    if not isinstance(prefetch, int) or isinstance(prefetch, bool) or not 0 <= prefetch < 65536:
        wrong.append("consumer: prefetch_count should be a number from 0 to 65535")
    return wrong
