"""Every KPI, defined once: what is counted, over what, in which unit, and the SQL that fetches it from the tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

from pilotage.kpis.rows import (
    CASES,
    CLOSED,
    FEEDBACK,
    GUARD_REVIEWS,
    GUARDED,
    HUMAN_LABELS,
    INTERACTIONS,
    REWORK,
    TOKENS,
    TOOL_CALLS,
    TRIED,
)

Kind = Literal["rate", "mean", "count", "quantile", "pass^k"]
Better = Literal["lower", "higher"]


@dataclass(frozen=True)
class Definition:
    """One KPI.

    `rows` is a SELECT over the canonical tables with the columns phase, cluster, id, begun, value and the parts of
    `parts`: a rate's value is 0 or 1, a count's how often something happened in one period, null where the row exists
    but was not measured; `id` names the row and `begun` is when its run began, or when it was first labelled or rated.
    `needs` are the table.column names it reads. `numerator` and `denominator` say in words what `rows` counts. `metric`
    is the metric of the labels, where people's labels are counted.
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
    metric: str | None = None


def _run_value(value: str) -> str:
    """The rows of a KPI that looks at one column of the interactions."""
    return INTERACTIONS.replace("{value}", value)


def _call_value(failed: str) -> str:
    """The rows of a KPI that counts the tool calls of which `failed` is true."""
    return TOOL_CALLS.replace("{failed}", failed)


def _rated(kinds: str) -> str:
    """The rows of a KPI that counts the rated interactions that drew feedback of these kinds."""
    return FEEDBACK.replace("{kinds}", kinds)


def _labelled(metric: str, better: Better) -> str:
    """The rows of a KPI that counts the interactions of which people said yes."""
    against = "max" if better == "lower" else "min"
    return HUMAN_LABELS.replace("{metric}", metric).replace("{against}", against)


def _guarded(*labels: str) -> str:
    """The rows of a KPI that counts the texts with these labels that the guard stops."""
    return GUARDED.format(labels=", ".join(f"'{label}'" for label in labels))


# What the KPIs of one table share; each entry below may say otherwise.
_run = partial(Definition, table="interactions", counted="interactions", parts=("segment", "week"), layer="quality")
_case = partial(Definition, table="cases", counted="cases", parts=("segment",), layer="efficiency")
_text = partial(
    Definition, table="guarded", counted="texts", parts=("source", "language"), layer="quality", unit="share",
    kind="rate", needs=("texts.text", "guarded.decision"),
)  # fmt: skip

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
        needs=("tool_calls.status", "interactions.interaction_id"), rows=_call_value("t.status <> 'ok'"),
    ),
    _run(
        "tool_call_error_rate", "Tool calls that end in an error", table="tool_calls", counted="tool calls",
        parts=("segment", "tool"), unit="share", better="lower", kind="rate",
        numerator="tool calls that ended in an error", denominator="all tool calls",
        needs=("tool_calls.status", "interactions.interaction_id"), rows=_call_value("t.status = 'error'"),
    ),
    _run(
        "tool_call_timeout_rate", "Tool calls that time out", table="tool_calls", counted="tool calls",
        parts=("segment", "tool"), unit="share", better="lower", kind="rate",
        numerator="tool calls that got no answer in time", denominator="all tool calls",
        needs=("tool_calls.status", "interactions.interaction_id"), rows=_call_value("t.status = 'timeout'"),
    ),
    _run(
        "hallucination_rate", "Invented facts", table="labels", counted="labelled interactions", parts=("segment",),
        unit="share", better="lower", kind="rate",
        numerator="interactions in which people found an invented fact",
        denominator="interactions drawn uniformly and labelled by people",
        needs=("labels.value", "interactions.interaction_id"), metric="hallucination",
        rows=_labelled("hallucination", "lower"),
    ),
    _run(
        "human_task_success_rate", "Tasks done right, as people judge", table="labels", counted="labelled interactions",
        parts=("segment",), unit="share", better="higher", kind="rate",
        numerator="interactions of which every labeller said that the task was done",
        denominator="interactions drawn uniformly and labelled by people",
        needs=("labels.value", "interactions.interaction_id"), metric="task_success",
        rows=_labelled("task_success", "higher"),
    ),
    _run(
        "negative_feedback_rate", "Users dissatisfied", table="feedback", counted="rated interactions",
        parts=("segment",), unit="share", better="lower", kind="rate",
        numerator="rated interactions that were rejected or corrected", denominator="interactions a user rated",
        needs=("feedback.kind", "interactions.interaction_id"), rows=_rated("'negative', 'correction'"),
    ),
    _run(
        "rejection_rate", "Answers rejected", table="feedback", counted="rated interactions",
        parts=("segment",), unit="share", better="lower", kind="rate",
        numerator="rated interactions that were rejected", denominator="interactions a user rated",
        needs=("feedback.kind", "interactions.interaction_id"), rows=_rated("'negative'"),
    ),
    _run(
        "correction_rate", "Corrections asked for", table="feedback", counted="rated interactions",
        parts=("segment",), unit="share", better="lower", kind="rate",
        numerator="rated interactions of which a correction was asked for", denominator="interactions a user rated",
        needs=("feedback.kind", "interactions.interaction_id"), rows=_rated("'correction'"),
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
    _text(
        "guard_false_positive_rate", "Harmless inputs stopped", better="lower",
        numerator="harmless inputs that the guard holds up or blocks",
        denominator="harmless inputs of the table texts that the guard was not adapted on",
        rows=_guarded("benign"),
    ),
    _text(
        "guard_catch_rate", "Attacks stopped", better="higher",
        numerator="attacks that the guard holds up or blocks",
        denominator="attacks (injections and jailbreaks) of the table texts that the guard was not adapted on",
        rows=_guarded("injection", "jailbreak"),
    ),
    Definition(
        "guard_reviews_per_week", "Inputs held up for a person, per week", unit="reviews", better="lower", kind="count",
        layer="efficiency", table="guarded_runs", counted="weeks",
        numerator="runs whose input the guard would hold up for a person", denominator="weeks with runs",
        needs=("interactions.started_at", "interactions.input_text", "guarded_runs.decision"), rows=GUARD_REVIEWS,
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
    "guard_approved": "Approval of the guard",
    "guard_parts": "Each source and language alone",
    "found_error_rate": "Actions that reviewers find wrong",
    "reviewed_cases": "Reviewed cases",
    "reviewer_catch_rate": "Planted errors that reviewers catch",
    "reviewer_agreement": "Two reviewers agree, beyond chance",
    "reviewer_hours": "Reviewers' hours per week",
    "reviewers_awake": "Reviewers who approve unread",
    "oversight_tier": "Tier granted to each action",
    "oversight_approved": "Approval of tiers and limits",
    "integration_checks": "Systems that the agent needs",
    "integration_optional": "Systems that it could do without",
    "integration_approved": "Approval of the systems",
    "patterns_fit": "Ways of connecting the systems",
    "systems_under_load": "Needed systems under production's load",
    "others_under_load": "Other systems under production's load",
    "load_p95_ms": "Slow answers under production's load",
    "load_error_rate": "Calls that fail under production's load",
    "n_plus_one_rate": "Runs with calls that should have been one",
    "judge_kappa": "Judge and people agree, beyond chance",
    "judge_sensitivity": "Judge says yes where people do",
    "judge_specificity": "Judge says no where people do",
}


def label_of(name: str) -> str:
    """What people call a KPI or a derived figure; an unknown name reads as itself."""
    if name in DEFINITIONS:
        return DEFINITIONS[name].label
    return DERIVED.get(name) or name.replace("_", " ").capitalize()
