"""One reviewer working the queue off, item after item: what is shown next, and what each decision keeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pilotage.errors import PilotageError
from pilotage.kpis import Tables
from pilotage.oversight.queue.items import Claim, Decision, person
from pilotage.oversight.queue.opening import path_of
from pilotage.oversight.queue.store import Queue, open_queue
from pilotage.oversight.queue.texts import check_answers, texts_of
from pilotage.playbook.oversight import ReviewQueue
from pilotage.workspace import Workspace


@dataclass
class Sitting:
    """Where a reviewer stands. Every decision is on disk before the next item is shown; opening again goes on there.

    The reviewer sees what the agent was given and what it proposes, never a score, another person's decision or why
    the item is in the queue. `left` counts what they may still take besides the item shown.
    """

    workspace: Workspace
    dataset: str
    reviewer: str
    tables: Tables
    policy: ReviewQueue
    claim: Claim | None = None
    left: int = 0
    decided: int = 0
    _shown_at: float = 0.0
    _whole: bool = False

    def show_next(self, now: datetime, ticks: float) -> Claim | None:
        """Take the next item, None where none is left; the seconds count from `ticks`, of a clock that never goes back.

        An item still held is shown again, under a new lease.
        """
        with self._queue() as queue:
            self.claim = queue.claim(self.reviewer, now)
            self.left = queue.left(self.reviewer)
        self._shown_at = ticks
        return self.claim

    def decide(self, decision: Decision, reason: str, correction: str, now: datetime, ticks: float) -> None:
        """Keep the decision on the item shown, for good, with the seconds spent on it.

        PilotageError where it cannot be kept, as after the lease ran out; without an item nothing happens.
        """
        if self.claim is None:
            return
        seconds = round(max(0.0, ticks - self._shown_at), 1)
        with self._queue() as queue:
            queue.decide(self.claim, decision, reason, correction, seconds, now)
        self.claim, self.decided = None, self.decided + 1

    def put_back(self, now: datetime) -> None:
        """Give the item shown back to the queue undecided; without one nothing happens."""
        if self.claim is None:
            return
        with self._queue() as queue:
            queue.release(self.claim, now)
        self.claim = None

    def lapsed(self, now: datetime) -> bool:
        """Whether the time has run out for which the item shown was kept for this reviewer."""
        return self.claim is not None and self.claim.lease_until is not None and now >= self.claim.lease_until

    def texts(self) -> tuple[str, str] | None:
        """What the agent was given and what it proposes in the item shown; None where the dataset lacks the run."""
        assert self.claim is not None
        return texts_of(self.tables, [self.claim.interaction_id]).get(self.claim.interaction_id)

    def _queue(self) -> Queue:
        """Opened for each step: between them nothing is held that could keep another process waiting.

        That the file is whole is looked at once a sitting: it takes longer the more the file holds.
        """
        queue = open_queue(self.workspace, self.dataset, self.policy.lease_minutes, whole=not self._whole)
        self._whole = True
        return queue


def open_sitting(workspace: Workspace, dataset: str, tables: Tables, policy: ReviewQueue, reviewer: str) -> Sitting:
    """The reviewer's place at the queue; PilotageError without a name, a draw, or answers that could be read."""
    name = person(reviewer)
    check_answers(tables)
    check_drawn(workspace, dataset)
    return Sitting(workspace, dataset, name, tables, policy)


def check_drawn(workspace: Workspace, dataset: str) -> None:
    """PilotageError where nothing was ever drawn into the queue."""
    if not path_of(workspace, dataset).exists():
        advice = f"draw them first: pilotage reviews draw --dataset {dataset}"
        raise PilotageError("no runs have been drawn yet for people to review", f"data/{dataset}", advice)
