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
    `numerator` and `denominator` say in words what `rows` counts.
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


# A sub-agent's run belongs to its parent's and is no unit of its own, unless it names a task or trial of its own.
# Repeated trials of a task, or several runs for a case, are one cluster. {alone} is filled in when measuring: what a
# run without task and case counts as.
RUNS = """(SELECT i.*, strftime(date_trunc('week', local_time(i.started_at)), '%Y-%m-%d') AS week,
                  coalesce(i.task_id, p.task_id, i.case_id, p.case_id, {alone}) AS cluster,
                  i.parent_interaction IS NULL OR (i.task_id IS NOT NULL AND (i.task_id IS DISTINCT FROM p.task_id
                      OR i.trial IS DISTINCT FROM p.trial)) AS is_unit
           FROM interactions i LEFT JOIN interactions p ON p.interaction_id = i.parent_interaction)"""
UNASSIGNED = "?"  # the cluster of runs that name no task in a dataset whose runs have tasks

INTERACTIONS = "SELECT phase, segment, week, cluster, {value} AS value FROM {runs} WHERE is_unit"

# A run's own tokens, else those of its model calls where all are known; a sub-agent's are its parent's.
TOKENS = """
WITH calls AS (SELECT interaction_id, CASE WHEN count(*) = count(input_tokens + output_tokens)
                                           THEN sum(input_tokens + output_tokens) END AS tokens
               FROM model_calls GROUP BY interaction_id),
spent AS (SELECT CASE WHEN r.is_unit THEN r.interaction_id ELSE r.parent_interaction END AS interaction_id,
                 coalesce(r.input_tokens + r.output_tokens, c.tokens) AS tokens
          FROM {runs} r LEFT JOIN calls c USING (interaction_id)),
whole AS (SELECT interaction_id, CASE WHEN count(*) = count(tokens) THEN sum(tokens) END AS value
          FROM spent GROUP BY interaction_id)
SELECT phase, segment, week, cluster, value FROM {runs} JOIN whole USING (interaction_id) WHERE is_unit"""

# What has no task is no try of one, such as a live run for a case; where runs name both, a missing task is a lost name.
TRIED = """ AND (task_id IS NOT NULL OR case_id IS NULL
                 OR EXISTS (FROM interactions x WHERE x.task_id IS NOT NULL AND x.case_id IS NOT NULL))"""

TOOL_CALLS = """
SELECT r.phase, r.segment, r.week, r.cluster, t.tool, CASE WHEN t.status <> 'ok' THEN 1 ELSE 0 END AS value
FROM tool_calls t JOIN {runs} r USING (interaction_id)"""

# One person who found an invented fact is enough: where labellers disagree, the doubt is not the agent's gain.
HUMAN_LABELS = """
SELECT r.phase, r.segment, any_value(r.cluster) AS cluster, CASE WHEN max(l.value) >= 0.5 THEN 1 ELSE 0 END AS value
FROM labels l JOIN {runs} r USING (interaction_id)
WHERE l.metric = 'hallucination' AND l.source = 'human' AND l.stream = 'uniform'
GROUP BY r.interaction_id, r.phase, r.segment"""

FEEDBACK = """
SELECT r.phase, r.segment, any_value(r.cluster) AS cluster,
       max(CASE WHEN f.kind IN ('negative', 'correction') THEN 1 ELSE 0 END) AS value
FROM feedback f JOIN {runs} r USING (interaction_id) GROUP BY r.interaction_id, r.phase, r.segment"""

CASES = "SELECT phase, segment, case_id AS cluster, {value} AS value FROM cases"

# What a case took is known when it is closed; where a dataset says of no case that it is closed, all of them are.
CLOSED = CASES + " WHERE closed_at IS NOT NULL OR {value} IS NOT NULL OR (SELECT count(closed_at) FROM cases) = 0"

REWORK = """
SELECT c.phase, c.segment, c.case_id AS cluster, max(CASE WHEN e.times > 1 THEN 1 ELSE 0 END) AS value
FROM cases c JOIN (SELECT case_id, activity, count(*) AS times FROM events GROUP BY case_id, activity) e USING (case_id)
GROUP BY c.phase, c.segment, c.case_id"""


def _run_value(value: str) -> str:
    """The rows of a KPI that looks at one column of the interactions."""
    return INTERACTIONS.replace("{value}", value)


# What the KPIs of one table share; each entry below may say otherwise.
_run = partial(Definition, table="interactions", counted="interactions", parts=("segment", "week"), layer="quality")
_case = partial(Definition, table="cases", counted="cases", parts=("segment",), layer="efficiency")

