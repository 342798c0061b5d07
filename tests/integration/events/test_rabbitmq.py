"""RabbitMQ, a real one: good queues pass, each fault fails its own check, and no queue stays behind."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel
from pika.heartbeat import HeartbeatChecker

from pilotage.integration.events import CODES, planned, rabbitmq, rabbitmq_settings
from pilotage.playbook.systems import EventsSystem

Rows = dict[str, dict[str, Any]]
Probed = Callable[..., Rows]
LIMIT = {"reason": "r", "source": "s", "set_by": "b"}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of all queues that probes declare."""
    names: list[str] = []
    declared = rabbitmq.RabbitMq._declared

    def noted(self: rabbitmq.RabbitMq, *given: Any) -> str:
        names.append(declared(self, *given))
        return names[-1]

    monkeypatch.setattr(rabbitmq.RabbitMq, "_declared", noted)
    return names


def failed(rows: Rows) -> dict[str, str]:
    return {id: row["reason"] for id, row in rows.items() if row["status"] != "pass"}


def left(amqp: str, names: list[str]) -> list[str]:
    """Those queues that the broker still has."""
    connection = pika.BlockingConnection(pika.URLParameters(amqp))
    found = []
    for name in names:
        try:
            connection.channel().queue_declare(name, passive=True)
            found.append(name)
        except pika.exceptions.ChannelClosedByBroker as error:
            found += [name] if error.reply_code != 404 else []
    connection.close()
    return found


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"queue": {"x-dead-letter-exchange": "amq.direct", "x-dead-letter-routing-key": "graveyard"}},
        {"queue": {"x-queue-type": "quorum", "x-dead-letter-exchange": ""}},
        {"producer": {"delivery_mode": 2, "heartbeat": 600}, "consumer": {"prefetch_count": 1}},
    ],
)
def test_a_good_broker_passes_every_planned_check_and_keeps_no_queue(
    probed: Probed, amqp: str, made: list[str], entry: dict[str, Any], changed: dict[str, Any]
) -> None:
    rows = probed(address=amqp, **changed)
    assert failed(rows) == {}
    assert list(rows) == planned(EventsSystem.model_validate(entry))
    assert made
    assert left(amqp, made) == []


