"""The probe's messages, and the rules that hold for them on every broker."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pilotage.integration.checks import Fault

KEYS, EACH = 8, 25  # messages of the check of order: so many keys, so many messages each


@dataclass(frozen=True)
class Message:
    """A message as it was sent: `number` counts within its key."""

    id: str
    key: str
    number: int
    body: bytes


@dataclass(frozen=True)
class Received(Message):
    """A message as it arrived; `redelivered` is the broker's mark, None where the broker has none."""

    partition: int = 0
    redelivered: bool | None = None


class Broker(Protocol):
    """What the checks ask of Kafka and RabbitMQ alike. `gone` once the connection was lost."""

    gone: bool

    def check_settings(self) -> str:
        """Without the network: Fault for a setting that the client does not know."""

    def reachable(self) -> str:
        """Connect, and say with what."""

    def lag(self) -> tuple[int, str]:
        """The messages that wait in the topic or queue in use, and how they were counted."""

    def make(self, purpose: str) -> str:
        """The name of a new topic or queue of the probe."""

    def send(self, place: str, messages: Sequence[Message]) -> int:
        """Send them with one's own settings; how many the broker confirmed."""

    def read(self, place: str, count: int) -> list[Received]:
        """The next messages with one's own settings, acknowledged; fewer than `count` where no more come."""

    def read_and_leave(self, place: str, own: bool) -> Received | None:
        """The next message, never acknowledged by a consumer that goes away: with one's own settings or without."""

    def dead_letter(self, message: Message) -> str:
        """Let a message that nobody can process go the dead-letter way; what was seen there."""

    def remove(self) -> str:
        """Take away all that `make` made; Fault where something stays."""


def messages(example: Mapping[str, Any], keys: int, each: int) -> list[Message]:
    """The example message under the probe's own keys and ids, the keys taking turns."""
    body = json.dumps(dict(example) or {"probe": True}, ensure_ascii=False, default=str).encode()
    return [
        Message(uuid.uuid4().hex, f"pilotage-probe-{key}", number, body)
        for number in range(each)
        for key in range(keys)
    ]


def check_arrived(sent: Sequence[Message], got: Sequence[Received]) -> None:
    """Fault where a message is missing or came with other bytes."""
    bodies = {one.id: one.body for one in got}
    missing = [one for one in sent if one.id not in bodies]
    if missing:
        raise Fault("messages_lost", f"{len(missing)} of {len(sent)} messages did not arrive within the wait")
    changed = [one for one in sent if bodies[one.id] != one.body]
    if changed:
        raise Fault("bytes_changed", f"{len(changed)} of {len(sent)} messages arrived with other bytes")


def check_order(got: Iterable[Received]) -> None:
    """Fault where a key's messages lie in several partitions, or do not come in the order they were sent in."""
    by_key: dict[str, list[Received]] = {}
    for one in got:
        by_key.setdefault(one.key, []).append(one)
    spread = [key for key, them in by_key.items() if len({one.partition for one in them}) > 1]
    if spread:
        most = max(len({one.partition for one in by_key[key]}) for key in spread)
        raise Fault("keys_reordered", f"{len(spread)} of {len(by_key)} keys lie in up to {most} partitions at once")
    late = [key for key, them in by_key.items() if [one.number for one in them] != sorted(one.number for one in them)]
    if late:
        raise Fault("keys_reordered", f"messages of {len(late)} of {len(by_key)} keys came in another order than sent")


def check_redelivered(first: Received, again: Sequence[Received], settings: str) -> None:
    """Fault where a message that was read but not acknowledged is not there for the next consumer."""
    if first.id not in {one.id for one in again}:
        raise Fault("not_redelivered", f"read, not acknowledged, and gone for the next consumer ({settings})")


def check_recognised(first: Received, again: Sequence[Received], twice: Sequence[Received]) -> None:
    """Fault where a consumer cannot know a message that came twice, by the broker's doing or the sender's.

    `twice` is what arrived of three messages, one of them sent twice.
    """
    if not again:
        raise Fault("duplicate_not_seen", "the message did not come a second time, so nothing could be compared")
    if not first.id or again[0].id != first.id:
        raise Fault("duplicate_not_seen", "the second delivery of a message does not carry the id of the first")
    if again[0].redelivered is False:
        raise Fault("duplicate_not_seen", "the second delivery of a message is not marked as redelivered")
    if len(twice) < 3:
        raise Fault("messages_lost", f"{3 - len(twice)} of 3 messages did not arrive within the wait")
    if len({one.id for one in twice}) != 2:
        raise Fault("duplicate_not_seen", "3 messages, one of them sent twice, do not show two ids")
