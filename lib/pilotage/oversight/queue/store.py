"""The review queue of a dataset: who holds which item, and what was decided, safe with several reviewers at once.

A clock that is set back: a decision's time is never before that of its claim nor of the decision before it, nor a
claim's before that of its item. A lease given under the later clock begins anew under the earlier one, at the first
thing anybody does: the item stays with who has it, for one more lease at most.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from pilotage.errors import InputFaults, PilotageError
from pilotage.oversight.queue import reading, writing
from pilotage.oversight.queue.items import (
    Claim,
    Counts,
    Decided,
    Decision,
    Dispute,
    Framed,
    Listed,
    NewItem,
    faults_of,
    faults_of_decision,
    key_of,
    person,
    stamp,
)
from pilotage.oversight.queue.opening import connect, path_of, transaction
from pilotage.oversight.queue.turns import Turns
from pilotage.records.queue_file import told
from pilotage.workspace import Workspace


def open_queue(workspace: Workspace, dataset: str, lease_minutes: float | None = None, whole: bool = True) -> Queue:
    """The dataset's queue, made if absent; close it, or use it as a context manager.

    A lease lasts as oversight.yaml says unless minutes are given. `whole` reads all of the file to find damage.
    PilotageError where there is no such dataset or its file is damaged, foreign, another dataset's or of a newer
    pilotage.
    """
    if lease_minutes is None:
        from pilotage.playbook import read_policy

        lease_minutes = read_policy(workspace, ("oversight",)).oversight.queue.lease_minutes
    path = path_of(workspace, dataset)
    return Queue(path, dataset, connect(path, dataset, whole), timedelta(minutes=lease_minutes))


class Queue:
    """The open queue. Each call is one transaction that is on disk when it returns; PilotageError changes nothing."""

    def __init__(self, path: Path, dataset: str, connection: sqlite3.Connection, lease: timedelta) -> None:
        self.path, self.dataset, self.lease = path, dataset, lease
        self._connection = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; leases stay as they are."""
        self._connection.close()

    def add(self, items: Iterable[NewItem], considered: Iterable[Framed] = ()) -> int:
        """Put the items in and say how many were new; one whose id is there already stays as it was.

        `considered` are the runs that a draw looked at, kept in the same step. InputFaults naming every one that cannot
        be an item, and then none is put in.
        """
        given, framed = list(items), list(considered)
        if faults := [f"item {at}: {fault}" for at, item in enumerate(given, 1) for fault in faults_of(item)]:
            raise InputFaults("these items cannot be queued", faults)
        with transaction(self._connection, self.path) as at_once:
            return writing.put_in(at_once, self.dataset, given, framed)

    def mix(self, share: float) -> None:
        """From now on so large a share of what a reviewer gets is planted errors, from 0, below 1; before, none is."""
        with transaction(self._connection, self.path) as at_once:
            at_once.execute("UPDATE queue SET planted_share = ?", [share])

    def claim(self, reviewer: str, now: datetime) -> Claim | None:
        """The next item for this reviewer, kept for a lease; None where nothing is left that they may decide.

        Who holds one already gets that one again, for a new lease: the earlier claim on it is void. Nobody gets an
        item twice, nor a planted error or an adjudication of a run that they have decided, nor a planted error once
        nothing else is left. What they put back comes last.
        """
        name = person(reviewer)
        with self._at(now) as at_once:
            held = at_once.execute(reading.LEASED, {"who": key_of(name)}).fetchone()
            slots = [held] if held else self._next(at_once, key_of(name), 1)
            taken = [writing.take(at_once, name, slot, now, now + self.lease) for slot in slots]
        return taken[0] if taken else None

    def release(self, claim: Claim, now: datetime) -> None:
        """Put the item back undecided, which is kept: until somebody decides it, a uniform item counts as missing.

        PilotageError where the claim has ended.
        """
        with self._at(now) as at_once:
            self._held(at_once, claim)
            writing.give_back(at_once, claim.token, "released", stamp(now))

    def decide(
        self,
        claim: Claim,
        decision: Decision,
        reason: str,
        correction: str,
        seconds: float | None,
        now: datetime,
    ) -> None:
        """Keep the decision, for good. `seconds` is the time spent deciding.

        PilotageError, and nothing is kept, where the lease ran out, the item was put back or is decided, or nothing of
        this kind was claimed; InputFaults where the decision itself is none.
        """
        if faults := list(faults_of_decision(decision, reason, correction, seconds)):
            raise InputFaults("this decision cannot be stored", faults)
        with self._at(now) as at_once:
            self._held(at_once, claim)
            writing.keep(at_once, claim.token, Listed(claim.item_id, decision, reason, correction, seconds), now)

    def hand_out(self, reviewer: str, number: int, now: datetime) -> tuple[Claim, ...]:
        """So many more items for a sheet of this reviewer, or what is left; reserved until decided or withdrawn."""
        name = person(reviewer)
        with self._at(now) as at_once:
            slots = self._next(at_once, key_of(name), max(0, number))
            claims = tuple(writing.take(at_once, name, slot, now, None) for slot in slots)
            writing.bind(at_once, claims)
        return claims

    def handed_out(self, reviewer: str) -> tuple[Claim, ...]:
        """The items in this reviewer's sheets that are not decided yet, in the order of the queue."""
        with told(self.path):
            rows = self._connection.execute(reading.LISTED, {"who": key_of(reviewer)}).fetchall()
        return tuple(Claim(name, run, action, who, token, None) for name, run, action, who, token in rows)

    def decide_listed(self, reviewer: str, decisions: Sequence[Listed], now: datetime) -> int:
        """Keep the decisions of a reviewer's sheet, all or none, and say how many.

        InputFaults naming every one that cannot be kept: unknown, not in this reviewer's sheets, decided, given twice.
        """
        who = person(reviewer)
        with self._at(now) as at_once:
            held = {row[0]: row[4] for row in at_once.execute(reading.LISTED, {"who": key_of(who)})}
            if faults := list(_sheet_faults(at_once, who, held, decisions)):
                raise InputFaults("these decisions cannot be stored", faults, "nothing of the sheet was stored")
            for one in decisions:
                writing.keep(at_once, held[one.item_id], one, now)
        return len(decisions)

    def withdraw(self, reviewer: str, now: datetime, item_ids: Iterable[str] | None = None) -> int:
        """Put what a sheet left undecided back into the queue, all of it or these items, and say how many.

        They were seen and not decided: until somebody does, a uniform one counts as missing.
        """
        wanted = None if item_ids is None else set(item_ids)
        with self._at(now) as at_once:
            rows = at_once.execute(reading.LISTED, {"who": key_of(reviewer)}).fetchall()
            tokens = [row[4] for row in rows if wanted is None or row[0] in wanted]
            for token in tokens:
                writing.give_back(at_once, token, "released", stamp(now))
        return len(tokens)

    def left(self, reviewer: str) -> int:
        """How many items this reviewer gets if nobody else takes any, not counting those they hold."""
        who = key_of(reviewer)
        with told(self.path):
            ordinary, planted = (reading.left(self._connection, who, seeded) for seeded in (False, True))
            return ordinary + self._turns(self._connection, who).coming(ordinary, planted)

    def counts(self) -> Counts:
        """How far the queue is; all zero before anything is in it."""
        with told(self.path):
            return reading.counts(self._connection)

    def items(self) -> tuple[NewItem, ...]:
        """Every item ever put in, by day and place."""
        with told(self.path):
            return reading.items(self._connection)

    def decided_items(self) -> set[str]:
        """The ids of the items that all the people wanted have decided."""
        with told(self.path):
            return {name for (name,) in self._connection.execute(reading.DONE)}

    def frame(self) -> tuple[Framed, ...]:
        """Every run that a draw has considered."""
        with told(self.path):
            return reading.frame(self._connection)

    def decisions(self) -> tuple[Decided, ...]:
        """Every decision, in the order in which they were made."""
        with told(self.path):
            return reading.decisions(self._connection)

    def disputes(self) -> tuple[Dispute, ...]:
        """The items whose reviewers differ on whether the run was right, and which nobody has settled."""
        with told(self.path):
            return reading.disputes(self._connection)

    @contextmanager
    def _at(self, now: datetime) -> Iterator[sqlite3.Connection]:
        """A transaction, after one that ends the leases which have run out: those stay ended, whatever comes of it."""
        with transaction(self._connection, self.path) as at_once:
            writing.end_leases(at_once, now, self.lease)
        with transaction(self._connection, self.path) as at_once:
            yield at_once

    def _turns(self, connection: sqlite3.Connection, who: str) -> Turns:
        return Turns(self.dataset, who, *reading.turn(connection, who))

    def _next(self, at_once: sqlite3.Connection, who: str, number: int) -> list[reading.Slot]:
        """The next slots that this person gets, which counts as so many turns."""
        ordinary, planted = (reading.open_for(at_once, who, seeded, number) for seeded in (False, True))
        slots = self._turns(at_once, who).mixed(ordinary, planted, number)
        writing.count_turns(at_once, who, len(slots))
        return slots

    def _held(self, at_once: sqlite3.Connection, claim: Claim) -> None:
        """PilotageError unless the claim still holds: then what became of it."""
        if fault := reading.ended(at_once, claim):
            raise PilotageError(fault, f"item {claim.item_id}", "nothing was stored; take the next item")


def _sheet_faults(
    at_once: sqlite3.Connection, who: str, held: dict[str, int], decisions: Sequence[Listed]
) -> Iterator[str]:
    seen = set[str]()
    for one in decisions:
        faults = list(faults_of_decision(one.decision, one.reason, one.correction, one.seconds))
        if one.item_id in seen:
            faults.append("is decided twice in the sheet")
        elif one.item_id not in held:
            faults.append(reading.why_not_listed(at_once, one.item_id, who))
        seen.add(one.item_id)
        yield from (f"item {one.item_id}: {fault}" for fault in faults)
