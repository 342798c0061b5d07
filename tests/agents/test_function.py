"""A function as an agent: whatever it does, the loop goes on and the deadline holds."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from pilotage.agents.function import FunctionAgent
from pilotage.agents.run import AgentFault, Answer


def tried(function, trial=1, timeout_s=5.0):
    """The run and its answer or fault."""

    async def go():
        run = FunctionAgent("desk:answer", function, timeout_s=timeout_s).begin("What?", trial)
        try:
            return run, await run.attempt()
        except AgentFault as fault:
            return run, fault

    return asyncio.run(go())


async def in_the_loop(text):
    await asyncio.sleep(0)
    return f"{text} yes"


class Desk:
    def __call__(self, text):
        return f"{text} yes"


@pytest.mark.parametrize("function", [lambda text: f"{text} yes", in_the_loop, Desk(), lambda text: in_the_loop(text)])
def test_a_function_may_be_of_any_sort(function):
    assert tried(function)[1] == Answer("What? yes")


def test_the_trial_is_given_to_who_asks_for_it():
    assert tried(lambda text, trial: f"trial {trial}", trial=3)[1].text == "trial 3"
    assert tried(lambda text, *, trial=0: f"trial {trial}", trial=3)[1].text == "trial 3"


def test_a_dict_says_more_and_makes_a_model_call_where_it_tells_of_tokens():
    told = {"output": "x", "confidence": 1, "usage": {"input_tokens": 5}, "tool_calls": [{"tool": "t"}]}
    run, answer = tried(lambda text: told)
    assert answer == Answer("x", "answered", 1.0)
    assert [(call.input_tokens, call.output_tokens, call.status) for call in run.model_calls] == [(5, None, "ok")]
    assert [call.tool for call in run.tool_calls] == ["t"]
    assert tried(lambda text: "x")[0].model_calls == []


def raising(error):
    def raise_it(text):
        raise error

    return raise_it


async def raising_later(text):
    raise OSError("no desk")


@pytest.mark.parametrize(
    ("function", "detail"),
    [
        (raising(ValueError("no such invoice")), "desk:answer raised ValueError: no such invoice"),
        (raising(KeyError()), "desk:answer raised KeyError"),
        (raising(SystemExit(1)), "desk:answer raised SystemExit: 1"),
        (raising(StopIteration("x")), "desk:answer raised StopIteration: x"),
        (raising(TimeoutError("x")), "desk:answer raised TimeoutError: x"),
        (raising(ValueError("a\x1b[0m")), "desk:answer raised ValueError: a¤[0m"),
        (raising_later, "desk:answer raised OSError: no desk"),
        (lambda: "x", "desk:answer raised TypeError: <lambda>() takes 0 positional arguments but 1 was given"),
        (
            lambda text: None,
            "what desk:answer returned should be text or an object with 'output', not nothing",
        ),
        (lambda text: 5, "what desk:answer returned should be text or an object with 'output', not a int"),
        (lambda text: {"output": {(1, 2): 3}}, "what desk:answer returned has what JSON cannot say under 'output'"),
        (lambda text: {}, "what desk:answer returned has none of output, text, answer"),
    ],
)
def test_a_function_that_fails_has_crashed_and_is_not_tried_again(function, detail):
    _, fault = tried(function)
    assert (fault.kind, fault.retryable, str(fault)) == ("crashed", False, detail)
    assert "Traceback" not in str(fault)


def test_a_function_that_blocks_is_left_behind_at_its_deadline_and_its_late_answer_ignored():
    let_go, ended, ticks = threading.Event(), threading.Event(), []

    def blocks(text):
        let_go.wait(30)
        ended.set()
        return "late"

    async def go():
        async def tick():
            while True:
                ticks.append(1)
                await asyncio.sleep(0.01)

        ticking = asyncio.create_task(tick())
        run = FunctionAgent("desk:answer", blocks, timeout_s=0.3).begin("?", 1)
        with pytest.raises(AgentFault) as caught:
            await run.attempt()
        let_go.set()
        assert await asyncio.to_thread(ended.wait, 5)
        await asyncio.sleep(0.05)
        ticking.cancel()
        return caught.value

    began = time.monotonic()
    fault = asyncio.run(go())
    assert (fault.kind, str(fault), fault.retryable) == ("timeout", "desk:answer took longer than 0.3 s", True)
    assert len(ticks) > 10
    assert time.monotonic() - began < 10


def test_a_function_that_never_ends_does_not_keep_the_process_alive():
    let_go = threading.Event()
    began = time.monotonic()
    assert tried(lambda text: let_go.wait(60), timeout_s=0.1)[1].kind == "timeout"
    assert time.monotonic() - began < 5
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "pilotage-call")
    let_go.set()


def test_many_blocking_functions_run_side_by_side():
    """A pool of threads would let six through at a time here."""

    def blocks(text):
        time.sleep(0.2)
        return "x"

    async def go():
        agent = FunctionAgent("desk:answer", blocks)
        await asyncio.gather(*(agent.begin("?", trial).attempt() for trial in range(50)))

    began = time.monotonic()
    asyncio.run(go())
    assert time.monotonic() - began < 1.5
