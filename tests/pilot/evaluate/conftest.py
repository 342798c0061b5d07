"""A workspace that an evaluation can write to, agents that do as a test says, and quick access to what was written."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pilotage.agents import AgentFault, Answer, ModelCall, Prices, ToolCall
from pilotage.pilot.evaluate import Account, Settings, run_tasks
from pilotage.workspace import Workspace


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=2, help="how often an evaluation is killed before it may end")


@dataclass
class PlayedRun:
    """A run of a played agent; `say` is asked at each attempt."""

    agent: Played
    text: str
    trial: int
    attempts: int = 0
    model_calls: list[ModelCall] = field(default_factory=list)
    tool_calls: list[ToolCall] = field(default_factory=list)

    async def attempt(self) -> Answer:
        self.attempts += 1
        self.agent.called.append(self.text)
        self.agent.under_way += 1
        self.agent.most = max(self.agent.most, self.agent.under_way)
        try:
            return await self.agent.say(self)
        finally:
            self.agent.under_way -= 1

    def note(self, status: str = "ok", tokens: tuple[int | None, int | None] = (10, 5), took: float = 0.0) -> None:
        """One model call."""
        self.model_calls.append(ModelCall(len(self.model_calls) + 1, "m", time.time(), took, *tokens, status))


@dataclass
class Played:
    """An agent that answers what a test says."""

    say: Callable[[PlayedRun], Awaitable[Answer]]
    name: str = "played"
    fingerprint: str = "f" * 64
    simulated: bool = False
    model: str | None = "m"
    prompt_hash: str | None = None
    prices: Prices | None = None
    called: list[str] = field(default_factory=list)
    under_way: int = 0
    most: int = 0

    def begin(self, text: str, trial: int) -> PlayedRun:
        return PlayedRun(self, text, trial)

    async def close(self) -> None:
        raise AssertionError("an agent that was open stays open")


async def right(run: PlayedRun) -> Answer:
    """The right answer to every task of `tasks`."""
    await asyncio.sleep(0)
    run.note()
    return Answer("yes")


class Silent:
    """A progress that shows nothing."""

    every_s = 0.05

    def __init__(self) -> None:
        self.shown: list[Any] = []
        self.closed = False

    def show(self, standing: Any) -> None:
        self.shown.append(standing)

    def close(self) -> None:
        self.closed = True


class House:
    """A workspace with a task file, and what evaluations wrote there."""

    def __init__(self, root: Path) -> None:
        self.workspace = Workspace(root)
        self.tasks(3)

    def tasks(self, n: int, scorers: Any = ({"exact": "yes"},)) -> Path:
        """A file of `n` tasks t0, t1, ... with inputs q0, q1, ..."""
        path = self.workspace.root / "tasks.jsonl"
        lines = [{"task_id": f"t{i}", "input": f"q{i}", "scorers": list(scorers)} for i in range(n)]
        path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        return path

    async def begin(self, agent: Any = None, into: str = "x", resume: bool = False, **more: Any) -> Account:
        given = {name: more.pop(name) for name in ("progress", "stop", "prompt", "tools") if name in more}
        given.setdefault("progress", Silent())
        tasks = self.workspace.root / "tasks.jsonl"
        agent = agent or Played(right)
        return await run_tasks(tasks, into, agent, Settings(**more), resume=resume, workspace=self.workspace, **given)

    def evaluate(self, agent: Any = None, into: str = "x", resume: bool = False, **more: Any) -> Account:
        """One evaluation; `more` are settings."""
        return asyncio.run(self.begin(agent, into, resume, **more))

    def log(self, into: str = "x") -> Path:
        return self.workspace.dataset(into) / "evaluation/attempts.jsonl"

    def lines(self, into: str = "x") -> list[dict[str, Any]]:
        """The attempts in the log."""
        return [line for line in map(json.loads, self.log(into).read_text().splitlines()) if "key" in line]

    def table(self, name: str, into: str = "x") -> list[dict[str, Any]]:
        return pq.read_table(self.workspace.dataset(into) / f"{name}.parquet").to_pylist()


@pytest.fixture
def house(tmp_path: Path) -> House:
    (tmp_path / "data").mkdir()
    return House(tmp_path)


@pytest.fixture
def played() -> Callable[..., Played]:
    """Builds an agent: played(say) where `say` is a coroutine function of a run."""
    return lambda say=right, **more: Played(say, **more)


@pytest.fixture
def fault() -> Callable[..., AgentFault]:
    """Builds the fault of an attempt."""
    return lambda kind="server", detail="broken", wait=None: AgentFault(kind, detail, wait)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backoff in milliseconds."""
    monkeypatch.setattr("pilotage.pilot.evaluate.retries.BASE_S", 0.002)
