"""The review queue of a dataset: who holds which item, and what was decided, safe with several reviewers at once.

A clock that is set back: a decision's time is never before that of its claim, nor a claim's before that of its item. A
lease given under the later clock begins anew under the earlier one, at the first thing anybody does: the item stays
with who has it, for one more lease at most.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from pilotage.errors import InputFaults, PilotageError
from pilotage.hashes import permanent_number
from pilotage.oversight.queue import reading
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
    person,
    stamp,
)
from pilotage.oversight.queue.opening import connect, path_of, transaction
from pilotage.records.queue_file import told
from pilotage.workspace import Workspace

_ADD = """INSERT INTO items VALUES (:item_id, :interaction_id, :action_type, :tier, :stream, :inclusion_probability,
                                    :seeded, :adjudicates, :copies, :queued_at, :position)"""
_DECIDE = """INSERT INTO decisions (item_id, copy, reviewer, token, decision, reason, correction, seconds, claimed_at,
                                    decided_at)
             SELECT item_id, copy, reviewer, token, ?, ?, ?, ?, claimed_at, max(?, claimed_at)
             FROM slots WHERE token = ?"""
_RETURN = """INSERT INTO returns SELECT token, item_id, copy, reviewer, ?, claimed_at, max(?, claimed_at)
             FROM slots WHERE token = ?"""
_FREE = "UPDATE slots SET reviewer = NULL, token = NULL, claimed_at = NULL, clock_at = NULL, lease_until = NULL"
_TAKE = """UPDATE slots SET reviewer = ?, token = ?, clock_at = ?, lease_until = ?,
                            claimed_at = (SELECT max(?, queued_at) FROM items i WHERE i.item_id = slots.item_id)
           WHERE item_id = ? AND copy = ?"""


def open_queue(workspace: Workspace, dataset: str, lease_minutes: float | None = None) -> Queue:
    """The dataset's queue, made if absent; close it, or use it as a context manager.

    A lease lasts as oversight.yaml says unless minutes are given. PilotageError where there is no such dataset or its
    file is damaged, foreign, another dataset's or of a newer pilotage.
    """
    if lease_minutes is None:
        from pilotage.playbook import read_policy

        lease_minutes = read_policy(workspace, ("oversight",)).oversight.queue.lease_minutes
    path = path_of(workspace, dataset)
    return Queue(path, dataset, connect(path, dataset), timedelta(minutes=lease_minutes))


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
            known = {name for (name,) in at_once.execute("SELECT item_id FROM items")}
            new = list({item.item_id: item for item in given if item.item_id not in known}.values())
            at_once.executemany(_ADD, [self._row(item) for item in new])
            slots = [(item.item_id, copy) for item in new for copy in range(1, item.copies + 1)]
            at_once.executemany("INSERT INTO slots (item_id, copy) VALUES (?, ?)", slots)
            barred = [(item.item_id, person(name)) for item in new for name in item.barred if name.strip()]
            at_once.executemany("INSERT OR IGNORE INTO barred VALUES (?, ?)", barred)
            rows = [(one.interaction_id, one.action_type, one.tier, one.chance, stamp(one.drawn_at)) for one in framed]
            at_once.executemany("INSERT OR IGNORE INTO frame VALUES (?, ?, ?, ?, ?)", rows)
        return len(new)

    def _row(self, item: NewItem) -> dict[str, object]:
        place = permanent_number("place in the queue", self.dataset, item.item_id)
        return {**asdict(item), "barred": None, "queued_at": stamp(item.queued_at), "position": place}

    def claim(self, reviewer: str, now: datetime) -> Claim | None:
        """The next item for this reviewer, kept for a lease; None where nothing is left that they may decide.

        Who holds one already gets that one again, for a new lease: the earlier claim on it is void. Nobody gets an
        item twice, nor a planted error or an adjudication of a run that they have decided. What they put back comes
        last.
        """
        who = person(reviewer)
        with self._at(now) as at_once:
            held = at_once.execute(reading.LEASED, {"reviewer": who}).fetchone()
            slot = held or at_once.execute(reading.NEXT, {"reviewer": who, "number": 1}).fetchone()
            return self._take(at_once, who, slot, now, now + self.lease) if slot else None

    def release(self, claim: Claim, now: datetime) -> None:
        """Put the item back undecided, which is kept: until somebody decides it, a uniform item counts as missing.

        PilotageError where the claim has ended.
        """
        with self._at(now) as at_once:
            self._held(at_once, claim)
            self._give_back(at_once, claim.token, "released", now)

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
            self._keep(at_once, claim.token, Listed(claim.item_id, decision, reason, correction, seconds), now)

    def hand_out(self, reviewer: str, number: int, now: datetime) -> tuple[Claim, ...]:
        """So many more items for a sheet of this reviewer, or what is left; reserved until decided or withdrawn."""
        who = person(reviewer)
        with self._at(now) as at_once:
            slots = at_once.execute(reading.NEXT, {"reviewer": who, "number": max(0, number)}).fetchall()
            return tuple(self._take(at_once, who, slot, now, None) for slot in slots)

    def handed_out(self, reviewer: str) -> tuple[Claim, ...]:
        """The items in this reviewer's sheets that are not decided yet, in the order of the queue."""
        with told(self.path):
            rows = self._connection.execute(reading.LISTED, {"reviewer": person(reviewer)}).fetchall()
        return tuple(Claim(name, run, action, who, token, None) for name, run, action, who, token in rows)

    def decide_listed(self, reviewer: str, decisions: Sequence[Listed], now: datetime) -> int:
        """Keep the decisions of a reviewer's sheet, all or none, and say how many.

        InputFaults naming every one that cannot be kept: unknown, not in this reviewer's sheets, decided, given twice.
        """
        who = person(reviewer)
        with self._at(now) as at_once:
            held = {row[0]: row[4] for row in at_once.execute(reading.LISTED, {"reviewer": who})}
            if faults := list(_sheet_faults(at_once, who, held, decisions)):
                raise InputFaults("these decisions cannot be stored", faults, "nothing of the sheet was stored")
            for one in decisions:
                self._keep(at_once, held[one.item_id], one, now)
        return len(decisions)

    def withdraw(self, reviewer: str, now: datetime, item_ids: Iterable[str] | None = None) -> int:
        """Put what a sheet left undecided back into the queue, all of it or these items, and say how many.

        They were seen and not decided: until somebody does, a uniform one counts as missing.
        """
        wanted = None if item_ids is None else set(item_ids)
        with self._at(now) as at_once:
            rows = at_once.execute(reading.LISTED, {"reviewer": person(reviewer)}).fetchall()
            tokens = [row[4] for row in rows if wanted is None or row[0] in wanted]
            for token in tokens:
                self._give_back(at_once, token, "released", now)
        return len(tokens)

    def left(self, reviewer: str) -> int:
        """How many items this reviewer may still take, not counting those they hold."""
        with told(self.path):
            rows = self._connection.execute(reading.NEXT, {"reviewer": person(reviewer), "number": -1}).fetchall()
        return len(rows)

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
        """A transaction that first ends the leases that have run out, and begins anew those of a later clock."""
        clock = stamp(now)
        with transaction(self._connection, self.path) as at_once:
            until = stamp(now + self.lease)
            at_once.execute(
                "UPDATE slots SET clock_at = ?, lease_until = ? WHERE lease_until IS NOT NULL AND clock_at > ?",
                [clock, until, clock],
            )
            over = at_once.execute("SELECT token, lease_until FROM slots WHERE lease_until <= ?", [clock]).fetchall()
            for token, ended in over:
                at_once.execute(_RETURN, ["lapsed", ended, token])
                at_once.execute(f"{_FREE} WHERE token = ?", [token])
            yield at_once

    def _take(
        self,
        at_once: sqlite3.Connection,
        who: str,
        slot: tuple[str, int, str, str],
        now: datetime,
        until: datetime | None,
    ) -> Claim:
        item_id, copy, run, action = slot
        (token,) = at_once.execute("UPDATE queue SET tokens = tokens + 1 RETURNING tokens").fetchone()
        ends = stamp(until) if until else None
        at_once.execute(_TAKE, [who, token, stamp(now), ends, stamp(now), item_id, copy])
        return Claim(item_id, run, action, who, token, until)

    def _give_back(self, at_once: sqlite3.Connection, token: int, why: str, now: datetime) -> None:
        at_once.execute(_RETURN, [why, stamp(now), token])
        at_once.execute(f"{_FREE} WHERE token = ?", [token])

    def _keep(self, at_once: sqlite3.Connection, token: int, one: Listed, now: datetime) -> None:
        texts = [text.encode("utf-8", "replace").decode() for text in (one.reason.strip(), one.correction.strip())]
        at_once.execute(_DECIDE, [one.decision, *texts, one.seconds, stamp(now), token])
        at_once.execute("UPDATE slots SET clock_at = NULL, lease_until = NULL WHERE token = ?", [token])

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
