"""An agent that is a Python function of yours: `module:function`.

It takes the task's text, and the number of the trial too where it has a parameter named `trial`. It returns the answer
as text, or as a dict of the form that `pilotage.agents.http` documents. It may be a coroutine function; any other runs
in a thread of its own, one per attempt, which is left behind when it takes longer than it may.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pilotage.agents.answers import NotAnAnswer, Told, read_answer
from pilotage.agents.calling import call, source_hash_of
from pilotage.agents.run import TIMEOUT_S, AgentFault, Answer, ModelCall, Prices, ToolCall
from pilotage.redact import redact
from pilotage.words import plain


class FunctionAgent:
    """The function under the name by which it is found."""

    simulated = False
    prompt_hash: str | None = None

    def __init__(
        self,
        target: str,
        function: Callable[..., Any],
        name: str = "",
        model: str | None = None,
        prices: Prices | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.target, self.function, self.name = target, function, name or target
        self.model, self.prices, self.timeout_s = model, prices, timeout_s
        self.takes_trial = "trial" in inspect.signature(function).parameters

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the function's name and the file that it is written in."""
        from pilotage.hashes import sha256_json

        return sha256_json({"kind": "function", "is": [self.target, self.model, source_hash_of(self.function)]})

    def begin(self, text: str, trial: int) -> FunctionRun:
        """A run that calls the function with the text."""
        return FunctionRun(self, text, trial)

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class FunctionRun:
    """One task given to the function; each attempt calls it anew.

    Model calls are noted where the function tells of tokens or a model: one for all that it made inside.
    """

    agent: FunctionAgent
    text: str
    trial: int
    model_calls: list[ModelCall] = field(default_factory=list)
    tool_calls: list[ToolCall] = field(default_factory=list)

    async def attempt(self) -> Answer:
        """What the function returned; AgentFault "crashed" where it raised, "timeout" where it took too long."""
        began, clock = time.time(), time.perf_counter()
        named = {"trial": self.trial} if self.agent.takes_trial else {}
        try:
            async with asyncio.timeout(self.agent.timeout_s):
                called = await call(self.agent.function, self.text, **named)
        except TimeoutError:
            raise AgentFault("timeout", f"{self.agent.target} took longer than {self.agent.timeout_s:g} s") from None
        if called.error is not None:
            what = f"{self.agent.target} raised {type(called.error).__name__}: {called.error}"
            raise AgentFault("crashed", plain(redact(what.removesuffix(": "))))
        try:
            told = read_answer(called.value)
        except NotAnAnswer as fault:
            raise AgentFault("crashed", f"what {self.agent.target} returned {fault}") from None
        self._note(told, began, time.perf_counter() - clock)
        return told.answer

    def _note(self, told: Told, began: float, took: float) -> None:
        self.tool_calls += told.tool_calls
        if (told.model, told.input_tokens, told.output_tokens) != (None, None, None):
            model = told.model or self.agent.model
            turn = len(self.model_calls) + 1
            self.model_calls.append(ModelCall(turn, model, began, took, told.input_tokens, told.output_tokens, "ok"))
