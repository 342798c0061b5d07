"""N+1 and duplicates in the agent's recorded tool calls, and the share of runs that have N+1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pilotage.integration.calls.similar import N_PLUS_ONE, similar_calls
from pilotage.kpis import Kpi, Tables, fill_runs, label_of
from pilotage.playbook import IntegrationPolicy

if TYPE_CHECKING:
    import pandas as pd

RATE = "n_plus_one_rate"
WHOLE_TEXT = "the text"  # the one argument of a call whose arguments are neither JSON nor named

# Arguments as named values: JSON, `key=value, key=value`, else one text. A torn object is not known. Of JSON those are
# values that hold no others by name, so that the order of names nowhere counts; a list below is one value. What stands
# in quotes in a place (`$.filter."a[0]"`) is a name, whatever it looks like.
_CALLS = rf"""
CREATE OR REPLACE TEMP TABLE argued_calls AS
SELECT t.interaction_id AS run, t.seq, t.tool, t.status, t.started_at AS begun, t.duration_s,
  CASE WHEN t.arguments IS NULL OR trim(t.arguments) IN ('', 'null') THEN NULL
       WHEN json_valid(t.arguments) AND json_type(t.arguments) IN ('OBJECT', 'ARRAY')
       THEN (SELECT list({{'key': ltrim(fullkey[2:], '.'), 'value': value::VARCHAR}})
             FROM json_tree(CASE WHEN json_valid(t.arguments) THEN t.arguments END)
             WHERE NOT contains(regexp_replace(fullkey, '"(?:[^"\\]|\\.)*"', '', 'g')[3:], '[')
               AND CASE WHEN fullkey = '$' THEN value::VARCHAR IN ('{{}}', '[]')
                        ELSE type <> 'OBJECT' OR value::VARCHAR = '{{}}' END)
       WHEN ltrim(t.arguments)[1] = '{{' THEN NULL
       WHEN regexp_matches(t.arguments, '^\s*[A-Za-z_][\w.-]*\s*=')
       THEN list_transform(string_split(regexp_replace(t.arguments, '[,;]\s*([A-Za-z_][\w.-]*)\s*=',
                                                       chr(1) || '\1=', 'g'), chr(1)),
                           lambda p: {{'key': trim(split_part(p, '=', 1)), 'value': trim(p[strpos(p, '=') + 1:])}})
       ELSE [{{'key': '{WHOLE_TEXT}', 'value': trim(t.arguments)}}] END AS parts
FROM tool_calls t JOIN interactions i USING (interaction_id) WHERE i.phase = getvariable('calls_phase')"""

_READ = """CREATE OR REPLACE TEMP TABLE read_calls AS
           SELECT run, tool, duration_s IS NULL AS untimed, parts IS NULL AS unread FROM argued_calls"""
_LOOKED = "SELECT count(DISTINCT run), count(*), count_if(unread), count_if(untimed) FROM read_calls"

# A run without a finding is known to have none only if no tool that it called often enough has a call unread.
_SUMS = """
WITH often AS (SELECT run, count(*) >= $calls_min AND bool_or(unread) AS unread FROM read_calls GROUP BY run, tool),
judged AS (SELECT run, bool_or(unread) AS unread FROM often GROUP BY run),
valued AS (SELECT r.cluster, CASE WHEN f.run IS NOT NULL THEN 1 WHEN j.unread THEN NULL ELSE 0 END AS value
           FROM judged j JOIN {runs} r ON r.interaction_id = j.run LEFT JOIN found_runs f ON f.run = j.run)
