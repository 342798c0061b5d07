"""Kafka: a good cluster with careful clients passes, each fault fails its own check, and nothing stays behind."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from pilotage.integration.checks import Fault
from pilotage.integration.events import CODES, kafka, kafka_topics, planned
from pilotage.integration.events.kafka_topics import Topics
from pilotage.playbook.systems import EventsSystem

Rows = dict[str, dict[str, Any]]
Probed = Callable[..., Rows]
LIMIT = {"reason": "r", "source": "s", "set_by": "b"}
NEARLY_TOO_LONG = {"invoice": "x" * 790, "amount": 1}  # with the headers of a dead letter it is


def failed(rows: Rows) -> dict[str, str]:
    return {id: row["reason"] for id, row in rows.items() if row["status"] != "pass"}


def test_the_embedded_cluster_passes_every_planned_check(probed: Probed, entry: dict[str, Any]) -> None:
    rows = probed()
    assert failed(rows) == {}
    assert list(rows) == planned(EventsSystem.model_validate(entry))


@pytest.mark.parametrize(
    ("changed", "id", "reason"),
    [
        ({"producer": {"partitioner": "random"}}, "key_order", "keys_reordered"),
        ({"consumer": {"enable.auto.commit": True}}, "redelivery", "not_redelivered"),
        ({"producer": {"message.max.bytes": 1000}, "message": NEARLY_TOO_LONG}, "dead_letter", "dead_letter_lost"),
        ({"producer": {"acks": 0}}, "round_trip", "not_confirmed"),
    ],
)
def test_one_fault_fails_its_own_check_and_no_other(
    probed: Probed, changed: dict[str, Any], id: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka, "ABSENT_S", 1.5)
    assert failed(probed(**changed)) == {f"events.{id}": reason}
    assert reason in CODES


def test_a_message_that_the_settings_do_not_let_through_is_named_as_such(probed: Probed) -> None:
    told = failed(probed(producer={"message.max.bytes": 1000}, message={"invoice": "x" * 2000, "amount": 1}))
    assert set(told.values()) == {"message_too_large"}


@pytest.mark.parametrize(
    ("changed", "id", "reason"),
    [
        ({"message_schema": {"type": "object"}}, "schema", "schema_accepts_anything"),
        ({"message": {"invoice": "INV-1"}}, "schema", "message_invalid"),
        ({"topic": "nobody.writes.this", "group": "readers"}, "lag", "topic_unknown"),
        ({"topic": "invoices"}, "lag", "group_missing"),
    ],
)
def test_one_fault_that_shows_without_writing_fails_its_own_check(
    probed: Probed, changed: dict[str, Any], id: str, reason: str
) -> None:
    told = failed(probed(probe_may_write=False, **changed))
    assert {id: one for id, one in told.items() if one != "write_not_allowed"} == {f"events.{id}": reason}
    assert reason in CODES


@pytest.mark.parametrize(
    "changed",
    [
        {
            "consumer": {"enable.auto.commit": True, "enable.auto.offset.store": False},
            "producer": {"enable.idempotence": True, "compression.type": "gzip", "linger.ms": 50},
        },
        {"consumer": {"auto.offset.reset": "latest", "group.id": "production"}},
    ],
)
def test_careful_settings_of_ones_own_pass(probed: Probed, changed: dict[str, Any]) -> None:
    assert failed(probed(**changed)) == {}


@pytest.mark.parametrize(
    ("changed", "reason", "words"),
    [
        ({"producer": {"batch.sizes": 1}}, "client_setting", "batch.sizes"),
        ({"consumer": {"fetch.min.bytes": "many"}}, "client_setting", "fetch.min.bytes"),
        ({"producer": {"transactional.id": "posting"}}, "client_setting", "transactional.id"),
        ({"consumer": {"sasl.password": "hush"}}, "secret_in_settings", "key_env"),
        ({"producer": {"ssl.key.pem": "hush"}}, "secret_in_settings", "ssl.key.pem"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_before_anything_is_sent(
    probed: Probed, changed: dict[str, Any], reason: str, words: str
) -> None:
    rows = probed(**changed)
    assert failed(rows) == {"events.settings": reason}
    assert list(rows) == ["events.settings"]
    assert words in rows["events.settings"]["evidence"]
    assert "hush" not in rows["events.settings"]["evidence"]


@pytest.mark.parametrize(
    ("address", "settings", "reason"),
    [
        ("kafka://127.0.0.1:1", {}, "unreachable"),
        ("kafka://{servers}", {"security.protocol": "ssl"}, "tls_error"),
        ("kafka://{servers}", {"security.protocol": "sasl_plaintext", "sasl.mechanisms": "PLAIN"}, "login_refused"),
    ],
)
def test_a_cluster_that_lets_nobody_in_fails_reachable(
    probed: Probed, cluster: Any, monkeypatch: pytest.MonkeyPatch, address: str, settings: dict[str, Any], reason: str
) -> None:
    monkeypatch.setenv("EVENTS_USER", "clerk")
    monkeypatch.setenv("EVENTS_KEY", "wrong")
    login = {"user_env": "EVENTS_USER", "key_env": "EVENTS_KEY"} if reason == "login_refused" else {}
    rows = probed(address=address.format(servers=cluster.servers), producer=settings, **login)
    assert failed(rows) == {"events.reachable": reason}


def test_a_probe_that_may_not_write_makes_no_topic(probed: Probed, cluster: Any) -> None:
    rows = probed(address=f"kafka://{cluster.servers}", probe_may_write=False)
    assert set(failed(rows).values()) == {"write_not_allowed"}
    assert [id for id, row in rows.items() if row["status"] == "pass"] == [
        "events.settings", "events.reachable", "events.schema",
    ]  # fmt: skip
    assert Producer({"bootstrap.servers": cluster.servers}).list_topics(timeout=5).topics == {}


@pytest.mark.parametrize(
    ("group", "lag_max", "reason"),
    [("readers", 7, ""), ("readers", 6, "lag_exceeded"), ("strangers", 7, "group_unknown")],
)
def test_lag_is_what_the_group_has_not_committed(
    probed: Probed, cluster: Any, group: str, lag_max: int, reason: str
) -> None:
    _ten_sent_three_committed(cluster.servers)
    limit = {"value": lag_max, **LIMIT}
    rows = probed(
        address=f"kafka://{cluster.servers}", topic="invoices", group=group, lag_max=limit, probe_may_write=False
    )
    assert rows["events.lag"]["reason"] == reason


def test_a_commit_behind_the_end_of_a_partition_does_not_cancel_out_what_waits_in_another(
    probed: Probed, cluster: Any
) -> None:
    _ten_sent_three_committed(cluster.servers, ahead=5)
    limit = {"value": 3, **LIMIT}
    rows = probed(
        address=f"kafka://{cluster.servers}", topic="invoices", group="readers", lag_max=limit, probe_may_write=False
    )
    assert rows["events.lag"]["reason"] == "commit_ahead"
    assert "partition 1 of invoices ends at 0, and the group has committed 5" in rows["events.lag"]["evidence"]


def _ten_sent_three_committed(servers: str, ahead: int = 0) -> None:
    producer = Producer({"bootstrap.servers": servers, "log_level": 0})
    for number in range(10):
        producer.produce("invoices", str(number), partition=0)
    assert producer.flush(5) == 0
    reader = Consumer({"bootstrap.servers": servers, "group.id": "readers", "log_level": 0})
    placed = [TopicPartition("invoices", 0, 3), *([TopicPartition("invoices", 1, ahead)] if ahead else [])]
    reader.commit(offsets=placed, asynchronous=False)
    reader.close()


def test_a_cluster_that_goes_away_half_way_is_told_and_not_waited_for(probed: Probed, cluster: Any) -> None:
    began = time.monotonic()
    rows = probed(address=f"kafka://{cluster.servers}", at={"events.key_order": cluster.stop})
    assert failed(rows) == {"events.key_order": "broker_gone"}
    assert "events.redelivery" not in rows
    assert time.monotonic() - began < 20


class Admin:
    """The administration of a real cluster, as far as a probe uses it, over a mock that has none."""

    refused: KafkaError | None = None

    def __init__(self, shared: dict[str, Any]) -> None:
        self.removed: list[str] = []

    def create_topics(self, topics: list[Any], **_: Any) -> dict[str, Future[None]]:
        return {one.topic: _answered(None) for one in topics}

    def delete_topics(self, names: list[str], **_: Any) -> dict[str, Future[None]]:
        self.removed += names
        return {name: _answered(self.refused) for name in names}

    def delete_consumer_groups(self, names: list[str], **_: Any) -> dict[str, Future[None]]:
        self.removed += names
        return {name: _answered(KafkaError(KafkaError.GROUP_ID_NOT_FOUND)) for name in names}


def _answered(error: KafkaError | None) -> Future[None]:
    answer: Future[None] = Future()
    answer.set_exception(KafkaException(error)) if error is not None else answer.set_result(None)
    return answer


def test_a_real_cluster_is_asked_to_delete_every_topic_and_the_group(
    cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_topics, "AdminClient", Admin)
    topics = Topics(Producer({"bootstrap.servers": cluster.servers}), {}, "probe-group", "real")
    made = [topics.make("a"), topics.make("b")]
    assert all(name.startswith("pilotage-probe-") for name in made)
    assert "2 topics" in topics.remove()
    assert topics._admin.removed == [*made, "probe-group"]  # type: ignore[union-attr]
    assert topics.remove() == "nothing was made"


def test_a_topic_that_a_real_cluster_will_not_delete_is_named(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_topics, "AdminClient", Admin)
    monkeypatch.setattr(Admin, "refused", KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED))
    topics = Topics(Producer({"bootstrap.servers": cluster.servers}), {}, "probe-group", "real")
    name = topics.make("a")
    with pytest.raises(Fault, match=f"left_behind: {name}"):
        topics.remove()
