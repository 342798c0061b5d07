"""Each way in which a server can fail, over a real connection: the kind of fault, its message, and no secret in it."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import re
import socket
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from pilotage.agents.chat import Chat, ChatAgent
from pilotage.agents.endpoint import Endpoint
from pilotage.agents.http import HttpAgent
from pilotage.agents.run import AgentFault

KEY = "sk-live-0123456789abcdef"
HTML = (
    "<!doctype html><html><head><style>p {}</style><title>Sign in</title></head><body>Please &amp; sign</body></html>"
)
ECHO = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY[:8]}***cdef."}})


def make(kind: str, address: str, timeout_s: float = 5.0, key: str | None = KEY) -> ChatAgent | HttpAgent:
    endpoint = Endpoint(f"{address}/v1", key, "MY_KEY", {"X-Team": "team-secret-77"})
    if kind == "chat":
        return ChatAgent(endpoint, Chat("my-model", timeout_s=timeout_s))
    return HttpAgent(endpoint, timeout_s=timeout_s)


@asynccontextmanager
async def agent_at(kind, address, **settings):
    agent = make(kind, address, **settings)
    try:
        yield agent
    finally:
        await agent.close()


async def fault_of(agent) -> tuple[AgentFault, list[str]]:
    """The fault of one attempt, and the statuses of its model calls."""
    run = agent.begin("What?", 1)
    with pytest.raises(AgentFault) as caught:
        await run.attempt()
    return caught.value, [call.status for call in run.model_calls]


def served(serving, kind, handler, **settings) -> tuple[AgentFault, list[str], str]:
    async def go():
        async with serving(handler) as address, agent_at(kind, address, **settings) as agent:
            return *await fault_of(agent), agent.endpoint.shown.removesuffix("/chat/completions")

    return asyncio.run(go())


both = pytest.mark.parametrize("kind", ["chat", "http"])


@both
@pytest.mark.parametrize(
    ("status", "body", "headers", "fault", "detail", "wait"),
    [
        (429, "slow down", {"Retry-After": "7"}, "throttled", "AT is asked too often (429): “slow down”", 7.0),
        (429, "", {"Retry-After": "7", "retry-after-ms": "250"}, "throttled", "AT is asked too often (429)", 0.25),
        (
            429,
            '{"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}',
            {},
            "rejected",
            "AT refuses the request (429): “You exceeded your quota”",
            None,
        ),
        (500, '{"error": {"message": "oops"}}', {}, "server", "AT failed (500): “oops”", None),
        (502, HTML, {}, "server", "AT failed (502): “Sign in Please & sign”", None),
        (503, "", {"Retry-After": "soon"}, "server", "AT failed (503)", None),
        (529, '{"detail": "overloaded"}', {}, "server", "AT failed (529): “overloaded”", None),
        (408, "", {}, "timeout", "AT waited too long for the request (408)", None),
        (409, "", {}, "server", "AT failed (409)", None),
        (
            401,
            ECHO,
            {},
            "rejected",
            "AT does not accept the key (401); check the environment variable MY_KEY",
            None,
        ),
        (
            403,
            ECHO,
            {},
            "rejected",
            "AT refuses access (403); check what the key in MY_KEY is allowed to do",
            None,
        ),
        (400, ECHO, {}, "rejected", "AT refuses the request (400): “Incorrect API key provided: [secret]”", None),
        (500, "x team-secret-77 y", {}, "server", "AT failed (500): “x [secret] y”", None),
        (422, "\x1b[31mred\u202e", {}, "rejected", "AT refuses the request (422): “¤[31mred¤”", None),
        (302, "", {"Location": "https://u:p@login.example/x?k=1"}, "rejected", None, None),
    ],
)
def test_a_status_says_what_kind_of_fault_it_is(serving, kind, status, body, headers, fault, detail, wait):
    async def handler(request):
        return web.Response(status=status, body=body.encode(), headers=headers)

    found, calls, at = served(serving, kind, handler)
    moved = "AT points to https://login.example/x (302); give that address if it is the right one"
    assert str(found) == (detail or moved).replace("AT", at)
    assert (found.kind, found.retry_after_s, calls) == (fault, wait, ["timeout" if fault == "timeout" else "error"])
    assert found.retryable is (fault != "rejected")


@pytest.mark.parametrize(("kind", "named"), [("chat", " and the model 'my-model'"), ("http", "")])
def test_an_unknown_address_says_what_to_check(serving, kind, named):
    async def handler(request):
        return web.json_response({"error": {"message": "no such model"}}, status=404)

    found, _, at = served(serving, kind, handler)
    assert (found.kind, str(found)) == (
        "rejected",
        f"{at} knows nothing at this address (404): “no such model”; check the address{named}",
    )


@both
def test_a_server_that_wants_a_key_says_where_to_put_it(serving, kind):
    async def handler(request):
        return web.Response(status=401 if "Authorization" not in request.headers else 500)

    found, _, at = served(serving, kind, handler, key=None)
    assert str(found) == f"{at} asks for a key (401); put it into the environment variable MY_KEY"


@both
def test_a_date_to_wait_for_is_compared_with_the_servers_own_clock(serving, kind):
    async def handler(request):
        dates = {"Date": "Mon, 01 Jan 2024 10:00:00 GMT", "Retry-After": "Mon, 01 Jan 2024 10:00:09 GMT"}
        return web.Response(status=429, headers=dates)

    assert served(serving, kind, handler)[0].retry_after_s == 9.0


@both
@pytest.mark.parametrize(
    ("body", "content_type", "detail"),
    [
        (HTML, "text/html", "AT answered HTML instead of JSON: “Sign in Please & sign”; check the address"),
        ("", "application/json", "AT answered something else than the JSON that was expected; check the address"),
        ("{", "application/json", "AT answered something else than the JSON that was expected: “{”; check the address"),
        ("[" * 100_000, "application/json", None),
    ],
)
def test_an_answer_that_is_no_json_is_unreadable(serving, kind, body, content_type, detail):
    async def handler(request):
        return web.Response(body=body.encode(), content_type=content_type)

    found, calls, at = served(serving, kind, handler)
    assert (found.kind, found.retryable, calls) == ("unreadable", True, ["error"])
    assert len(str(found)) < 400
    if detail:
        assert str(found) == detail.replace("AT", at)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"choices": []},
        {"choices": [{"message": None}]},
        {"choices": [{"message": {"tool_calls": ["x"]}}]},
        {"choices": [{"message": {"tool_calls": {"a": 1}}}]},
        [],
        "text",
        None,
    ],
)
def test_json_that_is_no_chat_completion_is_unreadable(serving, body):
    async def handler(request):
        return web.json_response(body)

    found, calls, _ = served(serving, "chat", handler)
    assert (found.kind, calls) == ("unreadable", ["error"])
    assert "answered something else than the JSON that was expected" in str(found)


@both
def test_a_server_that_is_down_is_a_connection_fault_and_no_timeout(kind):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    async def go():
        async with agent_at(kind, f"http://127.0.0.1:{port}") as agent:
            return await fault_of(agent)

    found, calls = asyncio.run(go())
    assert (found.kind, found.retryable, calls) == ("connection", True, ["error"])
    assert str(found) == f"no connection to http://127.0.0.1:{port}/v1: Connection refused"


@both
@pytest.mark.parametrize(
    "sent",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{", b"SSH-2.0-x\r\n\r\n"],
)
def test_a_server_that_hangs_up_or_speaks_no_http_is_a_connection_fault(kind, sent):
    async def go():
        async def hang_up(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(sent)
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server, agent_at(kind, address) as agent:
            return await fault_of(agent)

    found, calls = asyncio.run(go())
    assert (found.kind, calls) == ("connection", ["error"])
    assert re.match(r"no connection to http://127\.0\.0\.1:\d+/v1: \S", str(found))


@both
@pytest.mark.parametrize("how", ["says nothing", "drips for ever"])
def test_an_answer_without_end_is_cut_at_the_deadline_and_its_connection_dropped(serving, kind, how):
    dropped = asyncio.Event()

    async def handler(request):
        await request.read()
        try:
            if how == "says nothing":
                await asyncio.sleep(60)
            response = web.StreamResponse(headers={"Content-Type": "application/json"})
            await response.prepare(request)
            while True:
                await response.write(b" ")
                await asyncio.sleep(0.02)
        finally:
            dropped.set()

    async def go():
        async with serving(handler) as address, agent_at(kind, address, timeout_s=0.8) as agent:
            found = await fault_of(agent)
            await asyncio.wait_for(dropped.wait(), 5)
            return *found, address

    found, calls, address = asyncio.run(go())
    assert (found.kind, str(found)) == ("timeout", f"no answer from {address}/v1 within 0.8 s")
    assert (found.retryable, calls) == (True, ["timeout"])


@both
def test_an_attempt_that_the_caller_cuts_off_drops_its_connection_and_is_noted(serving, kind):
    reached, dropped = asyncio.Event(), asyncio.Event()

    async def handler(request):
        reached.set()
        try:
            await asyncio.sleep(60)
        finally:
            dropped.set()

    async def go():
        async with serving(handler) as address, agent_at(kind, address) as agent:
            run = agent.begin("?", 1)
            attempt = asyncio.create_task(run.attempt())
            await reached.wait()
            attempt.cancel()
            with pytest.raises(asyncio.CancelledError):
                await attempt
            await asyncio.wait_for(dropped.wait(), 5)
            return [call.status for call in run.model_calls]

    assert asyncio.run(go()) == ["timeout"]


@both
def test_no_secret_reaches_a_log_a_name_a_fingerprint_a_repr_or_what_hangs_on_a_fault(serving, kind, caplog):
    """Also with every library logging all it can."""
    caplog.set_level(logging.DEBUG)
    got = []

    async def handler(request):
        got.append((request.headers["Authorization"], request.headers["X-Team"]))
        return web.Response(status=401, body=ECHO.encode())

    async def go():
        async with serving(handler) as address, agent_at(kind, address) as agent:
            found, _ = await fault_of(agent)
            other = make(kind, address, key="sk-another-key")
            assert other.fingerprint == agent.fingerprint
            texts = [repr(agent), repr(agent.endpoint), repr(vars(agent)), agent.name, agent.fingerprint, str(found)]
            return [*texts, repr(found), repr(found.__context__), repr(found.__cause__)]

    shown = "\n".join([*asyncio.run(go()), caplog.text])
    assert got == [(f"Bearer {KEY}", "team-secret-77")]
    assert KEY[:8] not in shown
    assert "team-secret" not in shown


@both
def test_without_a_key_none_is_sent(serving, kind, monkeypatch):
    """Neither a made-up one nor that of another provider, which lies in the environment."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    got = []

    async def handler(request):
        got.append(request.headers.get("Authorization"))
        return web.Response(status=500)

    served(serving, kind, handler, key=None)
    assert got == [None]


