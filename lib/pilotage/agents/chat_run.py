"""One task put to a chat agent: the conversation so far, which a new attempt takes up where the last one stopped."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pilotage.agents.answers import as_text, tokens, well_formed
from pilotage.agents.run import AgentFault, Answer, ModelCall, Status, ToolCall
from pilotage.agents.tools import Used, use

if TYPE_CHECKING:
    from pilotage.agents.chat import ChatAgent

NOT_FINISHED = Used("error: the tool did not answer in time", "timeout")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model answered to one request."""

    message: dict[str, Any]
    finish_reason: str
    model: str | None
    input_tokens: int | None
    output_tokens: int | None


class ChatRun:
    """The messages of one task at one trial, with the calls made for it."""

    def __init__(self, agent: ChatAgent, text: str, trial: int) -> None:
        system = agent.chat.system_prompt
        self.messages: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
        self.messages.append({"role": "user", "content": well_formed(text)})
        self.model_calls: list[ModelCall] = []
        self.tool_calls: list[ToolCall] = []
        self._agent, self._trial = agent, trial
        self._wanted: list[Any] = []  # tool calls the model asked for and has not been answered yet
        self._turns = 0
        self._escalated = False

    async def attempt(self) -> Answer:
        """The model's answer, after as many tools as it asks for, one after the other; AgentFault where none came."""
        chat = self._agent.chat
        try:
            async with asyncio.timeout(chat.timeout_s):
                return await self._until_answered()
        except TimeoutError:
            raise self._agent.endpoint.late(chat.timeout_s) from None

    async def _until_answered(self) -> Answer:
        while True:
            while self._wanted:
                await self._use(self._wanted[0])
            if self._turns >= self._agent.chat.max_turns:
                raise AgentFault("crashed", f"gave no answer in {self._turns} turns, which is the limit")
            reply = await self._ask()
            self._turns += 1
            self._wanted = list(reply.message.get("tool_calls") or [])
            if not self._wanted:
                return self._answer(reply)
            self.messages.append(_told_back(reply.message, self._wanted))

    def _answer(self, reply: Reply) -> Answer:
        refusal = reply.message.get("refusal")
        text = as_text(refusal or reply.message.get("content") or "")
        if refusal or reply.finish_reason == "content_filter":
            return Answer(text, "refused")
        return Answer(text, "escalated" if self._escalated else "answered")

    async def _ask(self) -> Reply:
        """One request to the model, noted whatever becomes of it; one that is cut off counts as a timeout."""
        agent, began, clock = self._agent, time.time(), time.perf_counter()
        status: Status = "timeout"
        reply: Reply | None = None
        try:
            reply = self._read(await agent.post(self.messages, self._trial))
            status = "ok"
            return reply
        except AgentFault as fault:
            status = "timeout" if fault.kind == "timeout" else "error"
            raise
        finally:
            took = time.perf_counter() - clock
            model = (reply.model if reply else None) or agent.chat.model
            used = (reply.input_tokens, reply.output_tokens) if reply else (None, None)
            self.model_calls.append(ModelCall(self._turns + 1, model, began, took, *used, status))

    def _read(self, response: Any) -> Reply:
        """The first choice of a response; AgentFault "unreadable" where it is no chat completion."""
        text = response.text
        try:
            # A lone surrogate, which only an escape can spell, fits into no file and no further request.
            given = json.loads(text, object_hook=_well_formed if "\\ud" in text.lower() else None)
            choice = given["choices"][0]
            message, usage = choice["message"], given.get("usage")
            wanted = message.get("tool_calls") or []
            if not isinstance(wanted, list) or not all(isinstance(call, dict) for call in wanted):
                raise TypeError(wanted)
        except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
            raise self._agent.endpoint.unreadable(text, response.headers.get("content-type", "")) from None
        usage = usage if isinstance(usage, dict) else {}
        return Reply(
            {"role": "assistant", **message},
            str(choice.get("finish_reason")),
            given["model"] if isinstance(given.get("model"), str) else None,
            tokens(usage, "prompt_tokens", "input_tokens"),
            tokens(usage, "completion_tokens", "output_tokens"),
        )

    async def _use(self, wanted: dict[str, Any]) -> None:
        """One tool is used and its answer put into the conversation, also when the attempt is cut off meanwhile."""
        function = wanted.get("function")
        function = function if isinstance(function, dict) else {}
        name, arguments = str(function.get("name") or ""), as_text(function.get("arguments") or "")
        with self._noted(wanted, name, arguments) as used:
            used[0] = await use(self._agent.tools, name, arguments)

    @contextmanager
    def _noted(self, wanted: dict[str, Any], name: str, arguments: str) -> Iterator[list[Used]]:
        """Notes one use of a tool in the end: what is in the list then, which begins as "not finished"."""
        used, began, clock = [NOT_FINISHED], time.time(), time.perf_counter()
        try:
            yield used
        finally:
            took, kind = time.perf_counter() - clock, used[0].error_type
            status: Status = "ok" if kind is None else "timeout" if used[0] is NOT_FINISHED else "error"
            self.tool_calls.append(ToolCall(len(self.tool_calls) + 1, name, began, took, arguments, status, kind))
            self.messages.append({"role": "tool", "tool_call_id": wanted.get("id") or "", "content": used[0].text})
            self._escalated |= kind is None and name == self._agent.chat.escalation_tool
            self._wanted.pop(0)


def _told_back(message: dict[str, Any], wanted: list[Any]) -> dict[str, Any]:
    """The model's message as the next request repeats it: without its empty fields, and with readable arguments.

    Servers that put the history into a template refuse it where arguments are no JSON; the tool's answer quotes them.
    """
    filled = {key: value for key, value in message.items() if value}
    return {"content": None, **filled, "tool_calls": [_readable(call) for call in wanted]}


def _readable(wanted: dict[str, Any]) -> dict[str, Any]:
    function = wanted.get("function")
    try:
        json.loads(as_text(function["arguments"] or "{}"))  # type: ignore[index]  # no such thing is a fault as well
        return wanted
    except (ValueError, RecursionError, LookupError, TypeError):
        name = str(function.get("name") or "") if isinstance(function, dict) else ""
        return {**wanted, "function": {"name": name, "arguments": "{}"}}


def _well_formed(given: dict[str, Any]) -> dict[str, Any]:
    return {well_formed(key): well_formed(value) if isinstance(value, str) else value for key, value in given.items()}
