"""The order of a stream's events: the task, then its updates, then its end, and nothing after it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from pilotage.agents.a2a_forms import ENDED, WAITING, Interface, message, state_of
from pilotage.integration.a2a.wire import ENDS_S, Wire
from pilotage.integration.checks import Fault

KINDS = {"task": "id", "message": "taskId", "statusUpdate": "taskId", "artifactUpdate": "taskId"}


@dataclass(frozen=True)
class Event:
    """One event of a stream: what it is, of which task, and the state that it tells (empty where none)."""

    kind: str
    task: str
    state: str = ""

    @property
    def last(self) -> bool:
        """Whether nothing may follow it."""
        return self.kind == "message" or self.state in ENDED | WAITING


@dataclass
class Streamed:
    """What came of a stream; `closed` is whether the agent ended it."""

    events: list[Event] = field(default_factory=list)
    closed: bool = False


def read_event(given: dict[str, Any]) -> Event:
    """The event in one answer of a stream; Fault where it is none."""
    kinds = [kind for kind in KINDS if isinstance(given.get(kind), dict)]
    if len(kinds) != 1:
        raise Fault("stream_broken", f"an event is none of {', '.join(KINDS)} but has {', '.join(map(str, given))}")
    inner = given[kinds[0]]
    task = inner.get(KINDS[kinds[0]], "")
    return Event(kinds[0], task if isinstance(task, str) else "", state_of(inner))


async def listen(wire: Wire, interface: Interface, text: str, within_s: float) -> Streamed:
    """The events that a task of this text brings, until the agent closes the stream or it takes too long."""
    heard = Streamed()
    try:
        with suppress(TimeoutError):  # what was heard, and that it did not end, is judged by whoever asked
            async with asyncio.timeout(within_s) as bound, aclosing(wire.stream(interface, message(text))) as stream:
                async for given in stream:
                    heard.events.append(read_event(given))
                    if heard.events[-1].last:  # the stream has to end by itself now, soon
                        bound.reschedule(asyncio.get_running_loop().time() + ENDS_S)
            heard.closed = True
    except aiohttp.ClientPayloadError as error:
        raise Fault("stream_broken", f"the stream broke off after {len(heard.events)} events: {error}") from None
    return heard


def check_order(heard: Streamed, within_s: float) -> str:
    """What to say of a stream in good order; Fault for the first thing that is wrong with it."""
    events, told = heard.events, " → ".join(_word(event) for event in heard.events[:12])
    if not events:
        what = "closed" if heard.closed else f"said nothing for {within_s:g} s"
        raise Fault("stream_broken" if heard.closed else "never_terminal", f"the stream {what} without an event")
    if events[0].kind not in ("task", "message"):
        raise Fault("status_before_task", f"the first event is no task: {told}")
    if len({event.task for event in events if event.task}) > 1:
        raise Fault("wrong_task", f"events of more than one task: {told}")
    _check_end(events, heard.closed, told, within_s)
    return told


def _check_end(events: Sequence[Event], closed: bool, told: str, within_s: float) -> None:
    last = next((place for place, event in enumerate(events) if event.last), None)
    if last is None and closed:
        raise Fault("stream_broken", f"the stream closed before the task had ended: {told}")
    if last is None:
        raise Fault("never_terminal", f"the task had not ended after {within_s:g} s: {told}")
    if last < len(events) - 1:
        raise Fault("event_after_final", f"{len(events) - 1 - last} events after the task had ended: {told}")
    if not closed:
        raise Fault("stream_not_ended", f"still open {ENDS_S:g} s after the task had ended: {told}")
    if events[last].kind != "message" and events[last].state != "completed":
        raise Fault("task_failed", f"the safe task ended as {events[last].state}: {told}")


def _word(event: Event) -> str:
    return f"{event.kind} {event.state}".strip()
