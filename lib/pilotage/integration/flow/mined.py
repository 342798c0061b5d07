"""What an event log says of one phase: its graph, its variants, what is done twice, where the work waits, what is tied.

The events of the phase are put in order once; every piece reads them from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pilotage.integration.flow.graph import edges_of, in_phase
from pilotage.kpis import Tables, next_begin

if TYPE_CHECKING:
    import pandas as pd

PHASES = ("baseline", "pilot", "production")

_STEPS = """
CREATE OR REPLACE TEMP TABLE flow_steps AS
SELECT case_id, activity, epoch_us(timestamp) AS at_us, row_number,
       lead(activity) OVER spot AS next_activity, lead(epoch_us(timestamp)) OVER spot AS next_us,
       epoch_us({next_begin}) - epoch_us(timestamp) AS wait_us, epoch_us(timestamp) - epoch_us({began}) AS work_us,
       lead(row_number) OVER spot AS next_row, row_number() OVER spot AS place
FROM events WHERE {which} AND case_id IS NOT NULL AND activity IS NOT NULL AND timestamp IS NOT NULL
WINDOW spot AS (PARTITION BY case_id ORDER BY timestamp, row_number)"""
_PAIRS = "SELECT activity, next_activity, wait_us FROM flow_steps"
_FACTS = """
SELECT count(*), count(DISTINCT case_id), count(next_us), count(*) FILTER (next_us = at_us),
       count(*) FILTER (next_us = at_us AND next_activity <> activity),
       count(DISTINCT case_id) FILTER (next_us > at_us AND next_row < row_number) FROM flow_steps"""

# Activities in the order in which a case usually meets them: the mean of their places, from 0 to 1 of the case.
_ACTIVITIES = """
SELECT activity, count(*) AS times, count(*) FILTER (place = 1) AS starts, count(*) FILTER (next_us IS NULL) AS ends,
       count(DISTINCT case_id) AS cases, quantile_cont(work_us, 0.5) / 1e6 AS p50_work_s,
       round(avg((place - 1) / greatest(size - 1, 1)), 9) AS position
FROM flow_steps JOIN (SELECT case_id, count(*) AS size FROM flow_steps GROUP BY case_id) USING (case_id)
GROUP BY activity ORDER BY position, activity"""
# By the list, since an activity's name may hold the arrow that its text puts between two.
_VARIANTS = """
SELECT array_to_string(steps, ' → ') AS path, count(*) AS cases, count(*) / sum(count(*)) OVER () AS share,
       median(hours) AS median_h
FROM (SELECT list(activity ORDER BY place) AS steps, (max(at_us) - min(at_us)) / 3.6e9 AS hours
      FROM flow_steps GROUP BY case_id)
GROUP BY steps ORDER BY cases DESC, path, steps"""
_REWORK = """
WITH done AS (SELECT case_id, activity, count(*) AS times, count(*) FILTER (next_activity = activity) AS at_once
              FROM flow_steps GROUP BY case_id, activity)
SELECT activity, count(*) AS cases, count(*) FILTER (times > 1) AS cases_again,
       count(*) FILTER (times > 1) / count(*) AS share, sum(times - 1)::BIGINT AS repeats,
       sum(at_once)::BIGINT AS at_once, (sum(times - 1) - sum(at_once))::BIGINT AS returns
FROM done GROUP BY activity HAVING max(times) > 1 ORDER BY repeats DESC, activity"""
_AGAIN = """SELECT count(DISTINCT case_id)
            FROM (SELECT case_id FROM flow_steps GROUP BY case_id, activity HAVING count(*) > 1)"""
_WAITS = """
SELECT next_activity AS activity, count(*) AS times, quantile_cont(wait_us, 0.5) / 1e6 AS p50_s,
       quantile_cont(wait_us, 0.95) / 1e6 AS p95_s, sum(wait_us)::DOUBLE / 1e6 AS total_s,
       CASE WHEN sum(sum(wait_us)) OVER () > 0 THEN sum(wait_us) / sum(sum(wait_us)) OVER () END AS share
FROM flow_steps WHERE next_us IS NOT NULL GROUP BY next_activity ORDER BY total_s DESC, next_activity"""
_UNPLACED = """SELECT count(*) FROM events
               WHERE {which} AND (case_id IS NULL OR activity IS NULL OR timestamp IS NULL)"""


@dataclass(frozen=True)
class Ties:
    """How far the order of the steps is known: pairs of consecutive events, those at one time, and of these those of
    different activities, whose order is the log's; `against` counts cases whose log lists a later event before an
    earlier one.
    """

    pairs: int
    tied: int
    ordered_by_log: int
    against: int


@dataclass(frozen=True)
class Flow:
    """One phase's process; every frame is empty where the log has no events of the phase.

    `edges` see `graph.edges`. `activities` (by mean position in the case): activity, times, starts, ends, cases,
    p50_work_s (null where the log does not tell begins), position. `variants`: path, cases, share, median_h. `rework`:
    activity, cases, cases_again, share, repeats, at_once (the same again), returns. `waits` (before a step): activity,
    times, p50_s, p95_s, total_s, share of all waiting (null where nothing waits). `unplaced` counts events without
    case, activity or time, which are left out, and `no_steps` those that tell of a step's begin or pause.
    """

    phase: str | None
    events: int
    cases: int
    edges: pd.DataFrame
    activities: pd.DataFrame
    variants: pd.DataFrame
    rework: pd.DataFrame
    waits: pd.DataFrame
    cases_with_rework: int
    ties: Ties
    unplaced: int
    no_steps: int

    @property
    def steps(self) -> int:
        """Pairs of consecutive events, which is what the edges count."""
        return self.ties.pairs

    def bottlenecks(self, share_max: float) -> pd.DataFrame:
        """The waits of the steps that cause more than this share of all waiting."""
        return self.waits[self.waits["share"].fillna(0) > share_max]


def mined(tables: Tables, phase: str | None = None) -> Flow:
    """The process as the events of this phase show it; None takes all events."""
    which = in_phase(phase)
    began = "began_at" if tables.has("events", "lifecycle") else "NULL::TIMESTAMP"
    tables.connection.execute(_STEPS.format(which=which, next_begin=next_begin(tables), began=began))
    events, cases, pairs, tied, by_log, against = tables.row(_FACTS)
    (unplaced,) = tables.row(_UNPLACED.format(which=which))
    found = Flow(
        phase, events, cases, edges_of(tables, _PAIRS), tables.frame(_ACTIVITIES), tables.frame(_VARIANTS),
        tables.frame(_REWORK), tables.frame(_WAITS), tables.row(_AGAIN)[0], Ties(pairs, tied, by_log, against),
        unplaced, max(0, _logged(tables, phase) - events - unplaced),
    )  # fmt: skip
    tables.connection.execute("DROP TABLE flow_steps")
    return found


def _logged(tables: Tables, phase: str | None) -> int:
    """The rows of the log, those that are no steps among them."""
    known = tables.facts.get("events", {})
    return int(known.get("rows", 0) if phase is None else known.get("phases", {}).get(phase, 0))


def phases_in(tables: Tables) -> list[str]:
    """The phases that have events, in the order of the project."""
    rows = tables.connection.execute("SELECT DISTINCT phase FROM events WHERE phase IS NOT NULL").fetchall()
    return [phase for phase in PHASES if (phase,) in rows]
