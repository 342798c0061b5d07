"""The checks of an API wrapper, in order."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle

from pilotage.integration.checks import Fault, Finding, Recorder, Skip
from pilotage.integration.keys import key_of
from pilotage.integration.wrapper import example
from pilotage.integration.wrapper.auth import check_auth
from pilotage.integration.wrapper.calling import Api, safe_calls
from pilotage.integration.wrapper.contract import check_contract
from pilotage.integration.wrapper.document import Document, find
from pilotage.integration.wrapper.errors import check_errors, says_error
from pilotage.integration.wrapper.repeat import check_repeats
from pilotage.playbook.systems import EMBEDDED, HttpCall, WrapperSystem
from pilotage.words import apart, count, listed, number
from pilotage.workspace import Workspace

WARM_UP, LEAST, TIMED = 3, 20, 40  # calls, one after the other; of fewer than 20 the 95th per cent is the slowest
TIMED_S = 8.0  # for all of them


def probe(system: WrapperSystem, recorder: Recorder, workspace: Workspace) -> None:
    """All checks of the system; the document is needed by several, and where there is none the last is not made."""
    with opened(system) as api:
        with recorder.check("wrapper.reachable") as found:
            _check_reachable(system, api, workspace, found)
        if not recorder.passed("wrapper.reachable"):
            return
        document: Document | None = None
        with recorder.check("wrapper.openapi") as found:
            document = find(system, api, workspace)
            told = f"{count(len(list(document.operations())), 'operations')} of {document.raw['info']['title']}"
            found.evidence = f"OpenAPI {document.raw.get('openapi') or document.raw.get('swagger')}, {told}"
        if system.auth == "bearer":
            with recorder.check("wrapper.auth") as found:
                check_auth(system, api, document, found)
        with recorder.check("wrapper.p95") as found:
            _check_p95(system, api, found)
        with recorder.check("wrapper.errors") as found:
            check_errors(system, api, document, found)
        if system.idempotent_calls:
            with recorder.check("wrapper.idempotency") as found:
                check_repeats(system, api, document, found)
        if document is not None:
            with recorder.check("wrapper.contract") as found:
                check_contract(system, api, document, found)


@contextmanager
def opened(system: WrapperSystem) -> Iterator[Api]:
    """The system's API with its token; the embedded example is started for it, with a token of its own."""
    if system.address != EMBEDDED:
        with Api(system.address, key_of(system.key_env) or None, system.key_header) as api:
            yield api
        return
    with example() as (address, token), Api(address, token) as api:
        yield api


def _entrance(system: WrapperSystem) -> str:
    """A path that should answer, where the entry names no safe call."""
    return system.openapi if system.openapi.startswith("/") else "/"


def _check_reachable(system: WrapperSystem, api: Api, workspace: Workspace, found: Finding) -> None:
    """Any answer below 500 that leads nowhere else; a refused token is told here, since nothing works without it."""
    call = next(iter(safe_calls(system)), HttpCall(method="GET", path=_entrance(system), body=None))
    answer = api.call(call)
    what = f"{call.method} {call.path} answers {answer.status}"
    if answer.status >= 500:
        raise Fault("server_error", f"{what} with {answer.quoted}")
    if answer.status in (401, 403) and api.token:
        sent = api.key_header or "Authorization, after the word Bearer"
        raise Fault("token_refused", f"{what} although the token was sent in {sent}{_advice(system, api, workspace)}")
    found.evidence = f"{what} in {number(answer.ms, 'ms')}"


def _advice(system: WrapperSystem, api: Api, workspace: Workspace) -> str:
    """Where else the document says that a key goes; empty where it names no other header, or cannot be had."""
    try:
        headers = find(system, api, workspace).key_headers()
    except (Fault, OSError):
        return ""
    others = [name for name in headers if name.lower() != (api.key_header or "").lower()]
    if not others:
        return ""
    told = listed([f"`key_header: {name}`" for name in others])
    return f"; the OpenAPI document names another header for it: {told} sends it there, as it is"


def _check_p95(system: WrapperSystem, api: Api, found: Finding) -> None:
    """The safe calls in turn; over as soon as 20 are done and so many were slow that the rest cannot help."""
    calls, limit = safe_calls(system), system.p95_ms_max.value
    if not calls:
        raise Skip("no_safe_call", "there is no GET or HEAD under safe_calls to time")
    in_turn, times, until = cycle(calls), list[float](), time.monotonic() + TIMED_S
    for _ in range(WARM_UP):
        _timed(api, next(in_turn))
    bearable = TIMED - math.ceil(0.95 * TIMED)
    while len(times) < TIMED and (len(times) < LEAST or sum(ms > limit for ms in times) <= bearable):
        if times and time.monotonic() > until:
            break
        times.append(_timed(api, next(in_turn)))
    p95 = sorted(times)[math.ceil(0.95 * len(times)) - 1]
    of = f"p95 of {len(times)} calls"
    if len(times) < min(LEAST, TIMED):
        of = f"the slowest of {count(len(times), 'calls')}, all that {TIMED_S:g} s let in,"
    took, most = apart(p95, limit, "ms")
    told = f"{of} is {took}, the limit is {most}"
    if p95 > limit:
        raise Fault("too_slow", told)
    found.evidence = told


def _timed(api: Api, call: HttpCall) -> float:
    """Milliseconds of the call; Fault where it was not answered."""
    answer = api.call(call)
    if not answer.good:
        raise Fault("call_failed", f"{call.method} {call.path} answers {answer.status} with {answer.quoted}")
    if says_error(answer):
        raise Fault("masked_error", f"{call.method} {call.path} answers {answer.status} with {answer.quoted}")
    return answer.ms
