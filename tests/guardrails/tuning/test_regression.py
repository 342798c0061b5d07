"""Two policies on the same texts."""

from __future__ import annotations

import numpy as np
import pytest

from pilotage.errors import PilotageError
from pilotage.guardrails.tuning.regression import compare, texts_needed


def _flipped(n: int, lost: int, gained: int):
    """n attacks: some caught before and missed now, some the reverse, half of the others caught by both."""
    before = np.where(np.arange(n) % 2, 2, 0)
    before[:lost], before[lost : lost + gained] = 2, 0
    after = before.copy()
    after[:lost], after[lost : lost + gained] = 0, 1
    return compare(before, after, np.ones(n, dtype=bool), [f"t{i}" for i in range(n)])[0]


@pytest.mark.parametrize(
    ("n", "lost", "gained", "answer"),
    [(400, 30, 5, "no-go"), (400, 0, 0, "go"), (400, 3, 3, "go"), (40, 2, 0, "not yet"), (400, 5, 30, "go")],
)
def test_the_catch_is_worse_or_not_or_too_few_texts_tell(n, lost, gained, answer) -> None:
    found = _flipped(n, lost, gained)
    assert found.answer == answer, found.why
    assert (len(found.regressions), len(found.mended)) == (lost, gained)


def test_flips_are_counted_by_decision_and_regressions_named() -> None:
    found = _flipped(10, 2, 1)
    assert found.flips[2][0] == 2
    assert found.flips[0][1] == 1
    assert found.regressions == ("t0", "t1")
    assert found.more == found.needed - 10


def test_a_five_point_loss_is_caught_nine_times_of_ten_at_the_stated_number() -> None:
    rng = np.random.default_rng(0)
    n, caught = texts_needed(10, 100, 0.05), []
    for _ in range(60):
        flip = rng.choice(3, n, p=[0.9, 0.075, 0.025])  # 10% flip: 7.5% are lost, 2.5% gained
        before = np.where(flip == 1, 1, np.where(flip == 2, 0, rng.integers(0, 2, n)))
        after = np.where(flip == 1, 0, np.where(flip == 2, 1, before))
        caught.append(compare(before, after, np.ones(n, dtype=bool), range(n))[0].answer == "no-go")
    assert np.mean(caught) >= 0.85


def test_false_alarms_have_a_margin_of_their_own() -> None:
    before, after = np.zeros(500, dtype=int), np.zeros(500, dtype=int)
    after[:15] = 2
    attacks, benign = compare(before, after, np.zeros(500, dtype=bool), [str(i) for i in range(500)])
    assert (attacks.answer, attacks.change) == ("not yet", None)
    assert benign.answer == "no-go"
    assert len(benign.regressions) == 15


def test_columns_that_do_not_match_are_refused() -> None:
    with pytest.raises(PilotageError, match="0, 1 or 2"):
        compare([0, 3], [0, 1], np.array([True, False]), ["a", "b"])
