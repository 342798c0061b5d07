"""An agent by A2A: what it is sent, what its states mean, and where a card may not lead."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web

from pilotage.agents import open_agent
from pilotage.agents.a2a import A2aAgent
from pilotage.agents.endpoint import Endpoint
from pilotage.agents.own_server import OwnServer
from pilotage.agents.reference import make_tasks
from pilotage.agents.run import AgentFault, Answer
from pilotage.integration.a2a import TOKEN_ENV


def task(state, **more):
    return {"task": {"id": "t", "status": {"state": f"TASK_STATE_{state}"}, **more}}


def said(text):
    return {"parts": [{"text": text}]}


class Served:
    """Answers each operation with the next of its results, under a card that names one transport."""

    def __init__(self, *results, binding="JSONRPC", host="", version="1.0", id=None):
        self.id = id
        self.results, self.binding, self.host, self.version = list(results), binding, host, version
        self.sent, self.headers, self.cards = [], [], 0

    async def __call__(self, request):
        if request.path.endswith("agent-card.json"):
            self.cards += 1
            url = self.host or f"http://{request.host}/a2a"
            way = {"url": url, "protocolBinding": self.binding, "protocolVersion": self.version}
            return web.json_response({"supportedInterfaces": [way]})
        self.sent.append(json.loads(await request.read() or "null") or request.path)
        self.headers.append(request.headers)
        result = self.results.pop(0)
        if isinstance(result, web.StreamResponse) or self.binding != "JSONRPC":
            return result if isinstance(result, web.StreamResponse) else web.json_response(result)
        head = {"jsonrpc": "2.0", "id": self.id or self.sent[-1]["id"]}
        return web.json_response(head | (result if "error" in result else {"result": result}))


def asked(serving, served, attempts=1, **settings):
    """The run, and its answer or last fault."""

    async def go():
        async with serving(served) as address:
            agent = A2aAgent(Endpoint(address, "sk-1", "MY_KEY", {"X-Team": "emea"}), **settings)
            run = agent.begin("What is due?", 2)
            try:
                for _ in range(attempts - 1):
                    with pytest.raises(AgentFault):
                        await run.attempt()
                return run, await run.attempt()
            except AgentFault as fault:
                return run, fault
            finally:
                await agent.close()

    return asyncio.run(go())


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("pilotage.agents.a2a.POLL_S", 0.01)


@pytest.mark.parametrize(
    ("result", "answer"),
    [
        ({"message": said("12.50")}, Answer("12.50")),
        (task("COMPLETED", artifacts=[said("12"), said("50")]), Answer("12\n50")),
        (task("COMPLETED"), Answer("")),
        (task("INPUT_REQUIRED") | {}, Answer("", "escalated")),
        (task("AUTH_REQUIRED"), Answer("", "refused")),
        (task("REJECTED"), Answer("", "refused")),
    ],
)
@pytest.mark.parametrize("binding", ["JSONRPC", "HTTP+JSON"])
def test_each_state_in_which_a_task_stops_has_an_outcome(serving, result, answer, binding):
    run, got = asked(serving, Served(result, binding=binding))
    assert got == answer
    (call,) = run.model_calls
    assert (call.turn, call.model, call.input_tokens, call.output_tokens, call.status) == (1, None, None, None, "ok")


def test_the_text_the_trial_the_version_and_the_key_are_sent(serving):
    served = Served({"message": said("x")})
    asked(serving, served)
    params = served.sent[0]["params"]
    assert (params["message"]["parts"], params["metadata"]) == ([{"text": "What is due?"}], {"trial": 2})
    headers = served.headers[0]
    assert [headers[name] for name in ("A2A-Version", "Authorization", "X-Team")] == ["1.0", "Bearer sk-1", "emea"]


def test_a_task_that_goes_on_is_asked_for_until_it_has_ended(serving):
    served = Served(task("SUBMITTED"), task("WORKING")["task"], task("COMPLETED", artifacts=[said("x")])["task"])
    _, got = asked(serving, served)
    assert got == Answer("x")
    assert [one["method"] for one in served.sent] == ["SendMessage", "GetTask", "GetTask"]


def test_an_attempt_that_was_cut_off_is_taken_up_where_its_task_stands(serving):
    served = Served(task("WORKING"), web.Response(status=503), task("COMPLETED")["task"])
    run, got = asked(serving, served, attempts=2)
    assert got == Answer("")
    assert [one["method"] for one in served.sent] == ["SendMessage", "GetTask", "GetTask"]
    assert ([call.status for call in run.model_calls], served.cards) == (["error", "ok"], 1)


def test_a_failed_task_is_a_fault_and_the_next_attempt_a_task_of_its_own(serving):
    served = Served(task("FAILED", status_message="x"), task("COMPLETED"))
    _, got = asked(serving, served, attempts=2)
    assert got == Answer("")
    assert [one["method"] for one in served.sent] == ["SendMessage", "SendMessage"]


@pytest.mark.parametrize(
    ("served", "kind", "what"),
    [
        (Served(task("FAILED", artifacts=[said("no ledger")])), "server", "failed: “no ledger”"),
        (Served(task("CANCELED")), "server", "canceled"),
        (Served({"error": {"code": -32603, "message": "no"}}), "server", "(-32603): “no”"),
        (Served({"error": {"code": -32602, "message": "no"}}), "rejected", "(-32602): “no”"),
        (Served({"task": {"status": {"state": "TASK_STATE_WORKING"}}}), "unreadable", "a task has no id"),
        (Served(task("DONE")), "unreadable", "a task is 'done'"),
        (Served({"message": said("x")}, id="other"), "unreadable", "another id"),
        (Served(web.Response(status=401)), "rejected", "MY_KEY"),
        (Served(web.Response(status=429)), "throttled", "429"),
        (Served(web.Response(text="<html>")), "unreadable", "HTML"),
        (Served(web.json_response({"ok": 1})), "unreadable", "no JSON-RPC 2.0 answer"),
        (Served(host="http://agents.example.com/a2a"), "rejected", "points to http://agents.example.com/a2a"),
        (Served(binding="GRPC"), "rejected", "declares neither"),
        (Served(version="0.2"), "rejected", "declares neither"),
    ],
)
def test_what_is_no_answer_is_a_fault_of_its_kind(serving, served, kind, what):
    run, fault = asked(serving, served)
    assert (fault.kind, what in str(fault), [call.status for call in run.model_calls]) == (kind, True, ["error"])
    assert "sk-1" not in str(fault)


def test_version_0_3_is_spoken_where_the_card_offers_no_other(serving):
    working = {"kind": "task", "id": "t", "status": {"state": "working"}}
    asks = working | {"status": {"state": "input-required", "message": {"parts": [{"kind": "text", "text": "Which?"}]}}}
    served = Served(working, asks, version="0.3.0")
    _, got = asked(serving, served)
    assert got == Answer("Which?", "escalated")
    assert [one["method"] for one in served.sent] == ["message/send", "tasks/get"]
    sent = served.sent[0]["params"]
    assert (sent["message"]["kind"], sent["message"]["role"], sent["configuration"]) == (
        "message",
        "user",
        {"blocking": True},
    )
    assert sent["message"]["parts"] == [{"kind": "text", "text": "What is due?"}]
    assert served.headers[0]["A2A-Version"] == "0.3"


@pytest.mark.parametrize("piece", ["<", "<script", "<style", "<script><style"])
def test_quoting_a_page_takes_time_in_line_with_its_length(piece, linear):
    quoted = Endpoint("http://127.0.0.1:1").quoted
    assert linear(lambda size: quoted((piece * size)[:size]), 2_000, 20_000)


@pytest.mark.parametrize("last", ["", "<script>never(closed) <p>", "<style>"])
def test_a_page_is_quoted_without_its_tags_scripts_and_styles(last):
    page = "<style>p {}</style><script>if (a < b) write('<script>')</script><p class=x>No such\n agent</p>" + last
    assert Endpoint("http://127.0.0.1:1").quoted(page) == ": “No such agent”"


def test_a_redirect_is_not_followed(serving):
    served = Served(web.Response(status=307, headers={"Location": "http://agents.example.com"}))
    _, fault = asked(serving, served)
    assert (fault.kind, len(served.sent)) == ("rejected", 1)


def test_an_answer_that_is_too_long_is_cut(serving, monkeypatch):
    monkeypatch.setattr("pilotage.agents.endpoint.LONGEST_ANSWER", 2**20)
    _, fault = asked(serving, Served({"message": said("x" * 2**20)}))
    assert fault.kind == "unreadable"


def test_a_task_that_never_ends_is_a_timeout(serving):
    run, fault = asked(serving, Served(task("WORKING"), *[task("WORKING")["task"]] * 1000), timeout_s=0.2)
    assert (fault.kind, [call.status for call in run.model_calls]) == ("timeout", ["timeout"])


def test_five_tasks_are_answered_rightly_by_the_agent_that_pilotage_serves(tmp_path, monkeypatch):
    monkeypatch.setenv("DESK_KEY", "a-key-for-tests")
    tasks = make_tasks(5, seed=7)

    async def go(address):
        (tmp_path / "agent.yaml").write_text(f"kind: a2a\naddress: {address}\nkey_env: DESK_KEY\ntimeout_s: 20\n")
        agent = open_agent(str(tmp_path / "agent.yaml"))
        try:
            return await asyncio.gather(*(agent.begin(one.input, 1).attempt() for one in tasks))
        finally:
            await agent.close()

    with OwnServer("pilotage.integration.a2a.embedded", environment={TOKEN_ENV: "a-key-for-tests"}) as server:
        by_address = open_agent(f"a2a:{server.address}", key_env="DESK_KEY")
        assert (type(by_address), by_address.endpoint.address) == (A2aAgent, server.address)
        answers = asyncio.run(go(server.address))
    for one, answer in zip(tasks, answers, strict=True):
        assert answer.outcome == "answered"
        assert right(one.scorers[0], answer.text), (one, answer)


def right(scorer, text):
    """Whether the expected value stands in the answer; the kinds of the first five questions only."""
    (kind, wanted), *_ = scorer.items()
    if kind == "numeric":
        return (f"{wanted['value']:.2f}" if isinstance(wanted, dict) else str(wanted)) in text
    return text == wanted if kind == "exact" else wanted in text
