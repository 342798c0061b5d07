"""Scores whose distributions are known, so that the cost of any bands can be worked out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats

from pilotage.guardrails.tuning.costs import Costs, expected_cost


@dataclass(frozen=True)
class World:
    """Beta scores of benign texts and attacks."""

    benign: tuple[float, float] = (1, 8)
    attacks: tuple[float, float] = (3, 2)

    def draw(self, n_benign: int, n_attacks: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        scores = np.concatenate([rng.beta(*self.benign, n_benign), rng.beta(*self.attacks, n_attacks)])
        return scores, np.repeat([False, True], [n_benign, n_attacks])

    def cost(self, costs: Costs, review_at, block_at):
        """What bands truly cost per 1,000 texts; thresholds may be arrays."""
        shares = []
        for kind in (self.attacks, self.benign):
            stopped, blocked = stats.beta.sf(review_at, *kind), stats.beta.sf(block_at, *kind)
            shares.append(np.stack([1 - stopped, stopped - blocked, blocked], axis=-1))
        return expected_cost(costs, *shares)

    def best(self, costs: Costs) -> float:
        """The least cost that any bands have under the capacity, on a fine grid."""
        at = np.append(np.linspace(0, 1, 400), 1.01)
        review, block = (grid.ravel() for grid in np.meshgrid(at, at))
        ordered = review <= block
        cost = self.cost(costs, review[ordered], block[ordered])
        return float(cost[self.seen(costs, review[ordered], block[ordered]) <= costs.review_share_max].min())

    def seen(self, costs: Costs, review_at, block_at):
        """The share of all texts that a person looks at."""
        attacks, benign = (
            stats.beta.sf(review_at, *kind) - stats.beta.sf(block_at, *kind) for kind in (self.attacks, self.benign)
        )
        return costs.attack_share * attacks + (1 - costs.attack_share) * benign


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def costs() -> Callable[..., Costs]:
    def make(**other: float) -> Costs:
        given = {
            "missed_attack": 1000.0, "false_block": 20.0, "review": 3.0, "attack_share": 0.01,
            "caught_in_review": 0.9, "texts_per_week": 2000.0, "reviews_per_week_max": 2000.0,
        }  # fmt: skip
        return Costs(**(given | other))

    return make
