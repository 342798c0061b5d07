"""The wire forms of the Agent2Agent protocol: requests, answers and the card.

Version 1.0 is spoken over JSON-RPC and HTTP+JSON, version 0.3 over JSON-RPC alone. What 0.3 answers is read into the
form of 1.0, so that nobody else has to tell them apart.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from pilotage.agents.endpoint import is_loopback

VERSION, OLDER = "1.0", "0.3"
VERSION_HEADER = "A2A-Version"
CARD_PATH = "/.well-known/agent-card.json"
ENDED = frozenset({"completed", "failed", "canceled", "rejected"})  # states that a task never leaves
WAITING = frozenset({"input_required", "auth_required"})  # states in which it waits for the caller
OPEN = frozenset({"submitted", "working", "unknown"})  # states that it leaves by itself; unknown is one of 0.3 alone
SPOKEN = ("JSONRPC", "HTTP+JSON")

Operation = Literal["send", "stream", "get", "cancel"]
_METHODS: Mapping[Operation, str] = {
    "send": "SendMessage", "stream": "SendStreamingMessage", "get": "GetTask", "cancel": "CancelTask",
}  # fmt: skip
_OLDER_METHODS: Mapping[Operation, str] = {
    "send": "message/send", "stream": "message/stream", "get": "tasks/get", "cancel": "tasks/cancel",
}  # fmt: skip
_OLDER_KINDS = {
    "task": "task", "message": "message", "status-update": "statusUpdate", "artifact-update": "artifactUpdate",
}  # fmt: skip
_REASONS = {"TASK_NOT_FOUND": -32001, "TASK_NOT_CANCELABLE": -32002, "VERSION_NOT_SUPPORTED": -32009}


class Refused(Exception):
    """The other side answered with an error of the protocol: its JSON-RPC code (0 where unknown) and its words."""

    def __init__(self, code: int, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(f"error {code}: {message}")


class NotA2a(ValueError):
    """The answer has not the form of the protocol; its text says why."""


@dataclass(frozen=True, slots=True)
class Interface:
    """One way to reach the agent, as its card declares it."""

    url: str
    binding: str
    version: str
    tenant: str = ""

    @property
    def number(self) -> str:
        """The protocol's version without its patch, as the header has it."""
        return number_of(self.version)

    @property
    def spoken(self) -> bool:
        """Whether requests can be made to it here."""
        return (self.binding in SPOKEN and self.number == VERSION) or (self.binding, self.number) == ("JSONRPC", OLDER)

    def request(self, operation: Operation, params: Mapping[str, Any]) -> tuple[str, str, dict[str, Any] | None]:
        """HTTP method, URL and JSON body of one request."""
        if self.binding == "JSONRPC":
            older = self.number == OLDER
            sent = {**(_as_older(params) if older else params), **({"tenant": self.tenant} if self.tenant else {})}
            method = (_OLDER_METHODS if older else _METHODS)[operation]
            return "POST", self.url, {"jsonrpc": "2.0", "id": uuid.uuid4().hex, "method": method, "params": sent}
        base = self.url.rstrip("/") + (f"/{quote(self.tenant, safe='')}" if self.tenant else "")
        if operation in ("send", "stream"):
            return "POST", f"{base}/message:{operation}", dict(params)
        task = f"{base}/tasks/{quote(str(params['id']), safe='')}"
        return ("GET", task, None) if operation == "get" else ("POST", f"{task}:cancel", {})

    def id_of_request(self, body: Mapping[str, Any] | None) -> str | None:
        """The id that the answer to this request has to repeat; None where the transport has none."""
        return str(body["id"]) if body and self.binding == "JSONRPC" else None

    def result(self, status: int, given: Any, id: str | None = None) -> dict[str, Any]:
        """What an answer with this HTTP status says to the request of this id.

        Refused for the protocol's errors, NotA2a for any other form.
        """
        if not isinstance(given, dict):
            raise NotA2a(f"an answer of status {status} is no JSON object")
        if self.binding == "JSONRPC":
            result = _of_json_rpc(status, given, id)
            return _from_older(result) if self.number == OLDER else result
        if 200 <= status < 300 and not {"jsonrpc", "error"} & given.keys():
            return given
        if "jsonrpc" in given:
            raise NotA2a(f"an answer of status {status} is one of JSON-RPC")
        raise _refusal(status, given)


def number_of(version: str) -> str:
    """A version of the protocol without its patch: 1.0 for 1.0.2."""
    return ".".join(version.split(".")[:2])


