"""How far the review queue is: by stream and by reviewer, without a word on which item is a planted error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pilotage.records.queue_file import copied
from pilotage.words import count

STREAMS = {"uniform": "by chance, planted errors among them", "guided": "by suspicion"}
_UNDECIDED = "NOT EXISTS (SELECT 1 FROM decisions d WHERE d.token = s.token)"
# Planted errors count with what chance drew: beside it, their number in somebody's hands would tell them how many.
_STREAMS = f"""SELECT CASE WHEN i.seeded THEN 'uniform' ELSE i.stream END AS drawn, count(*),
    count(*) FILTER (WHERE s.reviewer IS NULL),
    count(*) FILTER (WHERE s.lease_until IS NOT NULL),
    count(*) FILTER (WHERE s.reviewer IS NOT NULL AND s.lease_until IS NULL AND {_UNDECIDED}),
    count(*) FILTER (WHERE EXISTS (SELECT 1 FROM decisions d WHERE d.item_id = s.item_id AND d.copy = s.copy)),
    count(*) FILTER (WHERE s.reviewer IS NULL AND EXISTS (
        SELECT 1 FROM returns r WHERE r.item_id = s.item_id AND r.copy = s.copy))
    FROM slots s JOIN items i USING (item_id) GROUP BY drawn ORDER BY drawn DESC"""
_REVIEWERS = f"""WITH said AS (
        SELECT reviewer, who, 1 AS decided, 0 AS held, 0 AS listed, 0 AS back, 0 AS lapsed FROM decisions
        UNION ALL SELECT reviewer, who, 0, lease_until IS NOT NULL, lease_until IS NULL AND {_UNDECIDED}, 0, 0
            FROM slots s WHERE who IS NOT NULL
        UNION ALL SELECT reviewer, who, 0, 0, 0, why = 'released', why = 'lapsed' FROM returns)
    SELECT min(reviewer), sum(decided), sum(held), sum(listed), sum(back), sum(lapsed) FROM said
    GROUP BY who ORDER BY 1"""


def status_lines(path: Path, dataset: str) -> Iterator[str]:
    """A line for each stream and each reviewer; one line where nothing was drawn.

    Decisions are counted, so an item for two people counts twice. PilotageError where the queue cannot be read.
    """
    if not path.exists():
        yield f"nothing has been drawn for people to review in {dataset}"
        return
    with copied(path, dataset) as connection:
        streams, people = connection.execute(_STREAMS).fetchall(), connection.execute(_REVIEWERS).fetchall()
    if not streams:
        yield f"nothing is in the review queue of {dataset}"
    for stream, wanted, *rest in streams:
        free, held, listed, decided, back = rest
        yield (
            f"{STREAMS[stream]}: {count(wanted, 'decisions')} wanted, {decided:,} made, {free:,} open"
            f"{f' ({back:,} put back or run out before)' if back else ''}, {held:,} being made, {listed:,} in sheets"
        )
    for name, decided, held, listed, back, lapsed in people:
        yield (
            f"  {name}: {decided:,} decided, {held:,} being decided, {listed:,} in a sheet, {back:,} put back, "
            f"{lapsed:,} run out"
        )
