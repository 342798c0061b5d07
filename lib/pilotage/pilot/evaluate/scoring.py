"""An answer's scores, without holding up the runs that wait for theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pilotage.pilot.scorers.task import Score, Scorer, Task, named
from pilotage.redact import redact
from pilotage.words import plain

if TYPE_CHECKING:
    from pilotage.agents.run import ToolCall

SLOW = frozenset({"policy", "regex"})  # they may take seconds, and would take them from all runs under way
LIMIT_S = 30.0  # for a policy; a pattern has its own limit, which leaves out the wait for those before it


async def scores(task: Task, answer: str, calls: Sequence[ToolCall]) -> tuple[Score, ...]:
    """One score per scorer; `passed` is None where scoring came to no end in time, or failed."""
    return tuple([Score(name, *await _verdict(scorer, task, answer, calls)) for name, scorer in named(task)])


async def _verdict(scorer: Scorer, task: Task, answer: str, calls: Sequence[ToolCall]) -> tuple[bool | None, str]:
    from pilotage.agents.calling import call

    try:
        if scorer.name not in SLOW:
            return scorer.verdict(task, answer, calls)
        async with asyncio.timeout(LIMIT_S if scorer.name == "policy" else None):
            called = await call(scorer.verdict, task, answer, calls)
    except TimeoutError:
        return None, f"scoring took longer than {LIMIT_S:g} s"
    except Exception as error:  # an answer that a scorer was not made for has no score, and ends nothing else
        return _failed(error)
    if called.error is not None:
        return _failed(called.error)
    found: tuple[bool | None, str] = called.value
    return found


def _failed(error: BaseException) -> tuple[None, str]:
    return None, f"scoring failed with {type(error).__name__}: {plain(redact(str(error)))}"
