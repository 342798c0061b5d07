"""Are the declared transports served, and do they refuse what they must: wrong versions, no token, unknown tasks?"""

from __future__ import annotations

import asyncio
import ssl
import uuid
from collections.abc import Sequence
from urllib.parse import urlsplit

import aiohttp

from pilotage.agents.a2a_forms import Interface, NotA2a, Refused, message
from pilotage.integration.a2a.wire import ANSWER_S, Reply, Wire, wrong_code
from pilotage.integration.checks import Fault
from pilotage.integration.keys import made_up

NO_VERSION = "9.9"  # of the protocol; there is none of this number
UNKNOWN_TASK, UNKNOWN_VERSION, NO_METHOD = -32001, -32009, -32601
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])  # and an empty SETTINGS frame


async def check_served(wire: Wire, interface: Interface) -> None:
    """Fault where the declared transport does not answer in its own form at its URL."""
    if interface.binding == "GRPC":
        return await _check_http2(interface)
    declared = f"{interface.binding} at {interface.url}"
    try:
        reply = await wire.reply(interface, "get", {"id": str(uuid.uuid4())})
        if reply.status in (401, 403):
            raise Fault("token_refused", f"status {reply.status} for {declared}")
        _check_known(interface, reply)
    except NotA2a as wrong:
        raise Fault("wrong_transport", f"{declared} is declared, but {wrong}") from None
    except (TimeoutError, OSError, aiohttp.ClientError) as error:
        raise Fault("wrong_transport", f"{declared} is declared but not reached: {_said(error)}") from None


def _check_known(interface: Interface, reply: Reply) -> None:
    """NotA2a where the answer shows that the protocol's methods or paths are unknown there."""
    try:
        reply.result(interface)
    except Refused as refused:
        if refused.code == NO_METHOD:
            raise NotA2a("it does not know the protocol's methods") from None
        # Web servers say of paths that they do not have what A2A says of tasks, but for its reason.
        if interface.binding == "HTTP+JSON" and reply.status == 404 and not refused.code:
            raise NotA2a("the path of a task is answered with status 404 and no error of A2A") from None


def _said(error: BaseException) -> str:
    """The error's own words, else what it is: a timeout has none."""
    return str(error) or type(error).__name__


async def _check_http2(interface: Interface) -> None:
    """Fault where nothing at the URL speaks HTTP/2, on which gRPC is built; no call is made and no token sent."""
    parts = urlsplit(interface.url if "://" in interface.url else f"http://{interface.url}")
    tls = ssl.create_default_context() if parts.scheme in ("https", "grpcs") else None
    if tls:
        tls.set_alpn_protocols(["h2"])
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port or (443 if tls else 80), ssl=tls)
            try:
                writer.write(_PREFACE)
                frame = await reader.readexactly(9)
            finally:
                writer.close()
    except (TimeoutError, OSError, ValueError, asyncio.IncompleteReadError) as error:
        raise Fault("wrong_transport", f"GRPC at {interface.url} is declared but not served: {error!r}") from None
    if frame[3] != 4:  # a server's first frame has to be SETTINGS (RFC 9113, 3.4)
        raise Fault("wrong_transport", f"GRPC at {interface.url} is declared, but HTTP/2 is not spoken there")


async def check_wrong_version(wire: Wire, used: Sequence[Interface], text: str) -> str:
    """What to say where every transport refuses a version that does not exist; Fault where one does not."""
    for interface in used:
        try:
            await wire.answer(interface, "send", message(text, returnImmediately=True), version=NO_VERSION)
        except Refused as refused:
            if fault := wrong_code(refused, UNKNOWN_VERSION, f"version {NO_VERSION} over {interface.binding}"):
                raise fault from None
            continue
        raise Fault("wrong_version_accepted", f"a message of version {NO_VERSION} over {interface.binding} was taken")
    return f"version {NO_VERSION} refused over {_listed(used)}" if used else "0.3 has no header for versions"


async def check_unknown_task(wire: Wire, used: Sequence[Interface]) -> str:
    """What to say where nobody can ask for, or cancel, a task that does not exist; Fault where one can."""
    for interface in used:
        for operation in ("get", "cancel"):
            try:
                await wire.answer(interface, operation, {"id": str(uuid.uuid4())})
            except Refused as refused:
                # Who cannot cancel at all may say just that.
                if operation == "get" and (fault := wrong_code(refused, UNKNOWN_TASK, "asking for an unknown task")):
                    raise fault from None
                continue
            raise Fault("unknown_task_accepted", f"{operation} of an unknown task over {interface.binding} succeeded")
    return f"refused as unknown over {_listed(used)}"


async def check_auth(wire: Wire, used: Sequence[Interface], text: str) -> str:
    """What to say where the agent works for nobody without its token; Fault where it does."""
    params, invented = message(text, returnImmediately=True), made_up(wire.token, wire.key_header)
    for interface in used:
        for code, token, who in (("no_auth", "", "no token"), ("any_token_accepted", invented, "a made-up one")):
            reply = await wire.reply(interface, "send", params, token)
            if reply.status in (401, 403):
                continue
            try:
                reply.result(interface)
            except (Refused, NotA2a):
                what = f"{interface.binding} with {who} is refused with status {reply.status} instead of 401"
                raise Fault("refused_without_401", what) from None
            raise Fault(code, f"a message over {interface.binding} with {who} was taken")
    return f"no token and a made-up one are refused over {_listed(used)}"


def _listed(used: Sequence[Interface]) -> str:
    return " and ".join(one.binding for one in used)
