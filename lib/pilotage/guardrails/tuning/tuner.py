"""Labelled scores, smoothed and resampled once, so that any costs can then be tried on them at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pilotage.errors import PilotageError
from pilotage.guardrails.tuning.choosing import Pick, cheapest
from pilotage.guardrails.tuning.costs import Costs
from pilotage.statistics.influence import checked_column
from pilotage.statistics.intervals import FloatArray
from pilotage.statistics.score_curves import Bins, Curves, Places, binned, smoother
from pilotage.statistics.sizes import check_limit

Booleans = npt.NDArray[np.bool_]
Bands = npt.NDArray[np.int_]

FOLDS, TURNS = 10, 4  # each text is decided so many times by thresholds that were chosen without it
RESAMPLES = 200


class Sample(NamedTuple):
    """Curves and the benign weight in each bin, row by row."""

    curves: Curves
    benign: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Tuner:
    """What `tuner` made of the labelled texts, in their order; `bins` are those of their scores.

    `n_eff` are the attacks and the benign texts that the weights leave (Kish). `whole` has one row of curves,
    `resampled` and `rest` many; each stands beside its benign weights per bin. `fold` (turns × texts) is the row of
    `rest` that was made without a text.
    """

    scores: FloatArray
    attack: Booleans
    weights: FloatArray
    n_eff: tuple[float, float]
    bins: Bins
    whole: Sample
    resampled: Sample
    rest: Sample
    fold: Places

    def pick(self, costs: Costs, fpr_max: float | None = None) -> Pick:
        """The thresholds chosen on all texts: one row."""
        return self._cheapest(self.whole, costs, fpr_max)

    def resampled_picks(self, costs: Costs, fpr_max: float | None = None) -> Pick:
        """The thresholds that each resample of the texts would choose."""
        return self._cheapest(self.resampled, costs, fpr_max)

    def held_out_bands(self, costs: Costs, fpr_max: float | None = None) -> Bands:
        """Each text's band (0 allow, 1 review, 2 block) by thresholds chosen without it, once a turn: turns × texts."""
        pick = self._cheapest(self.rest, costs, fpr_max)
        place = self.bins.place[np.newaxis]
        stopped, blocked = place >= pick.review[self.fold], place >= pick.block[self.fold]
        return np.where(blocked, 2, np.where(stopped, 1, 0))

    def shares(self, bands: Bands) -> FloatArray:
        """The shares allowed, reviewed and blocked of attacks, and of benign texts: 2 × 3, by weight."""
        each = np.stack([(np.atleast_2d(bands) == k).mean(axis=0) for k in range(3)], axis=1)
        return np.stack(
            [np.average(each[kind], axis=0, weights=self.weights[kind]) for kind in (self.attack, ~self.attack)]
        )

    def _cheapest(self, sample: Sample, costs: Costs, fpr_max: float | None) -> Pick:
        largest = float(self.weights[~self.attack].max())
        return cheapest(costs, sample.curves, _first_allowed(sample.benign, largest, fpr_max))


def _first_allowed(benign: FloatArray, largest: float, fpr_max: float | None) -> Places:
    """The first threshold of each row that benign texts reach at most so often, by the conformal quantile."""
    if fpr_max is None:
        return np.zeros(len(benign), dtype=np.intp)
    check_limit(fpr_max)
    above = np.concatenate([np.cumsum(benign[:, ::-1], axis=1)[:, ::-1], np.zeros((len(benign), 1))], axis=1)
    allowed = above + largest <= fpr_max * (above[:, :1] + largest) * (1 + 1e-12)
    allowed[:, -1] = True  # too few texts for any promise: nothing is stopped
    return np.asarray(np.argmax(allowed, axis=1))


def tuner(
    scores: npt.ArrayLike,
    attack: npt.ArrayLike,
    rng: np.random.Generator,
    weights: npt.ArrayLike | None = None,
    resamples: int = RESAMPLES,
) -> Tuner:
    """The labelled texts made ready: one score from 0 to 1 and one label (True for an attack) each.

    `weights` are inverse chances of having been labelled, as a review log needs them. Attacks and benign texts are
    resampled apart, since they were collected apart. PilotageError when a kind has fewer than two texts, or a score,
    label or weight is none.
    """
    score, is_attack, weight = _checked(scores, attack, weights)
    bins = binned(score, is_attack)
    kinds = (np.flatnonzero(is_attack), np.flatnonzero(~is_attack))
    if min(map(len, kinds)) < 2:
        raise PilotageError("attacks and benign texts are both needed, two of each at least", next="label some more")
    for kind in kinds:  # each weighs as many texts as it is worth
        weight[kind] *= weight[kind].sum() / (weight[kind] @ weight[kind])
    n_eff = (float(weight[kinds[0]].sum()), float(weight[kinds[1]].sum()))
    whole = [bins.counts(weight, kind)[np.newaxis] for kind in kinds]
    smooth = smoother(bins, whole[0][0], whole[1][0])
    fold = _folds(kinds, rng)
    drawn = [_resampled(bins, weight, kind, resamples, rng) for kind in kinds]
    rest = [_without_folds(bins, weight, kind, fold) for kind in kinds]
    made, resampled, held_out = (Sample(smooth.curves(*counts), counts[1]) for counts in (whole, drawn, rest))
    return Tuner(score, is_attack, weight, n_eff, bins, made, resampled, held_out, fold)


def _resampled(bins: Bins, weight: FloatArray, kind: Places, resamples: int, rng: np.random.Generator) -> FloatArray:
    draws = rng.integers(len(kind), size=(resamples, len(kind)))
    return np.stack([bins.counts(weight, kind[draw]) for draw in draws])


def _folds(kinds: tuple[Places, Places], rng: np.random.Generator) -> Places:
    """For each turn the row that leaves a text out; every fold has its part of either kind."""
    fold = np.empty((TURNS, sum(map(len, kinds))), dtype=np.intp)
    for turn in range(TURNS):
        for kind in kinds:
            fold[turn, kind] = turn * FOLDS + rng.permutation(len(kind)) % FOLDS
    return fold


def _without_folds(bins: Bins, weight: FloatArray, kind: Places, fold: Places) -> FloatArray:
    return np.stack(
        [bins.counts(weight, kind[fold[turn, kind] != turn * FOLDS + k]) for turn in range(TURNS) for k in range(FOLDS)]
    )


def _checked(
    scores: npt.ArrayLike, attack: npt.ArrayLike, weights: npt.ArrayLike | None
) -> tuple[FloatArray, Booleans, FloatArray]:
    score, is_attack = checked_column(scores, "scores"), np.asarray(attack)
    if is_attack.dtype != bool or is_attack.shape != score.shape:
        raise PilotageError("labels must be true for an attack or false, one for each score")
    weight = np.ones(len(score)) if weights is None else checked_column(weights, "weights").copy()
    if weight.shape != score.shape or not bool((weight > 0).all()):
        raise PilotageError("weights must be numbers above 0, one for each score")
    return score, is_attack, weight
