"""What each rule of the playbook is worth on the labelled inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pilotage.guardrails.findings import STRICTNESS
from pilotage.guardrails.input_side import band_of
from pilotage.guardrails.measured import Measured
from pilotage.guardrails.tuning.cards import cards
from pilotage.guardrails.tuning.costs import Costs
from pilotage.page import html
from pilotage.words import count, number

if TYPE_CHECKING:
    from pandas import DataFrame


def rule_cards(found: Measured, costs: Costs | None) -> DataFrame:
    """One row for each rule of the input side, those that catch most by themselves first.

    Columns: rule, kind, action, owner, hits, caught, caught_alone, false_hits, false_hits_alone, dead, rate_at_most,
    cost_of_dropping (per 1,000 inputs). Empty without a rule or a labelled text.
    """
    import numpy as np
    import pandas as pd

    texts = found.inputs.drop_duplicates("shape")
    rules = [rule for rule in found.guard.policy.rules if rule.side in ("input", "both")]
    if not rules or texts.empty:
        return pd.DataFrame(columns=["rule", "hits", "dead"])
    named = [{one["rule"] for one in findings} for findings in texts["findings"]]
    hits = np.array([[rule.id in names for rule in rules] for names in named], dtype=bool)
    bands = [STRICTNESS.index(band_of(score, found.guard.policy.bands)) for score in texts["score"]]
    attacks = texts["attack"].to_numpy(bool)
    made = cards([rule.id for rule in rules], [rule.action for rule in rules], hits, bands, attacks, costs)
    rows = [
        {
            "rule": card.rule, "kind": rule.kind, "action": rule.action, "owner": rule.owner, "hits": card.hits,
            "caught": card.caught, "caught_alone": card.marginal_caught, "false_hits": card.false_hits,
            "false_hits_alone": card.marginal_false_hits, "dead": card.dead, "rate_at_most": card.rate_at_most,
            "cost_of_dropping": card.cost_of_dropping,
        }
        for card, rule in zip(made, rules, strict=True)
    ]  # fmt: skip
    order = ["caught_alone", "caught", "false_hits", "rule"]
    return pd.DataFrame(rows).sort_values(order, ascending=[False, False, True, True], ignore_index=True)


def rules_table(made: DataFrame, shown: int, currency: str = "") -> html.Html:
    """The first rows, and in words how many rules hit nothing or only harmless texts."""
    rows = [
        (row["rule"], row["action"], f"{row['caught']:,}", f"{row['caught_alone']:,}", f"{row['false_hits']:,}",
         _money(row["cost_of_dropping"], currency))
        for row in made[~made["dead"].astype(bool)].head(shown).to_dict("records")
    ]  # fmt: skip
    header = ("Rule", "Action", "Attacks hit", "by it alone", "Harmless hit", "Cost of dropping it")
    table = html.table("The rules, those that catch most by themselves first", header, rows, header[2:])
    dead = made[made["dead"].astype(bool)]
    small = f"{count(len(dead), 'rules')} of {len(made)} hit nothing here"
    if len(dead):
        small += f": each hits at most {number(dead['rate_at_most'].max(), 'share')} of such texts"
    return html.Html(table + html.paragraph(f"{small}.", "small"))


def _money(value: float | None, currency: str) -> str:
    return "not known" if value is None or value != value else number(value, "money", currency)
