"""Decisions of the review queue, `data/<name>/reviews.sqlite`: they join the table reviews at intake.

What a reviewer saw and did not decide is evidence too, put back or left blank in a sheet of which other rows came back:
a run of the uniform stream that nobody decided after that is a row that is known to exist and is missing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pilotage.records.dataset import Dataset, TableSource
from pilotage.records.own_tables import as_text, own_file, with_own
from pilotage.records.queue_file import DECISIONS, copied
from pilotage.records.readers import Broken, Raw
from pilotage.records.schemas import TABLES
from pilotage.records.sources import OWN_REVIEWS
from pilotage.records.take_in import Taken

TABLE = "reviews"
REASONS = {
    "released": "its reviewer put it back undecided, and nobody has decided since",
    "lapsed": "its reviewer let it run out undecided, and nobody has decided since",
    "blank": "its reviewer left it blank in a sheet of which other rows are decided, and nobody has decided it",
}
_FLAGS = ("seeded", "adjudicates")
# A sheet of which nothing came back may not have been read yet; once a row has, the others were seen as well.
_UNDECIDED = """WITH seen AS (
    SELECT item_id, reviewer, why, token FROM returns
    UNION ALL SELECT item_id, reviewer, 'blank', token FROM slots WHERE sheet IN (
        SELECT s.sheet FROM slots s JOIN decisions d USING (token) WHERE s.sheet IS NOT NULL))
SELECT i.item_id, i.interaction_id, i.action_type, i.queued_at, r.reviewer, r.why, max(r.token)
FROM items i JOIN seen r USING (item_id)
WHERE i.stream = 'uniform' AND NOT i.seeded AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.item_id = i.item_id)
GROUP BY i.item_id ORDER BY i.queued_at, i.item_id"""


def read(path: Path, dataset: str) -> Raw:
    """The decisions as cells of text, and what was put back undecided as broken rows, each with its reason.

    PilotageError where the file is damaged or not this dataset's queue. Nothing is written beside it.
    """
    with copied(path, dataset) as connection:
        decided, undecided = _rows(connection, DECISIONS), _rows(connection, _UNDECIDED)
    names = [name for name in TABLES[TABLE].names if not decided or name in decided[0]]
    cells = {name: pa.array([_cell(row, name) for row in decided], pa.string()) for name in names}
    broken = [
        Broken(len(decided) + number, REASONS[row["why"]], json.dumps(row, ensure_ascii=False))
        for number, row in enumerate(undecided, 1)
    ]
    return Raw(pa.table(cells), np.arange(1, len(decided) + 1, dtype=np.int64), tuple(broken))


def _rows(connection: sqlite3.Connection, sql: str) -> list[dict[str, Any]]:
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _cell(row: Mapping[str, Any], name: str) -> str | None:
    return as_text(bool(row[name]) if name in _FLAGS else row[name])


def with_own_reviews(taken: Mapping[str, Taken], dataset: Dataset, folder: Path) -> dict[str, Taken]:
    """The tables with the queue's decisions among the reviews; as they were where nobody has reviewed anything.

    PilotageError where the queue cannot be read: decisions that are there must not be passed over.
    """
    path = own_file(dataset, folder, OWN_REVIEWS)
    if path is None or not path.exists():
        return dict(taken)
    raw = read(path, folder.name)
    if not raw.cells.num_rows and not raw.broken:
        return dict(taken)
    # The file is none that dataset.yaml can name, so its source is not checked as one of those.
    source = TableSource.model_construct(file=OWN_REVIEWS)
    return with_own(taken, TABLE, path, source, lambda path, source: raw)
