"""The settings of one's own Kafka clients, in librdkafka's names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

OF_THE_PROBE = ("bootstrap.servers", "metadata.broker.list", "group.id", "group.instance.id", "client.id", "error_cb")


def servers(address: str) -> str:
    """The address as librdkafka has it."""
    parts = urlsplit(address)
    return f"{parts.hostname}:{parts.port or 9092}" if parts.hostname else "127.0.0.1:9092"


def own_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """One's own settings without those that only the probe may set."""
    return {key: written(value) for key, value in settings.items() if key not in OF_THE_PROBE}


def written(value: Any) -> Any:
    """A value as librdkafka takes it, which has no booleans of Python's."""
    return str(value).lower() if isinstance(value, bool) else value
