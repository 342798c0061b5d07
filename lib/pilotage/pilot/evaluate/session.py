"""One session of an evaluation: what the log holds already, what is still to be called, and calling it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pilotage.agents.run import Agent, Prices
from pilotage.errors import InputFaults
from pilotage.pilot.evaluate.account import tally
from pilotage.pilot.evaluate.carry_out import Crew, carry_out
from pilotage.pilot.evaluate.limits import Limits
from pilotage.pilot.evaluate.log import Line, Log, read
from pilotage.pilot.evaluate.planned import Planned, planned
from pilotage.pilot.evaluate.progress import Progress, Standing, keep_showing
from pilotage.pilot.evaluate.settings import Settings
from pilotage.pilot.evaluate.spending import Budget, Guess
from pilotage.pilot.scorers.task import Task

INTERRUPTED = "the evaluation was interrupted"
SAME = {
    "agent": "the agent (address, model, prompt, tools or settings)",
    "tasks": "the task file",
    "trials": "the number of trials",
}


class Session:
    """The evaluation as its log tells it, and what this process adds to it."""

    def __init__(self, log: Log, tasks: Sequence[Task], tasks_hash: str, agent: Agent, settings: Settings) -> None:
        """InputFaults where the log was begun with another agent, other tasks or another number of trials."""
        self.log, self.tasks, self.agent, self.settings = log, tasks, agent, settings
        heads = [line for line in read(log.path) if "evaluation" in line]
        self.head = _head(len(heads) + 1, tasks, tasks_hash, agent, settings)
        if heads:
            _check_same(heads[0], self.head, log.path)
        self.before = tally(read(log.path))
        self.prices: Prices | None = settings.prices or agent.prices

    async def carry_out(self, progress: Progress, stop: asyncio.Event) -> Crew:
        """Calls what has not ended, or has errored, until all is done, nothing more may begin, or `stop` is set.

        No call is under way any more when it returns, nor when it is cancelled.
        """
        self.log.add(self.head)
        self.before.planned = self.head["planned"]
        settings = self.settings
        limits = Limits(settings.concurrency, settings.rpm, settings.tpm)
        dearest = self.before.dearest
        number, guess = self.head["evaluation"], Guess(self.prices, dearest)
        unsure = self.before.unpriced * guess.cost(max((task.input for task in self.tasks), key=len))
        budget = Budget(settings.budget, self.before.spent, unsure, known=dearest > 0)
        again = self.before.reopen()
        crew = Crew(self.agent, settings, self.prices, self.log, number, limits, budget, self.before, guess, again)
        await self._work(crew, progress, stop)
        return crew

    async def _work(self, crew: Crew, progress: Progress, stop: asyncio.Event) -> None:
        left = self._left()
        few = min(self.settings.concurrency, self.head["planned"])
        create: Callable[[Any], asyncio.Future[Any]] = asyncio.create_task
        workers = [create(_worker(left, crew)) for _ in range(few)]
        shown, stopped = create(keep_showing(progress, _standing(crew))), create(stop.wait())
        work = asyncio.gather(*workers)
        try:
            await asyncio.wait([work, stopped], return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                crew.budget.close(INTERRUPTED)
        finally:
            for task in (*workers, shown, stopped):
                task.cancel()
            await asyncio.gather(work, *workers, shown, stopped, return_exceptions=True)
            for one in left:
                crew.leave(one.key)
            progress.close()
        for worker in workers:
            if not worker.cancelled():
                worker.result()  # a full disk ends a worker with its error

    def _left(self) -> Iterator[Planned]:
        every = planned(self.tasks, self.settings.trials, self.agent.fingerprint)
        return (one for one in every if one.key not in self.before.ends)


async def _worker(left: Iterator[Planned], crew: Crew) -> None:
    """One run after the other, as long as any may begin."""
    for one in left:
        await carry_out(one, crew)


def _standing(crew: Crew) -> Callable[[float], Standing]:
    before = crew.tally.ended

    def now(passed_s: float) -> Standing:
        tally, places = crew.tally, int(crew.limits.slots.limit)
        pace = (tally.ended - before) / passed_s
        return Standing(tally.planned, tally.ended, tally.errored, pace, places, tally.spent)

    return now


def _head(number: int, tasks: Sequence[Task], tasks_hash: str, agent: Agent, settings: Settings) -> Line:
    """The first line of a session, the `number`-th of its log; it holds no secret."""
    return {
        "evaluation": number,
        "at": time.time(),
        "agent": {
            "name": agent.name, "fingerprint": agent.fingerprint, "simulated": agent.simulated,
            "model": agent.model, "prompt_hash": agent.prompt_hash,
        },
        "tasks": tasks_hash,
        "trials": settings.trials,
        "planned": len(tasks) * settings.trials,
    }  # fmt: skip


def _check_same(first: Line, head: Line, path: Path) -> None:
    """What makes two answers comparable has to be the same; what a session may cost or how fast it is need not be."""
    parts = [name for name in SAME if _part(first, name) != _part(head, name)]
    faults = [f"{SAME[name]} is not the one it was begun with" for name in parts]
    if faults:
        began = f"it was begun with {first['agent']['name']} and {first['trials']} trials of each task"
        advice = f"{began}; give those, or evaluate into another dataset"
        raise InputFaults(f"the evaluation in {path.parent} cannot be resumed", faults, advice)


def _part(head: Line, name: str) -> Any:
    return head[name]["fingerprint"] if name == "agent" else head[name]
