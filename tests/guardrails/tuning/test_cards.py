"""What each rule alone is worth."""

from __future__ import annotations

import numpy as np
import pytest

from pilotage.errors import PilotageError
from pilotage.guardrails.tuning.cards import cards

#                 both  second  none
HITS = np.array([[1, 1, 0], [0, 1, 0], [0, 1, 0], [1, 0, 0], [0, 0, 0]], dtype=bool)
ATTACK = np.array([True, True, False, False, False])
RULES, ACTIONS = ("first", "second", "third"), ("block", "review", "block")


def test_only_what_no_other_rule_and_no_band_stops_is_marginal() -> None:
    first, second, third = cards(RULES, ACTIONS, HITS, np.zeros(5, dtype=int), ATTACK)
    assert (first.hits, first.caught, first.marginal_caught, first.marginal_false_hits) == (2, 1, 0, 1)
    assert (second.caught, second.marginal_caught, second.false_hits) == (2, 1, 1)
    assert third.dead
    band = np.array([0, 2, 0, 0, 0])
    assert cards(RULES, ACTIONS, HITS, band, ATTACK)[1].marginal_caught == 0


def test_a_dead_rule_has_a_bound_on_its_rate_not_a_zero() -> None:
    third = cards(RULES, ACTIONS, HITS, np.zeros(5, dtype=int), ATTACK)[2]
    assert third.rate_at_most == pytest.approx(1 - 0.05 ** (1 / 5))


def test_dropping_a_rule_costs_what_it_alone_decides(costs) -> None:
    asked = costs()
    first, second, third = cards(RULES, ACTIONS, HITS, np.zeros(5, dtype=int), ATTACK, asked)
    # first: its attack falls back to the second's review (a half of the attacks), its false block goes (a third)
    slipped = asked.review + 0.1 * asked.missed_attack
    assert first.cost_of_dropping == pytest.approx(1000 * (0.01 * slipped / 2 - 0.99 * asked.false_block / 3))
    missed = asked.missed_attack - slipped
    assert second.cost_of_dropping == pytest.approx(1000 * (0.01 * missed / 2 - 0.99 * asked.review / 3))
    assert third.cost_of_dropping == 0


def test_a_rule_that_only_notes_catches_but_decides_nothing(costs) -> None:
    card = cards(("n",), ("note",), np.array([[True], [False]]), np.array([0, 0]), np.array([True, False]), costs())[0]
    assert card.caught == 1
    assert card.cost_of_dropping == 0


def test_one_kind_alone_leaves_the_other_unknown() -> None:
    card = cards(("r",), ("block",), np.array([[True]]), np.array([0]), np.array([True]))[0]
    assert card.false_share is None
    with pytest.raises(PilotageError, match="no labelled text"):
        cards(("r",), ("block",), np.zeros((0, 1), dtype=bool), np.array([]), np.zeros(0, dtype=bool))
