"""A chat run: tools are used as the model asks, and a new attempt goes on where the last one stood."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from pilotage.agents.run import AgentFault, Answer


def lookup(number: str) -> dict[str, str]:
    """One invoice."""
    return {"number": number, "amount": "12.50"}


def test_a_plain_answer_has_its_tokens_and_the_model_that_gave_it(chatting, script, said):
    async def go():
        server = script([said("42")])
        async with chatting(server, system_prompt="Be brief.", request={"temperature": 0, "seed": 5}) as agent:
            run = agent.begin("How much?", trial=2)
            answer = await run.attempt()
        return server, run, answer

    server, run, answer = asyncio.run(go())
    assert answer == Answer("42", "answered", None, None)
    (call,) = run.model_calls
    assert (call.turn, call.model, call.input_tokens, call.output_tokens, call.status) == (1, "m-2026", 12, 3, "ok")
    assert abs(call.started_at - time.time()) < 60
    assert 0 < call.duration_s < 60
    assert server.asked == [
        {
            "temperature": 0,
            "seed": 7,
            "model": "m",
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How much?"}],
        }
    ]


@pytest.mark.parametrize("usage", [None, {}, "many", {"prompt_tokens": -1, "completion_tokens": True}])
def test_tokens_that_are_not_told_are_unknown_and_not_zero(chatting, script, said, usage):
    async def go():
        async with chatting(script([said("42", usage=usage)])) as agent:
            run = agent.begin("?", 1)
            await run.attempt()
            return run.model_calls[0]

    call = asyncio.run(go())
    assert (call.input_tokens, call.output_tokens, call.status) == (None, None, "ok")


def test_a_tool_is_used_and_its_result_goes_back_to_the_model(chatting, script, said):
    async def go():
        server = script([said(tools=[("lookup", '{"number": "7"}'), ("lookup", '{"number": "8"}')]), said("12.50")])
        async with chatting(server, tools=(lookup,)) as agent:
            run = agent.begin("?", 1)
            return server, run, await run.attempt()

    server, run, answer = asyncio.run(go())
    assert answer.text == "12.50"
    assert [(call.seq, call.tool, call.arguments, call.status, call.error_type) for call in run.tool_calls] == [
        (1, "lookup", '{"number": "7"}', "ok", None),
        (2, "lookup", '{"number": "8"}', "ok", None),
    ]
    assert [call.turn for call in run.model_calls] == [1, 2]
    assert server.asked[0]["tools"][0]["function"]["name"] == "lookup"
    assert server.asked[1]["messages"][1]["tool_calls"][0]["id"] == "c0"
    assert server.asked[1]["messages"][2:] == [
        {"role": "tool", "tool_call_id": "c0", "content": '{"number": "7", "amount": "12.50"}'},
        {"role": "tool", "tool_call_id": "c1", "content": '{"number": "8", "amount": "12.50"}'},
    ]


@pytest.mark.parametrize(
    ("tool", "arguments", "error_type", "told"),
    [
        ("lookup", '{"number": ', "invalid_json", "error: the arguments are no JSON: Expecting value"),
        ("lookup", "[1]", "invalid_arguments", "error: the arguments should be a JSON object"),
        ("lookup", "{}", "invalid_arguments", "error: missing a required argument: 'number'"),
        ("lookup", '{"number": "7", "x": 1}', "invalid_arguments", "error: got an unexpected keyword argument 'x'"),
        ("look_up", "{}", "unknown_tool", "error: there is no tool 'look_up'; there are: lookup, fails, quits, loops"),
        ("fails", "{}", "KeyError", "error: KeyError: 'gone'"),
        ("quits", "{}", "SystemExit", "error: SystemExit: 3"),
        ("loops", "{}", "invalid_result", "error: the result is no JSON: Circular reference detected"),
        ("", "null", "unknown_tool", "error: there is no tool ''; there are: lookup, fails, quits, loops"),
    ],
)
def test_what_goes_wrong_with_a_tool_is_told_to_the_model_and_noted(
    chatting, script, said, tool, arguments, error_type, told
):
    def fails() -> None:
        raise KeyError("gone")

    def quits() -> None:
        raise SystemExit(3)

    def loops() -> list[object]:
        itself: list[object] = []
        itself.append(itself)
        return itself

    async def go():
        server = script([said(tools=[(tool, arguments)]), said("I do not know.")])
        async with chatting(server, tools=(lookup, fails, quits, loops)) as agent:
            run = agent.begin("?", 1)
            return server, run, await run.attempt()

    server, run, answer = asyncio.run(go())
    assert answer.text == "I do not know."
    (call,) = run.tool_calls
    assert (call.status, call.error_type) == ("error", error_type)
    assert call.arguments == (arguments if isinstance(arguments, str) else "")
    assert server.asked[1]["messages"][-1]["content"].startswith(told)


def test_arguments_that_are_no_json_are_not_sent_back_as_such(chatting, script, said):
    """Servers that render the history through a template answer 400 or 500 to it, for good."""

    async def go():
        server = script([said(tools=[("lookup", '{"number": ')]), said("x")])
        async with chatting(server, tools=(lookup,)) as agent:
            await agent.begin("?", 1).attempt()
        return server

    messages = asyncio.run(go()).asked[1]["messages"]
    assert messages[1]["tool_calls"][0]["function"] == {"name": "lookup", "arguments": "{}"}
    assert messages[2]["content"].endswith('they were: {"number": ')


def test_arguments_given_as_an_object_are_taken_too(chatting, script, said):
    async def go():
        async with chatting(script([said(tools=[("lookup", {"number": "7"})]), said("x")]), tools=(lookup,)) as agent:
            run = agent.begin("?", 1)
            await run.attempt()
            return run.tool_calls[0]

    call = asyncio.run(go())
    assert (call.status, call.arguments) == ("ok", '{"number": "7"}')


def test_a_new_attempt_repeats_the_failed_request_alone_and_no_tool(chatting, script, said):
    used = []

    def pay(amount: int) -> str:
        """Pays; twice would be a mistake."""
        used.append(amount)
        return "paid"

    async def go():
        busy = (429, "", {"Retry-After": "2"})
        server = script([said(tools=[("pay", '{"amount": 5}')]), busy, (500, "", {}), said("done")])
        async with chatting(server, tools=(pay,)) as agent:
            run = agent.begin("?", 1)
            faults = []
            for _ in range(2):
                with pytest.raises(AgentFault) as fault:
                    await run.attempt()
                faults.append(fault.value)
            return server, run, faults, await run.attempt()

    server, run, faults, answer = asyncio.run(go())
    assert answer.text == "done"
    assert used == [5]
    assert [(fault.kind, fault.retry_after_s, fault.retryable) for fault in faults] == [
        ("throttled", 2.0, True),
        ("server", None, True),
    ]
    assert [(call.turn, call.status) for call in run.model_calls] == [(1, "ok"), (2, "error"), (2, "error"), (2, "ok")]
    assert server.asked[1] == server.asked[2] == server.asked[3]


def test_a_slow_tool_holds_up_neither_the_loop_nor_the_deadline_and_is_not_used_again(chatting, script, said):
    let_go, used, ticks = threading.Event(), [], []

    def slow() -> str:
        """Never comes to an end by itself."""
        used.append(1)
        let_go.wait(30)
        return "late"

    async def tick():
        while True:
            ticks.append(1)
            await asyncio.sleep(0.01)

    async def go():
        server = script([said(tools=[("slow", "{}")]), said("without it")])
        async with chatting(server, tools=(slow,), timeout_s=0.4) as agent:
            ticking = asyncio.create_task(tick())
            run = agent.begin("?", 1)
            with pytest.raises(AgentFault) as fault:
                await run.attempt()
            answer = await run.attempt()
            ticking.cancel()
            return server, run, fault.value, answer

    server, run, fault, answer = asyncio.run(go())
    let_go.set()
    assert (fault.kind, answer.text, used) == ("timeout", "without it", [1])
    assert len(ticks) > 10
    assert [(call.status, call.error_type) for call in run.tool_calls] == [("timeout", "timeout")]
    assert server.asked[1]["messages"][-1]["content"] == "error: the tool did not answer in time"


def test_a_coroutine_function_is_a_tool_too(chatting, script, said):
    async def double(n: int) -> int:
        """Twice as much."""
        await asyncio.sleep(0)
        return 2 * n

    async def go():
        server = script([said(tools=[("double", '{"n": 4}')]), said("8")])
        async with chatting(server, tools=(double,)) as agent:
            await agent.begin("?", 1).attempt()
        return server

    assert asyncio.run(go()).asked[1]["messages"][-1]["content"] == "8"


def test_an_agent_that_only_ever_asks_for_tools_is_stopped(chatting, script, said):
    async def go():
        server = script([said(tools=[("lookup", '{"number": "7"}')])])
        async with chatting(server, tools=(lookup,), max_turns=3) as agent:
            run = agent.begin("?", 1)
            for _ in range(2):
                with pytest.raises(AgentFault, match="gave no answer in 3 turns, which is the limit") as fault:
                    await run.attempt()
            return server, run, fault.value

    server, run, fault = asyncio.run(go())
    assert (fault.kind, fault.retryable) == ("crashed", False)
    assert len(server.asked) == len(run.model_calls) == len(run.tool_calls) == 3


@pytest.mark.parametrize(
    ("message", "reason", "expected"),
    [
        ({"content": None, "refusal": "I will not."}, "stop", Answer("I will not.", "refused")),
        ({"content": "I"}, "content_filter", Answer("I", "refused")),
        ({"content": "cut"}, "length", Answer("cut", "answered")),
        ({"content": None}, "stop", Answer("", "answered")),
        ({"content": [{"type": "text", "text": "x"}]}, None, Answer('[{"type": "text", "text": "x"}]', "answered")),
        ({"content": "half \ud83d"}, "stop", Answer("half \ufffd", "answered")),
    ],
)
def test_how_an_answer_ends_decides_its_outcome(chatting, script, said, message, reason, expected):
    async def go():
        completion = said() | {"choices": [{"message": message, "finish_reason": reason}]}
        async with chatting(script([completion])) as agent:
            return await agent.begin("?", 1).attempt()

    assert asyncio.run(go()) == expected


@pytest.mark.parametrize(("escalation_tool", "outcome"), [("hand_over", "escalated"), (None, "answered")])
def test_using_the_escalation_tool_is_an_escalation(chatting, script, said, escalation_tool, outcome):
    def hand_over() -> str:
        """A person takes over."""
        return "ok"

    async def go():
        server = script([said(tools=[("hand_over", "{}")]), said("A person will answer.")])
        async with chatting(server, tools=(hand_over,), escalation_tool=escalation_tool) as agent:
            return await agent.begin("?", 1).attempt()

    assert asyncio.run(go()).outcome == outcome


def test_a_task_that_no_file_could_hold_can_still_be_asked(chatting, script, said):
    async def go():
        server = script([said("x")])
        async with chatting(server) as agent:
            await agent.begin("\ud800?", 1).attempt()
        return server

    assert asyncio.run(go()).asked[0]["messages"][0]["content"] == "\ufffd?"
