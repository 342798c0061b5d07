"""What a static page shows instead of sliders: the frontier of capacity and cost, and other costs and attack shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pilotage.guardrails.tuning.costs import Costs, expected_cost
from pilotage.guardrails.tuning.operating import expected_shares, reviews_per_week
from pilotage.guardrails.tuning.tuner import Tuner

if TYPE_CHECKING:
    from pandas import DataFrame

STEPS = 8
FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)


def frontier(made: Tuner, costs: Costs, fpr_max: float | None = None) -> DataFrame:
    """The best bands for each capacity of reviewers, from none to as many as would pay, and one row for that given.

    Columns: reviews_per_week_max, review_at, block_at, cost_per_1000, reviews_per_week, true_positive_rate (attacks
    stopped), false_positive_rate (benign texts stopped), false_block_rate (benign texts blocked). Costs and rates are
    what to expect of fresh texts.
    """
    free = _row(made, replace(costs, reviews_per_week_max=np.inf), fpr_max)
    most = free["reviews_per_week"]
    limits = {*np.linspace(0, most, STEPS).tolist(), min(costs.reviews_per_week_max, most)}
    rows = [_row(made, replace(costs, reviews_per_week_max=limit), fpr_max) for limit in sorted(limits)[:-1]]
    return _frame([*rows, free])


def scenarios(
    made: Tuner,
    costs: Costs,
    fpr_max: float | None = None,
    missed_attacks: Sequence[float] | None = None,
    attack_shares: Sequence[float] | None = None,
) -> DataFrame:
    """The best bands for other costs of a missed attack and other attack shares: one row for each pair.

    By default a quarter, half, once, twice and four times those of `costs`, the shares at most 1. Columns
    missed_attack, attack_share, and those of `frontier`.
    """
    misses = missed_attacks or [costs.missed_attack * factor for factor in FACTORS]
    shares = attack_shares or sorted({min(1.0, costs.attack_share * factor) for factor in FACTORS})
    rows = [
        {"missed_attack": miss, "attack_share": share}
        | _row(made, replace(costs, missed_attack=miss, attack_share=share), fpr_max)
        for miss in misses
        for share in shares
    ]
    return _frame(rows)


def _row(made: Tuner, costs: Costs, fpr_max: float | None) -> dict[str, float]:
    pick = made.pick(costs, fpr_max)
    attacks, benign = expected_shares(made, costs, pick, fpr_max)
    return {
        "reviews_per_week_max": costs.reviews_per_week_max,
        "review_at": made.bins.threshold(int(pick.review[0])),
        "block_at": made.bins.threshold(int(pick.block[0])),
        "cost_per_1000": float(expected_cost(costs, attacks, benign)),
        "reviews_per_week": float(reviews_per_week(costs, attacks, benign)),
        "true_positive_rate": float(1 - attacks[0]),
        "false_positive_rate": float(1 - benign[0]),
        "false_block_rate": float(benign[2]),
    }


def _frame(rows: list[dict[str, Any]]) -> DataFrame:
    import pandas as pd

    return pd.DataFrame(rows)
