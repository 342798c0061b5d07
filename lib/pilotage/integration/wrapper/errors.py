"""How an API says no: requests that must be refused, and what is wrong with the way they are."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from pilotage.integration.checks import Fault, Finding
from pilotage.integration.wrapper.calling import Answer, Api
from pilotage.integration.wrapper.document import Document
from pilotage.playbook.systems import WrapperSystem

SEARCHED = 2**16  # characters of an answer: what leaks does so at its begin
MOST_QUERIES = 4  # documented queries that are asked with text where a number belongs
# What only a developer should see: tracebacks of the usual languages, and what databases say of themselves.
# Every repetition stops at what its neighbour begins with, so that the time stays in line with the length.
TRACES = re.compile(
    r"Traceback \(most recent call last\)|File \"[^\"]+\.py\", line \d+|^[ \t]*at [\w.$<>/@-]+\([\w.]+:\d+\)"
    r"|^[ \t]*at .+\.(?:[cm]?[jt]s|cs):(?:line )?\d+|goroutine \d+ \[|panicked at|\.php on line \d+|\.rb:\d+:in "
    r"|(?:sqlite3|psycopg\d?|pymysql|sqlalchemy)\.(?:\w++\.){0,5}\w*Error|SQLSTATE\[?|ORA-\d{5}"
    r"|(?:psycopg\d?\.errors|asyncpg\.exceptions)\.\w|\bLINE \d+: (?:SELECT|INSERT|UPDATE|DELETE|WITH)\b"
    r"|error in your SQL syntax|Unclosed quotation mark after the character string"
    r"|near \"[^\"]*\": syntax error|System\.\w+Exception",
    re.M,
)
_SAYS_ERROR = ("error", "errors", "exception", "fault", "traceback")
_AROUND = {  # what else an error's body holds; one with other names in it is a record that happens to have an error
    "message", "msg", "detail", "details", "title", "type", "status", "code", "statusCode", "status_code", "success",
    "ok", "path", "instance", "timestamp", "requestId", "request_id", "error_description", "error_code", "reason",
}  # fmt: skip
_SAYS_NO = re.compile(r"error|fail|fault|denied|unauthori[sz]ed|forbidden|not[ _]?found|invalid", re.I)


def check_errors(system: WrapperSystem, api: Api, document: Document | None, found: Finding) -> None:
    """Fault for the worst of what is wrong with how bad requests are refused.

    An unknown path and record, a quote in a record's name, text where a number belongs; and a body that is no JSON to
    the calls of idempotent_calls where probes may write.
    """
    asked, taken = 0, []
    for what, answer, kind in _refusals(system, api, document):
        asked += 1
        taken += [f"{what} ({answer.status})"] if answer.good else []
        if fault := _wrong(answer, kind):
            raise Fault(fault, f"{what} answers {answer.status} with {answer.quoted}")
    refused = f"{asked - len(taken)} of {asked}" if taken else f"all {asked}"
    found.evidence = f"{refused} bad requests were refused with a status of their own and no inner detail"
    found.evidence += f"; not refused: {', '.join(taken)}" if taken else ""


def says_error(answer: Answer) -> bool:
    """Whether an answer that claims success says in its body that it failed."""
    value = answer.value
    if not isinstance(value, dict) or any(value[name] for name in value.keys() - _AROUND - set(_SAYS_ERROR)):
        return False
    if any(value.get(name) for name in _SAYS_ERROR) or value.get("success") is False or value.get("ok") is False:
        return True
    status = next((value[name] for name in ("status", "code", "statusCode") if name in value), None)
    if isinstance(status, int) and not isinstance(status, bool):
        return 400 <= status < 600
    return isinstance(status, str) and bool(_SAYS_NO.search(status))


def leaks(answer: Answer) -> bool:
    """Whether the answer shows the server's code or database."""
    if answer.good:
        return False
    return any(TRACES.search(text, 0, SEARCHED) for text in (answer.text, "\n".join(_texts(answer.value))))


