"""Every KPI, defined once: what is counted, over what, in which unit, and the SQL that fetches it from the tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

Kind = Literal["rate", "mean", "quantile", "pass^k"]
Better = Literal["lower", "higher"]


@dataclass(frozen=True)
class Definition:
    """One KPI.

    `rows` is a SELECT over the canonical tables with the columns phase, cluster, value and the parts of `parts`; a
    rate's value is 0 or 1, null where the row exists but was not measured. `needs` are the table.column names it reads.
    """

    name: str
    label: str
    layer: Literal["efficiency", "quality", "business"]
    unit: str
    better: Better
    kind: Kind
    numerator: str
    denominator: str
    counted: str
    table: str
    needs: tuple[str, ...]
    rows: str
    parts: tuple[str, ...] = ()
    quantile: float | None = None


# Repeated trials of a task, or several runs for a case, are one cluster; a sub-agent's run belongs to its parent's and
# is no unit of its own.
INTERACTIONS = """
SELECT i.phase, i.segment, strftime(date_trunc('week', i.started_at), '%Y-%m-%d') AS week, {value} AS value,
       coalesce(i.task_id, i.case_id, i.interaction_id) AS cluster
FROM interactions i {join} WHERE i.parent_interaction IS NULL"""

TOKENS = """LEFT JOIN (SELECT interaction_id, sum(input_tokens + output_tokens) AS tokens FROM model_calls
                       GROUP BY interaction_id) m USING (interaction_id)"""

TOOL_CALLS = """
SELECT i.phase, i.segment, t.tool, CASE WHEN t.status <> 'ok' THEN 1 ELSE 0 END AS value,
       coalesce(i.task_id, i.case_id, i.interaction_id) AS cluster
FROM tool_calls t JOIN interactions i USING (interaction_id)"""

# Two people who label the same interaction and disagree count as a hallucination: the doubt is not the agent's gain.
HUMAN_LABELS = """
SELECT i.phase, i.segment, CASE WHEN avg(l.value) >= 0.5 THEN 1 ELSE 0 END AS value,
       any_value(coalesce(i.task_id, i.case_id, i.interaction_id)) AS cluster
FROM labels l JOIN interactions i USING (interaction_id)
WHERE l.metric = 'hallucination' AND l.source = 'human' AND l.stream = 'uniform'
GROUP BY i.interaction_id, i.phase, i.segment"""

FEEDBACK = """
SELECT i.phase, i.segment, max(CASE WHEN f.kind IN ('negative', 'correction') THEN 1 ELSE 0 END) AS value,
       any_value(coalesce(i.task_id, i.case_id, i.interaction_id)) AS cluster
