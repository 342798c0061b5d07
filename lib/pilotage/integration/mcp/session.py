"""A conversation with a server in one version of the protocol, of either era."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from mcp.shared.inbound import encode_header_value, find_invalid_x_mcp_header, mcp_param_headers, x_mcp_header_map
from mcp.types.version import HANDSHAKE_PROTOCOL_VERSIONS

from pilotage.integration.checks import Fault

ANSWER_S = 10.0  # for one answer
START_S = 20.0  # for the first answer: a process may have to start, or to be fetched
PAGES = 100  # of a list
ME = {"name": "pilotage", "version": "1"}
NO_SUCH_METHOD = -32601
META = "io.modelcontextprotocol/"


class Pipe(Protocol):
    """The way to a server: standard input and output, or HTTP."""

    @property
    def broken(self) -> bool:
        """Whether nothing more can be asked on it."""
        ...

    def request(self, message: Mapping[str, Any], headers: Mapping[str, str], timeout_s: float) -> dict[str, Any]:
        """The answer to a message."""
        ...

    def notify(self, message: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        """A message without an answer."""
        ...

    def close(self) -> None:
        """Nothing is left open or running."""
        ...


class RpcError(Exception):
    """The server answered with an error of the protocol."""

    def __init__(self, error: Any) -> None:
        error = error if isinstance(error, dict) else {"message": error}
        self.code, self.data = error.get("code"), error.get("data")
        self.message = str(error.get("message", ""))
        super().__init__(f"error {self.code}: {self.message[:300]}")


class WrongVersion(Fault):
    """The server does not speak the version; `offered` are those that it says it does."""

    def __init__(self, evidence: str, offered: tuple[str, ...] = ()) -> None:
        self.offered = offered
        super().__init__("wrong_version", evidence)


def modern(version: str) -> bool:
    """Whether a version has no handshake: each request says its version itself (from 2026-07-28 on)."""
    return version > HANDSHAKE_PROTOCOL_VERSIONS[-1]


@dataclass
class Session:
    """What was agreed on, and the calls that can be made then."""

    pipe: Pipe
    version: str
    instructions: str = ""
    offers_tools: bool = True  # by what it says of itself
    schemas: dict[str, Any] = field(default_factory=dict)  # of each tool's arguments
    outputs: dict[str, Any] = field(default_factory=dict)  # of its answers, where it has such a schema
    _ids: Any = field(default_factory=lambda: itertools.count(1))

    def ask(self, method: str, params: Mapping[str, Any], timeout_s: float | None = None) -> dict[str, Any]:
        """The result of a request; RpcError where the answer is an error, Fault where there is none."""
        answer = self.pipe.request(self.message(method, params), self.headers(method, params), timeout_s or ANSWER_S)
        if "error" in answer:
            raise RpcError(answer["error"])
        if not isinstance(answer.get("result"), dict):
            raise Fault("not_json_rpc", f"the answer to {method} has no result")
        return dict(answer["result"])

    def message(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """The request as it goes over the wire."""
        meta = {f"{META}protocolVersion": self.version, f"{META}clientInfo": ME, f"{META}clientCapabilities": {}}
        told = {"_meta": meta, **params} if modern(self.version) else dict(params)
        return {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": told}

    def headers(self, method: str, params: Mapping[str, Any]) -> dict[str, str]:
        """The headers that HTTP needs with it."""
        if not modern(self.version):
            return {} if method == "initialize" else {"MCP-Protocol-Version": self.version}
        found = {"MCP-Protocol-Version": self.version, "Mcp-Method": method}
        if method == "tools/call":
            schema = self.schemas.get(params["name"])
            found["Mcp-Name"] = encode_header_value(params["name"])
            if isinstance(params["arguments"], Mapping) and not find_invalid_x_mcp_header(schema):
                found |= mcp_param_headers(x_mcp_header_map(schema), params["arguments"])
        return found

    def tools(self) -> list[Any]:
        """All tools as the server lists them now; Fault `bad_list` where that is no list, or has no end."""
        found: list[Any] = []
        cursors: set[str] = set()
        params: dict[str, Any] = {}
        while len(cursors) < PAGES:
            try:
                page = self.ask("tools/list", params)
            except RpcError as error:
                if error.code == NO_SUCH_METHOD and not self.offers_tools:
                    return []  # a server of resources or prompts
                raise Fault("bad_list", f"tools/list is answered with {error}") from None
            if not isinstance(page.get("tools"), list):
                raise Fault("bad_list", "the answer to tools/list has no list of tools")
            found += page["tools"]
            cursor = page.get("nextCursor")
            if cursor in (None, ""):
                named = [one for one in found if isinstance(one, dict) and isinstance(one.get("name"), str)]
                self.schemas = {one["name"]: one.get("inputSchema") for one in named}
                self.outputs = {one["name"]: one.get("outputSchema") for one in named}
                return found
            if str(cursor) in cursors:
                break
            cursors.add(str(cursor))
            params = {"cursor": cursor}
        raise Fault("bad_list", f"the list of tools does not end: {len(cursors)} pages, {len(found):,} tools")

    def call(self, tool: str, arguments: Any) -> dict[str, Any]:
        """The result of a tool call."""
        return self.ask("tools/call", {"name": tool, "arguments": arguments})


def open_session(pipe: Pipe, version: str) -> Session:
    """A conversation in just this version; WrongVersion where the server speaks others only."""
    session = Session(pipe, version)
    try:
        if modern(version):
            return _discovered(session)
        return _shaken_hands(session)
    except RpcError as error:
        data = error.data if isinstance(error.data, dict) else {}
        offered = _texts(data.get("supported"))
        raise WrongVersion(f"asked for {version}, the server answers {error}{_names(offered)}", offered) from None


def _discovered(session: Session) -> Session:
    result = session.ask("server/discover", {}, START_S)
    offered = _texts(result.get("supportedVersions"))
    if session.version not in offered:
        raise WrongVersion(f"asked for {session.version}, the server speaks {', '.join(offered) or 'none'}", offered)
    _told(session, result)
    return session


def _shaken_hands(session: Session) -> Session:
    asked = {"protocolVersion": session.version, "capabilities": {}, "clientInfo": ME}
    result = session.ask("initialize", asked, START_S)
    answered = _text(result.get("protocolVersion"))
    if answered != session.version:
        said = f"asked for {session.version}, the server answers {answered or 'nothing'}"
        raise WrongVersion(said, (answered,) if answered else ())
    _told(session, result)
    note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    session.pipe.notify(note, session.headers("notifications/initialized", {}))
    return session


def _told(session: Session, result: Mapping[str, Any]) -> None:
    """What the server says of itself."""
    session.instructions = _text(result.get("instructions"))
    capabilities = result.get("capabilities")
    session.offers_tools = not isinstance(capabilities, Mapping) or "tools" in capabilities


def _names(offered: tuple[str, ...]) -> str:
    return f"; it offers {', '.join(offered)}" if offered else ""


def _texts(given: Any) -> tuple[str, ...]:
    return tuple(one for one in given if isinstance(one, str)) if isinstance(given, list) else ()


def _text(given: Any) -> str:
    return given if isinstance(given, str) else ""
