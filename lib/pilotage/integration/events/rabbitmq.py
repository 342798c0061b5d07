"""RabbitMQ, with pika, on queues of the probe's own that the broker itself removes once the connection is gone."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from pika import BasicProperties, BlockingConnection
from pika.adapters.blocking_connection import BlockingChannel
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPError, NackError, ReentrancyError, UnroutableError  # fmt: skip

from pilotage.integration.checks import Fault
from pilotage.integration.events import rabbitmq_settings, rabbitmq_words
from pilotage.integration.events.messages import Message, Received
from pilotage.integration.events.rabbitmq_settings import OwnSettings, parameters
from pilotage.playbook.systems import EventsSystem
from pilotage.words import count

ABSENT_S = 4.0  # after which a message that may be lost counts as lost
REMOVED_S = 3.0  # for the broker to notice that a connection is gone
NOT_FOUND = 404
DEAD_LETTER = "x-dead-letter-exchange"
ROUTING_KEY = "x-dead-letter-routing-key"
BY_POLICY = "where a policy sets it, write dead_letter: false"
EXPIRES_MS = 60_000  # a queue that nobody uses any more removes itself


class RabbitMq:
    """One virtual host. A consumer that goes away is a channel that closes: the broker takes back what it had."""

    def __init__(self, system: EventsSystem) -> None:
        self.gone = False
        self._system = system
        self._own: OwnSettings = OwnSettings.of(system)
        self._connection: BlockingConnection | None = None
        self._made: list[str] = []

    def check_settings(self) -> str:
        """Fault for a setting that pika does not know, without the network."""
        known = self._own.check()
        if self._system.queue.get("x-queue-type") == "stream":
            raise Fault("client_setting", "queue: the probe reads queues, and a stream is none")
        return f"{known} settings are known to pika{rabbitmq_settings.ignored(self._system.queue)}"

    def reachable(self) -> str:
        """Open the connection, with the user, in the virtual host."""
        self._connection = self._opened()
        said = self._connection._impl.server_properties or {}
        return f"{said.get('product', 'the broker')} {said.get('version', '')} lets the probe in"

    def lag(self) -> tuple[int, str]:
        """What waits in the queue; it is asked for, never read or changed."""
        with self._channel() as channel:
            try:
                found = channel.queue_declare(str(self._system.topic), passive=True).method
            except AMQPError as error:
                if rabbitmq_words.code(error) == NOT_FOUND:
                    raise Fault("topic_unknown", f"the broker has no queue {self._system.topic}") from None
                raise
        how = f"{found.message_count} messages wait in {self._system.topic} for {found.consumer_count} consumers"
        return int(found.message_count), how

    def make(self, purpose: str) -> str:
        """A queue declared with one's own arguments, except for where dead letters go."""
        own = {key: value for key, value in self._system.queue.items() if key not in (DEAD_LETTER, ROUTING_KEY)}
        return self._declared(purpose, own)

    def send(self, place: str, messages: Sequence[Message]) -> int:
        """Without publisher confirms (confirm_delivery: false) nothing is confirmed."""
        with self._channel() as channel:
            if self._own.confirm:
                channel.confirm_delivery()
            for one in messages:
                try:
                    channel.basic_publish("", place, one.body, self._properties(one), mandatory=self._own.mandatory)
                except NackError:
                    raise Fault("not_confirmed", "the broker refused a message: the queue is full or fails") from None
                except UnroutableError:
                    raise Fault("messages_lost", "the broker could not route a message to its queue") from None
        return len(messages) if self._own.confirm else 0

    def read(self, place: str, count: int) -> list[Received]:
        """The next messages, each acknowledged once it is read."""
        with self._channel() as channel:
            return self._taken(channel, place, count, self._own.auto_ack, leave=False)

    def read_and_leave(self, place: str, own: bool) -> Received | None:
        """The channel closes without an acknowledgement; with auto_ack the broker has forgotten the message by then."""
        with self._channel() as channel:
            got = self._taken(channel, place, 1, own and self._own.auto_ack, leave=True)
        return got[0] if got else None

    def dead_letter(self, message: Message) -> str:
        """A consumer rejects the message, and the broker must move it to a dead-letter queue of the probe's own.

        Arguments of one's own that name no exchange fail without a message: a policy may set one for all queues, and
        what is rejected would end in one's own dead-letter queue.
        """
        own = dict(self._system.queue)
        if own and DEAD_LETTER not in own:
            raise Fault("dead_letter_lost", f"the queue's own arguments name no dead-letter exchange; {BY_POLICY}")
        wired = self._exchange_exists(str(own[DEAD_LETTER])) if own else "the entry says nothing of your own queues"
        dead = self._declared("dead-letter", {})
        place = self._declared("work", own | {DEAD_LETTER: "", ROUTING_KEY: dead})
        self.send(place, [message])
        self._reject(place)
        with self._channel() as channel:
            for method, properties, body in channel.consume(dead, inactivity_timeout=ABSENT_S):
                if method is None:
                    break
                channel.basic_ack(method.delivery_tag)
                return f"{_moved(message, place, properties, body)}; {wired}"
        raise Fault("dead_letter_lost", "a rejected message did not come to the probe's own dead-letter queue")

    def remove(self) -> str:
        """End the connection, which takes the exclusive queues with it; delete and look for all on a fresh one."""
        names, self._made = self._made, []
        self._close()
        if not names:
            return "nothing was made"
        left = self._left(names)
        if left:
            raise Fault("left_behind", f"{', '.join(left)}; {self._expire}")
        return f"{len(names)} queues are removed"

    def _left(self, names: list[str]) -> list[str]:
        """Those that are still there once the broker had time to notice that the connection is gone."""
        end = time.monotonic() + REMOVED_S
        left = list(names)
        self.gone = False
        try:
            self._connection = self._opened()
            while left and time.monotonic() < end:
                left = [name for name in left if self._there(name)]
                time.sleep(0.1 if left else 0)
        except Fault:
            told = f"the broker could not be asked any more whether {count(len(names), 'queues')} of the probe are gone"
            raise Fault("broker_gone", f"{told}; {self._expire}") from None
        finally:
            self._close()
        return left

    @property
    def _expire(self) -> str:
        return f"unused, they expire by themselves after {self._system.queue.get('x-expires', EXPIRES_MS)} ms"

    def _there(self, name: str) -> bool:
        """Deleted where it can be; a queue that is locked by the old connection is still there."""
        try:
            with self._channel() as channel:
                channel.queue_delete(name)
                channel.queue_declare(name, passive=True)
        except Fault as fault:
            if fault.reason == "broker_gone":
                raise
            return not fault.evidence.startswith(str(NOT_FOUND))
        return True

    def _declared(self, purpose: str, own: dict[str, Any]) -> str:
        """A new queue. Only classic queues can be exclusive; the others remove themselves when unused.

        Its dead letters go nowhere unless `own` says where: an argument wins over a policy, which might send what the
        probe loses (too many, too old, rejected) to one's own dead-letter queue.
        """
        name = f"pilotage-probe-{uuid.uuid4().hex[:12]}-{purpose}"
        given = {"x-expires": EXPIRES_MS, DEAD_LETTER: "", ROUTING_KEY: f"{name}-nowhere", **own}
        classic = own.get("x-queue-type", "classic") == "classic"
        self._made.append(name)
        with self._channel() as channel:
            try:
                channel.queue_declare(name, durable=not classic, exclusive=classic, arguments=given)
            except AMQPError as error:
                if rabbitmq_words.code(error) == rabbitmq_words.ACCESS_REFUSED:  # so there is nothing to remove
                    self._made.remove(name)
                if (told := rabbitmq_words.fault(error)).reason == "unexpected":
                    raise Fault("topic_not_created", told.evidence) from None
                raise
        return name

    def _exchange_exists(self, name: str) -> str:
        """What is known of one's own dead-letter exchange; Fault where it is not there. AMQP lists no bindings."""
        if not name:
            return "your own dead letters go to the default exchange; whether their queue is there was not looked at"
        with self._channel() as channel:
            try:
                channel.exchange_declare(name, passive=True)
            except AMQPError as error:
                if rabbitmq_words.code(error) == NOT_FOUND:
                    raise Fault("dead_letter_lost", f"the broker has no exchange {name}") from None
                raise
        return f"your exchange {name} exists; whether a queue is bound to it was not looked at"

    def _reject(self, place: str) -> None:
        with self._channel() as channel:
            for method, _, _ in channel.consume(place, inactivity_timeout=ABSENT_S):
                if method is None:
                    raise Fault("messages_lost", "the message did not arrive at all")
                channel.basic_reject(method.delivery_tag, requeue=False)
                return

    def _taken(self, channel: BlockingChannel, place: str, count: int, auto_ack: bool, leave: bool) -> list[Received]:
        """The next messages as one's own consumers read them; acknowledged unless they `leave` before."""
        got: list[Received] = []
        channel.basic_qos(prefetch_count=self._own.prefetch)
        options = {"arguments": self._own.consume_arguments, "exclusive": self._own.exclusive}
        for method, properties, body in channel.consume(place, auto_ack, inactivity_timeout=ABSENT_S, **options):
            if method is None:
                break
            got.append(_received(method, properties, body))
            if not auto_ack and not leave:
                channel.basic_ack(method.delivery_tag)
            if len(got) == count:
                break
        return got

    def _properties(self, one: Message) -> BasicProperties:
        own = dict(self._own.properties)
        headers = {**own.pop("headers", {}), "key": one.key, "number": one.number}
        return BasicProperties(message_id=one.id, headers=headers, **own)

    def _opened(self) -> BlockingConnection:
        try:
            return BlockingConnection(parameters(self._system))
        except (AMQPError, AMQPConnectorException, OSError) as error:
            raise rabbitmq_words.unopened(error) from None

    @contextmanager
    def _channel(self) -> Iterator[BlockingChannel]:
        """A channel of its own for each step: the broker closes one after a mistake. Its errors become faults."""
        assert self._connection is not None, "reachable comes first"
        channel = None
        try:
            channel = self._connection.channel()
            yield channel
        except AMQPError as error:
            fault = rabbitmq_words.fault(error)
            self.gone = self.gone or fault.reason == "broker_gone"
            raise fault from None
        finally:
            with suppress(AMQPError, ReentrancyError):  # it may have been told to end in the middle of a call
                if channel is not None and channel.is_open and not self.gone:
                    channel.close()

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and connection.is_open:
            with suppress(AMQPError, ReentrancyError):  # it may have been told to end in the middle of a call
                connection.close()


def _received(method: Any, properties: BasicProperties, body: bytes) -> Received:
    headers = properties.headers or {}
    return Received(
        id=properties.message_id or "", key=str(headers.get("key")), number=int(headers.get("number", -1)), body=body,
        redelivered=bool(method.redelivered),
    )  # fmt: skip


def _moved(message: Message, place: str, properties: BasicProperties, body: bytes) -> str:
    """What the dead-letter queue holds; Fault where it is not the message or does not say where it comes from."""
    deaths = (properties.headers or {}).get("x-death") or []
    if body != message.body or properties.message_id != message.id:
        raise Fault("dead_letter_lost", "the dead-letter queue holds another message")
    if not any(one.get("queue") == place and one.get("reason") == "rejected" for one in deaths):
        raise Fault("dead_letter_lost", "the dead letter does not say in x-death where it was rejected")
    return "the broker moves a rejected message to the probe's own dead-letter queue, with its id and x-death"
