"""What the probe and the agent read out of cards, answers and streams, without a server."""

from __future__ import annotations

import asyncio

import pytest

from pilotage.agents.a2a_forms import Interface, NotA2a, Refused, interfaces, may_follow, state_of, text_of
from pilotage.integration.a2a.card import check_card, check_urls, leads_here, pinned_form
from pilotage.integration.a2a.form import check_result
from pilotage.integration.a2a.stream import Event, Streamed, check_order
from pilotage.integration.a2a.transports import check_served
from pilotage.integration.checks import Fault

RPC, REST = Interface("http://h/rpc", "JSONRPC", "1.0"), Interface("http://h/v1/", "HTTP+JSON", "1.0")
SKILL = {"id": "a", "name": "a", "description": "a", "tags": ["a"]}
WAY = {"url": "http://h", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}
CARD = {
    "name": "a", "description": "a", "version": "1", "capabilities": {}, "skills": [SKILL],
    "supportedInterfaces": [WAY], "defaultInputModes": ["text/plain"], "defaultOutputModes": ["text/plain"],
}  # fmt: skip
PAPER = {"artifactId": "a", "parts": [{"text": "x"}, {"data": {"any": [1]}}]}
TASK = {
    "id": "t", "status": {"state": "TASK_STATE_COMPLETED", "timestamp": "2026-11-23T10:00:00Z"}, "artifacts": [PAPER],
    "history": None, "metadata": {"any": {"thing": 1}}, "x-new": 1,
}  # fmt: skip
PROBLEM = {"type": "https://a2a-protocol.org/errors/task-not-found", "title": "Task not found", "status": 404}


@pytest.mark.parametrize(
    ("url", "follows"),
    [
        ("https://desk.example/rpc", True),
        ("https://DESK.example:8443/rpc", True),
        ("http://desk.example/rpc", False),
        ("https://desk.example.evil.com/rpc", False),
        ("https://desk.example@evil.com/rpc", False),
        ("//evil.com/rpc", False),
        ("/rpc", False),
        ("file:///etc/passwd", False),
        ("https://desk.example:port/rpc", False),
        ("https://desk.example@desk.example/rpc", False),
        ("https://[::1", False),
    ],
)
def test_a_token_follows_a_card_only_to_the_same_host_and_never_out_of_encryption(url, follows):
    assert may_follow("https://desk.example", url) is follows


@pytest.mark.parametrize(
    ("interface", "status", "given", "code"),
    [
        (RPC, 200, {"jsonrpc": "2.0", "id": 1, "error": {"code": -32001, "message": "no"}}, -32001),
        (REST, 404, {"error": {"code": 404, "message": "no", "details": [{"reason": "TASK_NOT_FOUND"}]}}, -32001),
        (REST, 404, PROBLEM, -32001),
        (REST, 400, {"error": {"code": 400, "message": "no", "details": [{"reason": ["odd"]}, 7]}}, 0),
    ],
)
def test_errors_of_both_transports_have_one_code(interface, status, given, code):
    with pytest.raises(Refused) as told:
        interface.result(status, given)
    assert told.value.code == code


@pytest.mark.parametrize(
    ("interface", "given"),
    [
        (RPC, {"id": "t"}),
        (RPC, {"jsonrpc": "2.0", "id": 1}),
        (RPC, {"jsonrpc": "2.0", "id": 1, "result": {}, "error": {"code": 1}}),
        (RPC, {"jsonrpc": "2.0", "id": 1, "result": [1]}),
        (RPC, {"jsonrpc": "2.0", "id": 1, "error": "no"}),
        (RPC, [1]),
        (REST, {"jsonrpc": "2.0", "id": 1, "result": {}}),
        (REST, {"detail": "Not Found", "error": "no"}),
        (REST, None),
    ],
)
def test_an_answer_of_another_form_is_no_a2a(interface, given):
    with pytest.raises(NotA2a):
        interface.result(200, given)


def test_requests_of_both_transports_name_task_and_tenant():
    method, url, body = Interface("http://h/rpc", "JSONRPC", "1.0", "emea").request("get", {"id": "a/b"})
    assert (method, url, body["method"], body["params"]) == (
        "POST",
        "http://h/rpc",
        "GetTask",
        {"id": "a/b", "tenant": "emea"},
    )
    rest = Interface("http://h/v1/", "HTTP+JSON", "1.0", "emea")
    assert rest.request("get", {"id": "a/b"}) == ("GET", "http://h/v1/emea/tasks/a%2Fb", None)
    assert rest.request("cancel", {"id": "a"}) == ("POST", "http://h/v1/emea/tasks/a:cancel", {})


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ({"parts": [{"text": "a"}, {"data": {}}, {"text": "b"}, 7]}, "a\nb"),
        ({"artifacts": [{"parts": [{"text": "a"}]}, {"parts": "x"}, 7]}, "a"),
        ({"artifacts": [], "status": {"message": {"parts": [{"text": "which one?"}]}}}, "which one?"),
        ({}, ""),
    ],
)
def test_the_text_of_an_answer_is_found_wherever_it_may_stand(answer, text):
    assert text_of(answer) == text


