"""API wrappers: an HTTP API before a system, and what the agent must be able to rely on when it calls it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pilotage.agents.own_server import OwnServer
from pilotage.playbook.systems import WrapperSystem

TOKEN_ENV = "PILOTAGE_WRAPPER_TOKEN"  # where the embedded example finds the token that its callers must bring

CODES: Mapping[str, str] = {
    "no_auth": "It answers callers without a token, or with a wrong one; refuse them with 401.",
    "token_refused": "It refuses the token of key_env; check that it is valid, may read what safe_calls name and goes "
    "in the right header (`key_header`).",
    "redirected": "It sends the caller elsewhere; nothing follows it there with a token. Name the final address.",
    "call_failed": "A call of safe_calls or idempotent_calls was not answered with a status from 200 to 299.",
    "no_safe_call": "Not made, because the entry names no GET or HEAD under safe_calls.",
    "no_openapi": "There is no OpenAPI document where `openapi` says; serve one, or correct the entry.",
    "bad_openapi": "The OpenAPI document cannot be read or contradicts the standard; the evidence says where.",
    "not_documented": "Safe calls are none of the OpenAPI document's operations, and none of those is answered with "
    "success: it is of another API, or of another base path (`servers`).",
    "contract_broken": "An answer is not what the OpenAPI document promises; correct the server or the document.",
    "server_error": "A request made the server fail (status 500 to 599), where it should have answered or refused it.",
    "masked_error": "An error comes with a status of success, so callers take it for an answer; use 4xx and 5xx.",
    "error_shape": "An error comes as HTML or with a wrong status, so callers cannot read it; answer errors in JSON.",
    "trace_leaked": "An error shows the server's code or its database; log that, and tell callers none of it.",
    "too_slow": "95% of the safe calls do not answer within p95_ms_max.",
    "not_idempotent": "The same Idempotency-Key does not give the same effect once, or takes another content.",
}


@contextmanager
def example() -> Iterator[tuple[str, str]]:
    """The embedded example, running: its address, and a token made for this time."""
    token = secrets.token_urlsafe(24)
    with OwnServer("pilotage.integration.wrapper.embedded", environment={TOKEN_ENV: token}) as server:
        yield server.address, token


def planned(system: WrapperSystem) -> list[str]:
    """The checks of this entry, in order: auth and repetition only where it declares them."""
    return [
        "wrapper.reachable",
        "wrapper.openapi",
        *(["wrapper.auth"] if system.auth == "bearer" else []),
        "wrapper.p95",
        "wrapper.errors",
        *(["wrapper.idempotency"] if system.idempotent_calls else []),
        "wrapper.contract",
    ]
