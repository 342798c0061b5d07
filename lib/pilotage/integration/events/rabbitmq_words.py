"""What pika's errors mean, as reason codes."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

from pika.exceptions import (
    AMQPConnectionError,
    AMQPHeartbeatTimeout,
    AuthenticationError,
    ConnectionBlockedTimeout,
    IncompatibleProtocolError,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)

from pilotage.integration.checks import Fault

ACCESS_REFUSED, NOT_ALLOWED = 403, 530  # reply codes of AMQP 0-9-1


def code(error: BaseException) -> int | None:
    """The broker's reply code; None where the error is the client's own."""
    found = getattr(error, "reply_code", None)
    return int(found) if found is not None else None


def said(error: BaseException) -> str:
    """The broker's words with their code, or else the client's."""
    text = getattr(error, "reply_text", "")
    return f"{code(error)} {text}" if text else str(error) or repr(error)


def fault(error: BaseException) -> Fault:
    """The fault of an error once the connection was open."""
    if code(error) == ACCESS_REFUSED:
        return Fault("not_allowed", said(error))
    if isinstance(error, ConnectionBlockedTimeout):
        return Fault("timed_out", "the broker takes no messages now: it is short of memory or disk")
    if isinstance(error, (AMQPConnectionError, AMQPHeartbeatTimeout)):
        return Fault("broker_gone", said(error))
    return Fault("unexpected", said(error))


def unopened(error: BaseException) -> Fault:
    """Why no connection came about."""
    inner = list(_within(error))
    words = said(inner[-1])
    for one in inner:
        if isinstance(one, ssl.SSLError):
            return Fault("tls_error", str(one))
        if code(one) == NOT_ALLOWED or isinstance(one, ProbableAccessDeniedError):
            return Fault("vhost_unknown", words)
        if isinstance(one, (AuthenticationError, ProbableAuthenticationError)) or code(one) == ACCESS_REFUSED:
            return Fault("login_refused", words)
        if isinstance(one, IncompatibleProtocolError):
            return Fault("unreachable", f"what answers there does not speak AMQP 0-9-1: {words}")
    if any("timeout" in type(one).__name__.lower() or "timed out" in str(one) for one in inner):
        return Fault("timed_out", "the broker did not answer in time while the connection was opened")
    return Fault("unreachable", words)


def _within(error: BaseException) -> Iterator[BaseException]:
    """The error and those in its arguments, where pika puts what happened on each attempt."""
    yield error
    for one in (*error.args, getattr(error, "exception", None), error.__cause__):
        for inner in one if isinstance(one, (list, tuple)) else (one,):
            if isinstance(inner, BaseException):
                yield from _within(inner)
