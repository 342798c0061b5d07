"""One planned run, attempt by attempt, each of them a line of the log, until there is an answer or no sense in more."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pilotage.agents.run import Agent, AgentFault, Answer, ModelCall, Prices, Run, ToolCall
from pilotage.pilot.evaluate.account import Tally
from pilotage.pilot.evaluate.limits import Limits
from pilotage.pilot.evaluate.log import Line, Log
from pilotage.pilot.evaluate.planned import Planned
from pilotage.pilot.evaluate.retries import wait_s
from pilotage.pilot.evaluate.scoring import scores
from pilotage.pilot.evaluate.settings import Settings
from pilotage.pilot.evaluate.spending import Budget, Guess, Used, used
from pilotage.redact import redact
from pilotage.words import plain

UNTOLD = "the agent tells no tokens, so that nobody can say when the budget is used up"
CALL_LATE = "no answer within {:g} s"
TASK_LATE = "no answer within the {:g} s that a task may take with all its attempts"
AWAY = "the server asked to be left alone for {:,.0f} s, longer than a task may take; go on later"
CUT_OFF = "the evaluation was stopped before an answer came"
DOWN = "the first {} runs all ended in an error, so the others would as well"
HOPELESS = 20  # runs that ended in an error before any was answered


@dataclass(slots=True)
class Crew:
    """What all runs of one session share."""

    agent: Agent
    settings: Settings
    prices: Prices | None
    log: Log
    session: int
    limits: Limits
    budget: Budget
    tally: Tally
    guess: Guess
    errored_before: frozenset[str] = frozenset()  # keys of runs that are called again; until then that end stands
    skipped: int = 0  # without any end
    not_again: int = 0  # errored before and not called again to an end

    def leave(self, key: str) -> None:
        """The run of this key does not come to an end in this session."""
        if key in self.errored_before:
            self.not_again += 1
        else:
            self.skipped += 1


@dataclass(slots=True)
class Begun:
    """A run under way. Times `at` are of the event loop's clock, `first_at` is Unix time."""

    planned: Planned
    run: Run
    rng: random.Random | None = None
    first_at: float = 0.0
    at: float = 0.0
    attempts: int = 0
    models: int = 0  # calls that stand in the log already
    tools: int = 0


@dataclass(slots=True)
class Tried:
    """One attempt: an answer or a fault, when it began and ended, what it called and what that took."""

    answer: Answer | None
    fault: AgentFault | None
    began: float
    ended: float
    models: Sequence[ModelCall]
    tools: Sequence[ToolCall]
    used: Used
    cut_off: bool  # with the session


async def carry_out(planned: Planned, crew: Crew) -> None:
    """The run's lines are in the log and in the tally, with the last one final; or it counts as left.

    An attempt that is cut off has its line too, since what it called may be billed. Latency counts from the first
    attempt: what a run waits for before that is this evaluation's doing, no user's wait.
    """
    begun = Begun(planned, crew.agent.begin(planned.task.input, planned.trial))
    try:
        while True:
            tried = await _attempt(begun, crew)
            if tried is None:
                crew.leave(planned.key)
                break
            pause = _pause(begun, tried, crew)
            await _tell(begun, tried, crew, final=pause is None)
            if tried.cut_off:
                raise asyncio.CancelledError
            if pause is None:
                _give_up_where_hopeless(crew)
                break
            await asyncio.sleep(pause)
    except asyncio.CancelledError:
        crew.leave(planned.key)
        raise


async def _tell(begun: Begun, tried: Tried, crew: Crew, final: bool) -> None:
    """The attempt's line is in the log and in the tally, with its scores where it is the last one."""
    line = _line(begun, tried, crew, final)
    try:
        if final:
            await _settle(line, begun, tried)
    except asyncio.CancelledError:
        _keep({**line, "final": False}, crew)
        raise
    _keep(line, crew)


def _keep(line: Line, crew: Crew) -> None:
    crew.log.add(line)
    crew.tally.add(line)


async def _attempt(begun: Begun, crew: Crew) -> Tried | None:
    """One attempt within all limits; None where the budget allows no more."""
    text = begun.planned.task.input
    money = await crew.budget.admit(lambda: crew.guess.cost(text))
    if money is None:
        return None
    tried, tokens = None, crew.guess.tokens(text)
    try:
        await crew.limits.enter(tokens)
        try:
            tried = await _timed(begun, crew)
        finally:
            told = tried.used if tried else None
            crew.limits.leave(tokens, told.tokens if told else None, told.requests if told else 1)
    finally:
        crew.budget.settle(money, tried.used if tried else None)
    _learn(tried, crew)
    return tried


