"""What people decided about the agent's actions: every decision, and what stands of it for each run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pilotage.kpis import Tables, fill_runs
from pilotage.playbook.governance import same_name

if TYPE_CHECKING:
    from pandas import DataFrame, Series

GUARD = "guardrail"  # the action type of reviews of inputs that a guard looked at: page 03's, not this one's
RUN = ("confidence", "input_text", "output_text")

_DECISIONS = """
SELECT v.review_id, v.interaction_id, r.cluster AS unit, v.phase, v.action_type, v.reviewer, v.decision, {reason},
       {correction}, v.seconds, {seeded}, {adjudicates}, v.stream, v.inclusion_probability, v.tier, v.queued_at,
       v.decided_at, v.decision <> 'approve' AS wrong, {begun}, {run}
FROM reviews v JOIN {runs} r USING (interaction_id)
WHERE v.action_type <> ? AND coalesce(v.phase, 'pilot') <> 'baseline'
ORDER BY v.decided_at, v.review_id"""


@dataclass(frozen=True)
class Reviewed:
    """The decisions of reviewers, oldest first.

    `decisions` has a row per decision: review_id, interaction_id, unit (its task, else its case), phase, action_type,
    reviewer, decision, reason, correction, seconds, seeded, adjudicates, stream, inclusion_probability, tier,
    queued_at, decided_at, wrong (rejected or corrected), started_at, confidence, input_text, output_text.
    `items` has a row per run and action type that was not planted: its first decision's columns, and reviewers (how
    many), disputed (they differ and nobody has settled it), wrong (what the last adjudication says, else whether any
    reviewer says so) and first (the unit's run that began first of those in the uniform stream: it alone enters what is
    certified).
    `missing` counts reviews known to exist that are not there.
    """

    decisions: DataFrame
    items: DataFrame
    missing: int

    @property
    def planted(self) -> DataFrame:
        """The decisions on planted errors, of each person the first on each: knowing one again proves nothing."""
        return self.decisions[self.decisions["seeded"]].drop_duplicates(["interaction_id", "reviewer"])

    def until(self, moment: datetime) -> Reviewed:
        """What was decided by this moment (UTC, without zone, as the frames have it); what is missing stays missing."""
        by_then = self.decisions["decided_at"] <= moment
        if by_then.all():  # as mostly: the same items would be made anew for each figure of a page
            return self
        decisions = self.decisions[by_then].reset_index(drop=True)
        return Reviewed(decisions, items_of(decisions), self.missing)

    def certifying(self, action: str) -> DataFrame:
        """The items of this action type that count in its error rate: uniform, one per unit, oldest first."""
        return self.items[self.items["first"] & (self.items["action_type"] == action)]


def reviewed(tables: Tables) -> Reviewed:
    """The reviews of the dataset but those of the guard; empty frames where there is none.

    Needs the tables reviews and interactions.
    """
    import numpy as np

    columns = {
        "reason": _or_null(tables, "reviews", "reason", "VARCHAR", "v"),
        "correction": _or_null(tables, "reviews", "correction", "VARCHAR", "v"),
        "seeded": _flag(tables, "seeded"),
        "adjudicates": _flag(tables, "adjudicates"),
        "begun": _or_null(tables, "interactions", "started_at", "TIMESTAMP", "r"),
        "run": ", ".join(
            _or_null(tables, "interactions", name, "DOUBLE" if name == "confidence" else "VARCHAR", "r") for name in RUN
        ),
    }
    sql = _DECISIONS
    for name, text in columns.items():
        sql = sql.replace(f"{{{name}}}", text)
    decisions = _one_name_each(tables.frame(fill_runs(tables, sql), [GUARD]))
    decisions["adjudicates"] = np.array(_settles(decisions), dtype=bool)
    return Reviewed(decisions, items_of(decisions), tables.missing("reviews"))


def _or_null(tables: Tables, table: str, column: str, kind: str, alias: str) -> str:
    return f"{alias}.{column}" if tables.has(table, column) else f"NULL::{kind} AS {column}"


def _flag(tables: Tables, column: str) -> str:
    return f"coalesce(v.{column}, false) AS {column}" if tables.has("reviews", column) else f"false AS {column}"


def _one_name_each(decisions: DataFrame) -> DataFrame:
    """One person under one name, as it was written first, whatever the case and blanks."""
    key = decisions["reviewer"].map(same_name)
    first = dict(zip(key[::-1], decisions["reviewer"][::-1], strict=True))
    return decisions.assign(reviewer=key.map(first))


def _settles(decisions: DataFrame) -> list[bool]:
    """Which decisions settle a disagreement: there is one between others on the run, and the author has no part in it.

    Any other decision that claims to is one like all others: nobody settles in their own favour.
    """
    said: dict[tuple[str, str], dict[str, set[bool]]] = {}
    settles = []
    columns = ("interaction_id", "action_type", "reviewer", "wrong", "seeded", "adjudicates")
    for run, action, name, wrong, seeded, claims in zip(*(decisions[column] for column in columns), strict=True):
        others = said.setdefault((run, action), {})
        differ = len(set().union(*others.values())) > 1
        settles.append(bool(claims and not seeded and differ and name not in others))
        if not seeded and not settles[-1]:
            others.setdefault(name, set()).add(bool(wrong))
    return settles


def items_of(decisions: DataFrame) -> DataFrame:
    """What stands for each run. Until somebody has settled a disagreement, the doubt is not the agent's gain."""
    own, names = decisions[~decisions["seeded"]], ["interaction_id", "action_type"]
    by = own.groupby(names, sort=False)
    said = by["wrong"].agg(["any", "all"]).join(by["reviewer"].nunique().rename("reviewers"))
    said = said.join(own[own["adjudicates"]].groupby(names)["wrong"].last().rename("settled").astype("boolean"))
    said["disputed"] = (said["any"] != said["all"]) & said["settled"].isna()
    said["wrong"] = said["settled"].fillna(said["any"].astype("boolean")).astype(bool)
    items = _first_decisions(own).drop(columns="wrong")
    items = items.merge(said[["wrong", "disputed", "reviewers"]], left_on=names, right_index=True)
    items["first"] = _first_of_unit(items)
    return items.sort_values(["decided_at", "review_id"], kind="stable", ignore_index=True)


def _first_decisions(own: DataFrame) -> DataFrame:
    """Each run's first decision; in the uniform stream, where it was drawn there, though suspicion came first."""
    chance = (own["stream"] == "uniform") & ~own["adjudicates"]
    return own.assign(guided=~chance).sort_values("guided", kind="stable").drop_duplicates(
        ["interaction_id", "action_type"]
    ).drop(columns="guided")  # fmt: skip


def _first_of_unit(items: DataFrame) -> Series:
    """Of a unit's runs in the uniform stream the one that began first: reviewers choose what they decide first."""
    uniform = items[items["stream"] == "uniform"].sort_values(["started_at", "decided_at", "review_id"], kind="stable")
    first = ~uniform.duplicated(["action_type", "unit"])
    return first.reindex(items.index, fill_value=False).astype(bool)