@pytest.mark.parametrize(
    ("changed", "id", "reason"),
    [
        ({"consumer": {"auto_ack": True}}, "redelivery", "not_redelivered"),
        ({"queue": {"x-max-length": 1000}}, "dead_letter", "dead_letter_lost"),
        ({"queue": {"x-dead-letter-exchange": "nobody.declared.this"}}, "dead_letter", "dead_letter_lost"),
        ({"queue": {"x-max-length": 100}, "dead_letter": False}, "key_order", "messages_lost"),
        ({"producer": {"confirm_delivery": False}}, "round_trip", "not_confirmed"),
        ({"topic": "nobody.declared.this"}, "lag", "topic_unknown"),
    ],
)
def test_one_fault_fails_its_own_check_and_no_other(
    probed: Probed, amqp: str, made: list[str], changed: dict[str, Any], id: str, reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(rabbitmq, "ABSENT_S", 1.0)
    assert failed(probed(address=amqp, **changed)) == {f"events.{id}": reason}
    assert reason in CODES
    assert left(amqp, made) == []


def test_queues_that_the_user_may_not_make_are_not_left_behind(
    probed: Probed, amqp: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise pika.exceptions.ChannelClosedByBroker(403, "ACCESS_REFUSED - configure access refused")

    for name in ("queue_declare", "queue_delete"):
        monkeypatch.setattr(BlockingChannel, name, refused)
    rows = probed(address=amqp)
    assert set(failed(rows).values()) == {"not_allowed"}
    assert rows["events.removed"]["evidence"] == "nothing was made"


def test_of_ones_own_dead_letter_exchange_no_more_is_said_than_was_seen(
    probed: Probed, amqp: str, channel: Any
) -> None:
    channel.exchange_declare("unbound.by.the.test", "fanout", auto_delete=True)
    own = {"x-dead-letter-exchange": "unbound.by.the.test"}
    try:
        evidence = probed(address=amqp, queue=own)["events.dead_letter"]["evidence"]
    finally:
        channel.exchange_delete("unbound.by.the.test")
    assert "to the probe's own dead-letter queue" in evidence
    assert "unbound.by.the.test exists; whether a queue is bound to it was not looked at" in evidence


def test_arguments_that_name_no_exchange_fail_without_a_message_and_name_the_way_out(
    probed: Probed, amqp: str, made: list[str]
) -> None:
    row = probed(address=amqp, queue={"x-max-length": 1000})["events.dead_letter"]
    assert row["reason"] == "dead_letter_lost"
    assert "write dead_letter: false" in row["evidence"]
    assert [name for name in made if name.endswith(("work", "dead-letter"))] == []


@pytest.mark.parametrize(
    "changed",
    [{}, {"queue": {"x-dead-letter-exchange": "amq.direct", "x-dead-letter-routing-key": "graveyard"}},
     {"queue": {"x-max-length": 1000}, "dead_letter": False}],
)  # fmt: skip
def test_no_policy_can_send_what_a_probe_loses_to_ones_own_dead_letter_queue(
    probed: Probed, amqp: str, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any]
) -> None:
    """The argument wins over a policy; it leads to the probe's own queue or nowhere."""
    given: list[tuple[object, object]] = []
    declare = BlockingChannel.queue_declare

    def noted(self: BlockingChannel, queue: str, *, passive: bool = False, **more: Any) -> Any:
        if not passive:
            to = more["arguments"]
            given.append((to.get("x-dead-letter-exchange"), str(to.get("x-dead-letter-routing-key"))[:15]))
        return declare(self, queue, passive=passive, **more)

    monkeypatch.setattr(BlockingChannel, "queue_declare", noted)
    assert failed(probed(address=amqp, **changed)) == {}
    assert set(given) == {("", "pilotage-probe-")}


@pytest.mark.parametrize(
    "changed",
    [
        {"producer": {"acks": "all"}},
        {"producer": {"delivery_mode": "twice"}},
        {"consumer": {"auto_ack": "yes"}},
        {"consumer": {"heartbeat": "often"}},
        {"queue": {"x-queue-type": "stream"}},
    ],
)
def test_settings_that_pika_does_not_know_are_refused(probed: Probed, changed: dict[str, Any]) -> None:
    rows = probed(address="amqp://127.0.0.1:1", **changed)
    assert failed(rows) == {"events.settings": "client_setting"}


def test_nobody_at_the_address_is_unreachable(probed: Probed) -> None:
    assert failed(probed(address="amqp://127.0.0.1:1")) == {"events.reachable": "unreachable"}


def test_who_accepts_and_says_nothing_has_timed_out_in_words(probed: Probed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rabbitmq_settings, "ANSWER_S", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        row = probed(address=f"amqp://127.0.0.1:{silent.getsockname()[1]}")["events.reachable"]
    assert (row["reason"], "did not answer in time" in row["evidence"]) == ("timed_out", True)


def test_a_queue_argument_that_has_no_effect_is_told_and_fails_nothing(probed: Probed) -> None:
    for queue, told in (({"x-maxlength": 5}, True), ({"x-max-length": 5}, False)):
        rows = probed(address="amqp://127.0.0.1:1", queue=queue)
        assert rows["events.settings"]["status"] == "pass"
        assert (
            "no queue argument x-maxlength; did you mean 'x-max-length'?" in rows["events.settings"]["evidence"]
        ) == told


def test_a_virtual_host_that_is_not_there_is_named(probed: Probed, amqp: str) -> None:
    assert failed(probed(address=f"{amqp}/nowhere")) == {"events.reachable": "vhost_unknown"}


def test_an_encrypted_connection_to_a_plain_port_is_a_tls_error(probed: Probed, amqp: str) -> None:
    assert failed(probed(address=amqp.replace("amqp:", "amqps:"))) == {"events.reachable": "tls_error"}


def test_a_wrong_password_is_a_refused_login(probed: Probed, amqp: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTS_USER", "guest")
    monkeypatch.setenv("EVENTS_KEY", "wrong")
    rows = probed(address=amqp, user_env="EVENTS_USER", key_env="EVENTS_KEY")
    assert failed(rows) == {"events.reachable": "login_refused"}


@pytest.mark.parametrize(("lag_max", "reason"), [(3, ""), (2, "lag_exceeded")])
def test_lag_is_what_waits_in_the_queue_and_stays_there(
    probed: Probed, amqp: str, channel: Any, lag_max: int, reason: str
) -> None:
    queue = channel.queue_declare("", auto_delete=True, arguments={"x-expires": 60_000}).method.queue
    channel.confirm_delivery()
    for number in range(3):
        channel.basic_publish("", queue, str(number).encode())
    rows = probed(address=amqp, topic=queue, lag_max={"value": lag_max, **LIMIT}, probe_may_write=False)
    assert rows["events.lag"]["reason"] == reason
    assert channel.queue_delete(queue).method.message_count == 3


@pytest.mark.parametrize("queue", [{}, {"x-queue-type": "quorum", "x-expires": 1000}])
def test_a_broker_that_goes_away_half_way_is_told_and_keeps_no_queue(
    probed: Probed, amqp: str, made: list[str], proxy: Any, queue: dict[str, Any]
) -> None:
    address = f"amqp://127.0.0.1:{proxy.port}"
    rows = probed(address=address, queue=queue, dead_letter=False, at={"events.key_order": proxy.cut})
    assert failed(rows) == {"events.key_order": "broker_gone", "events.removed": "broker_gone"}
    assert "events.redelivery" not in rows
    assert "could not be asked any more" in rows["events.removed"]["evidence"]
    assert "expire by themselves" in rows["events.removed"]["evidence"]
    end = time.monotonic() + 8
    while (still := left(amqp, made)) and time.monotonic() < end:
        time.sleep(1.5)  # to look at an unused queue lengthens its life
    assert made
    assert still == []


def test_a_broker_that_falls_silent_is_not_waited_for(
    probed: Probed, proxy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rabbitmq_settings, "ANSWER_S", 1)
    often = property(lambda self: 0.7, lambda self, seconds: None)  # pika looks every five seconds and a heartbeat's
    monkeypatch.setattr(HeartbeatChecker, "_check_interval", often, raising=False)
    began = time.monotonic()
    rows = probed(address=f"amqp://127.0.0.1:{proxy.port}", at={"events.key_order": proxy.stall})
    assert failed(rows) == {"events.key_order": "broker_gone", "events.removed": "broker_gone"}
    assert time.monotonic() - began < 20