FROM feedback f JOIN interactions i USING (interaction_id) GROUP BY i.interaction_id, i.phase, i.segment"""

CASES = "SELECT phase, segment, case_id AS cluster, {value} AS value FROM cases"

REWORK = """
SELECT c.phase, c.segment, c.case_id AS cluster, max(CASE WHEN e.times > 1 THEN 1 ELSE 0 END) AS value
FROM cases c JOIN (SELECT case_id, activity, count(*) AS times FROM events GROUP BY case_id, activity) e USING (case_id)
GROUP BY c.phase, c.segment, c.case_id"""


# What the KPIs of one table share; each entry below may say otherwise.
_run = partial(Definition, table="interactions", counted="interactions", parts=("segment", "week"), layer="quality")
_case = partial(Definition, table="cases", counted="cases", parts=("segment",), layer="efficiency")

_ALL = (
    _run(
        "task_success_rate", "Tasks done right", unit="share", better="higher", kind="rate",
        numerator="interactions that did the task", denominator="all interactions of the phase",
        needs=("interactions.success",), rows=INTERACTIONS.format(value="CAST(i.success AS INTEGER)", join=""),
    ),
    _run(
        "pass_hat_k", "Tasks done right every time", unit="share", better="higher", kind="pass^k",
        numerator="chance that k trials of a task all succeed", denominator="tasks with at least k trials",
        counted="tasks", parts=(), needs=("interactions.success", "interactions.task_id"),
        rows=INTERACTIONS.format(value="CAST(i.success AS INTEGER)", join="") + " AND i.task_id IS NOT NULL",
    ),
    _run(
        "escalation_rate", "Handed to a person", unit="share", better="lower", kind="rate",
        numerator="interactions the agent handed to a person", denominator="all interactions of the phase",
        needs=("interactions.outcome",),
        rows=INTERACTIONS.format(value="CAST(i.outcome = 'escalated' AS INTEGER)", join=""),
    ),
    _run(
        "latency_p50_s", "Typical answer time", unit="s", better="lower", kind="quantile", quantile=0.5,
        layer="efficiency",
        numerator="seconds half of the interactions stay under", denominator="all interactions of the phase",
        needs=("interactions.latency_s",), rows=INTERACTIONS.format(value="i.latency_s", join=""),
    ),
    _run(
        "latency_p95_s", "Slow answer time", unit="s", better="lower", kind="quantile", quantile=0.95,
        layer="efficiency",
        numerator="seconds 95% of the interactions stay under", denominator="all interactions of the phase",
        needs=("interactions.latency_s",), rows=INTERACTIONS.format(value="i.latency_s", join=""),
    ),
    _run(
        "tokens_per_interaction", "Tokens per interaction", unit="tokens", better="lower", kind="mean",
        layer="efficiency",
        numerator="input and output tokens", denominator="all interactions of the phase",
        needs=("interactions.input_tokens|model_calls.input_tokens",),
        rows=INTERACTIONS.format(value="coalesce(i.input_tokens + i.output_tokens, m.tokens)", join=TOKENS),
    ),
    _run(
        "tool_call_failure_rate", "Tool calls that fail", table="tool_calls", counted="tool calls",
        parts=("segment", "tool"), unit="share", better="lower", kind="rate",
        numerator="tool calls that ended in an error or a time-out", denominator="all tool calls",
        needs=("tool_calls.status", "interactions.interaction_id"), rows=TOOL_CALLS,
    ),
    _run(
        "hallucination_rate", "Invented facts", table="labels", counted="labelled interactions", parts=("segment",),
        unit="share", better="lower", kind="rate",
        numerator="interactions in which people found an invented fact",
        denominator="interactions drawn uniformly and labelled by people",
        needs=("labels.value", "interactions.interaction_id"), rows=HUMAN_LABELS,
    ),
    _run(
        "negative_feedback_rate", "Users dissatisfied", table="feedback", counted="rated interactions",
        parts=("segment",), unit="share", better="lower", kind="rate",
        numerator="rated interactions that were rejected or corrected", denominator="interactions a user rated",
        needs=("feedback.kind", "interactions.interaction_id"), rows=FEEDBACK,
    ),
    _case(
        "lead_time_h", "Lead time, median", unit="h", better="lower", kind="quantile", quantile=0.5,
        numerator="hours from opening to closing that half of the cases stay under", denominator="closed cases",
        needs=("cases.closed_at",),
        rows=CASES.format(value="epoch(closed_at - opened_at) / 3600.0") + " WHERE closed_at IS NOT NULL",
    ),
    _case(
        "handling_minutes", "People's time per case", unit="min", better="lower", kind="mean",
        numerator="minutes people worked", denominator="cases with a recorded time",
        needs=("cases.handling_minutes",), rows=CASES.format(value="handling_minutes"),
    ),
    _case(
        "error_rate", "Cases with an error", unit="share", better="lower", kind="rate", layer="quality",
        numerator="cases with an error", denominator="all cases of the phase",
        needs=("cases.error",), rows=CASES.format(value="CAST(error AS INTEGER)"),
    ),
    _case(
        "rework_rate", "Cases reworked", table="events", layer="quality", unit="share", better="lower", kind="rate",
        numerator="cases in which a step is done again", denominator="cases with recorded events",
        needs=("events.activity", "cases.case_id"), rows=REWORK,
    ),
    _case(
        "cost_per_case", "Cost per case", unit="money", better="lower", kind="mean", layer="business",
        numerator="cost", denominator="cases with a recorded cost",
        needs=("cases.cost",), rows=CASES.format(value="cost"),
    ),
)  # fmt: skip  # a table reads better than one argument a line

DEFINITIONS: Mapping[str, Definition] = {definition.name: definition for definition in _ALL}

# Figures that are worked out from KPIs, not counted in a table.
DERIVED: Mapping[str, str] = {
    "payback_months": "Payback",
    "chance_of_gain": "Chance of a gain",
    "baseline_cases": "Cases in the baseline",
    "baseline_weeks": "Weeks in the baseline",
    "baseline_grade": "Grade of the baseline",
}


def label_of(name: str) -> str:
    """What people call a KPI or a derived figure; an unknown name reads as itself."""
    if name in DEFINITIONS:
        return DEFINITIONS[name].label
    return DERIVED.get(name) or name.replace("_", " ").capitalize()
