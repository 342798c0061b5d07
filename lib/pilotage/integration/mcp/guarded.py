"""What a server behind HTTP must refuse: callers without a token, and pages of foreign origin."""

from __future__ import annotations

from collections.abc import Mapping

from pilotage.integration.checks import Fault
from pilotage.integration.keys import key_headers, made_up
from pilotage.integration.mcp.http import Answered, HttpPipe
from pilotage.integration.mcp.server import McpServer
from pilotage.integration.mcp.session import ANSWER_S, ME, Session, modern

FOREIGN = "evil.example"  # a name that nobody can own (RFC 2606)


def check_auth(server: McpServer, session: Session) -> str:
    """Callers without a token and with a made-up one are refused; Fault where they are not, or otherwise than by 401
    or 403, by which clients know that a token is what they lack."""
    invented = key_headers(made_up(server.token, None), None)
    seen = []
    for code, what, headers in (("no_auth", "no token", {}), ("any_token", "a made-up token", invented)):
        answered = _answered(server, session, headers)
        if answered.taken:
            raise Fault(code, f"{what} is answered with {answered.words} instead of 401")
        if answered.status not in (401, 403):
            raise Fault("refused_otherwise", f"{what} is turned away with {answered.words} instead of 401")
        seen.append(f"status {answered.status} for {what}")
    return ", ".join(seen)


def check_origin(server: McpServer, session: Session) -> str:
    """Requests that a foreign page would send are refused, also where its name was rebound to this address."""
    foreign = {"Origin": f"http://{FOREIGN}"}
    seen = []
    for what, headers in (("a foreign Origin", foreign), ("a rebound name", {**foreign, "Host": FOREIGN})):
        answered = _answered(server, session, {**server.headers, **headers})
        if answered.taken:
            raise Fault("origin_accepted", f"{what} is answered with {answered.words} instead of 403")
        if answered.status < 400:
            raise Fault("refused_otherwise", f"{what} is turned away with {answered.words} instead of 403")
        seen.append(f"status {answered.status} for {what}")
    return ", ".join(seen)


def _answered(server: McpServer, session: Session, headers: Mapping[str, str]) -> Answered:
    """How the first request of a conversation is answered, sent with these headers."""
    method = "server/discover" if modern(session.version) else "initialize"
    asked = {} if modern(session.version) else {
        "protocolVersion": session.version, "capabilities": {}, "clientInfo": ME,
    }  # fmt: skip
    pipe = server.pipe(headers)
    assert isinstance(pipe, HttpPipe)
    return pipe.answered(session.message(method, asked), session.headers(method, asked), ANSWER_S)
