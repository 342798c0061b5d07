"""The model that judges: asked for JSON of a fixed form where its server knows that, and in plain words where not."""

from __future__ import annotations

from pathlib import Path

from pilotage.agents import open_agent
from pilotage.agents.agent_file import read_agent_file
from pilotage.agents.open import described
from pilotage.agents.run import Agent, AgentFault, Answer, ModelCall, Prices, Run, ToolCall
from pilotage.pilot.judge.verdict import RESPONSE_FORMAT


def open_judge(what: str, call_timeout_s: float | None = None) -> Agent:
    """The agent that judges, named as `pilotage evaluate --agent` names one; close it when done.

    A chat model is asked at temperature 0, unless its agent.yaml says otherwise, and for an answer by the schema.
    InputFaults or PilotageError where `what` cannot be followed.
    """
    given = read_agent_file(Path(what)) if what.endswith((".yaml", ".yml")) else described(what)
    if given.get("kind") not in ("chat", "local"):
        return open_agent(what, timeout_s=call_timeout_s)
    own = given.get("request") or {}
    request = {"temperature": 0, **own, "response_format": RESPONSE_FORMAT} if isinstance(own, dict) else own
    strict = open_agent(what, timeout_s=call_timeout_s, request=request)
    if given["kind"] == "local":
        return strict
    return Judge(strict, open_agent(what, timeout_s=call_timeout_s))


class Judge:
    """A chat model asked strictly; once its server refuses that and takes the plain question, plainly from then on."""

    def __init__(self, strict: Agent, plain: Agent) -> None:
        self.strict, self.plain, self.refused = strict, plain, False

    @property
    def name(self) -> str:
        """As people name it."""
        return self.strict.name

    @property
    def fingerprint(self) -> str:
        """That of the strict question, which is what was asked for."""
        return self.strict.fingerprint

    @property
    def simulated(self) -> bool:
        """Whether it is a stand-in."""
        return self.strict.simulated

    @property
    def model(self) -> str | None:
        """The model's name."""
        return self.strict.model

    @property
    def prompt_hash(self) -> str | None:
        """That of a system prompt, where it has one; the judge's own prompt is put as the question."""
        return self.strict.prompt_hash

    @property
    def prices(self) -> Prices | None:
        """What tokens cost."""
        return self.strict.prices

    def begin(self, text: str, trial: int) -> Run:
        """A run for one rendered prompt."""
        return _Judging(self, text, trial)

    async def close(self) -> None:
        """Both connections are closed."""
        await self.strict.close()
        await self.plain.close()


class _Judging:
    """One question: strictly first, and plainly once that was refused."""

    def __init__(self, judge: Judge, text: str, trial: int) -> None:
        self._judge = judge
        self._strict: Run = judge.strict.begin(text, trial)
        self._plain: Run = judge.plain.begin(text, trial)
        self._plainly = judge.refused
        self.model_calls: list[ModelCall] = []
        self.tool_calls: list[ToolCall] = []

    async def attempt(self) -> Answer:
        """The judge's words; AgentFault where this attempt brought none."""
        try:
            return await self._attempted()
        finally:
            # Once asked plainly a run stays so: those of the strict question come first.
            self.model_calls = [*self._strict.model_calls, *self._plain.model_calls]
            self.tool_calls = [*self._strict.tool_calls, *self._plain.tool_calls]

    async def _attempted(self) -> Answer:
        if not self._plainly:
            try:
                return await self._strict.attempt()
            except AgentFault as fault:
                if fault.kind != "rejected":
                    raise
                self._plainly = True
        answer = await self._plain.attempt()
        self._judge.refused = True
        return answer
