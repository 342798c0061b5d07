"""What is written into the queue's file: items put in, and a slot taken, given back, run out or decided."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from pilotage.hashes import permanent_number
from pilotage.oversight.queue.items import Claim, Framed, Listed, NewItem, key_of, stamp
from pilotage.oversight.queue.reading import Slot

_ADD = """INSERT INTO items VALUES (:item_id, :interaction_id, :action_type, :tier, :stream, :inclusion_probability,
                                    :seeded, :adjudicates, :copies, :queued_at, :position)"""
_SLOT = """INSERT INTO slots (item_id, copy, seeded, day, position)
           VALUES (:item_id, :copy, :seeded, substr(:queued_at, 1, 10), :position)"""
_DECIDE = """INSERT INTO decisions (item_id, copy, reviewer, who, token, decision, reason, correction, seconds,
                                    claimed_at, decided_at)
             SELECT item_id, copy, reviewer, who, token, ?, ?, ?, ?, claimed_at,
                    max(?, claimed_at, coalesce((SELECT decided_at FROM decisions ORDER BY seq DESC LIMIT 1), ''))
             FROM slots WHERE token = ?"""
_RETURN = """INSERT INTO returns (token, item_id, copy, reviewer, who, why, claimed_at, returned_at)
             SELECT token, item_id, copy, reviewer, who, ?, claimed_at, max(?, claimed_at) FROM slots WHERE token = ?"""
_FREE = """UPDATE slots SET reviewer = NULL, who = NULL, token = NULL, sheet = NULL, claimed_at = NULL, clock_at = NULL,
                            lease_until = NULL WHERE token = ?"""
_TAKE = """UPDATE slots SET reviewer = ?, who = ?, token = ?, sheet = ?, clock_at = ?, lease_until = ?,
                            claimed_at = (SELECT max(?, queued_at) FROM items i WHERE i.item_id = slots.item_id)
           WHERE item_id = ? AND copy = ?"""
_TURN = "INSERT INTO turns VALUES (?, ?) ON CONFLICT (who) DO UPDATE SET taken = taken + excluded.taken"


def put_in(at_once: sqlite3.Connection, dataset: str, items: Sequence[NewItem], framed: Sequence[Framed]) -> int:
    """Put in the items whose id is not there, with what a draw looked at, and say how many were new."""
    known = {name for (name,) in at_once.execute("SELECT item_id FROM items")}
    new = list({item.item_id: item for item in items if item.item_id not in known}.values())
    rows = [_row(dataset, item) for item in new]
    at_once.executemany(_ADD, rows)
    at_once.executemany(_SLOT, ({**row, "copy": copy + 1} for row in rows for copy in range(int(str(row["copies"])))))
    barred = [(item.item_id, key_of(name)) for item in new for name in item.barred if name.strip()]
    at_once.executemany("INSERT OR IGNORE INTO barred VALUES (?, ?)", barred)
    seen = [(one.interaction_id, one.action_type, one.tier, one.chance, stamp(one.drawn_at)) for one in framed]
    at_once.executemany("INSERT OR IGNORE INTO frame VALUES (?, ?, ?, ?, ?)", seen)
    return len(new)


def _row(dataset: str, item: NewItem) -> dict[str, object]:
    place = permanent_number("place in the queue", dataset, item.item_id)
    return {**asdict(item), "barred": None, "queued_at": stamp(item.queued_at), "position": place}


def take(at_once: sqlite3.Connection, reviewer: str, slot: Slot, now: datetime, until: datetime | None) -> Claim:
    """The slot in the reviewer's hands, under a lease until then; without one for a sheet, see `bind`."""
    item_id, copy, run, action = slot
    (token,) = at_once.execute("UPDATE queue SET tokens = tokens + 1 RETURNING tokens").fetchone()
    ends, sheet = (stamp(until), None) if until else (None, token)
    at_once.execute(_TAKE, [reviewer, key_of(reviewer), token, sheet, stamp(now), ends, stamp(now), item_id, copy])
    return Claim(item_id, run, action, reviewer, token, until)


def bind(at_once: sqlite3.Connection, claims: Sequence[Claim]) -> None:
    """Make one sheet of the items just taken without a lease."""
    rows = [(claims[0].token, claim.token) for claim in claims]
    at_once.executemany("UPDATE slots SET sheet = ? WHERE token = ?", rows)


def count_turns(at_once: sqlite3.Connection, who: str, number: int) -> None:
    """The person of this key has taken so many more items."""
    at_once.execute(_TURN, [who, number])


def give_back(at_once: sqlite3.Connection, token: int, why: str, at: str) -> None:
    """Free the slot, and keep who had it."""
    at_once.execute(_RETURN, [why, at, token])
    at_once.execute(_FREE, [token])


def keep(at_once: sqlite3.Connection, token: int, one: Listed, now: datetime) -> None:
    """Keep the decision on a slot that is held, dated no earlier than the one before it."""
    texts = [text.encode("utf-8", "replace").decode() for text in (one.reason.strip(), one.correction.strip())]
    at_once.execute(_DECIDE, [one.decision, *texts, one.seconds, stamp(now), token])
    at_once.execute("UPDATE slots SET clock_at = NULL, lease_until = NULL WHERE token = ?", [token])


def end_leases(at_once: sqlite3.Connection, now: datetime, lease: timedelta) -> None:
    """End the leases that have run out, and begin anew those of a later clock."""
    clock = stamp(now)
    at_once.execute(
        "UPDATE slots SET clock_at = ?, lease_until = ? WHERE lease_until IS NOT NULL AND clock_at > ?",
        [clock, stamp(now + lease), clock],
    )
    over = at_once.execute("SELECT token, lease_until FROM slots WHERE lease_until <= ?", [clock]).fetchall()
    for token, ended in over:
        give_back(at_once, token, "lapsed", ended)
