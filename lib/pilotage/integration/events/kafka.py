"""Kafka, with confluent-kafka: the same clients that one's own services use, on topics of the probe's own."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka import Message as KafkaMessage

from pilotage.integration.checks import Fault
from pilotage.integration.events import kafka_words
from pilotage.integration.events.kafka_settings import own_settings, servers, written
from pilotage.integration.events.kafka_topics import SLICE_S, Topics
from pilotage.integration.events.messages import Message, Received
from pilotage.integration.events.settings import login
from pilotage.playbook.systems import EMBEDDED, EventsSystem

ANSWER_S = 6.0  # for one answer of the broker
ABSENT_S = 4.0  # after which a message that may be lost counts as lost
ATTEMPTS = 3  # of processing a message, before it is put aside
SOCKET_MS = 4000  # a broker that went away is noticed while the probe still has time to say so
HASTY = {"fetch.wait.max.ms": 20, "fetch.error.backoff.ms": 20, "reconnect.backoff.ms": 10}  # for a few messages
QUIET = {"log_level": 0}  # what goes wrong comes through the error callback
SHARED = ("security.", "sasl.", "ssl.", "enable.ssl", "broker.address", "client.dns")  # how to reach the broker at all


class Kafka:
    """One cluster; librdkafka's own mock of one, over TCP, where the address is `embedded`."""

    def __init__(self, system: EventsSystem) -> None:
        self.gone = False
        self._system = system
        self._mock = Producer({"test.mock.num.brokers": 1, **QUIET}) if system.address == EMBEDDED else None
        self._servers = servers(system.address)
        self._group = f"pilotage-probe-{uuid.uuid4().hex[:12]}"
        self._errors: dict[str, str] = {}
        self._producer: Producer | None = None
        self._topics: Topics | None = None

    def check_settings(self) -> str:
        """Fault for a setting that librdkafka does not know, by making the clients that have it."""
        if "transactional.id" in self._system.producer:
            raise Fault("client_setting", "transactional.id: the probe would shut out your producer; leave it out")
        for part, make in (("producer", self._a_producer), ("consumer", self._a_consumer)):
            try:
                client = make()
            except (KafkaException, TypeError, ValueError) as error:
                raise Fault("client_setting", f"{part}: {kafka_words.said(error)}") from None
            if isinstance(client, Consumer):
                client.close()
        return f"{len(self._system.producer) + len(self._system.consumer)} settings are known to librdkafka"

    def reachable(self) -> str:
        """Ask for the cluster's brokers, until they answer or it is clear that they will not."""
        if self._mock is not None:
            [broker] = self._mock.list_topics(timeout=ANSWER_S).brokers.values()
            self._servers = f"{broker.host}:{broker.port}"
        self._producer = self._a_producer()
        end = time.monotonic() + ANSWER_S
        while True:
            try:
                found = self._producer.list_topics(timeout=1)
                break
            except KafkaException as error:
                self._producer.poll(0)
                if (fault := kafka_words.unreachable(self._errors, error)) or time.monotonic() > end:
                    raise fault or Fault("timed_out", f"no answer within {ANSWER_S:g} s") from None
        self._topics = Topics(self._producer, self._shared(), self._group, str(found.cluster_id or ""))
        kind = "librdkafka's mock cluster" if self._topics.mock else "the cluster"
        return f"{kind} answers with {len(found.brokers)} broker(s) and {len(found.topics)} topic(s)"

    def lag(self) -> tuple[int, str]:
        """What the group has not committed yet, over all partitions of the topic; nothing is read or committed."""
        topic, group = self._system.topic, self._system.group
        if group is None:
            raise Fault("group_missing", f"the entry names the topic {topic} and no group")
        with self._watched(), self._consumer({"group.id": group}) as consumer:
            found = consumer.list_topics(timeout=ANSWER_S / 2).topics.get(str(topic))
            if found is None or found.error is not None:
                raise Fault("topic_unknown", f"the cluster has no topic {topic}")
            parts = [TopicPartition(str(topic), number) for number in found.partitions]
            done = consumer.committed(parts, timeout=ANSWER_S / 2)
            if all(one.offset < 0 for one in done):
                raise Fault("group_unknown", f"{group} has committed nothing on the {len(done)} partitions of {topic}")
            waiting = sum(_waiting(consumer, one) for one in done)
        return waiting, f"{waiting} messages wait for {group} on the {len(done)} partitions of {topic}"

    def make(self, purpose: str) -> str:
        """A new topic of several partitions."""
        with self._watched():
            return self._of_the_probe.make(purpose)

    def send(self, place: str, messages: Sequence[Message]) -> int:
        """Delivery reports without an offset confirm nothing: the settings ask for none (acks: 0)."""
        reports: list[tuple[KafkaError | None, int | None]] = []
        with self._watched():
            for one in messages:
                self._produce(place, one, [], reports)
            self._flush(reports, len(messages))
        refused = [error for error, _ in reports if error is not None]
        if refused:
            raise kafka_words.fault(refused[0], "not_confirmed")
        return sum(offset is not None and offset >= 0 for _, offset in reports)

    def read(self, place: str, count: int) -> list[Received]:
        """The next messages of the probe's group, committed."""
        with self._watched(), self._consumer({}) as consumer:
            got = self._polled(consumer, place, count)
            if got:
                self._commit(consumer, place, got)
        return [_received(one) for one in got]

    def read_and_leave(self, place: str, own: bool) -> Received | None:
        """The consumer closes without a commit of its own; enable.auto.commit commits then what it was handed."""
        with self._watched(), self._consumer({} if own else {"enable.auto.commit": "false"}) as consumer:
            got = self._polled(consumer, place, 1)
        return _received(got[0]) if got else None

    def dead_letter(self, message: Message) -> str:
        """Kafka's convention: after some attempts the consumer sends the message on to another topic and commits."""
        place, dead = self.make("work"), self.make("dead-letter")
        self.send(place, [message])
        with self._watched(), self._consumer({}) as consumer:
            got = self._polled(consumer, place, 1)
            if not got:
                raise Fault("messages_lost", "the message did not arrive at all")
            for _ in range(ATTEMPTS - 1):  # each time it fails, the consumer goes back to it
                consumer.seek(TopicPartition(place, int(got[0].partition() or 0), int(got[0].offset() or 0)))
                self._next(consumer, 1)
            self._put_aside(got[0], dead)
            self._commit(consumer, place, got)
        arrived = self.read(dead, 1)
        if not arrived or (arrived[0].id, arrived[0].body) != (message.id, message.body):
            raise Fault("dead_letter_lost", "the dead-letter topic does not hold the message that was put aside")
        return f"after {ATTEMPTS} failed attempts the message is in the dead-letter topic with its key, id and origin"

    def remove(self) -> str:
        """Delete the probe's topics and its group."""
        return "nothing was made" if self._topics is None else self._topics.remove()

    @property
    def _of_the_probe(self) -> Topics:
        assert self._topics is not None, "reachable comes first"
        return self._topics

    def _shared(self) -> dict[str, Any]:
        """How every client reaches the broker: the address, encryption and login."""
        given = {**self._system.consumer, **self._system.producer}
        shared = {key: written(value) for key, value in given.items() if key.startswith(SHARED)}
        known = login(self._system)
        if known is not None:  # a password goes over no plain connection unless the entry says so
            shared = {"security.protocol": "sasl_ssl", "sasl.mechanisms": "PLAIN"} | shared
            shared |= {"sasl.username": known[0] or shared.get("sasl.username", ""), "sasl.password": known[1]}
        return (
            shared
            | QUIET
            | {"bootstrap.servers": self._servers, "socket.timeout.ms": SOCKET_MS, "error_cb": self._note}
        )

    def _a_producer(self) -> Producer:
        return Producer(own_settings(self._system.producer) | self._shared())

    def _a_consumer(self, changed: dict[str, Any] | None = None) -> Consumer:
        """With one's own settings; where they do not say it, what is read is committed by hand."""
        safe = {"enable.auto.commit": "false", "auto.offset.reset": "earliest"}
        probe = {"group.id": self._group, **self._shared()}
        return Consumer(HASTY | safe | own_settings(self._system.consumer) | probe | (changed or {}))

    @contextmanager
    def _consumer(self, changed: dict[str, Any]) -> Iterator[Consumer]:
        consumer = self._a_consumer(changed)
        try:
            yield consumer
        finally:
            consumer.close()

    def _polled(self, consumer: Consumer, place: str, count: int) -> list[KafkaMessage]:
        """The group's next messages, from its last commit on. All partitions are taken at once: joining a group would
        only wait for other members."""
        parts = [TopicPartition(place, number) for number in self._of_the_probe.partitions(place)]
        done = consumer.committed(parts, timeout=ANSWER_S / 2)
        consumer.assign([TopicPartition(place, one.partition, max(one.offset, 0)) for one in done])
        return self._next(consumer, count)

    def _next(self, consumer: Consumer, count: int) -> list[KafkaMessage]:
        """The next messages, fewer than `count` where nothing more comes from a cluster that still answers."""
        got: list[KafkaMessage] = []
        end = time.monotonic() + ABSENT_S
        while len(got) < count and time.monotonic() < end:
            one = consumer.poll(SLICE_S)
            if one is not None and (error := one.error()) is not None:
                if error.name() in kafka_words.NOT_ALLOWED:  # a topic just made may be unknown for a moment
                    raise KafkaException(error)
            elif one is not None:
                got.append(one)
                end = time.monotonic() + ABSENT_S
        if len(got) < count:
            self._must_answer()
        return got

    @staticmethod
    def _commit(consumer: Consumer, place: str, got: Sequence[KafkaMessage]) -> None:
        last = {one.partition(): one.offset() or 0 for one in got}
        offsets = [TopicPartition(place, number or 0, offset + 1) for number, offset in last.items()]
        consumer.commit(offsets=offsets, asynchronous=False)

    def _produce(self, place: str, one: Message, more: list[tuple[str, bytes]], reports: list[Any]) -> None:
        assert self._producer is not None, "reachable comes first"
        self._producer.produce(
            place, one.body, key=one.key.encode(),
            headers=[("message-id", one.id.encode()), ("number", str(one.number).encode()), *more],
            on_delivery=lambda error, sent: reports.append((error, sent.offset())),
        )  # fmt: skip

    def _flush(self, reports: Sequence[object], count: int) -> None:
        """Until every message has its report, in slices, so that being told to end is heard in between."""
        assert self._producer is not None
        end = time.monotonic() + ANSWER_S
        while len(reports) < count:
            self._producer.flush(SLICE_S)
            if time.monotonic() > end:
                self._must_answer()
                raise Fault("not_confirmed", f"{len(reports)} of {count} messages were confirmed within {ANSWER_S:g} s")

    def _put_aside(self, failed: KafkaMessage, dead: str) -> None:
        """Send a message on to the dead-letter topic, with where it came from and why."""
        more = [
            ("dead-letter-topic", str(failed.topic()).encode()),
            ("dead-letter-place", f"{failed.partition()}/{failed.offset()}".encode()),
            ("dead-letter-reason", f"refused by the probe {ATTEMPTS} times".encode()),
        ]
        reports: list[tuple[KafkaError | None, int | None]] = []
        try:
            self._produce(dead, _received(failed), more, reports)
        except KafkaException as error:
            raise Fault("dead_letter_lost", f"the dead letter cannot be sent: {kafka_words.said(error)}") from None
        self._flush(reports, 1)
        if reports[0][0] is not None:
            raise Fault("dead_letter_lost", f"the dead letter was not taken: {reports[0][0].str()}")

    def _must_answer(self) -> None:
        """Fault where the cluster does not answer any more, so that its silence is not taken for a loss."""
        assert self._producer is not None
        try:
            self._producer.list_topics(timeout=1)
        except KafkaException as error:
            self.gone = True
            raise Fault("broker_gone", kafka_words.said(error)) from None

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Turns the client's errors into faults."""
        try:
            yield
        except KafkaException as error:
            fault = kafka_words.fault(error.args[0], "unexpected")
            self.gone = self.gone or fault.reason == "broker_gone"
            raise fault from None

    def _note(self, error: KafkaError) -> None:
        self._errors[error.name()] = error.str()


def _waiting(consumer: Consumer, done: TopicPartition) -> int:
    """Messages behind the group's commit in one partition. Fault where it lies behind the end: such a place would
    cancel out what waits elsewhere."""
    low, high = consumer.get_watermark_offsets(done, timeout=ANSWER_S / 2)
    if done.offset > high:
        told = f"partition {done.partition} of {done.topic} ends at {high}, and the group has committed {done.offset}"
        raise Fault("commit_ahead", told)
    return int(high - (done.offset if done.offset >= 0 else low))


def _received(one: KafkaMessage) -> Received:
    headers = dict(one.headers() or [])
    number = headers.get("number") or b"-1"
    return Received(
        id=_text(headers.get("message-id")), key=_text(one.key()), number=int(number), body=bytes(one.value() or b""),
        partition=int(one.partition() or 0),
    )  # fmt: skip


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
