"""A task, the scorers that say whether its answer is right, and what a scorer says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pilotage.agents.run import ToolCall


@dataclass(frozen=True, slots=True)
class Score:
    """What one scorer found: `passed` None means that it could not score, and `why` says the reason in a sentence.

    `scorer` is the scorer's name as the task file writes it; a second one of its kind in a task is `contains#2`.
    """

    scorer: str
    passed: bool | None
    why: str


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to ask of the agent; `segment` None names no part of the business. Without scorers people judge."""

    task_id: str
    input: str
    segment: str | None
    scorers: tuple[Scorer, ...]


class Scorer(Protocol):
    """One way of telling right from wrong, with its settings."""

    @property
    def name(self) -> str:
        """As the task file writes it."""
        ...

    def verdict(self, task: Task, answer: str, calls: Sequence[ToolCall]) -> tuple[bool | None, str]:
        """Whether the answer and the tool calls pass, and why; None where that cannot be said."""
        ...


def score(task: Task, answer_text: str, tool_calls: Sequence[ToolCall]) -> tuple[Score, ...]:
    """One score per scorer of the task, in its order; empty where the task has none, which is no success."""
    return tuple(Score(name, *scorer.verdict(task, answer_text, tool_calls)) for name, scorer in named(task))


def named(task: Task) -> Iterator[tuple[str, Scorer]]:
    """The scorers of the task in its order, each with the name that its score has."""
    for place, scorer in enumerate(task.scorers):
        before = sum(other.name == scorer.name for other in task.scorers[:place])
        yield f"{scorer.name}#{before + 1}" if before else scorer.name, scorer
