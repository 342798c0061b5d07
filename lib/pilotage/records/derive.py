"""Cases out of events, for logs that list only the steps."""

from __future__ import annotations

import pyarrow as pa

from pilotage.records.row_checks import arrow_schema
from pilotage.records.schemas import TABLES
from pilotage.records.take_in import Taken

_GIVEN = ("case_id", "phase", "opened_at", "closed_at", "agent")


def cases_from_events(events: Taken) -> Taken:
    """One case per case_id, in the order first met: opened with its first event, closed with its last.

    Phase and agent are those of its first row; nothing else is known of it.
    """
    table, log = TABLES["cases"], events.rows.to_pandas()
    groups = log.groupby("case_id", sort=False)
    heads = groups[["phase", "agent"]].head(1)
    frame = groups["timestamp"].agg(opened_at="min", closed_at="max").reset_index()
    frame[["phase", "agent"]] = heads.to_numpy()
    count = len(frame)
    columns = {field.name: pa.nulls(count, field.type) for field in arrow_schema(table)}
    for name in _GIVEN:
        columns[name] = pa.array(frame[name], type=arrow_schema(table).field(name).type, from_pandas=True)
    agent = () if "agent" in events.columns else ("agent",)
    return Taken(
        table,
        pa.table(columns, schema=arrow_schema(table)),
        tuple(name for name in table.names if name in _GIVEN and name not in agent),
        read=count,
        exact_duplicates=0,
        repeats=0,
        set_aside=events.set_aside.slice(0, 0),
        reasons={},
        sources=events.sources,
        derived_from="events",
    )
