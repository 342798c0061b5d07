"""The probe's own topics on Kafka: made, and taken away again."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from pilotage.integration.checks import Fault
from pilotage.integration.events import kafka_words

SLICE_S = 0.2  # the client cannot be interrupted while it waits
MADE_S = 5.0
REMOVED_S = 2.5  # less than a probe that is told to end has left
PARTITIONS = 4
GONE = {"UNKNOWN_TOPIC_OR_PART", "GROUP_ID_NOT_FOUND"}  # removed already, or never made


class Topics:
    """Topics named for the probe, and its consumer group.

    librdkafka's mock cluster makes a topic when somebody asks for it, can delete none, and forgets all when it ends;
    it tells itself by the cluster's id.
    """

    def __init__(self, producer: Producer, shared: dict[str, Any], group: str, cluster: str) -> None:
        self.mock = cluster.startswith("mockCluster")
        self._producer, self._group = producer, group
        self._admin = None if self.mock else AdminClient(shared)
        self._made: list[str] = []

    def make(self, purpose: str) -> str:
        """The name of a new topic of several partitions, once the cluster shows it."""
        name = f"pilotage-probe-{uuid.uuid4().hex[:12]}-{purpose}"
        self._made.append(name)  # before it is asked for: told to end in between, it is removed all the same
        if self._admin is not None:
            topic = NewTopic(name, num_partitions=PARTITIONS, replication_factor=-1)
            _created(self._admin.create_topics([topic], operation_timeout=MADE_S)[name], name)
        end = time.monotonic() + MADE_S
        while not self.partitions(name):
            if time.monotonic() > end:
                raise Fault("topic_not_created", f"{name} has no partitions after {MADE_S:g} s")
            time.sleep(SLICE_S)
        return name

    def partitions(self, name: str) -> list[int]:
        """The numbers of its partitions; none while it is not there yet."""
        found = self._producer.list_topics(name, timeout=MADE_S / 2).topics.get(name)
        return list(found.partitions) if found is not None and found.error is None else []

    def remove(self) -> str:
        """Delete the topics and the group; Fault with the names of what stays."""
        names, self._made = self._made, []
        if not names:
            return "nothing was made"
        if self._admin is None:
            return f"a mock cluster cannot delete its {len(names)} topics and forgets them when it ends"
        asked = self._admin.delete_topics(names, operation_timeout=REMOVED_S, request_timeout=REMOVED_S)
        asked |= self._admin.delete_consumer_groups([self._group], request_timeout=REMOVED_S)
        left = self._left(asked)
        if left:
            raise Fault("left_behind", "; ".join(left))
        return f"{len(names)} topics and the group {self._group} are removed"

    @staticmethod
    def _left(asked: dict[str, Future[Any]]) -> list[str]:
        """What was not removed, with the reason."""
        left, end = [], time.monotonic() + REMOVED_S
        for name, answer in asked.items():
            try:
                answer.result(max(0.01, end - time.monotonic()))
            except KafkaException as error:
                if error.args[0].name() not in GONE:
                    left.append(f"{name} ({kafka_words.said(error)})")
            except TimeoutError:
                left.append(f"{name} (no answer within {REMOVED_S:g} s)")
        return left


def _created(answer: Future[Any], name: str) -> None:
    """Wait for the answer; Fault where the cluster refuses or says nothing."""
    try:
        answer.result(MADE_S)
    except TimeoutError:
        raise Fault("topic_not_created", f"{name}: no answer within {MADE_S:g} s") from None
    except KafkaException as error:
        raise kafka_words.fault(error.args[0], "topic_not_created") from None