@pytest.mark.parametrize("task", [None, [], {}, {"status": None}, {"status": {"state": 3}}])
def test_what_has_no_state_is_in_none(task):
    assert state_of(task) == ""


@pytest.mark.parametrize("given", [{}, {"supportedInterfaces": None}, {"supportedInterfaces": [7, {"url": ["x"]}, {}]}])
def test_a_malformed_list_of_transports_has_no_transport(given):
    assert interfaces(given) == []


def test_a_card_of_version_0_3_lists_its_transports_in_order_and_once():
    first = {"url": "http://h/a", "transport": "JSONRPC"}
    more = [first, {"url": "http://h/b", "transport": "HTTP+JSON"}, 7]
    card = {"protocolVersion": "0.3.0", "url": "http://h/a", "additionalInterfaces": more}
    assert interfaces(card) == [
        Interface("http://h/a", "JSONRPC", "0.3.0"),
        Interface("http://h/b", "HTTP+JSON", "0.3.0"),
    ]
    assert [one.spoken for one in interfaces(card)] == [True, False]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": 5},
        {"description": ""},
        {"capabilities": "yes"},
        {"capabilities": ["streaming"]},
        {"capabilities": None},
        {"capabilities": {"streaming": "yes"}},
        {"capabilities": {"extensions": {}}},
        {"skills": "x"},
        {"skills": ["a"]},
        {"skills": {}},
        {"skills": [SKILL | {"tags": "a"}]},
        {"supportedInterfaces": {}},
        {"supportedInterfaces": "x"},
        {"supportedInterfaces": ["JSONRPC"]},
        {"supportedInterfaces": [WAY | {"url": 5}]},
        {"supportedInterfaces": [WAY | {"url": ""}]},
        {"supportedInterfaces": [WAY | {"protocolVersion": 1.0}]},
        {"supportedInterfaces": [WAY | {"tenant": {}}]},
        {"defaultInputModes": "text/plain"},
        {"provider": "me"},
        {"securitySchemes": []},
        {"securitySchemes": {"b": "Bearer"}},
        {"securityRequirements": {"b": []}},
        {"signatures": "x"},
        {"default_input_modes": ["text/plain"]},
    ],
)
def test_a_card_with_a_field_of_another_type_is_invalid_and_no_crash(wrong):
    check_card(CARD)
    with pytest.raises(Fault) as told:
        check_card(CARD | wrong)
    assert told.value.reason == "card_invalid"


@pytest.mark.parametrize("wrong", [{"capabilities": "yes"}, {"capabilities": {"streaming": "yes"}}, {"skills": "x"}])
def test_a_card_of_version_0_3_is_held_to_its_types_too(wrong):
    card = {key: value for key, value in CARD.items() if key != "supportedInterfaces"}
    card |= {"protocolVersion": "0.3.0", "url": "http://h/rpc"}
    check_card(card)
    with pytest.raises(Fault) as told:
        check_card(card | wrong)
    assert told.value.reason == "card_invalid"


def test_an_agent_that_lists_no_skill_has_a_valid_card_and_one_without_the_list_has_not():
    check_card(CARD | {"skills": []})
    with pytest.raises(Fault, match="missing or empty: skills"):
        check_card({key: value for key, value in CARD.items() if key != "skills"})
    with pytest.raises(Fault, match="missing or empty: default_input_modes"):
        check_card(CARD | {"skills": [], "defaultInputModes": []})


@pytest.mark.parametrize("time", ["2026-11-23", "yesterday", 5, {"seconds": 1}, "2026-11-23T10:00:00"])
def test_a_time_in_another_form_is_quoted_as_it_came(time):
    task = TASK | {"status": {"state": "TASK_STATE_COMPLETED", "timestamp": time}}
    with pytest.raises(NotA2a, match="which is no time") as told:
        check_result(RPC, "get", task)
    assert f"status.timestamp is {str(time)!r}" in str(told.value)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("/rpc", "card_invalid"),
        ("desk/rpc", "card_invalid"),
        ("http://[::1", "card_invalid"),
        ("http://h:abc/rpc", "card_invalid"),
        ("http://", "card_invalid"),
        ("http://evil.example/rpc", "foreign_url"),
        ("http://h:80/rpc", ""),
    ],
)
def test_a_url_that_is_none_is_told_apart_from_another_host(url, code):
    try:
        check_urls(CARD | {"supportedInterfaces": [WAY | {"url": url}]}, "http://h")
        told = ""
    except Fault as fault:
        told = fault.reason
    assert told == code


def test_a_grpc_target_needs_no_scheme():
    way = {"url": "h:50051", "protocolBinding": "GRPC", "protocolVersion": "1.0"}
    assert check_urls(CARD | {"supportedInterfaces": [way]}, "http://h")


def test_fields_that_the_protocol_does_not_know_and_empty_ones_are_let_pass():
    card = CARD | {"x-new": {"a": 1}, "supportedInterfaces": [WAY | {"tenant": None}]}
    check_card(card)
    assert interfaces(card) == [Interface("http://h", "JSONRPC", "1.0")]


