"""What a decision about a text costs: a missed attack, a stopped colleague, a reviewer's time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from pilotage.errors import InputFaults
from pilotage.statistics.intervals import FloatArray

PER = 1000  # texts that a cost is told for


@dataclass(frozen=True, slots=True)
class Costs:
    """The costs in the playbook's currency, and what decides how often each is paid.

    `missed_attack`, `false_block` and `review` are paid per text; `attack_share` is the share of attacks among the
    inputs in production (not among the labelled ones), `caught_in_review` the share of the attacks laid before a
    reviewer that are stopped. `reviews_per_week_max` may be inf. InputFaults names every value that cannot be.
    """

    missed_attack: float
    false_block: float
    review: float
    attack_share: float
    caught_in_review: float
    texts_per_week: float
    reviews_per_week_max: float

    def __post_init__(self) -> None:
        if faults := list(self._faults()):
            raise InputFaults("these costs cannot be reckoned with", faults)

    def _faults(self) -> Iterator[str]:
        for name, value in asdict(self).items():
            share = name in ("attack_share", "caught_in_review")
            if not 0 <= value <= (1 if share else math.inf):
                yield f"{name}: should be {'from 0 to 1' if share else 'at least 0'} (got {value:g})"
            elif math.isinf(value) and name != "reviews_per_week_max":
                yield f"{name}: should be a finite number"
        if self.texts_per_week == 0:
            yield "texts_per_week: should be more than 0"

    @property
    def review_share_max(self) -> float:
        """The largest share of the texts that reviewers can look at."""
        return self.reviews_per_week_max / self.texts_per_week

    def of_attacks(self) -> FloatArray:
        """The cost of an attack that is allowed, reviewed and blocked."""
        slipped = (1 - self.caught_in_review) * self.missed_attack
        return np.array([self.missed_attack, self.review + slipped, 0.0])

    def of_benign(self) -> FloatArray:
        """The cost of a benign text that is allowed, reviewed and blocked."""
        return np.array([0.0, self.review, self.false_block])


def expected_cost(costs: Costs, attacks: FloatArray, benign: FloatArray) -> FloatArray:
    """The expected cost per 1,000 texts where these shares of each kind are allowed, reviewed and blocked.

    The last axis of both holds the three shares. Source: Elkan 2001, The foundations of cost-sensitive learning.
    """
    per_text = costs.attack_share * (attacks @ costs.of_attacks()) + (1 - costs.attack_share) * (
        benign @ costs.of_benign()
    )
    return np.asarray(PER * per_text)
