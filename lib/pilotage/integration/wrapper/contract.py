"""The API's answers against its OpenAPI document: schemathesis makes the requests, reading ones only."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable

from pilotage.integration.checks import Fault, Finding, Skip, as_fault
from pilotage.integration.wrapper.calling import SAFE, Answer, Api, check_not_redirected, safe_calls
from pilotage.integration.wrapper.document import Document
from pilotage.integration.wrapper.errors import leaks
from pilotage.playbook.systems import HttpCall, WrapperSystem

EXAMPLES, BAD_EXAMPLES = 12, 5  # requests for each operation that fit the document, and that do not
TOGETHER_S = 6.0  # for all of them
MOST_NAMED = 20  # operations that the evidence lists by name
LARGEST_INTEGER = 2**53 - 1  # that every reader of JSON keeps as it is
SHOWN = 3  # kinds of failure that the evidence names
WORST_FIRST = ("trace_leaked", "server_error", "contract_broken")
REFUSALS = range(400, 500)  # a refusal that the document forgets is noted; callers can handle it all the same


class _Over(BaseException):
    """The time is over; no Exception, which hypothesis would take for one more failing example."""


@dataclass
class _Seen:
    """What the requests have shown."""

    until: float
    requests: int = 0
    served: int = 0  # answers of success that were compared
    operations: int = 0
    unmade: list[str] = field(default_factory=list)  # operations for which no request can be made
    untried: list[str] = field(default_factory=list)  # those for which there was no time
    streams: list[str] = field(default_factory=list)  # those whose answers have no end
    undocumented: list[str] = field(default_factory=list)  # safe calls that are none of the document's operations
    unnamed: Counter[str] = field(default_factory=Counter)  # refusals that the document does not name
    faults: dict[tuple[str, str, str], str] = field(default_factory=dict)  # code, operation and title: the example

    @property
    def late(self) -> bool:
        return time.monotonic() > self.until


def check_contract(system: WrapperSystem, api: Api, document: Document, found: Finding) -> None:
    """Fault where an answer is not what the document promises, or where the server fails.

    Each documented GET and HEAD is called as the document allows, and a few times as it does not; the safe calls are
    compared as well, since they find real records. Writing operations are never called.
    """
    from schemathesis.core.errors import SchemathesisError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what schemathesis deprecates within itself is nobody's business here
        try:
            seen = _all_called(system, api, document)
        except SchemathesisError as error:
            raise Fault("bad_openapi", f"no requests can be made by it: {' '.join(str(error).split())}") from None
    _judge(seen, document, len(safe_calls(system)), found)


def _all_called(system: WrapperSystem, api: Api, document: Document) -> _Seen:
    """Every reading operation, within the time that there is for all of them."""
    import schemathesis

    schema = schemathesis.openapi.from_dict(document.raw, config=schemathesis.Config(seed=0))
    seen = _Seen(time.monotonic() + TOGETHER_S)
    for call in safe_calls(system):
        _compare_safe_call(schema, api, document, call, seen)
    operations = list(_operations(schema, document, seen))
    seen.operations = len(operations)
    for bad in (False, True):
        for place, operation in enumerate(operations):
            if seen.late:
                seen.untried += [] if bad else [one.label for one in operations[place:]]
                break
            share = (seen.until - time.monotonic()) / (len(operations) - place) / (1 if bad else 1.3)
            _call(operation, api, document, bad, seen, time.monotonic() + share)
    return seen


def _operations(schema: Any, document: Document, seen: _Seen) -> Iterator[Any]:
    """The reading operations that end; Fault for one that schemathesis cannot understand."""
    streams = {(method, path) for method, path, operation in document.operations() if document.streams(operation)}
    for result in schema.include(method=list(SAFE)).get_all_operations():
        operation = result.ok() if hasattr(result, "ok") else None
        if operation is None:
            raise Fault("bad_openapi", " ".join(str(result.err()).split()))
        if (operation.method.upper(), operation.path) in streams:
            seen.streams.append(operation.label)
        elif document.holds(operation.path):
            yield operation


def _compare_safe_call(schema: Any, api: Api, document: Document, call: HttpCall, seen: _Seen) -> None:
    """Compare the answer to a safe call, which finds real records; note one that the document does not have."""
    if not document.names(call):
        seen.undocumented.append(f"{call.method} {call.path}")
        return
    template = document.template(call.method, call.path)
    if template is None:  # the head of a documented GET, or a path that is one by a generous reading alone
        seen.requests += 1
        seen.served += api.call(call).good
        return
    got = api.session.request(call.method, api.address + call.path, headers=api.headers)
    check_not_redirected(call.method, call.path, got)
    operation = schema[template][call.method]
    seen.requests += 1
    case = operation.Case(path_parameters=document.parameters(template, call.path))
    _compare(case, got, f"{call.method} {call.path}", False, seen)


def _call(operation: Any, api: Api, document: Document, bad: bool, seen: _Seen, until: float) -> None:
    """Call one operation with made-up requests, always the same ones, until its share of the time is over."""
    from schemathesis import GenerationMode

    first = seen.requests

    def attempt(case: Any) -> None:
        if seen.late or (time.monotonic() > until and seen.requests > first):
            raise _Over
        seen.requests += 1
        try:
            got = case.call(base_url=base_url, session=api.session, headers=api.headers)
        except Exception as error:  # to hypothesis it would be one more failing example, to be tried again
            fault = as_fault(error)
            seen.faults.setdefault((fault.reason, operation.label, ""), f"{operation.label}: {fault.evidence}")
            return
        what = f"{case.method} {document.called(case.formatted_path)}"
        _compare(case, got, what, bad or _beyond_numbers(case), seen)

    base_url = api.address.removesuffix(document.shared) + document.base
    strategy = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE if bad else GenerationMode.POSITIVE)
    test: Callable[[], None] = given(strategy)(attempt)  # type: ignore[no-untyped-call]
    if not _tried(test, BAD_EXAMPLES if bad else EXAMPLES) and not bad:
        seen.unmade.append(operation.label)


def _tried(test: Callable[[], None], examples: int) -> bool:
    """Run a hypothesis test without its database and its opinions on slowness; False where no request fits."""
    bounded: Callable[[Callable[[], None]], Callable[[], None]] = settings(
        derandomize=True, max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck), print_blob=False,
    )  # fmt: skip
    try:
        with suppress(_Over):  # the time is over, and some were made
            bounded(test)()
    except Unsatisfiable:
        return False
    return True


def _beyond_numbers(case: Any) -> bool:
    """Whether the request holds an integer that many readers of JSON round (RFC 8259, 6)."""
    values = [*(case.path_parameters or {}).values(), *(case.query or {}).values()]
    return any(isinstance(one, int) and abs(one) > LARGEST_INTEGER for one in values)


def _compare(case: Any, got: Any, what: str, bad: bool, seen: _Seen) -> None:
    """Note every way in which this answer breaks the document."""
    label, status, text = case.operation.label, got.status_code, _text(got)
    answer = Answer(status, {}, text.encode(), 0.0)
    if leaks(answer) or status >= 500:
        code = "trace_leaked" if leaks(answer) else "server_error"
        seen.faults.setdefault((code, label, str(status)), f"{what} answers {status} with {answer.quoted}")
        return
    if bad:
        return  # whether a request that does not fit is refused is the API's own affair, as long as it stands
    named = case.operation.responses.find_by_status_code(status) is not None
    if status in REFUSALS and not named:
        seen.unnamed[f"{label}: {status}"] += 1
        return
    seen.served += 200 <= status < 300
    for failure in _failures(case, got):
        lines = " ".join(f"{failure.title}: {failure.message}".split())
        seen.faults.setdefault(("contract_broken", label, failure.title), f"{what} answers {status}: {lines[:400]}")


def _text(got: Any) -> str:
    body = got.content if isinstance(got.content, bytes) else b""
    return body.decode("utf-8", "replace")


def _failures(case: Any, got: Any) -> Sequence[Any]:
    from schemathesis.core.failures import Failure, FailureGroup
    from schemathesis.specs.openapi import checks

    wanted = [checks.status_code_conformance, checks.content_type_conformance, checks.response_schema_conformance]
    try:
        case.validate_response(got, checks=wanted)
    except FailureGroup as group:
        return [one for one in group.exceptions if isinstance(one, Failure)]
    except Failure as failure:
        return [failure]
    return []


def _judge(seen: _Seen, document: Document, safe: int, found: Finding) -> None:
    if seen.faults:
        codes = [code for code, _, _ in seen.faults]
        worst = next((code for code in WORST_FIRST if code in codes), codes[0])
        examples = [text for (code, _, _), text in seen.faults.items() if code == worst]
        more = f"; and {len(seen.faults) - SHOWN} more kinds of failure" if len(seen.faults) > SHOWN else ""
        raise Fault(worst, "; ".join(islice(examples, SHOWN)) + more)
    if seen.undocumented and not seen.served:
        first = next((document.called(path) for _, path, _ in document.operations()), "nothing")
        told = f"not among the documented operations, such as {first}: {_some(seen.undocumented)}"
        raise Fault("not_documented", f"{told}; and no documented one was answered with success")
    if not seen.requests:
        raise Skip("no_safe_call", "the document has no reading operation for which a request can be made")
    if not seen.served:
        raise _unserved(seen, safe)
    found.evidence = f"{seen.requests} requests to {seen.operations - len(seen.untried)} reading operations"
    found.evidence += f" were answered as documented, {seen.served} with what was asked for"
    for told, labels in (
        ("no request can be made for", seen.unmade),
        ("no time was left for", seen.untried),
        ("not called, because streams have no end:", seen.streams),
        ("refusals that the document does not name:", sorted(seen.unnamed)),
        ("safe calls that it does not name:", seen.undocumented),
    ):
        found.evidence += f"; {told} {_some(labels)}" if labels else ""


def _unserved(seen: _Seen, safe: int) -> Fault:
    """What it means that no answer could be compared with what the document promises."""
    told = f"none of {seen.requests} requests to {seen.operations} documented operations was answered with success"
    return Fault("call_failed", told) if safe else Skip("no_safe_call", f"{told}; name calls that find records")


def _some(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - MOST_NAMED} more" if len(labels) > MOST_NAMED else ""
    return ", ".join(labels[:MOST_NAMED]) + more
