"""What is to be done: each task at each trial, with a key that says whether a line of the log is about just that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pilotage.hashes import sha256_json

if TYPE_CHECKING:
    from pilotage.pilot.scorers.task import Task


@dataclass(frozen=True, slots=True)
class Planned:
    """One task at one trial; trials count from 1."""

    task: Task
    trial: int
    key: str


def interaction_id(task_id: str, trial: int) -> str:
    """The name of a run: its task and its trial."""
    return f"{task_id}#{trial}"


def planned(tasks: Sequence[Task], trials: int, fingerprint: str) -> Iterator[Planned]:
    """Every run, all tasks at their first trial before any at its second; made one by one, so that none is kept."""
    for trial in range(1, trials + 1):
        for task in tasks:
            yield Planned(task, trial, key_of(task, fingerprint, trial))


def key_of(task: Task, fingerprint: str, trial: int) -> str:
    """SHA-256 in hex over the task's id and input, the agent's fingerprint and the trial."""
    return sha256_json([task.task_id, task.input, fingerprint, trial])
