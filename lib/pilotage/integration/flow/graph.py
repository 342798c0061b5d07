"""The directly-follows graph of an event log in DuckDB SQL; events of equal time keep the order of the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pilotage.kpis import Tables, next_begin

if TYPE_CHECKING:
    import pandas as pd

# Microseconds are whole numbers: their sums are the same in any order.
_PAIRS = """
SELECT activity, lead(activity) OVER spot AS next_activity,
       epoch_us({next_begin}) - epoch_us(timestamp) AS wait_us
FROM events WHERE {which} AND case_id IS NOT NULL AND activity IS NOT NULL AND timestamp IS NOT NULL
WINDOW spot AS (PARTITION BY case_id ORDER BY timestamp, row_number)"""

_EDGES = """
SELECT activity, next_activity, times, waits[1] / 1e6 AS p50_s, waits[2] / 1e6 AS p95_s,
       total_us::DOUBLE / times / 1e6 AS mean_s, total_us::DOUBLE / 1e6 AS total_s
FROM (SELECT activity, next_activity, count(*) AS times, quantile_cont(wait_us, [0.5, 0.95]) AS waits,
             sum(wait_us) AS total_us
      FROM ({pairs}) WHERE next_activity IS NOT NULL GROUP BY activity, next_activity)
ORDER BY times DESC, activity, next_activity"""


def in_phase(phase: str | None) -> str:
    """The SQL condition for the events of a phase; None takes all."""
    return "true" if phase is None else "phase = '{}'".format(phase.replace("'", "''"))


def edges(tables: Tables, phase: str | None = None) -> pd.DataFrame:
    """The directly-follows graph with its waits, most frequent edges first; empty where no case has two events.

    Columns: activity, next_activity, times, p50_s, p95_s, mean_s, total_s (seconds from the end of the one to the
    begin of the next).
    """
    return edges_of(tables, _PAIRS.format(which=in_phase(phase), next_begin=next_begin(tables)))


def edges_of(tables: Tables, pairs: str) -> pd.DataFrame:
    """The same from any query with activity, next_activity and wait_us."""
    return tables.frame(_EDGES.format(pairs=pairs))
