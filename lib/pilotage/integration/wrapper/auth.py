"""Whether strangers are refused: callers without a token, or with a wrong one, who read or write."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from pilotage.integration.checks import Fault, Finding, Skip
from pilotage.integration.keys import made_up
from pilotage.integration.wrapper.calling import SAFE, Answer, Api, safe_calls
from pilotage.integration.wrapper.document import Document
from pilotage.integration.wrapper.errors import says_error
from pilotage.integration.wrapper.made import Made
from pilotage.playbook.systems import HttpCall, WrapperSystem
from pilotage.words import count, listed

AUTH_CALLS = 4  # safe calls that are tried without a token
WRONG_CONTENT = (400, 409, 422)  # of a writing call: its content was looked at, and perhaps nothing else


def check_auth(system: WrapperSystem, api: Api, document: Document | None, found: Finding) -> None:
    """Fault where a stranger is not refused with 401 or 403. What a stranger could make is taken back.

    Writing calls are tried where probes may write. Skip where nothing was refused, since nothing could be tried.
    """
    reading, writing = safe_calls(system)[:AUTH_CALLS], system.idempotent_calls if system.probe_may_write else ()
    for call in reading:
        for who, answer in _strangers(api, call):
            _check_refused(f"{call.method} {call.path} {who} answers {answer.status}", answer)
    unknown = [told for call in writing for told in _not_told(call, api, document)]
    refused = [
        *([count(len(reading), "safe calls")] if reading else []),
        *([count(n, "writing calls")] if (n := len(writing) - len(unknown)) else []),
    ]
    if not refused:
        raise Skip("no_safe_call", "there is no GET or HEAD under safe_calls to try without a token")
    told = [f"{listed(refused)} refused without a token and with a wrong one", *unknown, *_untried(system)]
    found.evidence = "; ".join(told)


def _strangers(api: Api, call: HttpCall) -> Iterator[tuple[str, Answer]]:
    """Who called, and the answer; a call that writes brings a key of its own each time."""
    for who, token in (("without a token", None), ("with a wrong token", made_up(api.token, api.key_header))):
        writes = {"Idempotency_Key": f"pilotage-{uuid.uuid4().hex}"} if call.method not in SAFE else {}
        yield who, api.call_with(token, call, **writes)


def _not_told(call: HttpCall, api: Api, document: Document | None) -> list[str]:
    """Nothing where the writing call is refused for its token; else that its answer was about something else."""
    for who, answer in _strangers(api, call):
        what = f"{call.method} {call.path} {who} answers {answer.status}"
        if answer.status in WRONG_CONTENT:
            return [f"{what}, which says nothing of the token"]
        try:
            _check_refused(what, answer)
        except Fault as fault:
            made = Made(api, document)
            made.add(call, answer)
            told = f"; {made.taken_back()}" if answer.good else ""
            raise Fault(fault.reason, f"{fault.evidence}{told}") from None
    return []


def _check_refused(what: str, answer: Answer) -> None:
    """Fault with the code of what is wrong with the answer to a stranger."""
    if answer.status in (401, 403):
        return
    if answer.good and not says_error(answer):
        raise Fault("no_auth", what)
    code = "masked_error" if answer.good else "server_error" if answer.status >= 500 else "error_shape"
    raise Fault(code, f"{what} with {answer.quoted}")


def _untried(system: WrapperSystem) -> list[str]:
    """Why no writing call was tried; nothing where some were."""
    if not system.idempotent_calls:
        return ["writing calls were not tried, since idempotent_calls names none"]
    return [] if system.probe_may_write else ["writing calls were not tried, since probe_may_write is false"]
