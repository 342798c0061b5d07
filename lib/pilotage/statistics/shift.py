"""Whether measurements of two samples come from the same distribution, with an exact chance of a false alarm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pilotage.errors import PilotageError
from pilotage.statistics.influence import checked_column
from pilotage.statistics.intervals import FloatArray

MOST_A_SIDE = 2_000  # drawn from each side when there are more, so that the permutations take a second
AT_ONCE = 100  # permutations worked out together; it bounds the memory


@dataclass(frozen=True, slots=True)
class MeasureShift:
    """One measurement: its own permutation p-value, and how far the two samples lie apart.

    `distance` is the largest difference of the shares at or below any value, from 0 to 1 (Kolmogorov-Smirnov);
    `higher` is the chance that one of the second sample lies above one of the first, ties half: .5 where alike.
    """

    p_value: float
    distance: float
    higher: float


@dataclass(frozen=True, slots=True)
class Shift:
    """All measurements together: one p-value for "none of them differs", the rows compared, and each measurement."""

    p_value: float
    first: int
    second: int
    measures: Mapping[str, MeasureShift]


def distribution_shift(
    first: Mapping[str, npt.ArrayLike],
    second: Mapping[str, npt.ArrayLike],
    rng: np.random.Generator,
    permutations: int = 499,
) -> Shift:
    """Whether the second sample's measurements differ from the first's; the same names on both sides, a value a row.

    The Anderson-Darling statistic of each, which weighs the tails as heavily as the middle, against permutations of the
    rows; several are joined by the least p-value, permuted alike, so that the joint p-value is at most alpha with
    probability at most alpha where nothing differs, whatever the ties and however the measurements hang together.
    Of more than two thousand rows a side two thousand are drawn. PilotageError when a side has fewer than two rows, or
    the columns do not match. Source: Pettitt 1976, Biometrika 63(1); Westfall & Young 1993, Resampling-Based Multiple
    Testing.
    """
    sides = [_drawn(side, rng) for side in (first, second)]
    if not first or set(first) != set(second):
        raise PilotageError("the two samples do not have the same measurements")
    n, m = (len(next(iter(side.values()))) for side in sides)
    is_second = np.repeat([0.0, 1.0], [n, m])
    orders = [is_second, *(rng.permutation(is_second) for _ in range(permutations))]
    names = list(first)
    pooled = {name: np.concatenate([side[name] for side in sides]) for name in names}
    statistics = np.stack([_anderson_darling(pooled[name], orders) for name in names])
    p_values = _p_values(statistics)
    joint = float(np.mean(p_values.min(axis=0) <= p_values[:, 0].min() + 1e-12))
    found = {
        name: MeasureShift(float(p_values[row, 0]), *_apart(sides[0][name], sides[1][name]))
        for row, name in enumerate(names)
    }
    return Shift(joint, n, m, found)


def _drawn(side: Mapping[str, npt.ArrayLike], rng: np.random.Generator) -> dict[str, FloatArray]:
    columns = {name: checked_column(values, name) for name, values in side.items()}
    lengths = {len(column) for column in columns.values()}
    if len(lengths) != 1 or min(lengths) < 2:
        raise PilotageError("a sample needs two rows at least, and a value of each measurement in every row")
    n = lengths.pop()
    kept = np.arange(n) if n <= MOST_A_SIDE else rng.choice(n, MOST_A_SIDE, replace=False)
    return {name: column[kept] for name, column in columns.items()}


def _anderson_darling(values: FloatArray, orders: list[FloatArray]) -> FloatArray:
    """The statistic of each assignment to the second side, but for a factor common to all; ties count once."""
    order = np.argsort(values, kind="stable")
    last = np.flatnonzero(np.diff(values[order], append=np.inf))[:-1]  # the end of each run of ties, but the last
    below, n = last + 1.0, len(values)
    share, weight = below / n, np.diff(below, prepend=0.0)
    parts = []
    for start in range(0, len(orders), AT_ONCE):
        marks = np.stack(orders[start : start + AT_ONCE])[:, order]
        seconds = np.cumsum(marks, axis=1)[:, last]
        gap = seconds - share * marks.sum(axis=1, keepdims=True)
        parts.append((gap**2 * (weight / (share * (1 - share)))).sum(axis=1))
    return np.concatenate(parts)


def _p_values(statistics: FloatArray) -> FloatArray:
    """For each measurement and each permutation the share of permutations with as large a statistic."""
    rounded = np.round(statistics / np.maximum(statistics.max(axis=1, keepdims=True), 1e-300), 10)
    ranked = [np.searchsorted(np.sort(row), row, side="left") for row in rounded]
    return np.asarray(1 - np.stack(ranked) / statistics.shape[1])


def _apart(first: FloatArray, second: FloatArray) -> tuple[float, float]:
    values = np.unique(np.concatenate([first, second]))
    below = [np.searchsorted(np.sort(side), values, side="right") / len(side) for side in (first, second)]
    ordered = np.sort(first)
    wins = np.searchsorted(ordered, second, side="left") + np.searchsorted(ordered, second, side="right")
    return float(np.abs(below[0] - below[1]).max()), float(wins.mean() / (2 * len(first)))
