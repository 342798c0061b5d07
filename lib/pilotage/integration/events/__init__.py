"""Message brokers: whether Kafka or RabbitMQ, with one's own settings, loses, reorders or forgets messages."""

from __future__ import annotations

from collections.abc import Mapping

from pilotage.playbook.systems import EventsSystem

CODES: Mapping[str, str] = {
    "client_setting": "The client does not know a setting of producer or consumer, or its value; see the evidence.",
    "secret_in_settings": "A setting holds a secret in the playbook; take it out and name its variable in key_env.",
    "login_refused": "The broker refuses the user or the password; check user_env and key_env.",
    "vhost_unknown": "RabbitMQ has no such virtual host, or the user may not enter it; check the end of the address.",
    "not_allowed": "The broker does not let this user do what the check needs; ask for the permission in the evidence.",
    "topic_not_created": "The broker does not create a topic or queue for the probe; the evidence has its reason.",
    "broker_gone": "The broker answered at first and then went away; see its log, and the network between.",
    "not_confirmed": "The broker did not confirm what was sent, so nobody would notice a loss: acks, confirm_delivery.",
    "message_too_large": "Kafka's client or the broker takes no message this long; see message.max.bytes of both.",
    "messages_lost": "Messages that were sent did not arrive; see limits of length and age in the queue's arguments.",
    "bytes_changed": "A message arrived with other bytes than it was sent with.",
    "keys_reordered": "Messages of one key can overtake each other; send each key to one partition (partitioner).",
    "not_redelivered": "A message that was read and never acknowledged is gone: commit or acknowledge after the work.",
    "duplicate_not_seen": "A message delivered twice cannot be recognised: its id or the redelivered mark is missing.",
    "dead_letter_lost": "What nobody can process does not end up in a dead-letter queue; declare and bind one.",
    "message_invalid": "The example message in the playbook breaks the schema beside it; correct one of them.",
    "schema_invalid": "The message schema is no JSON Schema, or refers to itself or elsewhere without end.",
    "schema_accepts_anything": "The message schema refuses no broken message, or no value at all of a property; "
    "name the properties required, and types.",
    "topic_unknown": "The broker has no topic or queue of this name; check topic.",
    "group_missing": "The lag of a Kafka topic is that of a consumer group; write group.",
    "group_unknown": "The consumer group has never committed anything on this topic; check group.",
    "commit_ahead": "The group has committed more than the topic holds, so its lag is unknown: it was made anew or "
    "lost its end. Reset the group's offsets.",
    "lag_exceeded": "More messages wait than lag_max allows; consumers are too slow or stand still.",
    "left_behind": "The probe's own topics could not be removed; remove those that the evidence names.",
}


def planned(system: EventsSystem) -> list[str]:
    """The checks of this broker, in order."""
    ids = ["settings", "reachable"]
    ids += ["lag"] if system.topic else []
    ids += ["schema"] if system.message_schema is not None else []
    ids += ["round_trip", "key_order", "redelivery", "duplicate"]
    ids += ["dead_letter"] if system.dead_letter else []
    ids += ["removed"] if system.probe_may_write else []
    return [f"events.{id}" for id in ids]