def _as_older(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of 1.0 in the form of 0.3, which names the kind of everything, and waits only when told to."""
    if "message" not in params:
        return dict(params)
    parts = [{"kind": "text", **part} for part in params["message"]["parts"]]
    said = {**params["message"], "kind": "message", "role": "user", "parts": parts}
    waits = not params.get("configuration", {}).get("returnImmediately", False)
    return {**params, "message": said, "configuration": {"blocking": waits}}


def _from_older(result: dict[str, Any]) -> dict[str, Any]:
    """A result of 0.3, also under the name that 1.0 has for its kind: 1.0 wraps what is sent and streamed so."""
    kind = result.get("kind")
    return {**result, _OLDER_KINDS[kind]: result} if isinstance(kind, str) and kind in _OLDER_KINDS else result


def _of_json_rpc(status: int, given: dict[str, Any], id: str | None) -> dict[str, Any]:
    error, result = given.get("error"), given.get("result")
    if given.get("jsonrpc") != "2.0" or (error is None) == (result is None):
        raise NotA2a(f"an answer of status {status} is no JSON-RPC 2.0 answer")
    # An error may have the id null: the request could not be read so far.
    if id is not None and given.get("id") != id and (error is None or given.get("id") is not None):
        raise NotA2a("an answer of JSON-RPC has another id than the request")
    if isinstance(error, dict) and isinstance(error.get("code"), int):
        raise Refused(error["code"], str(error.get("message", ""))[:200])
    if not isinstance(result, dict):
        raise NotA2a("the result or error in a JSON-RPC answer is no object")
    return result


def _refusal(status: int, given: dict[str, Any]) -> Exception:
    """An error of HTTP+JSON: google.rpc.Status under `error`, or problem details (RFC 9457)."""
    error = given.get("error")
    if isinstance(error, dict) and "message" in error:
        details = error.get("details")
        reasons = [one.get("reason") for one in details if isinstance(one, dict)] if isinstance(details, list) else []
        code = next((_REASONS[one] for one in reasons if isinstance(one, str) and one in _REASONS), 0)
        return Refused(code, str(error["message"])[:200])
    if isinstance(kind := given.get("type"), str) and "title" in given:
        reason = kind.rstrip("/").rpartition("/")[2].upper().replace("-", "_")
        return Refused(_REASONS.get(reason, 0), str(given["title"])[:200])
    return NotA2a(f"an answer of status {status} has not the form of an A2A answer or error")


def message(text: str, **configuration: Any) -> dict[str, Any]:
    """The parameters that send this text as a new task."""
    said = {"messageId": uuid.uuid4().hex, "role": "ROLE_USER", "parts": [{"text": text}]}
    return {"message": said, **({"configuration": configuration} if configuration else {})}


def state_of(task: Any) -> str:
    """A task's state in small letters, such as completed; empty where it has none."""
    status = task.get("status") if isinstance(task, dict) else None
    state = status.get("state") if isinstance(status, dict) else None
    return state.removeprefix("TASK_STATE_").lower().replace("-", "_") if isinstance(state, str) else ""


def id_of(task: Any) -> str:
    """A task's id; NotA2a where it has none, for nothing can be asked about it then."""
    found = task.get("id") if isinstance(task, dict) else None
    if not isinstance(found, str) or not found:
        raise NotA2a("a task has no id")
    return found


def text_of(answer: Mapping[str, Any]) -> str:
    """The text in a message's parts, or in a task's artifacts; where it has none, what its status says."""
    status = answer.get("status")
    said = [one for one in _list(answer.get("artifacts")) if isinstance(one, dict)]
    texts = [text for one in [answer, *said] for text in _texts(one)]
    if not texts and isinstance(status, dict) and isinstance(status.get("message"), dict):
        texts = _texts(status["message"])
    return "\n".join(texts)


def _texts(holder: Mapping[str, Any]) -> list[str]:
    parts = [part for part in _list(holder.get("parts")) if isinstance(part, dict)]
    return [part["text"] for part in parts if isinstance(part.get("text"), str)]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def interfaces(card: Any) -> list[Interface]:
    """The ways in that a card declares, in its order of preference; malformed ones are left out."""
    found = [one for one in _list(card.get("supportedInterfaces")) or _older_ways(card) if isinstance(one, dict)]
    keys = ("url", "protocolBinding", "protocolVersion", "tenant")
    parts = [tuple(one.get(key) or "" for key in keys) for one in found]
    return [Interface(*values) for values in parts if all(isinstance(value, str) for value in values) and values[0]]


def _older_ways(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The ways in on a card of 0.3, in the form of 1.0; its preferred one is often listed twice."""
    more = [one for one in _list(card.get("additionalInterfaces")) if isinstance(one, dict)]
    first = {"url": card.get("url", ""), "transport": card.get("preferredTransport", "JSONRPC")}
    version = card.get("protocolVersion", "")
    ways = [{"url": one.get("url"), "protocolBinding": one.get("transport"), "protocolVersion": version}
            for one in [first, *(one for one in more if one != first)]]  # fmt: skip
    return ways if version else []


def card_url(address: str) -> str:
    """Where the card of the agent at this address is; an address that ends in .json is the card's own."""
    return address if urlsplit(address).path.endswith(".json") else address.rstrip("/") + CARD_PATH


def may_follow(address: str, url: str) -> bool:
    """Whether a token for this address may go to that URL: the same host, and not from https to http.

    Not either where the URL brings a login of its own, which would take the token's place.
    """
    try:
        here, there = urlsplit(address), urlsplit(url)
        same = _host(address) == _host(url) and there.username is None and (there.port or True)
    except ValueError:  # a port that is no number, half of an IPv6 address
        return False
    return bool(same) and there.scheme in ("http", "https") and (here.scheme, there.scheme) != ("https", "http")


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port; all names of the own machine are one host."""
    parts = urlsplit(url)
    return parts.scheme, _host(url), parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _host(url: str) -> str | None:
    return "localhost" if is_loopback(url) else urlsplit(url).hostname
