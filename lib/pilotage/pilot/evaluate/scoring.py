"""An answer's scores, without holding up the runs that wait for theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pilotage.pilot.scorers.task import Score, Task, score
from pilotage.words import plain

if TYPE_CHECKING:
    from pilotage.agents.run import ToolCall

SLOW = frozenset({"policy", "regex"})  # they may take seconds, and would take them from all runs under way
LIMIT_S = 30.0


async def scores(task: Task, answer: str, calls: Sequence[ToolCall]) -> tuple[Score, ...]:
    """One score per scorer; `passed` is None for all of them where scoring came to no end in time, or failed."""
    if SLOW.isdisjoint(scorer.name for scorer in task.scorers):
        return score(task, answer, calls)
    from pilotage.agents.calling import call

    try:
        async with asyncio.timeout(LIMIT_S):
            called = await call(score, task, answer, calls)
    except TimeoutError:
        return _none(task, f"scoring took longer than {LIMIT_S:g} s")
    if called.error is not None:
        return _none(task, f"scoring failed with {type(called.error).__name__}: {plain(called.error)}")
    found: tuple[Score, ...] = called.value
    return found


def _none(task: Task, why: str) -> tuple[Score, ...]:
    return tuple(Score(scorer.name, None, why) for scorer in task.scorers)
