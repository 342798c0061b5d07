"""The stand-in over a real connection: reproducible in any order, with trouble as asked for."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import asynccontextmanager

import aiohttp
import pytest

from pilotage.agents import AgentFault, open_agent
from pilotage.agents.chat import STAND_IN, Chat, ChatAgent
from pilotage.agents.endpoint import Endpoint
from pilotage.agents.reference import Behaviour, ReferenceAgent, ServerProcess, known_accuracy, make_tasks, write_tasks
from pilotage.agents.reference.server import serve
from pilotage.pilot.scorers import read_tasks, score


@asynccontextmanager
async def running(**behaviour):
    """The server in this very loop, with an open session."""
    runner, address = await serve(Behaviour(**behaviour))
    try:
        async with aiohttp.ClientSession() as session:
            yield session, address
    finally:
        await runner.cleanup()


def question(number: int = 1, **more):
    asked = f"An invoice has lines of {number}.50 and 2.25. What do they add up to?"
    return {"model": STAND_IN, "seed": 1, "messages": [{"role": "user", "content": asked}], **more}


async def post(session, address, body):
    async with session.post(f"{address}/chat/completions", json=body) as response:
        return response.status, await response.text(), response.headers


def test_it_answers_as_a_chat_server_does():
    async def go():
        async with running() as (session, address):
            models = await (await session.get(f"{address}/models")).json()
            return models, json.loads((await post(session, address, question()))[1])

    models, completion = asyncio.run(go())
    assert [model["id"] for model in models["data"]] == [STAND_IN]
    assert completion["choices"] == [
        {"index": 0, "message": {"role": "assistant", "content": "They add up to 3.75."}, "finish_reason": "stop"}
    ]
    usage = completion["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert (completion["model"], completion["object"]) == (STAND_IN, "chat.completion")


@pytest.mark.parametrize("tools", [False, True])
def test_a_streamed_answer_says_the_same_as_one_in_one_piece(tools):
    """Read by the client that most people use."""
    from openai import AsyncOpenAI, DefaultAioHttpClient

    asked = question()["messages"]
    offered = {}
    if tools:
        asked = [{"role": "user", "content": "What is the amount of invoice INV-10001?"}]
        offered = {"tools": [{"type": "function", "function": {"name": "lookup_invoice", "parameters": {}}}]}

    async def go():
        async with (
            running() as (_, address),
            AsyncOpenAI(api_key="none", base_url=address, http_client=DefaultAioHttpClient()) as client,
        ):
            whole = await client.chat.completions.create(model=STAND_IN, messages=asked, seed=1, **offered)
            options = {"stream_options": {"include_usage": True}}
            pieces = await client.chat.completions.create(
                model=STAND_IN, messages=asked, seed=1, stream=True, **options, **offered
            )
            return whole, [piece async for piece in pieces]

    whole, pieces = asyncio.run(go())
    deltas = [piece.choices[0].delta for piece in pieces if piece.choices]
    message = whole.choices[0].message
    assert "".join(delta.content or "" for delta in deltas) == (message.content or "")
    calls = [call.function for delta in deltas for call in delta.tool_calls or []]
    assert [(call.name, call.arguments) for call in calls] == [
        (call.function.name, call.function.arguments) for call in message.tool_calls or []
    ]
    assert [piece.usage for piece in pieces if piece.usage] == [whole.usage] or pieces[-1].usage == whole.usage
    reasons = [piece.choices[0].finish_reason for piece in pieces if piece.choices]
    assert reasons[-1] == whole.choices[0].finish_reason


def test_the_same_requests_get_the_same_answers_and_the_same_trouble_in_any_order():
    settings = {"seed": 5, "error_rate": 0.3, "rate_429": 0.2, "rate_500": 0.2, "retry_after_s": 0.5}
    bodies = [question(number) for number in range(40)] * 3

    async def go(order_seed, at_once):
        order = random.Random(order_seed).sample(bodies, len(bodies))
        gate = asyncio.Semaphore(at_once)

        async def one(session, address, body):
            async with gate:
                status, text, _ = await post(session, address, body)
                return body["messages"][0]["content"], status, text

        async with running(**settings) as (session, address):
            return Counter(await asyncio.gather(*(one(session, address, body) for body in order)))

    first, second = asyncio.run(go(1, 1)), asyncio.run(go(2, 50))
    assert first == second
    statuses = Counter({status: sum(n for (_, s, _), n in first.items() if s == status) for status in (200, 429, 500)})
    assert min(statuses.values()) > 10


def test_too_many_requests_say_how_long_to_wait():
    async def go():
        async with running(rate_429=1, retry_after_s=0.5) as (session, address):
            return await post(session, address, question())

    status, text, headers = asyncio.run(go())
    assert (status, headers["Retry-After"], headers["retry-after-ms"]) == (429, "1", "500")
    assert json.loads(text)["error"]["message"] == "too many requests"


def test_a_request_that_hangs_is_never_answered_and_is_let_go_when_the_other_side_hangs_up():
    async def go():
        async with running(hang=1) as (_, address):
            agent = ChatAgent(Endpoint(address), Chat(STAND_IN, timeout_s=0.2))
            with pytest.raises(AgentFault, match=r"within 0\.2 s"):
                await agent.begin("?", 1).attempt()
            await agent.close()
            await asyncio.sleep(0.1)
            return [task for task in asyncio.all_tasks() if "_make_trouble" in str(task.get_stack())]

    began = time.monotonic()
    assert asyncio.run(go()) == []
    assert time.monotonic() - began < 5


def test_an_outage_begins_and_ends():
    async def go():
        statuses = []
        async with running(outage_after_s=0.3, outage_s=0.4) as (session, address):
            for _ in range(24):
                statuses.append((await post(session, address, question()))[0])
                await asyncio.sleep(0.05)
        return statuses

    statuses = asyncio.run(go())
    assert (statuses[0], statuses[-1]) == (200, 200)
    assert 4 <= statuses.count(503) <= 9
    assert sorted(statuses[: statuses.index(503)]) == [200] * statuses.index(503)


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ("{", 400, "the request is no JSON"),
        ("[]", 400, "the request should be a JSON object"),
        ("{}", 400, "messages should be a list of messages"),
        ('{"messages": ["x"]}', 400, "messages should be a list of messages"),
        ('{"messages": [{}], "model": "other"}', 404, "there is one model here: reference-stand-in"),
        ("[" * 200_000, 400, "the request is no JSON"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(body, status, told):
    async def go():
        async with (
            running() as (session, address),
            session.post(f"{address}/chat/completions", data=body) as response,
        ):
            return response.status, (await response.json())["error"]["message"]

    assert asyncio.run(go()) == (status, told)


def test_nothing_is_served_elsewhere():
    async def go():
        async with running() as (session, address), session.get(f"{address}/embeddings") as response:
            return response.status

    assert asyncio.run(go()) == 404


def test_the_stand_in_as_an_agent_gets_right_exactly_what_is_known_beforehand(tmp_path):
    """Over real connections, with trouble on the way and runs side by side."""
    write_tasks(tmp_path / "tasks.jsonl", make_tasks(60, 2))
    tasks = read_tasks(tmp_path / "tasks.jsonl")

    async def answer(run):
        while True:
            try:
                return await run.attempt()
            except AgentFault as fault:
                if fault.kind not in ("throttled", "server"):
                    raise

    async def go():
        agent = open_agent("reference?error_rate=0.2&escalation_rate=0.1&seed=9&rate_429=0.1&rate_500=0.1")
        try:
            runs = [(task, agent.begin(task.input, trial)) for task in tasks for trial in (1, 2)]
            answers = await asyncio.gather(*(answer(run) for _, run in runs))
            return agent, [(task, run, answer) for (task, run), answer in zip(runs, answers, strict=True)]
        finally:
            await agent.close()

    agent, ended = asyncio.run(go())
    assert (agent.name, agent.model, agent.simulated) == ("reference stand-in", STAND_IN, True)
    right = sum(all(one.passed for one in score(task, said.text, run.tool_calls)) for task, run, said in ended)
    assert right == known_accuracy(tasks, 2, 9, 0.2, 0.1)
    assert 60 < right < 115
    escalated = sum(said.outcome == "escalated" for _, _, said in ended)
    assert escalated == sum(agent.behaviour.hands_over(task.input, trial) for task in tasks for trial in (1, 2))
    assert {call.status for _, run, _ in ended for call in run.tool_calls} == {"ok"}
    statuses = Counter(call.status for _, run, _ in ended for call in run.model_calls)
    assert statuses["error"] > 10
    assert sum(len(run.model_calls) for _, run, _ in ended) == statuses["ok"] + statuses["error"]


def test_its_fingerprint_is_of_what_it_does_and_not_of_where():
    async def go(**settings):
        agent = ReferenceAgent(Behaviour(**settings))
        await agent.close()
        return agent.fingerprint, agent.endpoint.address

    (first, at), (same, elsewhere), (other, _) = (asyncio.run(go(seed=seed)) for seed in (1, 1, 2))
    assert first == same
    assert first != other
    assert at != elsewhere


def test_whoever_names_its_model_gets_something_simulated():
    assert ChatAgent(Endpoint("http://127.0.0.1:1/v1"), Chat(STAND_IN)).simulated


def gone(pid: int) -> bool:
    """Whether the process has ended (within 5 seconds)."""
    for _ in range(100):
        try:
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="asks /proc whether a process is there")
def test_the_server_ends_with_the_agent_and_with_a_process_that_was_killed():
    server = ServerProcess(Behaviour())
    server.stop()
    assert gone(server.pid)
    code = "from pilotage.agents.reference import *; s = ServerProcess(Behaviour()); print(s.pid, flush=True); input()"
    parent = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        os.kill(pid, 0)
        parent.kill()
    assert gone(pid)


def test_it_runs_by_itself_and_prints_its_address():
    command = [sys.executable, "-m", "pilotage.agents.reference", "--port", "0", "--latency_s", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        address = server.stdout.readline().strip()

        async def go():
            async with aiohttp.ClientSession() as session:
                return (await post(session, address, question()))[0]

        assert asyncio.run(go()) == 200
        server.send_signal(signal.SIGINT)
        assert server.wait(5) == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--rate_430", "1"], "unrecognized arguments: --rate_430"),
        (["--rate_429", "-1"], "invalid number of at least 0 value: '-1'"),
        (["--port", "99999"], "port 99999 cannot be used: "),
    ],
)
def test_settings_it_cannot_take_are_refused_plainly(options, told):
    command = [sys.executable, "-m", "pilotage.agents.reference", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
