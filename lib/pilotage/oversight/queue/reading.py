"""What is read from the queue's file: the next item, how far the queue is, what was decided, who differs."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

from pilotage.oversight.queue.items import Claim, Counts, Decided, Dispute, Framed, NewItem
from pilotage.records.queue_file import DECISIONS

# A reviewer gets no item twice, and no planted error or adjudication of a run that they hold or have decided. A run
# whose planted copy they saw still comes to them as itself: else it might come to nobody.
_BARRED = """EXISTS (SELECT 1 FROM items o JOIN slots h USING (item_id)
        WHERE o.interaction_id = i.interaction_id AND o.action_type = i.action_type AND h.reviewer = :reviewer
          AND (o.item_id = i.item_id OR i.seeded OR NOT o.seeded))
    OR EXISTS (SELECT 1 FROM barred b WHERE b.item_id = i.item_id AND b.reviewer = :reviewer)"""
# Planted and shared items stand where chance put them among those of their day.
NEXT = f"""SELECT s.item_id, min(s.copy), i.interaction_id, i.action_type FROM slots s JOIN items i USING (item_id)
    WHERE s.reviewer IS NULL AND NOT ({_BARRED}) GROUP BY s.item_id
    ORDER BY (SELECT count(*) FROM returns r WHERE r.item_id = i.item_id AND r.reviewer = :reviewer),
             substr(i.queued_at, 1, 10), i.position, i.item_id LIMIT :number"""
LEASED = """SELECT item_id, copy, interaction_id, action_type FROM slots JOIN items USING (item_id)
    WHERE reviewer = :reviewer AND lease_until IS NOT NULL"""
_UNDECIDED = "NOT EXISTS (SELECT 1 FROM decisions d WHERE d.token = s.token)"
LISTED = f"""SELECT item_id, interaction_id, action_type, reviewer, token FROM slots s JOIN items i USING (item_id)
    WHERE reviewer = :reviewer AND lease_until IS NULL AND {_UNDECIDED}
    ORDER BY substr(queued_at, 1, 10), position, item_id"""
_COUNTS = f"""SELECT (SELECT count(*) FROM items), count(*), (SELECT count(*) FROM decisions),
    count(*) FILTER (WHERE s.lease_until IS NOT NULL),
    count(*) FILTER (WHERE s.reviewer IS NOT NULL AND s.lease_until IS NULL AND {_UNDECIDED}),
    count(*) FILTER (WHERE s.reviewer IS NULL),
    count(*) FILTER (WHERE s.reviewer IS NULL AND EXISTS (
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
    names = [claim.item_id, claim.reviewer, claim.token]
    sql = f"SELECT 1 FROM slots s WHERE item_id = ? AND reviewer = ? AND token = ? AND {_UNDECIDED}"
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
    if connection.execute("SELECT 1 FROM decisions WHERE item_id = ? AND reviewer = ?", [item_id, who]).fetchone():
        return f"is decided by {who} already, and a decision is for good"
    return f"is not in a sheet of {who}: it was put back, withdrawn or handed to somebody else"