_ALL = (
    _run(
        "task_success_rate", "Tasks done right", unit="share", better="higher", kind="rate",
        numerator="interactions that did the task",
        denominator="all interactions of the phase that are no sub-agent's",
        needs=("interactions.success",), rows=_run_value("CAST(success AS INTEGER)"),
    ),
    _run(
        "pass_hat_k", "Tasks done right every time", unit="share", better="higher", kind="pass^k",
        numerator="chance that k trials of a task all succeed", denominator="tasks with at least k trials",
        counted="tasks", parts=(), needs=("interactions.success", "interactions.task_id"),
        rows=_run_value("CAST(success AS INTEGER)") + TRIED,
    ),
    _run(
        "escalation_rate", "Handed to a person", unit="share", better="lower", kind="rate",
        numerator="interactions the agent handed to a person",
        denominator="all interactions of the phase that are no sub-agent's",
        needs=("interactions.outcome",),
        rows=_run_value("CAST(outcome = 'escalated' AS INTEGER)"),
    ),
    _run(
        "latency_p50_s", "Typical answer time", unit="s", better="lower", kind="quantile", quantile=0.5,
        layer="efficiency",
        numerator="seconds half of the interactions stay under",
        denominator="all interactions of the phase that are no sub-agent's",
        needs=("interactions.latency_s",), rows=_run_value("latency_s"),
    ),
    _run(
        "latency_p95_s", "Slow answer time", unit="s", better="lower", kind="quantile", quantile=0.95,
        layer="efficiency",
        numerator="seconds 95% of the interactions stay under",
        denominator="all interactions of the phase that are no sub-agent's",
        needs=("interactions.latency_s",), rows=_run_value("latency_s"),
    ),
    _run(
        "tokens_per_interaction", "Tokens per interaction", unit="tokens", better="lower", kind="mean",
        layer="efficiency",
        numerator="input and output tokens",
        denominator="all interactions of the phase that are no sub-agent's",
        needs=("interactions.input_tokens|model_calls.input_tokens",),
        rows=TOKENS,
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
        numerator="hours from opening to closing that half of the cases stay under; an open case takes longer than any",
        denominator="all cases of the phase",
        needs=("cases.closed_at",),
        rows=CASES.format(value="coalesce(epoch(closed_at - opened_at) / 3600.0, 'inf'::DOUBLE)"),
    ),
    _case(
        "handling_minutes", "People's time per case", unit="min", better="lower", kind="mean",
        numerator="minutes people worked", denominator="closed cases with a recorded time",
        needs=("cases.handling_minutes",), rows=CLOSED.format(value="handling_minutes"),
    ),
    _case(
        "error_rate", "Cases with an error", unit="share", better="lower", kind="rate", layer="quality",
        numerator="cases with an error", denominator="closed cases",
        needs=("cases.error",), rows=CLOSED.format(value="CAST(error AS INTEGER)"),
    ),
    _case(
        "rework_rate", "Cases reworked", table="events", layer="quality", unit="share", better="lower", kind="rate",
        numerator="cases in which a step is done again", denominator="cases with recorded events",
        needs=("events.activity", "cases.case_id"), rows=REWORK,
    ),
    _case(
        "cost_per_case", "Cost per case", unit="money", better="lower", kind="mean", layer="business",
        numerator="cost", denominator="closed cases with a recorded cost",
        needs=("cases.cost",), rows=CLOSED.format(value="cost"),
    ),
)  # fmt: skip  # a table reads better than one argument a line

DEFINITIONS: Mapping[str, Definition] = {definition.name: definition for definition in _ALL}

# Figures that are worked out from KPIs, not counted in a table.
DERIVED: Mapping[str, str] = {
    "payback_months": "Months until it has paid back",
    "chance_of_gain": "Chance of a gain by the horizon",
    "benefit_per_month": "Benefit per month",
    "net_benefit_per_month": "Benefit less running cost, per month",
    "running_cost_per_month": "Running cost per month",
    "one_off_cost": "Spent once",
    "baseline_cases": "Cases in the baseline",
    "baseline_weeks": "Weeks in the baseline",
    "baseline_grade": "Grade of the baseline",
    "playbook_examples": "The playbook",
}


def label_of(name: str) -> str:
    """What people call a KPI or a derived figure; an unknown name reads as itself."""
    if name in DEFINITIONS:
        return DEFINITIONS[name].label
    return DERIVED.get(name) or name.replace("_", " ").capitalize()
