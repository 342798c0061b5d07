"""Scores as probabilities (Platt), and several detectors as one: p-values among harmless texts, Fisher's statistic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

Floats = NDArray[np.float64]

_NEAREST = 1e-6  # how near to 0 or 1 a score is told apart from it
_TAIL = 0.9  # the share of the reference below its tail
_SHORTEST_TAIL = 0.5  # in logits: the least mean excess that is believed of a tail
_STEPS = 50
_ALIKE = 1.0  # how strongly weights are pulled towards one another
_FLATTEST = 1e-3  # a higher score never gives a lower probability


@dataclass(frozen=True, slots=True)
class Platt:
    """The probability 1 / (1 + exp(-(slope x + intercept))); the slope is positive."""

    slope: float
    intercept: float

    def __call__(self, x: Floats) -> Floats:
        """The probability of each value."""
        return np.asarray(expit(self.slope * x + self.intercept))


def platt(x: Floats, attack: NDArray[Any], weights: Floats) -> Platt:
    """The curve from scores to probabilities that fits the labels best, with Platt's softened labels.

    `attack` is 1 or 0; both must occur. Source: Platt 1999; Lin, Lin & Weng 2007, Machine Learning 68 (Newton's
    method).
    """
    aim = _softened(attack, weights)
    centre, spread = float(np.average(x, weights=weights)), float(x.std()) or 1.0
    design = np.stack([(x - centre) / spread, np.ones(len(x))])
    answer = np.array([1.0, 0.0])
    for _ in range(_STEPS):
        answer = _newton(design, aim, weights, answer)
    slope = max(answer[0] / spread, _FLATTEST)
    return Platt(float(slope), float(answer[1] - slope * centre))


def logits(scores: Floats) -> Floats:
    """Scores in [0, 1] on the scale where differences near 0 and 1 count."""
    return np.asarray(logit(np.clip(np.asarray(scores, dtype=np.float64), _NEAREST, 1 - _NEAREST)))


def log_p(x: Floats, reference: Floats) -> Floats:
    """The logarithm of the share of harmless texts that score as high, for each score; a higher score has a lower one.

    (1 + how many of the reference lie as high) / (1 + n), straight between the reference's values; beyond the highest,
    where all would be alike, it goes on falling with the excess over the mean excess of the tail, towards the square of
    1 / (1 + n). `reference` is in order.
    """
    n = len(reference)
    known, first = np.unique(reference, return_index=True)
    share = np.interp(x, known, np.log((1 + n - first) / (1 + n)), left=0.0)
    floor, top = np.log(1 / (1 + n)), float(reference[-1])
    above = reference[int(_TAIL * n) :]
    scale = max(float(above.mean() - above[0]), _SHORTEST_TAIL)
    return np.asarray(share + floor * -np.expm1(-np.maximum(x - top, 0) / (scale * -floor)))


def evidence(scores: Mapping[str, Floats], references: Mapping[str, Floats]) -> Floats:
    """Fisher's -2 log p of each detector, a column each, in the order of their names."""
    return np.stack([-2 * log_p(logits(x), references[name]) for name, x in sorted(scores.items())], axis=1)


@dataclass(frozen=True, slots=True)
class Joint:
    """The probability from Fisher's terms: 1 / (1 + exp(-(sum of weight times term + intercept))); weights positive."""

    weights: tuple[float, ...]
    intercept: float

    def __call__(self, terms: Floats) -> Floats:
        """The probability of each row of terms."""
        return np.asarray(expit((terms * np.array(self.weights)).sum(axis=1) + self.intercept))


def joint(terms: Floats, attack: NDArray[Any], weights: Floats) -> Joint:
    """The probability that fits the labels best out of Fisher's terms, each with a weight above 0.

    Fisher's sum takes detectors for independent and equally good, and they are neither: the weights say how much each
    adds. They are pulled a little towards one another. Sources: Fisher 1932; Good 1955, JRSS B 17:264-265 (weights).
    """
    start = platt(terms.sum(axis=1), attack, weights)
    aim, count = _softened(attack, weights), terms.shape[1]

    def loss(answer: Floats) -> tuple[float, Floats]:
        value = terms @ answer[:-1] + answer[-1]
        apart = answer[:-1] - answer[:-1].mean()
        cost = (weights * (np.logaddexp(0, value) - aim * value)).sum() + _ALIKE * (apart**2).sum()
        slope = weights * (expit(value) - aim)
        return float(cost), np.append(terms.T @ slope + 2 * _ALIKE * apart, slope.sum())

    begin = np.array([*[start.slope] * count, start.intercept])
    bounds = [*[(_FLATTEST, None)] * count, (None, None)]
    from scipy.optimize import minimize  # a second to import, and needed for fitting only

    found = minimize(loss, begin, jac=True, method="L-BFGS-B", bounds=bounds).x
    return Joint(tuple(map(float, found[:-1])), float(found[-1]))


def _softened(attack: NDArray[Any], weights: Floats) -> Floats:
    """Labels a little off 0 and 1, so that a finite curve fits best where scores tell the labels apart."""
    yes, no = float(weights[attack == 1].sum()), float(weights[attack == 0].sum())
    return np.where(attack == 1, (yes + 1) / (yes + 2), 1 / (no + 2))


def _newton(design: Floats, aim: Floats, weights: Floats, answer: Floats) -> Floats:
    p = expit(answer @ design)
    gradient = design @ (weights * (p - aim))
    curve = (design * (weights * p * (1 - p))) @ design.T + 1e-6 * np.eye(2)
    step = np.linalg.solve(curve, gradient)
    longest = float(np.abs(step).max())
    return np.asarray(answer - step * min(1.0, 2.0 / longest if longest else 1.0))