async def _timed(begun: Begun, crew: Crew) -> Tried:
    """The attempt itself, under its own deadline and what is left of the run's."""
    clock = asyncio.get_running_loop().time
    began = clock()
    if not begun.attempts:
        begun.first_at, begun.at = time.time(), began
    begun.attempts += 1
    settings, answer, fault, cut_off = crew.settings, None, None, False
    left = max(0.0, begun.at + settings.timeout_s - began)
    allowed = min(left, settings.call_timeout_s or left)
    try:
        async with asyncio.timeout(allowed):
            answer = await begun.run.attempt()
    except AgentFault as told:
        fault = told
    except TimeoutError:
        late = CALL_LATE.format(allowed) if allowed < left else TASK_LATE.format(settings.timeout_s)
        fault = AgentFault("timeout", late)
    except asyncio.CancelledError as error:
        cut_off = bool(asyncio.current_task().cancelling())  # type: ignore[union-attr]  # this runs in a task
        itself = f"the agent cancelled itself: {plain(error)}".removesuffix(": ")
        fault = AgentFault("timeout", CUT_OFF) if cut_off else AgentFault("crashed", itself)
    except Exception as error:  # an agent that breaks its word costs this run, not the evaluation
        fault = AgentFault("crashed", f"the agent failed with {type(error).__name__}: {plain(redact(str(error)))}")
    models, tools = begun.run.model_calls[begun.models :], begun.run.tool_calls[begun.tools :]
    return Tried(answer, fault, began, clock(), models, tools, used(models, answer, crew.prices), cut_off)


def _learn(tried: Tried, crew: Crew) -> None:
    """What the attempt says about the pace, and about what the next one will take."""
    crew.guess.learn(tried.used)
    if tried.fault is None:
        crew.limits.slots.went_well()
        if crew.budget.limit is not None and tried.used.cost is None:
            crew.budget.close(UNTOLD)
        return
    if tried.fault.kind == "throttled":
        crew.limits.slots.too_many(tried.began, tried.ended)
    asked = tried.fault.retry_after_s
    if asked and asked >= crew.settings.timeout_s:
        crew.budget.close(AWAY.format(asked))
    elif asked:
        crew.limits.pause(tried.ended + asked)


def _give_up_where_hopeless(crew: Crew) -> None:
    """An address that is wrong, or a server that is down, is told after a few runs and not after all of them."""
    tally = crew.tally
    if tally.errored >= HOPELESS and tally.errored == tally.ended:
        crew.budget.close(DOWN.format(tally.errored))


def _pause(begun: Begun, tried: Tried, crew: Crew) -> float | None:
    """Seconds until the next attempt; None where this one was the last."""
    fault = tried.fault
    if tried.cut_off:
        return 0.0
    if fault is None or not fault.retryable or begun.attempts >= crew.settings.attempts:
        return None
    if crew.budget.closed:
        return 0.0  # the run stays open: it is called again when the evaluation is resumed
    begun.rng = begun.rng or random.Random(begun.planned.key)
    pause = wait_s(begun.attempts - 1, fault.retry_after_s, begun.rng)
    return pause if tried.ended + pause < begun.at + crew.settings.timeout_s else None


def _line(begun: Begun, tried: Tried, crew: Crew, final: bool) -> Line:
    """The attempt as the log keeps it; what has been told in an earlier line of the run is not told again."""
    task, fault = begun.planned.task, tried.fault
    begun.models += len(tried.models)
    begun.tools += len(tried.tools)
    return {
        "key": begun.planned.key,
        "session": crew.session,
        "task_id": task.task_id,
        "trial": begun.planned.trial,
        "attempt": begun.attempts,
        "at": begun.first_at + tried.began - begun.at,
        "duration_s": tried.ended - tried.began,
        "fault": fault and {"kind": fault.kind, "detail": fault.detail, "retry_after_s": fault.retry_after_s},
        "spent": tried.used.cost,
        "model_calls": [_model_call(call) for call in tried.models],
        "tool_calls": [_tool_call(call) for call in tried.tools],
        "final": final,
        **(_ending(begun, tried, crew.prices) if final else {}),
    }


def _ending(begun: Begun, tried: Tried, prices: Prices | None) -> Line:
    """What the last line tells of the run as a whole; `scores` are filled in later."""
    task, answer = begun.planned.task, tried.answer
    return {
        "segment": task.segment,
        "input": task.input,
        "first_at": begun.first_at,
        "latency_s": tried.ended - begun.at,
        "service_s": _service_s(begun, tried) if answer else None,
        "cost": used(begun.run.model_calls, answer, prices).cost,
        "answer": answer and {"text": answer.text, "outcome": answer.outcome, "confidence": answer.confidence},
        "scores": [],
    }


def _service_s(begun: Begun, tried: Tried) -> float:
    """Seconds in what counted: the last attempt, and calls of earlier ones that it built on."""
    counted = begun.run.model_calls[: begun.models - len(tried.models)]
    tools = begun.run.tool_calls[: begun.tools - len(tried.tools)]
    earlier = sum(call.duration_s for call in counted if call.status == "ok") + sum(c.duration_s or 0.0 for c in tools)
    return tried.ended - tried.began + earlier


def _model_call(call: ModelCall) -> dict[str, Any]:
    return {
        "turn": call.turn, "model": call.model, "started_at": call.started_at, "duration_s": call.duration_s,
        "input_tokens": call.input_tokens, "output_tokens": call.output_tokens, "status": call.status,
    }  # fmt: skip


def _tool_call(call: ToolCall) -> dict[str, Any]:
    return {
        "seq": call.seq, "tool": call.tool, "started_at": call.started_at, "duration_s": call.duration_s,
        "arguments": call.arguments, "status": call.status, "error_type": call.error_type,
    }  # fmt: skip


async def _settle(line: Line, begun: Begun, tried: Tried) -> None:
    """Puts the scores of an answer into its line."""
    if tried.answer is not None:
        found = await scores(begun.planned.task, tried.answer.text, begun.run.tool_calls)
        line["scores"] = [{"scorer": s.scorer, "passed": s.passed, "why": s.why} for s in found]
