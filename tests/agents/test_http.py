"""A JSON endpoint: what it is sent, what it may answer, and what is no answer."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web

from pilotage.agents.answers import read_answer
from pilotage.agents.endpoint import Endpoint
from pilotage.agents.http import HttpAgent
from pilotage.agents.run import AgentFault, Answer, ToolCall


def asked(serving, answer, **settings):
    """What the endpoint was sent, the run, and its answer or fault."""
    sent = []

    async def handler(request):
        sent.append(json.loads(await request.read()))
        return answer if isinstance(answer, web.StreamResponse) else web.json_response(answer)

    async def go():
        async with serving(handler) as address:
            agent = HttpAgent(Endpoint(f"{address}/agent"), **settings)
            run = agent.begin("What is due?", 2)
            try:
                return run, await run.attempt()
            except AgentFault as fault:
                return run, fault
            finally:
                await agent.close()

    return sent, *asyncio.run(go())


def test_the_input_and_the_trial_are_posted_and_all_that_comes_back_is_kept(serving):
    call = {"tool": "lookup", "arguments": {"id": 7}, "status": "error", "duration_s": 0.5, "error_type": "KeyError"}
    answer = {
        "output": "12.50",
        "outcome": "escalated",
        "confidence": 0.75,
        "cost": 0.01,
        "model": "m",
        "usage": {"input_tokens": 10, "output_tokens": 0},
        "tool_calls": [call, {"name": "lookup"}],
    }
    sent, run, got = asked(serving, answer, request={"desk": "emea"})
    assert sent == [{"desk": "emea", "input": "What is due?", "trial": 2}]
    assert got == Answer("12.50", "escalated", 0.75, 0.01)
    assert run.tool_calls == [
        ToolCall(1, "lookup", None, 0.5, '{"id": 7}', "error", "KeyError"),
        ToolCall(2, "lookup", None, None, "{}", "ok", None),
    ]
    (made,) = run.model_calls
    assert (made.turn, made.model, made.input_tokens, made.output_tokens, made.status) == (1, "m", 10, 0, "ok")


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ({"output": "a"}, "a"),
        ({"text": "a"}, "a"),
        ({"answer": "a"}, "a"),
        ({"output": ""}, ""),
        ({"output": {"total": 1, "ü": None}}, '{"total": 1, "ü": null}'),
        ({"output": 12.5}, "12.5"),
        ({"output": "half \ud83d"}, "half \ufffd"),
    ],
)
def test_only_the_text_is_needed_and_the_rest_is_unknown(serving, answer, text):
    _, run, got = asked(serving, answer)
    assert got == Answer(text, "answered", None, None)
    assert run.tool_calls == []
    assert (run.model_calls[0].model, run.model_calls[0].input_tokens) == (None, None)


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ({}, "has none of output, text, answer"),
        ({"output": None}, "has none of output, text, answer"),
        (["x"], "should be text or an object with 'output', not nothing"),
        ({"output": "x", "outcome": "done"}, "outcome should be one of answered, escalated, refused"),
        ({"output": "x", "outcome": ["answered"]}, "outcome should be one of answered, escalated, refused"),
        ({"output": "x", "confidence": 1.2}, "confidence should be a number from 0 to 1"),
        ({"output": "x", "confidence": True}, "confidence should be a number from 0 to 1"),
        ({"output": "x", "cost": -1}, "cost should be a number from 0 to 1000000000000"),
        ({"output": "x", "cost": float("inf")}, "cost should be a number from 0 to 1000000000000"),
        ({"output": "x", "cost": float("nan")}, "cost should be a number from 0 to 1000000000000"),
        ({"output": "x", "cost": 10**400}, "cost should be a number from 0 to 1000000000000"),
        (
            {"output": "x", "tool_calls": [{"tool": "a", "started_at": 1_790_000_000_500_000_000}]},
            "started_at should be a number from 0 to 4102444800",
        ),
        ({"output": "x", "tool_calls": "lookup"}, "tool_calls should be a list"),
        ({"output": "x", "tool_calls": [{}]}, "tool_calls[1] should be an object with 'tool'"),
        (
            {"output": "x", "tool_calls": [{"tool": "a", "status": "fine"}]},
            "tool_calls[1].status should be one of ok, error, timeout",
        ),
    ],
)
def test_an_answer_of_another_form_is_unreadable_and_says_why(serving, answer, what):
    _, run, fault = asked(serving, answer)
    assert (fault.kind, [call.status for call in run.model_calls]) == ("unreadable", ["error"])
    assert str(fault).endswith(f"/agent {what}")


def test_an_answer_that_is_too_long_is_cut(serving, monkeypatch):
    monkeypatch.setattr("pilotage.agents.endpoint.LONGEST_ANSWER", 2**20)
    _, _, fault = asked(serving, {"output": "x" * 2**20})
    assert fault.kind == "unreadable"
    assert str(fault).endswith("/agent sent more than 1 MiB without coming to an end")


def test_each_attempt_is_a_model_call_with_a_turn_of_its_own(serving):
    answers = iter([web.Response(status=500), web.json_response({"output": "x"})])

    async def handler(request):
        return next(answers)

    async def go():
        async with serving(handler) as address:
            agent = HttpAgent(Endpoint(address))
            run = agent.begin("?", 1)
            with pytest.raises(AgentFault):
                await run.attempt()
            await run.attempt()
            await agent.close()
            return run

    assert [(call.turn, call.status) for call in asyncio.run(go()).model_calls] == [(1, "error"), (2, "ok")]


def test_what_one_run_was_given_to_keep_does_not_reach_the_next(serving):
    cookies = []

    async def handler(request):
        cookies.append(request.headers.get("Cookie"))
        return web.json_response({"output": "x"}, headers={"Set-Cookie": "session=1"})

    async def go():
        async with serving(handler) as address:
            agent = HttpAgent(Endpoint(address))
            for trial in (1, 2):
                await agent.begin("?", trial).attempt()
            await agent.close()

    asyncio.run(go())
    assert cookies == [None, None]


@pytest.mark.parametrize("count", [10**13, 10**400, -1, True, 1.5])
def test_a_number_of_tokens_that_cannot_be_is_not_told(count):
    assert read_answer({"output": "x", "usage": {"input_tokens": count, "output_tokens": 1}}).input_tokens is None
