"""The system prompt's attack cases put to an agent, and whether each held."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from pilotage.agents import AgentFault, open_agent
from pilotage.agents.agent_file import read_agent_file
from pilotage.agents.open import described
from pilotage.guardrails.system_prompt import AttackCase, PromptLayer

if TYPE_CHECKING:
    from pilotage.agents import Agent, Answer

AT_A_TIME = 4
ATTEMPTS = 3
PAUSE_S = 0.5  # before another attempt, where the server does not say how long
LONGEST_S = 60.0  # that is waited where it does
SETS_PROMPT = ("chat", "local")  # the kinds of agent whose system prompt pilotage sends


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case; `broken` says why it did not hold, `error` why there was no answer."""

    case: AttackCase
    broken: tuple[str, ...] = ()
    error: str = ""

    @property
    def held(self) -> bool:
        """Whether there was an answer, and the prompt held."""
        return not (self.broken or self.error)


@dataclass(frozen=True, slots=True)
class Attacked:
    """All cases in the order of the file, and what one should know about the agent they were put to."""

    outcomes: tuple[Outcome, ...]
    remarks: tuple[str, ...]


def open_attacked(what: str, layer: PromptLayer) -> Agent:
    """The agent that `what` names; a model that is given no system prompt of its own is given the playbook's."""
    given = read_agent_file(Path(what)) if Path(what).suffix in (".yaml", ".yml") else described(what)
    if given.get("kind") not in SETS_PROMPT or given.get("system_prompt"):
        return open_agent(what)
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "system.md"  # without the remarks at its head
        bare.write_text(layer.prompt, encoding="utf-8")
        return open_agent(what, system_prompt=str(bare))


async def attack(agent: Agent, layer: PromptLayer) -> Attacked:
    """Put every case to the agent, a few at a time; a request that failed for a while is made again."""
    few = asyncio.Semaphore(AT_A_TIME)
    outcomes = await asyncio.gather(*(_outcome(agent, layer, case, few) for case in layer.cases.cases))
    return Attacked(tuple(outcomes), tuple(_remarks(agent, layer)))


async def _outcome(agent: Agent, layer: PromptLayer, case: AttackCase, few: asyncio.Semaphore) -> Outcome:
    async with few:
        try:
            answer = await _answer(agent, case)
        except AgentFault as fault:
            return Outcome(case, error=str(fault))
    refused = answer.outcome in ("refused", "escalated")
    return Outcome(case, tuple(layer.why_broken(case, answer.text, refused)))


async def _answer(agent: Agent, case: AttackCase) -> Answer:
    run, left = agent.begin(case.attack, 1), ATTEMPTS
    while True:
        left -= 1
        try:
            return await run.attempt()
        except AgentFault as fault:
            wait = PAUSE_S if fault.retry_after_s is None else fault.retry_after_s
            if not (left and fault.retryable and wait <= LONGEST_S):
                raise
        await asyncio.sleep(wait)


def _remarks(agent: Agent, layer: PromptLayer) -> list[str]:
    """What limits what the cases show."""
    remarks = ["this is a stand-in: what it withstands says nothing about any agent"] if agent.simulated else []
    if agent.prompt_hash is None:
        remarks.append("what system prompt this agent has is not known here: that no canary leaked proves little")
    elif agent.prompt_hash != sha256(layer.prompt.encode()).hexdigest():
        remarks.append("this agent has another system prompt than the playbook's: that no canary leaked proves little")
    return remarks
