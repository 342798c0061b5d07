"""The probe of a message broker: the same checks for Kafka and RabbitMQ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pilotage.integration.checks import Fault, Recorder, Skip
from pilotage.integration.events import planned
from pilotage.integration.events.kafka import Kafka
from pilotage.integration.events.messages import (
    EACH,
    KEYS,
    Broker,
    Received,
    check_arrived,
    check_order,
    check_recognised,
    check_redelivered,
    messages,
)
from pilotage.integration.events.rabbitmq import RabbitMq
from pilotage.integration.events.schema import check_schema
from pilotage.integration.events.settings import check_no_secrets, shown
from pilotage.playbook.systems import EventsSystem
from pilotage.workspace import Workspace

FIRST = ("events.settings", "events.reachable")  # without these nothing else can be asked
REMOVED = "events.removed"


def probe(system: EventsSystem, recorder: Recorder, workspace: Workspace) -> None:
    """Make every planned check until the broker is gone, and take away what was made in any case."""
    broker: Broker = RabbitMq(system) if system.address.startswith("amqp") else Kafka(system)
    checks = _Checks(system, broker)
    try:
        for id in planned(system):
            if id == REMOVED:
                continue
            with recorder.check(id) as found:
                found.evidence = checks.by_id()[id]()
            if broker.gone or (id in FIRST and not recorder.passed(id)):
                break
    except BaseException:  # told to end: nobody waits for another row
        _remove_quietly(broker)
        raise
    if system.probe_may_write and all(recorder.passed(first) for first in FIRST):
        with recorder.check(REMOVED) as found:
            found.evidence = broker.remove()
    else:
        _remove_quietly(broker)


def _remove_quietly(broker: Broker) -> None:
    """Remove what was made where no check can tell of what stays; standard error does."""
    try:
        broker.remove()
    except Fault as fault:
        print(fault)


@dataclass(frozen=True)
class _Checks:
    """The checks of one broker: each returns its evidence, or raises."""

    system: EventsSystem
    broker: Broker

    def by_id(self) -> dict[str, Callable[[], str]]:
        return {
            "events.settings": self.settings,
            "events.reachable": self.broker.reachable,
            "events.lag": self.lag,
            "events.schema": self.schema,
            "events.round_trip": self.round_trip,
            "events.key_order": self.key_order,
            "events.redelivery": self.redelivery,
            "events.duplicate": self.duplicate,
            "events.dead_letter": self.dead_letter,
        }

    def settings(self) -> str:
        check_no_secrets(self.system)
        return self.broker.check_settings()

    def lag(self) -> str:
        waiting, how = self.broker.lag()
        limit = self.system.lag_max
        if limit is not None and waiting > limit.value:
            raise Fault("lag_exceeded", f"{how}, and at most {limit.value:g} may")
        return how

    def schema(self) -> str:
        assert self.system.message_schema is not None
        return check_schema(self.system.message_schema, self.system.message)

    def round_trip(self) -> str:
        sent = messages(self.system.message, keys=4, each=5)
        place = self._made("round-trip")
        confirmed = self.broker.send(place, sent)
        got = self.broker.read(place, len(sent))
        check_arrived(sent, got)
        if confirmed < len(sent):
            raise Fault("not_confirmed", f"{confirmed} of {len(sent)} messages were confirmed by the broker")
        return f"{len(sent)} messages were confirmed and arrived with equal bytes"

    def key_order(self) -> str:
        sent = messages(self.system.message, KEYS, EACH)
        place = self._made("key-order")
        self.broker.send(place, sent)
        got = self.broker.read(place, len(sent))
        check_arrived(sent, got)
        check_order(got)
        return f"{len(sent)} messages of {KEYS} keys arrived in the order of each key"

    def redelivery(self) -> str:
        """The group first acknowledges one message, so that it has a place from which the next consumer goes on."""
        before, sent = messages(self.system.message, keys=1, each=2)
        place = self._made("redelivery")
        self.broker.send(place, [before])
        check_arrived([before], self.broker.read(place, 1))
        self.broker.send(place, [sent])
        first = self._read_and_left(place, own=True)
        settings = shown(self.system.consumer, "enable.auto.commit", "enable.auto.offset.store", "auto_ack")
        check_redelivered(first, self.broker.read(place, 1), settings or "the entry sets no consumer to acknowledge")
        return f"what one consumer did not acknowledge, the next one got ({settings or 'acknowledged by hand'})"

    def duplicate(self) -> str:
        one, other = messages(self.system.message, keys=1, each=2)
        place = self._made("duplicate")
        self.broker.send(place, [one])
        first = self._read_and_left(place, own=False)
        again = self.broker.read(place, 1)
        self.broker.send(place, [one, replace(one), other])
        check_recognised(first, again, self.broker.read(place, 3))
        return "a message delivered twice, and one sent twice, are recognised by their id"

    def dead_letter(self) -> str:
        self._may_write()
        [message] = messages(self.system.message, keys=1, each=1)
        return self.broker.dead_letter(message)

    def _made(self, purpose: str) -> str:
        self._may_write()
        return self.broker.make(purpose)

    def _read_and_left(self, place: str, own: bool) -> Received:
        first = self.broker.read_and_leave(place, own)
        if first is None:
            raise Fault("messages_lost", "the message did not arrive at all")
        return first

    def _may_write(self) -> None:
        if not self.system.probe_may_write:
            raise Skip("write_not_allowed", "the entry does not say probe_may_write: true")
