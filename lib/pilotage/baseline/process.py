"""What the event log says about the work: its variants and its waits. Ties in time keep the log's own order."""

from __future__ import annotations

from typing import Any

from pilotage.kpis import Tables, next_begin

_ORDERED = """
WITH log AS (SELECT e.* FROM events e JOIN cases c USING (case_id) WHERE c.phase = $phase),
steps AS (SELECT case_id, activity, timestamp, row_number,
                 lead(activity) OVER spot AS next_activity, {next_begin} AS next_at
          FROM log WINDOW spot AS (PARTITION BY case_id ORDER BY timestamp, row_number))
"""

_VARIANTS = """{ordered},
paths AS (SELECT case_id, string_agg(activity, ' → ' ORDER BY timestamp, row_number) AS path,
                 epoch(max(timestamp) - min(timestamp)) / 3600.0 AS hours FROM steps GROUP BY case_id)
SELECT path, count(*) AS cases, count(*) / sum(count(*)) OVER () AS share, median(hours) AS median_h
FROM paths GROUP BY path ORDER BY cases DESC, path"""

_WAITS = """{ordered}
SELECT activity, next_activity, count(*) AS times, median(epoch(next_at - timestamp)) / 3600.0 AS median_h,
       quantile_cont(epoch(next_at - timestamp), 0.95) / 3600.0 AS p95_h,
       sum(epoch_us(next_at) - epoch_us(timestamp)) / 3.6e9 AS total_h  -- whole numbers: the same in any order
FROM steps WHERE next_at IS NOT NULL
GROUP BY ALL ORDER BY total_h DESC, activity, next_activity"""


def variants(tables: Tables, phase: str = "baseline") -> Any:
    """The ways a case goes through the process, most frequent first.

    A DataFrame: path (activities joined by arrows), cases, share (of all cases), median_h (first to last event, hours).
    Empty where the dataset has no events of the phase.
    """
    return _asked(tables, _VARIANTS, phase)


def waits(tables: Tables, phase: str = "baseline") -> Any:
    """How long the work lies between the end of a step and the begin of the next, most total hours first.

    A DataFrame: activity, next_activity, times, median_h, p95_h, total_h (hours). Empty where there are no events.
    """
    return _asked(tables, _WAITS, phase)


def _asked(tables: Tables, sql: str, phase: str) -> Any:
    ordered = _ORDERED.format(next_begin=next_begin(tables))
    return tables.frame(sql.format(ordered=ordered), {"phase": phase})