def test_a_card_that_leads_out_of_encryption_is_a_foreign_url():
    with pytest.raises(Fault) as told:
        check_urls(CARD, "https://h")
    assert told.value.reason == "foreign_url"


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": None},
        {"status": "done"},
        {"status": {}},
        {"status": {"state": 3}},
        {"status": {"state": {}}},
        {"status": {"state": "TASK_STATE_DONE"}},
        {"status": {"state": "TASK_STATE_UNSPECIFIED"}},
        {"status": {"state": "TASK_STATE_COMPLETED", "timestamp": "yesterday"}},
        {"artifacts": "x"},
        {"artifacts": ["x"]},
        {"artifacts": [None]},
        {"artifacts": [{"artifactId": "a", "parts": []}]},
        {"artifacts": [{"artifactId": "a", "parts": ["x"]}]},
        {"artifacts": [{"artifactId": "a", "parts": [{"text": 7}]}]},
        {"artifacts": [{"parts": [{"text": "x"}]}]},
        {"history": {}},
        {"history": ["x"]},
        {"metadata": "x"},
        {"id": ""},
        {"id": 7},
    ],
)
def test_a_malformed_task_is_no_a2a_wherever_it_stands(wrong):
    for operation, wrap in (("get", lambda one: one), ("send", lambda one: {"task": one})):
        check_result(RPC, operation, wrap(TASK))
        with pytest.raises(NotA2a):
            check_result(RPC, operation, wrap(TASK | wrong))


@pytest.mark.parametrize("given", [{}, {"answer": 42}, {"task": "t"}, {"task": TASK, "message": {}}])
def test_what_was_sent_is_answered_by_one_task_or_one_message(given):
    with pytest.raises(NotA2a):
        check_result(RPC, "send", given)


@pytest.mark.parametrize("wrong", [{"status": {"state": "done"}}, {"status": None}, {"artifacts": "x"}, {"id": 7}])
def test_a_task_of_version_0_3_is_held_to_its_types_too(wrong):
    older = Interface("http://h", "JSONRPC", "0.3.0")
    task = {"kind": "task", "id": "t", "contextId": "c", "status": {"state": "input-required"}}
    check_result(older, "get", task)
    with pytest.raises(NotA2a):
        check_result(older, "get", task | wrong)


def test_what_is_wrong_is_told_with_its_place():
    parts = [{"artifactId": "a", "parts": [{"text": "x"}, "y"]}]
    with pytest.raises(NotA2a, match=r"^task\.artifacts\[0\]\.parts\[1\] should be an object$"):
        check_result(RPC, "send", {"task": TASK | {"artifacts": parts}})


def test_an_answer_to_another_request_is_no_a2a():
    answer = {"jsonrpc": "2.0", "id": "other", "result": {}}
    with pytest.raises(NotA2a):
        RPC.result(200, answer, "mine")
    assert RPC.result(200, answer, "other") == {}
    with pytest.raises(Refused):  # who could not read the request does not know its id
        RPC.result(200, {"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "no"}}, "mine")


def test_a_pinned_card_keeps_every_url_but_the_probed_address():
    urls = ["http://h:80/rpc", "http://h", "http://h:81/rpc", "http://h.evil/rpc", "http://h:x/rpc", "see http://h"]
    form = pinned_form({"a": {"b": urls}, "signatures": [{"signature": "new each time"}]}, "http://h")
    assert form == {"a": {"b": ["{address}/rpc", "{address}", *urls[2:]]}}


def test_a_card_nested_without_end_is_invalid_and_no_crash():
    card: dict = {}
    for _ in range(5000):
        card = {"x": card}
    with pytest.raises(Fault) as told:
        pinned_form(card, "http://h")
    assert told.value.reason == "card_invalid"


@pytest.mark.parametrize(("frame", "served"), [(4, True), (7, False), (None, False)])
def test_grpc_is_served_where_http_2_is_spoken(frame, served):
    async def answer(reader, writer):
        await reader.readuntil(b"SM\r\n\r\n")
        writer.write(b"" if frame is None else bytes([0, 0, 0, frame, 0, 0, 0, 0, 0]))
        await writer.drain()
        writer.close()

    async def go():
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            await check_served(None, Interface(f"127.0.0.1:{port}", "GRPC", "1.0"))

    if served:
        asyncio.run(go())
        return
    with pytest.raises(Fault) as told:
        asyncio.run(go())
    assert told.value.reason == "wrong_transport"


@pytest.mark.parametrize(
    ("url", "here"), [("h.example:50051", True), ("grpcs://h.example:443", True), ("evil.com:1", False)]
)
def test_a_grpc_target_is_held_to_the_host_too(url, here):
    assert leads_here(Interface(url, "GRPC", "1.0"), "https://h.example") is here


def test_a_stream_that_says_nothing_and_stays_open_never_ends():
    with pytest.raises(Fault) as told:
        check_order(Streamed([Event("task", "t", "submitted")], closed=False), 1.0)
    assert told.value.reason == "never_terminal"


def test_a_task_that_is_over_at_once_is_a_stream_in_good_order():
    assert check_order(Streamed([Event("task", "t", "completed")], closed=True), 1.0) == "task completed"