def _texts(value: Any) -> Iterator[str]:
    """The texts in a JSON value, with line breaks where the body has them escaped."""
    open_ = [value]
    while open_:
        one = open_.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict | list):
            open_ += reversed(list(one.values()) if isinstance(one, dict) else one)


def _refusals(system: WrapperSystem, api: Api, document: Document | None) -> Iterator[tuple[str, Answer, str]]:
    """Each bad request in words, its answer, and its kind: path, record or request."""
    nowhere = f"/pilotage-no-such-path-{uuid.uuid4().hex[:8]}"
    yield f"GET {nowhere}", api.get(nowhere), "path"
    for path, kind in _records(system, document):
        yield f"GET {path}", api.get(path), kind
    for path in wrong_queries(document):
        yield f"GET {path}", api.get(path), "request"
    if system.probe_may_write:
        for call in system.idempotent_calls:
            headers = api.headers | {"Idempotency-Key": uuid.uuid4().hex}
            answer = api.send(call.method, call.path, headers, b'{"pilotage": ')
            yield f"{call.method} {call.path} with a body that is no JSON", answer, "request"


def _records(system: WrapperSystem, document: Document | None) -> Iterator[tuple[str, str]]:
    """Paths of records that cannot be there: the safe calls' own, with the last part of a template replaced."""
    done = set()
    for call in system.safe_calls if document else ():
        assert document is not None
        template = document.template("GET", call.path)
        if call.method != "GET" or not template or not template.endswith("}") or template in done:
            continue
        done.add(template)
        folder = call.path.partition("?")[0].rpartition("/")[0]
        yield f"{folder}/pilotage-no-such-record", "record"
        yield f"{folder}/{quote(chr(39) + ' OR ' + chr(39), safe='')}", "record"


def wrong_queries(document: Document | None) -> Iterator[str]:
    """Documented GETs without a template in their path, with text where a number belongs."""
    given = 0
    for method, path, operation in document.operations() if document else ():
        if method != "GET" or "{" in path or given >= MOST_QUERIES:
            continue
        for parameter in _numbers_in_query(operation):
            assert document is not None
            given += 1
            yield f"{document.called(path)}?{quote(str(parameter))}=pilotage"
            break


def _numbers_in_query(operation: dict[str, Any]) -> list[str]:
    given = operation.get("parameters")
    listed = given if isinstance(given, list) else []  # what else it may be is told by the contract check
    return [
        one["name"]
        for one in listed
        if isinstance(one, dict)
        and one.get("in") == "query"
        and isinstance(one.get("schema"), dict)
        and one["schema"].get("type") in ("integer", "number")
        and "name" in one
    ]


def _wrong(answer: Answer, kind: str) -> str:
    """The code of what is wrong with this refusal; empty where it is as it should be."""
    if leaks(answer):
        return "trace_leaked"
    if answer.status >= 500:
        return "server_error"
    if answer.good:
        return _wrongly_good(answer, kind)
    return "" if answer.status >= 400 and _readable(answer, kind) else "error_shape"


def _wrongly_good(answer: Answer, kind: str) -> str:
    """An API may overlook a query that makes no sense, and may find nothing; it may not hide an error."""
    if says_error(answer):
        return "masked_error"
    if kind == "request":
        return ""
    return "" if kind == "record" and _nothing_found(answer.value) else "masked_error"


def _nothing_found(value: Any) -> bool:
    """Whether the value is an empty list, or an object around one."""
    lists = [one for one in value.values() if isinstance(one, list)] if isinstance(value, dict) else [value]
    return bool(lists) and all(one == [] for one in lists)


def _readable(answer: Answer, kind: str) -> bool:
    """JSON, or nothing at all; of a path that is not there, which no agent calls, a plain line will do."""
    if not answer.body.strip():
        return True
    if kind == "path" and answer.media_type == "text/plain":
        return True
    return answer.value is not None and "html" not in answer.media_type
