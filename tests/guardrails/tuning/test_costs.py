"""What decisions cost."""

from __future__ import annotations

import numpy as np
import pytest

from pilotage.errors import InputFaults
from pilotage.guardrails.tuning.costs import expected_cost


def test_a_thousand_texts_all_allowed_cost_the_attacks_among_them(costs) -> None:
    allowed = np.array([1.0, 0.0, 0.0])
    assert expected_cost(costs(), allowed, allowed) == pytest.approx(1000 * 0.01 * 1000)


def test_a_reviewed_attack_costs_the_review_and_what_the_reviewer_lets_through(costs) -> None:
    reviewed, allowed = np.array([0.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0])
    assert expected_cost(costs(), reviewed, allowed) == pytest.approx(1000 * 0.01 * (3 + 0.1 * 1000))


def test_every_impossible_cost_is_named_at_once(costs) -> None:
    with pytest.raises(InputFaults) as caught:
        costs(missed_attack=-1, attack_share=1.2, review=float("nan"), texts_per_week=0, false_block=float("inf"))
    for name in ("missed_attack", "attack_share", "review:", "texts_per_week", "false_block"):
        assert name in str(caught.value)