@both
def test_no_proxy_of_the_environment_stands_before_this_machine(serving, kind, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async def handler(request):
        return web.Response(status=500)

    assert served(serving, kind, handler)[0].kind == "server"


def test_nothing_is_left_open(serving):
    async def handler(request):
        return web.Response(status=500)

    for kind in ("chat", "http"):
        assert served(serving, kind, handler)[0].kind == "server"
    gc.collect()  # an unclosed session or socket warns here, and a warning fails the test


@both
@pytest.mark.parametrize("status", [200, 500])
def test_an_answer_without_end_is_cut_at_its_length(serving, kind, status, monkeypatch):
    monkeypatch.setattr("pilotage.agents.endpoint.LONGEST_ANSWER", 2**20)
    sent = []

    async def handler(request):
        await request.read()
        response = web.StreamResponse(status=status, headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for mebibyte in range(64):
            await response.write(b" " * 2**20)
            sent.append(mebibyte)
        return response

    found, calls, _ = served(serving, kind, handler)
    assert (found.kind, calls) == ("unreadable", ["error"])
    assert str(found).endswith("sent more than 1 MiB without coming to an end")
    assert len(sent) < 60


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Authorization": "Bearer sk-live-ABCDEF123"}, "bad header Authorization: Bearer sk-live-ABCDEF123"),
        ({"Authorization": "Bearer sk-live-ABCDEF123"}, "the key sk-live-***123 is over its limit"),
        ({"Cookie": "session=sk-live-ABCDEF123; theme=dark"}, "no session sk-live-ABCDEF123"),
    ],
)
def test_no_part_of_a_header_is_quoted(headers, said):
    endpoint = Endpoint("https://h/v1", headers=headers)
    for status in (400, 500):
        told = str(endpoint.refusal(status, {}, json.dumps({"error": {"message": said}})))
        assert "[secret]" in told
        assert "sk-live" not in told


def test_an_endpoint_shows_no_password():
    assert repr(Endpoint("HTTPS://u:SECRET@h/x?pwd=SECRET", "SECRET")) == "Endpoint('https://h/x')"
