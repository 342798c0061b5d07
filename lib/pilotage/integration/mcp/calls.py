"""Calls of a server's tools: the safe ones that the entry names, and wrong ones that must be refused."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from pilotage.hashes import canonical_json
from pilotage.integration.checks import Fault
from pilotage.integration.mcp.session import RpcError, Session
from pilotage.integration.mcp.tools import structured_fault
from pilotage.playbook.systems import ToolCall

TIMED = 20  # calls, for the 95th percentile
TIMED_S = 15.0  # and no longer than this
NO_SUCH_TOOL = "pilotage_no_such_tool"
_TRACEBACK = re.compile(
    r"Traceback \(most recent call last\)|\n\s+File \"[^\"]+\", line \d+|\n\s+at [\w$.<>]+ ?\([^)\n]*:\d+"
    r"|goroutine \d+ \[running\]|panicked at [^\n]+:\d+",
)
_NOTHING = r"(?!\W*(?:none|no|null|nil|false|0)\W*(?:$|[,;.\n])|\s*(?:\[\]|\{\}|\"\"|$))"
_ERROR = re.compile(
    rf"\W*(?:internal |server |fatal |unexpected |an? |the )*[\w.]{{0,60}}(?:error|exception)(?: \w?\d+)?\s*:{_NOTHING}"
    r"|\W*(?:an? )?\w{0,40}(?:error|exception) (?:executing|while|when|calling|during|in tool|processing)\b"
    r"|\W*an? (?:\w+ )?(?:error|exception) (?:has )?occurred"
    r"|\W*(?:\d{3} )?(?:internal server error|bad gateway|service unavailable|gateway time-?out|unknown tool)\b"
    r"|\W*failed to \w+(?!\w*:\s*\d)"
    r"|\W*(?:could not|cannot|unable to) (?:connect|reach|open|load|fetch|access|execute|process|resolve)\b"
    r"|\W*(?:tool (?:\S+ )?not found|no such tool|invalid (?:arguments?|parameters?|request|input)\b)",
    re.I,
)
_ERROR_KEYS = {"error", "errors", "exception", "traceback", "stacktrace"}
_ABOUT_ERRORS = {  # what else stands in an object that is nothing but an error
    "code", "message", "msg", "detail", "details", "reason", "status", "status_code", "statuscode", "success", "ok",
    "type", "title", "path", "timestamp", "request_id", "requestid", "trace_id", "traceid", "iserror", "hint",
}  # fmt: skip


def check_safe_call(session: Session, call: ToolCall) -> dict[str, Any]:
    """The result of a call that should work; Fault where it is an error, hides one, or says something else."""
    return _checked(session, call, _made(session, call))


def _made(session: Session, call: ToolCall) -> dict[str, Any]:
    try:
        return session.call(call.tool, dict(call.arguments))
    except RpcError as error:
        raise Fault("call_failed", f"{call.tool}: {error}") from None


def _checked(session: Session, call: ToolCall, result: dict[str, Any]) -> dict[str, Any]:
    """The result, where it is what it should be."""
    text = text_of(result)
    if result.get("isError") is True:
        raise Fault("call_failed", f"{call.tool}: {text[:300]}")
    if result.get("resultType", "complete") != "complete":
        raise Fault("call_failed", f"{call.tool}: the answer is {result['resultType']!r}, not complete")
    if malformed := form_fault(result):
        raise Fault("wrong_answer", f"{call.tool}: {malformed}")
    settled = call.contains is not None and call.contains in text  # an answer may well speak of errors
    if not settled and is_error(result):
        raise Fault("masked_error", f"{call.tool} answers without isError: {text[:300]}")
    if broken := structured_fault(session.outputs.get(call.tool), result):
        raise Fault("wrong_answer", f"{call.tool}: {broken}")
    if call.contains is not None and not settled:
        raise Fault("wrong_answer", f"{call.tool}: {call.contains!r} is not in the answer: {text[:300]}")
    if not settled and says_nothing(result):
        raise Fault(
            "wrong_answer", f"{call.tool}: the answer is empty, which shows nothing; name a call that finds some"
        )
    return result


def p95_ms(session: Session, call: ToolCall) -> tuple[float, int]:
    """The milliseconds within which 95% of repeated calls were answered, and how many calls there were."""
    took: list[float] = []
    until = time.monotonic() + TIMED_S
    while len(took) < TIMED and (time.monotonic() < until or not took):
        began = time.perf_counter()
        result = _made(session, call)
        took.append(1000 * (time.perf_counter() - began))
        _checked(session, call, result)
    took.sort()
    return took[-(-95 * len(took) // 100) - 1], len(took)


def check_invalid(session: Session, safe: Sequence[ToolCall]) -> str:
    """How wrong arguments were refused, in a sentence; Fault where they were taken.

    No tool is called but those that the entry names as safe: the first whose arguments can be wrong, else the first,
    with a list in the place of its arguments, which a tool that takes none may pass over.
    """
    call = next((one for one in safe if invalid(session.schemas.get(one.tool), one.arguments)), safe[0])
    wrong = invalid(session.schemas.get(call.tool), call.arguments)
    told = [f"{what}: {_refused(session, call.tool, arguments, 'accepted_invalid', what)}" for what, arguments in wrong]
    if not wrong:
        told = [f"a list for arguments: {_refused(session, call.tool, ['wrong'], '', 'a list for arguments')}"]
    return f"{call.tool}: {'; '.join(told)}"


def check_unknown(session: Session) -> str:
    """How a tool that does not exist was refused; Fault where it was not."""
    return _refused(session, NO_SUCH_TOOL, {}, "accepted_unknown_tool", "a tool that does not exist")


def invalid(schema: Any, good: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Arguments that the schema forbids, each with what is wrong: one left out, one of a wrong type."""
    schema = schema if isinstance(schema, Mapping) else {}
    properties = schema.get("properties")
    required = schema.get("required")
    found: list[tuple[str, Any]] = []
    if isinstance(required, list) and required and isinstance(required[0], str):
        left = {key: value for key, value in good.items() if key != required[0]}
        found.append((f"without {required[0]}", left))
    for name, about in properties.items() if isinstance(properties, Mapping) else ():
        kind = about.get("type") if isinstance(about, Mapping) else None
        if kind in ("string", "integer", "number", "boolean", "array", "object"):
            wrong: Any = ["wrong"] if kind == "object" else {"wrong": ["type"]}
            found.append((f"{name} of a wrong type", {**good, name: wrong}))
            break
    return found


