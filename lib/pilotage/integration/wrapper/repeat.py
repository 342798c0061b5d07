"""Whether a writing call may be repeated: the same key gives the same effect once, and takes no other content."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from pilotage.integration.checks import Fault, Finding, Skip
from pilotage.integration.wrapper.calling import Answer, Api
from pilotage.integration.wrapper.document import Document
from pilotage.integration.wrapper.errors import leaks, says_error
from pilotage.integration.wrapper.made import Made
from pilotage.playbook.systems import HttpCall, WrapperSystem
from pilotage.words import count, plain

REFUSED = (400, 409, 422)  # for another content under a key that was used


def check_repeats(system: WrapperSystem, api: Api, document: Document | None, found: Finding) -> None:
    """Fault where a call of idempotent_calls cannot be repeated. What it made is taken back where the API allows it."""
    if not system.probe_may_write:
        raise Skip("write_not_allowed", f"{len(system.idempotent_calls)} calls write, and probe_may_write is false")
    made = Made(api, document)
    try:
        for call in system.idempotent_calls:
            _check(call, api, made)
    except Fault as fault:
        raise Fault(fault.reason, f"{fault.evidence}; {made.taken_back()}") from None
    finally:
        made.taken_back()
    told = f"{count(len(system.idempotent_calls), 'writing calls')} gave the same answer twice under one key"
    found.evidence = f"{told} and refused other content under it; {made.taken_back()}"


def _check(call: HttpCall, api: Api, made: Made) -> None:
    key, what = f"pilotage-{uuid.uuid4().hex}", f"{call.method} {call.path}"
    first = api.call(call, Idempotency_Key=key)
    made.add(call, first)
    if not first.good:
        raise Fault("call_failed", f"{what} answers {first.status} with {first.quoted}")
    second = api.call(call, Idempotency_Key=key)
    if not second.good:
        raise Fault("not_idempotent", f"{what} under the same key answers {first.status}, then {second.status}")
    if told := _difference(first, second):
        made.add(call, second)
        raise Fault("not_idempotent", f"{what} twice under one key gives {told}")
    if call.method != "POST" or not call.body:
        return  # PUT and DELETE are idempotent by what they mean; another content is simply the next state
    third = api.call(call.model_copy(update={"body": other_content(call.body)}), Idempotency_Key=key)
    made.add(call, third)
    if third.status not in REFUSED:
        told = f"{what} with another content under the same key answers {third.status} with {third.quoted}"
        raise Fault(_not_refused(third), told)


def _not_refused(answer: Answer) -> str:
    """The code for an answer that should have been a refusal: perhaps it is one that callers cannot see as such."""
    if leaks(answer):
        return "trace_leaked"
    if answer.status >= 500:
        return "server_error"
    return "masked_error" if answer.good and says_error(answer) else "not_idempotent"


def _difference(first: Answer, second: Answer) -> str:
    """What tells two effects from one: where the thing is and its id, as far as both answers say it, else all of them.

    A replayed answer may well lack the Location that the first one had.
    """
    pairs = [pair for pair in zip(_names(first), _names(second), strict=True) if None not in pair]
    if not pairs and (first.value if first.value is not None else first.body) != (
        second.value if second.value is not None else second.body
    ):
        return f"{first.quoted} and then {second.quoted}"
    differing = [(one, other) for one, other in pairs if one != other]
    return "; ".join(f"{plain(one)} and then {plain(other)}" for one, other in differing)


def _names(answer: Answer) -> list[str | None]:
    """The answer's Location and its ids, each None where it has none."""
    value = answer.value if isinstance(answer.value, dict) else {}
    ids = (f"{name} {value[name]}" if name in value else None for name in ("id", "uuid", "_id"))
    location = answer.headers.get("Location")
    return [f"Location {location}" if location else None, *ids]


def other_content(body: Mapping[str, Any]) -> dict[str, Any]:
    """The same body with one value changed to another of its kind: a number if it has one, else a text."""
    ranked = sorted(body.items(), key=lambda item: _likeness_to_number(item[1]))
    name, value = ranked[0]
    return {**body, name: _changed(value)}


def _likeness_to_number(value: Any) -> int:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return 0
    if isinstance(value, str):
        return 1 if re.fullmatch(r"\d+(\.\d+)?", value) else 2
    return 3


def _changed(value: Any) -> Any:
    """Another value of the same kind and, of a text with digits, of the same form."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str) and value[:1].isdigit():
        return ("2" if value[0] == "1" else "1") + value[1:]
    if isinstance(value, str):
        return value + "x"
    return [] if value else ["pilotage"]
