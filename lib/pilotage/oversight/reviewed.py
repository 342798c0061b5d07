"""What people decided about the agent's actions: every decision, and what stands of it for each run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pilotage.kpis import Tables, fill_runs

if TYPE_CHECKING:
    from pandas import DataFrame

GUARD = "guardrail"  # the action type of reviews of inputs that a guard looked at: page 03's, not this one's
RUN = ("confidence", "input_text", "output_text")

_DECISIONS = """
SELECT v.review_id, v.interaction_id, r.cluster AS unit, v.phase, v.action_type, v.reviewer, v.decision, {reason},
       {correction}, v.seconds, {seeded}, {adjudicates}, v.stream, v.inclusion_probability, v.tier, v.queued_at,
       v.decided_at, v.decision <> 'approve' AS wrong, {run}
FROM reviews v JOIN {runs} r USING (interaction_id)
WHERE v.action_type <> ? AND coalesce(v.phase, 'pilot') <> 'baseline'
ORDER BY v.decided_at, v.review_id"""


@dataclass(frozen=True)
class Reviewed:
    """The decisions of reviewers, oldest first.

    `decisions` has a row per decision: review_id, interaction_id, unit (its task, else its case), phase, action_type,
    reviewer, decision, reason, correction, seconds, seeded, adjudicates, stream, inclusion_probability, tier,
    queued_at, decided_at, wrong (rejected or corrected), confidence, input_text, output_text.
    `items` has a row per run and action type that was not planted: its first decision's columns, and reviewers (how
    many), disputed (they differ and nobody has settled it), wrong (what the last adjudication says, else whether any
    reviewer says so) and first (the unit's first in the uniform stream, the one that enters what is certified).
    `missing` counts reviews known to exist that are not there.
    """

    decisions: DataFrame
    items: DataFrame
    missing: int

    @property
    def planted(self) -> DataFrame:
        """The decisions on planted errors."""
        return self.decisions[self.decisions["seeded"]]

    def until(self, moment: datetime) -> Reviewed:
        """What was decided by this moment (UTC, without zone, as the frames have it); what is missing stays missing."""
        decisions = self.decisions[self.decisions["decided_at"] <= moment].reset_index(drop=True)
        return Reviewed(decisions, _items(decisions), self.missing)

    def certifying(self, action: str) -> DataFrame:
        """The items of this action type that count in its error rate: uniform, one per unit, oldest first."""
        return self.items[self.items["first"] & (self.items["action_type"] == action)]


def reviewed(tables: Tables) -> Reviewed:
    """The reviews of the dataset but those of the guard; empty frames where there is none.

    Needs the tables reviews and interactions.
    """
    columns = {
        "reason": _or_null(tables, "reviews", "reason", "VARCHAR", "v"),
        "correction": _or_null(tables, "reviews", "correction", "VARCHAR", "v"),
        "seeded": _flag(tables, "seeded"),
        "adjudicates": _flag(tables, "adjudicates"),
        "run": ", ".join(
            _or_null(tables, "interactions", name, "DOUBLE" if name == "confidence" else "VARCHAR", "r") for name in RUN
        ),
    }
    sql = _DECISIONS
    for name, text in columns.items():
        sql = sql.replace(f"{{{name}}}", text)
    decisions = tables.frame(fill_runs(tables, sql), [GUARD])
    return Reviewed(decisions, _items(decisions), tables.missing("reviews"))


def _or_null(tables: Tables, table: str, column: str, kind: str, alias: str) -> str:
    return f"{alias}.{column}" if tables.has(table, column) else f"NULL::{kind} AS {column}"


def _flag(tables: Tables, column: str) -> str:
    return f"coalesce(v.{column}, false) AS {column}" if tables.has("reviews", column) else f"false AS {column}"


def _items(decisions: DataFrame) -> DataFrame:
    """What stands for each run. Until somebody has settled a disagreement, the doubt is not the agent's gain."""
    own, names = decisions[~decisions["seeded"]], ["interaction_id", "action_type"]
    by = own.groupby(names, sort=False)
    said = by["wrong"].agg(["any", "all"]).join(by["reviewer"].nunique().rename("reviewers"))
    said = said.join(own[own["adjudicates"]].groupby(names)["wrong"].last().rename("settled").astype("boolean"))
    said["disputed"] = (said["any"] != said["all"]) & said["settled"].isna()
    said["wrong"] = said["settled"].fillna(said["any"].astype("boolean")).astype(bool)
    items = own.drop_duplicates(names).drop(columns="wrong")
    items = items.merge(said[["wrong", "disputed", "reviewers"]], left_on=names, right_index=True)
    items = items.sort_values(["decided_at", "review_id"], kind="stable", ignore_index=True)
    uniform = items["stream"] == "uniform"
    items["first"] = uniform & ~items.where(uniform).duplicated(["action_type", "unit"])
    return items