def form_fault(result: Mapping[str, Any]) -> str:
    """In what a result has not the form that the protocol sets; empty text where it has."""
    content = result.get("content")
    if not isinstance(content, list):
        return "content should be a list of blocks"
    if not all(isinstance(one, Mapping) and isinstance(one.get("type"), str) for one in content):
        return "each block of content should be an object with a type"
    if not all(isinstance(one.get("text"), str) for one in content if one["type"] == "text"):
        return "a block of text should have a text"
    if not isinstance(result.get("isError", False), bool):
        return "isError should be true or false"
    return ""


def says_nothing(result: Mapping[str, Any]) -> bool:
    """Whether a result has no text, no other block and no structured content: it may hide an error as well."""
    blocks = [one for one in result["content"] if one["type"] != "text" or one["text"].strip()]
    return not blocks and result.get("structuredContent") is None


def text_of(result: Mapping[str, Any]) -> str:
    """The texts of a result, and its structured content as JSON."""
    structured = result.get("structuredContent")
    shown = [canonical_json(structured)] if structured is not None else []
    return "\n".join([*_texts(result), *shown])


def same_answers(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two results tell an agent the same."""
    keys = ("content", "structuredContent")
    return bool(one.get("isError")) == bool(other.get("isError")) and all(
        one.get(key) == other.get(key) for key in keys
    )


def is_error(result: Mapping[str, Any]) -> bool:
    """Whether a result is plainly an error, whatever its isError says.

    A traceback, a text that begins as errors do, or an object that holds an error and no other result: words such as
    "failed" or "invalid" may well be the answer that was asked for.
    """
    text = "\n".join(_texts(result))
    return bool(_TRACEBACK.search(text) or _ERROR.match(text)) or any(
        _only_error(one) for one in (result.get("structuredContent"), _read_json(text))
    )


def _only_error(found: Any) -> bool:
    """Whether this is an object that tells an error and nothing else."""
    if not isinstance(found, Mapping):
        return False
    given = {str(key).lower(): value for key, value in found.items()}
    if set(given) - _ERROR_KEYS - _ABOUT_ERRORS:
        return False
    good = given.get("success") is True or given.get("ok") is True or given.get("status") in ("ok", "success", 200)
    bad = given.get("success") is False or str(given.get("status")).lower() in ("error", "failed", "failure")
    return not good and (bad or any(given.get(key) for key in _ERROR_KEYS))


def _texts(result: Mapping[str, Any]) -> list[str]:
    content = result.get("content")
    blocks = [one for one in content if isinstance(one, Mapping)] if isinstance(content, list) else []
    return [one["text"] for one in blocks if isinstance(one.get("text"), str)]


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _refused(session: Session, tool: str, arguments: Any, accepted: str, what: str) -> str:
    """How the call was refused: by an error of the protocol or a result that says isError.

    Fault with the code `accepted` where it was not; without such a code it may be answered.
    """
    try:
        result = session.call(tool, arguments)
    except RpcError as error:
        _shows_no_code(f"{error.message} {error.data}", what)
        return f"error {error.code}"
    text = text_of(result)
    if result.get("isError") is not True:
        said = f"{what}: answered without isError: {text[:300]}"
        if is_error(result):
            raise Fault("masked_error", said)
        if accepted:
            raise Fault(accepted, said)
        return "passed over"
    _shows_no_code(text, what)
    return "isError"


def _shows_no_code(text: str, what: str) -> None:
    if _TRACEBACK.search(text):
        raise Fault("leaks_traceback", f"{what}: {text[:300]}")


def called(calls: Sequence[ToolCall]) -> str:
    """The tools of these calls, for a sentence."""
    return ", ".join(dict.fromkeys(call.tool for call in calls))
