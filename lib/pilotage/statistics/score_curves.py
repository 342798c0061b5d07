"""The share of each of two groups that scores at least so much, smoothed by what one group's scores say of the other's.

Counting alone leaves the tails to a handful of rows. Here the chance that a row of this score is positive is fitted
as a smooth curve, and each row counts for both groups by that chance: a threshold picked on these curves follows the
likelihood ratio, which is what an optimal one depends on, instead of the last row that happened to lie there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from pilotage.errors import PilotageError
from pilotage.statistics.influence import checked_column
from pilotage.statistics.intervals import FloatArray

Places = npt.NDArray[np.intp]

MOST_BINS = 600  # more distinct scores than this are put together, finest in both tails of either group
KNOTS = 16
ROUGHNESS = (100.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.003)  # the penalties tried; the evidence chooses
SLOPE_PENALTY, TIE_PENALTY = 0.02, 0.5  # only so much that groups that do not overlap have a finite curve
FARTHEST = 1e-5  # scores nearer to 0 or 1 than this count as that near
NEVER = 1.01  # a threshold that no score reaches


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """Scores in ascending bins: the lowest and highest score in each, and the bin of each row."""

    lowest: FloatArray
    highest: FloatArray
    place: Places

    def counts(self, weights: FloatArray, rows: Places) -> FloatArray:
        """The weight of these rows in each bin."""
        found = np.bincount(self.place[rows], weights=weights[rows], minlength=len(self.lowest))
        return np.asarray(found, dtype=float)

    def threshold(self, first: int) -> float:
        """A short decimal that exactly the bins from `first` on reach; 0 for all of them, NEVER for none."""
        if first == 0:
            return 0.0
        return (
            NEVER if first == len(self.lowest) else between(float(self.highest[first - 1]), float(self.lowest[first]))
        )


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """One row per resample, one column per threshold, ascending: the share of each group at or above it.

    The first column is 1 (every row reaches 0), the last 0.
    """

    positives: FloatArray
    negatives: FloatArray


def binned(scores: npt.ArrayLike, positive: npt.NDArray[np.bool_]) -> Bins:
    """The scores in bins: one for each distinct score, or about six hundred, finest in both tails of either group.

    PilotageError when a score is not a number from 0 to 1, or a group has no row.
    """
    found = checked_column(scores, "scores")
    if len(found) != len(positive) or not bool(np.all((found >= 0) & (found <= 1))):
        raise PilotageError("scores must be numbers from 0 to 1, one for each label")
    if positive.all() or not positive.any():
        raise PilotageError("only one of the two groups has rows", next="label some of the other too")
    edges = np.unique(found)
    if len(edges) > MOST_BINS:
        levels = special.expit(np.linspace(-9, 9, MOST_BINS // 2 - 1))
        tails = [np.quantile(found[group], levels, method="higher") for group in (positive, ~positive)]
        edges = np.unique(np.concatenate([*tails, [found.min()]]))
    place = np.searchsorted(edges, found, side="right") - 1
    highest = np.full(len(edges), -np.inf)
    np.maximum.at(highest, place, found)
    return Bins(edges, highest, place)


@dataclass(frozen=True, slots=True, eq=False)
class Smoother:
    """How the chance of being positive may bend with the score: columns per bin, penalties, and where to start."""

    columns: FloatArray
    penalties: FloatArray
    start: FloatArray

    def curves(self, positives: FloatArray, negatives: FloatArray) -> Curves:
        """The smoothed curves of each row of counts per bin (resamples × bins); every row needs both groups."""
        fitted = _fit(self.columns, self.penalties, positives, negatives, self.start)
        chance = special.expit(fitted @ self.columns.T)
        held = positives + negatives
        return Curves(_above(held * chance), _above(held * (1 - chance)))


def smoother(bins: Bins, positives: FloatArray, negatives: FloatArray) -> Smoother:
    """The smoother for these counts per bin: its roughness is the one for which they are the most probable.

    Logistic regression on the log-odds of the score with a penalised linear spline, and a term of its own for each
    score that many rows share. Source: Ruppert, Wand & Carroll 2003, Semiparametric Regression (penalised splines);
    MacKay 1992, Neural Computation 4(3) (evidence, here by Laplace's approximation); Kull, Silva Filho & Flach 2017.
    """
    columns, penalties, bent = _columns(bins, positives, negatives)
    counts, best, kept = (positives[np.newaxis], negatives[np.newaxis]), -math.inf, None
    fitted = np.zeros(columns.shape[1])
    for roughness in ROUGHNESS:  # from stiff to loose, each fit beginning at the one before
        tried = np.where(bent, roughness, penalties)
        fitted = _fit(columns, tried, *counts, fitted)[0]
        evidence = _evidence(columns, tried, positives, negatives, fitted) + bent.sum() * math.log(roughness) / 2
        if evidence > best:
            best, kept = evidence, Smoother(columns, tried, fitted)
    if kept is None:
        raise PilotageError("no curve can be fitted to these scores", next="check that the weights are numbers above 0")
    return kept


def counted(positives: FloatArray, negatives: FloatArray) -> Curves:
    """The curves as counted, without smoothing; the same shapes as `Smoother.curves`."""
    return Curves(_above(positives), _above(negatives))


def between(low: float, high: float) -> float:
    """The shortest decimal well between two numbers, so that a threshold can be read and written down.

    Above `low` and at most `high`, in the middle half where one of at most twelve digits lies there.
    """
    quarter = (high - low) / 4
    for digits in range(1, 13):
        tried = round((low + high) / 2, digits)
        if low + quarter <= tried <= high - quarter:
            return tried
    return high


def _columns(
    bins: Bins, positives: FloatArray, negatives: FloatArray
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_]]:
    """The columns for each bin, their penalties, and which of them bend the curve, at even steps of log-odds."""
    middle = np.clip((bins.lowest + bins.highest) / 2, FARTHEST, 1 - FARTHEST)
    at, held = special.logit(middle), positives + negatives
    balanced = positives / positives.sum() + negatives / negatives.sum()
    centre = np.average(at, weights=balanced)
    x = (at - centre) / (math.sqrt(np.average((at - centre) ** 2, weights=balanced)) or 1.0)
    knots = np.linspace(x[0], x[-1], KNOTS + 2)[1:-1]
    tied = np.flatnonzero((bins.lowest == bins.highest) & (held >= max(5.0, 0.02 * held.sum())))
    ties = (np.arange(len(x))[:, np.newaxis] == tied).astype(float)
    columns = np.concatenate([np.ones((len(x), 1)), x[:, np.newaxis], np.maximum(x[:, np.newaxis] - knots, 0), ties], 1)
    penalties = np.concatenate([[0.0, SLOPE_PENALTY], np.ones(len(knots)), np.full(len(tied), TIE_PENALTY)])
    bent = np.repeat([False, True, False], [2, len(knots), len(tied)])
    return columns, penalties, bent


def _fit(
    columns: FloatArray, penalties: FloatArray, positives: FloatArray, negatives: FloatArray, start: FloatArray
) -> FloatArray:
    """The penalised logistic coefficients of each row of counts, by Newton's method."""
    found = np.tile(start, (len(positives), 1))
    held = positives + negatives
    floor = np.diag(penalties + 1e-9)
    for _ in range(60):
        chance = special.expit(found @ columns.T)
        slope = (positives - held * chance) @ columns - penalties * found
        spread = held * chance * (1 - chance)
        curvature = np.matmul(columns.T[np.newaxis] * spread[:, np.newaxis, :], columns) + floor
        step = np.linalg.solve(curvature, slope[..., np.newaxis])[..., 0]
        size = np.abs(step).max(axis=1, keepdims=True)
        found = found + step * np.minimum(1.0, 3.0 / np.maximum(size, 1e-12))
        if size.max() < 1e-5:
            break
    return found


def _evidence(
    columns: FloatArray, penalties: FloatArray, positives: FloatArray, negatives: FloatArray, fitted: FloatArray
) -> float:
    """The log probability of the counts under these penalties, but for what does not depend on them (Laplace)."""
    odds = columns @ fitted
    likely = positives @ special.log_expit(odds) + negatives @ special.log_expit(-odds)
    spread = (positives + negatives) * special.expit(odds) * special.expit(-odds)
    curvature = (columns * spread[:, np.newaxis]).T @ columns + np.diag(penalties + 1e-9)
    return float(likely - penalties @ fitted**2 / 2 - np.linalg.slogdet(curvature)[1] / 2)


def _above(mass: FloatArray) -> FloatArray:
    """The share at or above each threshold: the first reaches all, the last none."""
    summed = np.cumsum(mass[:, ::-1], axis=1)[:, ::-1]
    return np.concatenate([summed / summed[:, :1], np.zeros((len(mass), 1))], axis=1)
