"""The life of tasks: sent, worked on, ended, found again, cancelled."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import Any

import aiohttp

from pilotage.agents.a2a_forms import (
    ENDED,
    WAITING,
    Interface,
    NotA2a,
    Refused,
    id_of,
    message,
    state_of,
)
from pilotage.integration.a2a.stream import read_event
from pilotage.integration.a2a.wire import ANSWER_S, Wire
from pilotage.integration.checks import Fault
from pilotage.words import plain

POLL_S = 0.2
INVALID_AGENT_RESPONSE = -32006


async def work(wire: Wire, interface: Interface, text: str, within_s: float) -> dict[str, Any]:
    """The task that the text became, ended, or the message that answered it; Fault where it does not end in time."""
    began = time.monotonic()
    try:
        given = await wire.call(interface, "send", message(text), within_s=within_s)
        if isinstance(given.get("message"), dict):
            return {"message": given["message"]}
        task = given["task"]
        while (state := state_of(task)) not in ENDED | WAITING:
            left = within_s - (time.monotonic() - began)
            if left <= POLL_S:
                raise Fault("never_terminal", f"still {state} after {within_s:g} s")
            await asyncio.sleep(POLL_S)
            task = await _now(wire, interface, task["id"], left)
    except TimeoutError:
        raise Fault("never_terminal", f"no answer to the safe task within {within_s:g} s") from None
    except Refused as refused:
        raise Fault(_code_of(refused), f"the safe task is refused with {refused}") from None
    return {"task": task}


async def _now(wire: Wire, interface: Interface, task: str, within_s: float = ANSWER_S) -> dict[str, Any]:
    """The task as it stands; Fault where the agent, which told of it before, does not know it."""
    try:
        return await wire.call(interface, "get", {"id": task}, within_s)
    except Refused as refused:
        raise Fault("task_lost", f"a task that the agent told of is unknown when asked for again: {refused}") from None


def _code_of(refused: Refused) -> str:
    """The code of a refused task: servers built with the SDK stop an agent that updates a task before they know it,
    and say so in words alone."""
    out_of_order = refused.code == INVALID_AGENT_RESPONSE and "Task before" in refused.message
    return "status_before_task" if out_of_order else "refused"


def check_ended(given: dict[str, Any]) -> str:
    """What to say of a safe task that was completed; Fault where it ended otherwise, or with nothing to show."""
    if "message" in given:
        return "answered by a message, without a task"
    task, state = given["task"], state_of(given["task"])
    if state in WAITING:
        raise Fault("task_interrupted", f"the safe task stopped as {state}")
    if state != "completed":
        raise Fault("task_failed", f"the safe task ended as {state}")
    artifacts = [one for one in task.get("artifacts") or [] if one["parts"]]
    if not artifacts and not task["status"].get("message") and not _answers(task):
        raise Fault("task_empty", "completed without an artifact or a message")
    return f"completed with {len(artifacts)} artifacts"


def _answers(task: dict[str, Any]) -> bool:
    """Whether the task's history holds words of the agent: simple agents leave no artifact."""
    history = task.get("history")
    said = [one for one in history if isinstance(one, dict)] if isinstance(history, list) else []
    return any(one.get("role") in ("ROLE_AGENT", "agent") for one in said)


async def check_found_again(wire: Wire, interface: Interface, given: dict[str, Any]) -> str:
    """What to say of a task that is still known; Fault where it is not."""
    if "message" in given:
        return "answered by a message, so that there is no task to ask for"
    task = given["task"]
    again = await _now(wire, interface, task["id"])
    if again.get("id") != task["id"]:
        raise Fault("task_lost", f"asked for task {plain(task['id'], 60)}, got task {plain(str(again.get('id')), 60)}")
    if state_of(again) != state_of(task):
        raise Fault("task_lost", f"asked for a {state_of(task)} task, got one that is {state_of(again) or 'no task'}")
    return f"still {state_of(again)} when asked for again"


async def check_cancel(wire: Wire, interface: Interface, text: str, streams: bool, within_s: float) -> str:
    """What to say of a long task that was cancelled; Fault where it went on, or could not be caught."""
    task = await (_begun_streaming if streams else _begun)(wire, interface, text, within_s)
    began = time.monotonic()
    try:
        ended = await wire.call(interface, "cancel", {"id": task})
        while state_of(ended) not in ENDED and time.monotonic() - began < within_s:
            await asyncio.sleep(POLL_S)
            ended = await _now(wire, interface, task)
    except Refused as refused:
        state = state_of(await _now(wire, interface, task))
        # One that failed may have done so because it was cancelled: a longer task would be no help.
        code = {"completed": "long_task_too_short", "canceled": "refused"}.get(state, "cancel_ignored")
        raise Fault(code, f"cancelling is refused with {refused}; the task is {state}") from None
    if state_of(ended) == "canceled":
        ended = await _now(wire, interface, task)  # it says so; is it so?
    if state_of(ended) != "canceled":
        raise Fault("cancel_ignored", f"the task is {state_of(ended)} after it was cancelled")
    return f"canceled {time.monotonic() - began:.1f} s after the call"


async def _begun(wire: Wire, interface: Interface, text: str, within_s: float) -> str:
    """The id of the long task, which the agent is asked to answer before it is done."""
    try:
        given = await wire.call(interface, "send", message(text, returnImmediately=True), within_s=within_s)
        return _running(given.get("task"))
    except TimeoutError:
        raise Fault("never_terminal", "the long task was not begun in time, though no waiting was asked for") from None
    except Refused as refused:
        raise Fault("refused", f"the long task is refused with {refused}") from None


async def _begun_streaming(wire: Wire, interface: Interface, text: str, within_s: float) -> str:
    """The same from a stream, of which the first event is enough."""
    try:
        async with asyncio.timeout(within_s), aclosing(wire.stream(interface, message(text))) as stream:
            async for given in stream:
                event = read_event(given)
                return _running({"id": event.task, "status": {"state": event.state}})
    except Refused as refused:
        raise Fault("refused", f"the long task is refused with {refused}") from None
    except aiohttp.ClientPayloadError:
        raise Fault("stream_broken", "the long task's stream broke off before its first event") from None
    raise Fault("stream_broken", "the long task's stream closed without an event")


def _running(task: Any) -> str:
    if state_of(task) in ENDED:
        raise Fault("long_task_too_short", f"it was {state_of(task)} at once")
    try:
        return id_of(task)
    except NotA2a:
        raise Fault("long_task_too_short", "it was answered without a task that could be cancelled") from None
