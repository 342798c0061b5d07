"""What a server behind HTTP must refuse: callers without a token, and pages of foreign origin."""

from __future__ import annotations

from collections.abc import Mapping

from pilotage.integration.checks import Fault
from pilotage.integration.mcp.http import HttpPipe
from pilotage.integration.mcp.server import McpServer
from pilotage.integration.mcp.session import ANSWER_S, ME, Session, modern

FOREIGN = "evil.example"  # a name that nobody can own (RFC 2606)


def check_auth(server: McpServer, session: Session) -> str:
    """Callers without a token and with a made-up one are refused; Fault where they are not."""
    without = _status(server, session, {})
    if without not in (401, 403):
        raise Fault("no_auth", f"without a token the server answers with status {without} instead of 401")
    wrong = _status(server, session, {"Authorization": "Bearer made-up-by-the-probe"})
    if wrong not in (401, 403):
        raise Fault("any_token", f"a made-up token is answered with status {wrong} instead of 401")
    return f"status {without} without a token, {wrong} with a wrong one"


def check_origin(server: McpServer, session: Session) -> str:
    """Requests that a foreign page would send are refused, also where its name was rebound to this address."""
    foreign = {"Origin": f"http://{FOREIGN}"}
    seen = []
    for what, headers in (("a foreign Origin", foreign), ("a rebound name", {**foreign, "Host": FOREIGN})):
        status = _status(server, session, {**server.headers, **headers})
        if status < 400:
            raise Fault("origin_accepted", f"{what} is answered with status {status} instead of 403")
        seen.append(f"status {status} for {what}")
    return ", ".join(seen)


def _status(server: McpServer, session: Session, headers: Mapping[str, str]) -> int:
    """The status of the first request of a conversation, sent with these headers."""
    method = "server/discover" if modern(session.version) else "initialize"
    asked = {} if modern(session.version) else {
        "protocolVersion": session.version, "capabilities": {}, "clientInfo": ME,
    }  # fmt: skip
    pipe = server.pipe(headers)
    assert isinstance(pipe, HttpPipe)
    return pipe.status(session.message(method, asked), session.headers(method, asked), ANSWER_S)