SELECT cluster, count(value) AS n, count(*) - count(value) AS unmeasured, coalesce(sum(value), 0) AS total
FROM valued GROUP BY cluster ORDER BY cluster"""


@dataclass(frozen=True)
class CallFindings:
    """Calls that should have been one: `found` (see `similar_calls`), the KPI, and what was looked at.

    `unread` counts calls without arguments that can be compared, `untimed` those without a duration. `reason` says why
    nothing could be looked for; it is empty where it could.
    """

    found: pd.DataFrame
    kpi: Kpi
    runs: int
    calls: int
    unread: int
    untimed: int
    reason: str = ""

    def of(self, kind: str) -> pd.DataFrame:
        """The findings of this kind, worst first."""
        return self.found[self.found["kind"] == kind]


def tool_call_findings(
    tables: Tables, policy: IntegrationPolicy, phase: str = "pilot", confidence: float = 0.95
) -> CallFindings:  # fmt: skip
    """N+1 and duplicates in the tool calls of the phase's runs; `tables` has tool_calls and interactions."""
    connection = tables.connection
    connection.execute("SET VARIABLE calls_phase = $1", [phase])
    connection.execute(_CALLS)
    connection.execute(_READ)
    runs, calls, unread, untimed = tables.row(_LOOKED)
    found = similar_calls(connection, "argued_calls", policy.calls)
    reason = _lacking(tables, phase, calls, unread)
    kpi = _unknown(reason, confidence) if reason else _rate(tables, policy, found, confidence)
    return CallFindings(found, kpi, runs, calls, unread, untimed, reason)


def saved_by_tool(findings: CallFindings) -> Any:
    """What a batch endpoint per tool would save, most calls first.

    A DataFrame: tool, findings, runs, calls_saved, seconds_saved (null where no finding has its times), timed (findings
    that have). N+1 only: a duplicate needs a memory and no endpoint.
    """
    found = findings.of(N_PLUS_ONE)
    by_tool = found.groupby("tool", sort=True).agg(
        findings=("calls", "size"), runs=("run", "nunique"), calls_saved=("calls_saved", "sum"),
        timed=("seconds_saved", "count"), seconds_saved=("seconds_saved", lambda values: values.sum(min_count=1)),
    )  # fmt: skip
    return by_tool.reset_index().sort_values(["calls_saved", "tool"], ascending=[False, True], ignore_index=True)


def _lacking(tables: Tables, phase: str, calls: int, unread: int) -> str:
    if "tool_calls" not in tables.facts:
        return "the dataset has no table `tool_calls`"
    if not tables.has("tool_calls", "arguments"):
        return "the table `tool_calls` has no column `arguments`"
    if not calls:
        return f"no tool calls of the {phase} are in the dataset"
    return f"none of the {calls:,} tool calls of the {phase} has arguments that can be read" if unread == calls else ""


def _unknown(reason: str, confidence: float) -> Kpi:
    return Kpi(
        RATE, label_of(RATE), "efficiency", "share", None, None, 0, 0, None, None, None, confidence, "none", "lower",
        reason=reason,
    )  # fmt: skip


def _rate(tables: Tables, policy: IntegrationPolicy, found: pd.DataFrame, confidence: float) -> Kpi:
    """The share of runs with tool calls that have N+1; repeated runs of a task are one cluster."""
    from pilotage.statistics import clustered_rate

    runs = found[found["kind"] == N_PLUS_ONE][["run"]].drop_duplicates()
    tables.connection.register("found_runs", runs.astype(object))
    sums = tables.arrays(fill_runs(tables, _SUMS), {"calls_min": max(2, policy.calls.calls_min)})
    tables.connection.unregister("found_runs")
    n, unread = int(sums["n"].sum()), int(sums["unmeasured"].sum())
    lost = unread + tables.missing("interactions") + tables.missing("tool_calls")
    if not n:
        return _unknown(f"none of the {unread:,} runs has arguments that can be read", confidence)
    some = sums["n"] > 0
    rate = clustered_rate(sums["total"][some], sums["n"][some], confidence, missing=lost)
    low, high = (end if math.isfinite(end) else None for end in (rate.low, rate.high))
    return Kpi(
        RATE, label_of(RATE), "efficiency", "share", None, int(sums["total"].sum()), n, int(some.sum()), rate.estimate,
        low, high, confidence, rate.method, "lower", n_eff=rate.n_eff, unmeasured=lost,
    )  # fmt: skip
