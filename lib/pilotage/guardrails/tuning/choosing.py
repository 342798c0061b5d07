"""The two thresholds of least expected cost, under the reviewers' capacity and a cap on false positives."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pilotage.guardrails.tuning.costs import Costs
from pilotage.statistics.intervals import FloatArray
from pilotage.statistics.score_curves import Curves, Places

ROUND = 1e-12  # shares that differ by less are the same


class Pick(NamedTuple):
    """The thresholds picked on each row of curves, by their columns: from where on to review, and to block."""

    review: Places
    block: Places


def cheapest(costs: Costs, curves: Curves, first_allowed: Places) -> Pick:
    """The pair of thresholds of least expected cost on each row of curves.

    At most the reviewers' share of the texts lies between the two, and none lies below the row's `first_allowed`
    column, which is how a cap on false positives enters. Without either the answer is Elkan's: the likelihood ratio at
    each threshold is the ratio of what its two mistakes cost. Source: Elkan 2001; Chow 1970 (the band of rejection).
    """
    picks = [
        _cheapest(costs, positives, negatives, int(first))
        for positives, negatives, first in zip(curves.positives, curves.negatives, first_allowed, strict=True)
    ]
    return Pick(*np.array(picks, dtype=np.intp).reshape(-1, 2).T)


def shares_at(curves: Curves, pick: Pick) -> tuple[FloatArray, FloatArray]:
    """What each row's curves expect of its pick: the shares allowed, reviewed, blocked of attacks, and of benign."""
    rows = np.arange(len(curves.positives))
    return tuple(  # type: ignore[return-value]  # two of them, since there are two groups
        _shares(group[rows, pick.review], group[rows, pick.block]) for group in (curves.positives, curves.negatives)
    )


def _shares(stopped: FloatArray, blocked: FloatArray) -> FloatArray:
    return np.stack([1 - stopped, stopped - blocked, blocked], axis=-1)


def _cheapest(costs: Costs, positives: FloatArray, negatives: FloatArray, first: int) -> tuple[int, int]:
    """The cost is a term of the one threshold plus a term of the other; for each the best other is looked up."""
    attack, benign = costs.of_attacks() * costs.attack_share, costs.of_benign() * (1 - costs.attack_share)
    reviewing = (attack[1] - attack[0]) * positives + (benign[1] - benign[0]) * negatives
    blocking = (attack[2] - attack[1]) * positives + (benign[2] - benign[1]) * negatives
    seen = costs.attack_share * positives + (1 - costs.attack_share) * negatives
    last = np.searchsorted(-seen, -(seen - costs.review_share_max) + ROUND, side="right") - 1
    starts = np.arange(first, len(seen))
    blocks = _least_between(blocking, starts, np.maximum(last[first:], starts))
    place = int(np.argmin(reviewing[starts] + blocking[blocks]))
    return int(starts[place]), int(blocks[place])


def _least_between(values: FloatArray, first: Places, last: Places) -> Places:
    """The place of the least of the values from each `first` to each `last`, by a sparse table of powers of two."""
    levels = [np.arange(len(values))]
    while 2 ** len(levels) <= len(values):
        half, before = 2 ** (len(levels) - 1), levels[-1]
        levels.append(_lesser(values, before[:-half], before[half:]))
    level = np.floor(np.log2(last - first + 1)).astype(int)
    found = np.empty(len(first), dtype=np.intp)
    for k in np.unique(level):
        of = level == k
        found[of] = _lesser(values, levels[k][first[of]], levels[k][last[of] - 2**k + 1])
    return found


def _lesser(values: FloatArray, one: Places, other: Places) -> Places:
    return np.where(values[other] < values[one], other, one)
