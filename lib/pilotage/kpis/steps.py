"""The steps of a case one after the other, in SQL: what every query of waits has in common."""

from __future__ import annotations

from pilotage.kpis.tables import Tables


def next_begin(tables: Tables) -> str:
    """SQL for when the next step of the case begins, over a window `spot`: never before this one ended, null after the
    last. Where the log does not tell begins (`lifecycle`), a step begins when it is logged.
    """
    logged = "lead(timestamp) OVER spot"
    if not tables.has("events", "lifecycle"):
        return logged
    return f"CASE WHEN {logged} IS NOT NULL THEN greatest(timestamp, lead(coalesce(began_at, timestamp)) OVER spot) END"
