"""What the agent's tool calls add to the flow of the cases it works on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pilotage.kpis import Tables, next_begin

if TYPE_CHECKING:
    import pandas as pd

# A sub-agent's run works on its parent's case. A call without a time of its own has that of its run.
_PLACED = """
CREATE OR REPLACE TEMP TABLE placed_calls AS
WITH runs AS (SELECT i.interaction_id, coalesce(i.case_id, p.case_id) AS case_id, i.started_at
              FROM interactions i LEFT JOIN interactions p ON p.interaction_id = i.parent_interaction
              WHERE i.phase = $phase),
calls AS (SELECT r.case_id, r.interaction_id, t.tool, t.duration_s, coalesce(t.started_at, r.started_at) AS called_at
          FROM tool_calls t JOIN runs r USING (interaction_id) WHERE r.case_id IS NOT NULL),
steps AS (SELECT case_id, activity, timestamp, lead(activity) OVER spot AS next_activity,
                 lead(timestamp) OVER spot AS next_at,
                 lead(timestamp) OVER spot IS DISTINCT FROM timestamp AS last_of_tie
          FROM events WHERE phase = $phase AND case_id IS NOT NULL AND timestamp IS NOT NULL
          WINDOW spot AS (PARTITION BY case_id ORDER BY timestamp, row_number)),
begins AS (SELECT case_id, arg_min(activity, timestamp) AS activity, min(timestamp) AS opened,
                  max(timestamp) AS closed FROM steps GROUP BY case_id)
SELECT c.*, s.activity AS before, CASE WHEN s.case_id IS NULL THEN b.activity ELSE s.next_activity END AS after,
       s.next_at - s.timestamp AS pause, b.opened, b.closed
FROM calls c JOIN begins b USING (case_id)
ASOF LEFT JOIN (FROM steps WHERE last_of_tie) s ON c.case_id = s.case_id AND c.called_at >= s.timestamp"""

_BETWEEN = """
SELECT before, after, count(DISTINCT case_id) AS cases, count(DISTINCT interaction_id) AS runs, count(*) AS calls,
       sum(duration_s ORDER BY duration_s) AS seconds,
       median(epoch(pause)) AS p50_pause_s
FROM placed_calls WHERE called_at IS NOT NULL GROUP BY before, after ORDER BY calls DESC, before, after"""
_PER_CASE = """
SELECT count(*), sum(calls), median(calls), count(seconds), median(seconds),
       median(seconds / lead_s) FILTER (lead_s > 0)
FROM (SELECT case_id, count(*) AS calls,
             CASE WHEN count(duration_s) = count(*) THEN sum(duration_s ORDER BY duration_s) END AS seconds,
             any_value(epoch_us(closed) - epoch_us(opened)) / 1e6 AS lead_s FROM placed_calls GROUP BY case_id)"""

_COMPARED = """
WITH worked AS (SELECT DISTINCT coalesce(i.case_id, p.case_id) AS case_id FROM interactions i
                LEFT JOIN interactions p ON p.interaction_id = i.parent_interaction WHERE i.phase = $phase),
steps AS (SELECT case_id, phase, activity, lead(activity) OVER spot AS next_activity,
                 (epoch_us({next_begin}) - epoch_us(timestamp)) / 1e6 AS wait_s
          FROM events WHERE phase IN ('baseline', $phase) AND case_id IS NOT NULL AND timestamp IS NOT NULL
          WINDOW spot AS (PARTITION BY case_id ORDER BY timestamp, row_number)),
grouped AS (SELECT activity, next_activity, phase = 'baseline' AS is_before, wait_s FROM steps
            WHERE next_activity IS NOT NULL AND (phase = 'baseline' OR case_id IN (FROM worked)))
SELECT activity, next_activity, count(*) FILTER (is_before) AS times_baseline,
       count(*) FILTER (NOT is_before) AS times_agent, median(wait_s) FILTER (is_before) AS p50_baseline_s,
       median(wait_s) FILTER (NOT is_before) AS p50_agent_s,
       median(wait_s) FILTER (NOT is_before) - median(wait_s) FILTER (is_before) AS change_s
FROM grouped GROUP BY activity, next_activity ORDER BY times_baseline + times_agent DESC, activity, next_activity"""
_LEAD = """
SELECT phase = 'baseline' AS is_before, count(*), median(lead_s)
FROM (SELECT case_id, phase, (max(epoch_us(timestamp)) - min(epoch_us(timestamp))) / 1e6 AS lead_s FROM events
      WHERE phase IN ('baseline', $phase) AND case_id IS NOT NULL GROUP BY case_id, phase)
WHERE phase = 'baseline' OR case_id IN (
    SELECT coalesce(i.case_id, p.case_id) FROM interactions i
    LEFT JOIN interactions p ON p.interaction_id = i.parent_interaction WHERE i.phase = $phase)
GROUP BY ALL"""


@dataclass(frozen=True)
class AgentInFlow:
    """The agent's calls in the flow of a phase, medians over its cases; None where the data cannot say.

    `between`: before, after (activities; null before the first event and after the last), cases, runs, calls, seconds,
    p50_pause_s (median pause between the two). `edges`: activity, next_activity, times and p50 seconds in the baseline
    and in cases with the agent, change_s. `lead_s` has median seconds from a case's first event to its last: baseline,
    with the agent. `reason` says why nothing is known, and is empty where it is.
    """

    phase: str
    cases: int
    calls: int
    calls_per_case: float | None
    seconds_per_case: float | None
    share_of_lead: float | None
    timed_cases: int
    between: pd.DataFrame
    edges: pd.DataFrame
    lead_s: tuple[float | None, float | None]
    reason: str = ""


def agent_in_flow(tables: Tables, phase: str = "pilot") -> AgentInFlow:
    """What the tool calls add to the cases of the phase, and how these cases differ from the baseline's."""
    asked = {"phase": phase}
    tables.connection.execute(_PLACED, asked)
    cases, calls, per_case, timed, seconds, share = tables.row(_PER_CASE)
    leads = {before: lead for before, _, lead in tables.connection.execute(_LEAD, asked).fetchall()}
    compared = tables.frame(_COMPARED.format(next_begin=next_begin(tables)), asked)
    found = AgentInFlow(
        phase, cases, int(calls or 0), per_case, seconds, share, timed, tables.frame(_BETWEEN), compared,
        (leads.get(True), leads.get(False)), _lacking(tables, cases, phase),
    )  # fmt: skip
    tables.connection.execute("DROP TABLE placed_calls")
    return found


def _lacking(tables: Tables, cases: int, phase: str) -> str:
    for table in ("events", "interactions", "tool_calls"):
        if table not in tables.facts:
            return f"the dataset has no table `{table}`"
    if not tables.has("interactions", "case_id"):
        return "the table `interactions` has no column `case_id`"
    return "" if cases else f"no run of the {phase} with tool calls names a case that has events of the {phase}"
