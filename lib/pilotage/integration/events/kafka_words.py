"""What librdkafka's errors mean, as reason codes."""

from __future__ import annotations

from collections.abc import Mapping

from confluent_kafka import KafkaError, KafkaException

from pilotage.integration.checks import Fault

GONE = {"_TRANSPORT", "_ALL_BROKERS_DOWN", "_TIMED_OUT", "_TIMED_OUT_QUEUE", "_MSG_TIMED_OUT", "_RESOLVE",
        "_WAIT_COORD", "COORDINATOR_NOT_AVAILABLE", "NETWORK_EXCEPTION", "REQUEST_TIMED_OUT"}  # fmt: skip
LOGIN = {"_AUTHENTICATION", "SASL_AUTHENTICATION_FAILED", "UNSUPPORTED_SASL_MECHANISM"}
NOT_ALLOWED = {"TOPIC_AUTHORIZATION_FAILED", "GROUP_AUTHORIZATION_FAILED", "CLUSTER_AUTHORIZATION_FAILED",
               "POLICY_VIOLATION"}  # fmt: skip


def said(error: object) -> str:
    """The client's own words."""
    inner = error.args[0] if isinstance(error, KafkaException) and error.args else error
    return inner.str() if isinstance(inner, KafkaError) else str(inner)


def fault(error: KafkaError, otherwise: str) -> Fault:
    """The fault of an error once the broker had answered before."""
    name = error.name()
    if name in GONE:
        return Fault("broker_gone", error.str())
    if name in LOGIN:
        return Fault("login_refused", error.str())
    if name in NOT_ALLOWED:
        return Fault("not_allowed", error.str())
    if name == "MSG_SIZE_TOO_LARGE":
        return Fault("message_too_large", error.str())
    return Fault(otherwise, f"{name}: {error.str()}")


def unreachable(noted: Mapping[str, str], error: KafkaException) -> Fault | None:
    """Why the broker cannot be reached, from what the client noted while it tried; None where it may only be slow."""
    words = "; ".join(text for name, text in noted.items() if name != "_ALL_BROKERS_DOWN")
    if "_SSL" in noted or "SSL_HANDSHAKE" in words:
        return Fault("tls_error", words)
    if LOGIN & set(noted):
        return Fault("login_refused", words)
    if noted:
        return Fault("unreachable", words or said(error))
    return None
