"""What is read from the queue's file: the next item, how far the queue is, what was decided, who differs."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

from pilotage.oversight.queue.items import Claim, Counts, Decided, Dispute, Framed, NewItem, key_of
from pilotage.records.queue_file import DECISIONS

Slot = tuple[str, int, str, str]  # the item's id, which copy of it, its run and its action type

# A reviewer gets no item twice, and no planted error or adjudication of a run that they hold or have decided. A run
# whose planted copy they saw still comes to them as itself: else it might come to nobody.
_KNOWN = """o.interaction_id = i.interaction_id AND o.action_type = i.action_type AND h.who = :who
        AND (o.item_id = i.item_id OR i.seeded OR NOT o.seeded)"""
_BARRED = f"""EXISTS (SELECT 1 FROM items o JOIN slots h USING (item_id)
        WHERE {_KNOWN})
    OR EXISTS (SELECT 1 FROM barred b WHERE b.item_id = i.item_id AND b.who = :who)"""
# Of an item for several people the open slot that was made first stands for it.
_MAY_TAKE = f"""FROM slots s JOIN items i USING (item_id) WHERE s.who IS NULL AND s.seeded = :seeded
    AND NOT EXISTS (SELECT 1 FROM slots f WHERE f.item_id = s.item_id AND f.copy < s.copy AND f.who IS NULL)
    AND NOT ({_BARRED})"""
# The same for all open items at once, from what the person knows: that is faster than to ask of each.
_LEFT = f"""SELECT count(DISTINCT item_id) FROM slots WHERE who IS NULL AND seeded = :seeded AND item_id NOT IN (
    SELECT i.item_id FROM slots h JOIN items o USING (item_id) CROSS JOIN items i WHERE {_KNOWN}
    UNION ALL SELECT item_id FROM barred WHERE who = :who)"""
_PUT_BACK = "(SELECT count(*) FROM returns r WHERE r.item_id = s.item_id AND r.who = :who)"
# Shared items stand where chance put them among those of their day.
_NEXT = f"""SELECT s.item_id, s.copy, i.interaction_id, i.action_type {_MAY_TAKE} AND {_PUT_BACK} {{when}}
    ORDER BY {{first}} s.day, s.position, s.item_id LIMIT :number"""
_FRESH, _AGAIN = _NEXT.format(when="= 0", first=""), _NEXT.format(when="> 0", first=f"{_PUT_BACK},")
LEASED = """SELECT item_id, copy, interaction_id, action_type FROM slots JOIN items USING (item_id)
    WHERE who = :who AND lease_until IS NOT NULL"""
_UNDECIDED = "NOT EXISTS (SELECT 1 FROM decisions d WHERE d.token = s.token)"
LISTED = f"""SELECT s.item_id, interaction_id, action_type, reviewer, token FROM slots s JOIN items i USING (item_id)
    WHERE s.who = :who AND s.sheet IS NOT NULL AND {_UNDECIDED}
    ORDER BY s.day, s.position, s.item_id"""
_COUNTS = f"""SELECT (SELECT count(*) FROM items), count(*), (SELECT count(*) FROM decisions),
    count(*) FILTER (WHERE s.lease_until IS NOT NULL),
    count(*) FILTER (WHERE s.sheet IS NOT NULL AND {_UNDECIDED}),
    count(*) FILTER (WHERE s.who IS NULL),
    count(*) FILTER (WHERE s.who IS NULL AND EXISTS (
        SELECT 1 FROM returns r WHERE r.item_id = s.item_id AND r.copy = s.copy))
    FROM slots s"""
DONE = """SELECT item_id FROM items i
    WHERE copies = (SELECT count(*) FROM decisions d WHERE d.item_id = i.item_id)"""
_ITEMS = """SELECT item_id, interaction_id, action_type, tier, stream, inclusion_probability, queued_at, seeded, copies,
    adjudicates FROM items ORDER BY substr(queued_at, 1, 10), position, item_id"""
_FRAME = "SELECT interaction_id, action_type, tier, chance, drawn_at FROM frame"
_DIFFERING = """WITH own AS (SELECT i.*, d.reviewer, d.decision, d.seq FROM items i JOIN decisions d USING (item_id)
                             WHERE NOT i.seeded),
    apart AS (SELECT interaction_id, action_type, min(item_id) FILTER (WHERE NOT adjudicates) AS item_id FROM own
              GROUP BY interaction_id, action_type
              HAVING count(DISTINCT decision <> 'approve') > 1 AND NOT max(adjudicates))
    SELECT a.item_id, a.interaction_id, a.action_type, o.reviewer, o.decision,
           (SELECT i.item_id FROM items i WHERE i.interaction_id = a.interaction_id AND i.action_type = a.action_type
              AND i.adjudicates ORDER BY i.queued_at, i.item_id LIMIT 1)
    FROM apart a JOIN own o USING (interaction_id, action_type) ORDER BY a.item_id, o.seq"""


def open_for(connection: sqlite3.Connection, who: str, seeded: bool, number: int) -> list[Slot]:
    """The next open slots, so many at most, for the person of this key; what they put back comes last."""
    facts = {"who": who, "seeded": seeded, "number": number}
    found = connection.execute(_FRESH, facts).fetchall()
    if len(found) < number:
        found += connection.execute(_AGAIN, {**facts, "number": number - len(found)}).fetchall()
    return found


def left(connection: sqlite3.Connection, who: str, seeded: bool) -> int:
    """How many open items the person of this key may take, planted ones or others."""
    return int(connection.execute(_LEFT, {"who": who, "seeded": seeded}).fetchone()[0])


def turn(connection: sqlite3.Connection, who: str) -> tuple[float, int]:
    """The share of planted errors among what a person gets, and how many items this one has taken."""
    sql = "SELECT planted_share, coalesce((SELECT taken FROM turns WHERE who = ?), 0) FROM queue"
    share, taken = connection.execute(sql, [who]).fetchone()
    return float(share), int(taken)


def counts(connection: sqlite3.Connection) -> Counts:
    """How far the queue is."""
    return Counts(*connection.execute(_COUNTS).fetchone())


def items(connection: sqlite3.Connection) -> tuple[NewItem, ...]:
    """Every item, by day and place."""
    rows = connection.execute(_ITEMS)
    return tuple(
        NewItem(
            name, run, action, tier, stream, chance, datetime.fromisoformat(at), bool(seeded), copies, bool(settles)
        )
        for name, run, action, tier, stream, chance, at, seeded, copies, settles in rows
    )


def frame(connection: sqlite3.Connection) -> tuple[Framed, ...]:
    """Every run that was considered."""
    rows = connection.execute(_FRAME)
    return tuple(
        Framed(name, action, tier, chance, datetime.fromisoformat(at)) for name, action, tier, chance, at in rows
    )


def decisions(connection: sqlite3.Connection) -> tuple[Decided, ...]:
    """Every decision with its item, in the order in which they were made."""
    cursor = connection.execute(DECISIONS)
    names = [column[0] for column in cursor.description]
    return tuple(_decided(dict(zip(names, row, strict=True))) for row in cursor)


def _decided(row: dict[str, Any]) -> Decided:
    flags = {name: bool(row[name]) for name in ("seeded", "adjudicates")}
    times = {name: datetime.fromisoformat(row[name]) for name in ("queued_at", "decided_at")}
    return Decided(**{**row, **flags, **times})


def disputes(connection: sqlite3.Connection) -> tuple[Dispute, ...]:
    """The items whose reviewers differ and which nobody has settled, with what each of them decided."""
    found: dict[tuple[str, str, str, str | None], list[tuple[str, str]]] = {}
    for item, run, action, reviewer, decision, adjudication in connection.execute(_DIFFERING):
        found.setdefault((item, run, action, adjudication), []).append((reviewer, decision))
    return tuple(Dispute(*key[:3], tuple(by), key[3]) for key, by in found.items())  # type: ignore[arg-type]


def ended(connection: sqlite3.Connection, claim: Claim) -> str | None:
    """What became of a claim that holds no longer; None while it does."""
    names = [claim.item_id, key_of(claim.reviewer), claim.token]
    sql = f"SELECT 1 FROM slots s WHERE item_id = ? AND who = ? AND token = ? AND {_UNDECIDED}"
    if connection.execute(sql, names).fetchone():
        return None
    if not connection.execute("SELECT 1 FROM items WHERE item_id = ?", names[:1]).fetchone():
        return "is not in the review queue"
    if connection.execute("SELECT 1 FROM decisions WHERE token = ?", names[2:]).fetchone():
        return "is decided already, and a decision is for good"
    row = connection.execute("SELECT why, returned_at FROM returns WHERE token = ?", names[2:]).fetchone()
    if row and row[0] == "lapsed":
        return f"its lease ran out at {datetime.fromisoformat(row[1]):%H:%M} UTC, so it went back to the queue"
    if row:
        return "was put back into the queue"
    return "was claimed anew since, perhaps in another window"


def why_not_listed(connection: sqlite3.Connection, item_id: str, who: str) -> str:
    """Why a line of this reviewer's sheet cannot be decided."""
    if not connection.execute("SELECT 1 FROM items WHERE item_id = ?", [item_id]).fetchone():
        return "is not in the review queue"
    if connection.execute("SELECT 1 FROM decisions WHERE item_id = ? AND who = ?", [item_id, key_of(who)]).fetchone():
        return f"is decided by {who} already, and a decision is for good"
    return f"is not in a sheet of {who}: it was put back, withdrawn or handed to somebody else"
