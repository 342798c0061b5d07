"""Two agents on the same tasks, or the same units before and after: differences whose common part cancels out."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import special

from pilotage.errors import PilotageError
from pilotage.statistics.influence import (
    checked_column,
    checked_zero_or_one,
    cluster_codes,
    robust_variance,
    t_quantile,
)
from pilotage.statistics.intervals import FloatArray, Interval, check_confidence, check_counts, wilson
from pilotage.statistics.resample import resampled_means


def mcnemar(only_first: int, only_second: int, mid_p: bool = False) -> float:
    """The two-sided p-value that both agents solve equally many tasks, from those that only one of them solved.

    Exact binomial; 1 when the agents differ on no task, which is no sign that they are equal. `mid_p` takes half the
    chance of what was seen off each side: less cautious, closer to its level. PilotageError for counts that are not
    whole numbers from 0 up. Source: McNemar 1947; Fagerland, Lydersen & Laake 2013, BMC Med Res Methodol 13:91.
    """
    _check_whole(only_first, only_second)
    differing, fewer = int(only_first + only_second), int(min(only_first, only_second))
    p = min(1.0, 2 * float(special.bdtr(fewer, differing, 0.5)))
    if mid_p and differing:
        below = float(special.bdtr(fewer - 1, differing, 0.5)) if fewer else 0.0
        p -= float(special.bdtr(fewer, differing, 0.5)) - below
    return p


def newcombe_paired(both: int, only_first: int, only_second: int, neither: int, confidence: float = 0.95) -> Interval:
    """The share of tasks the first agent solves minus that of the second, from -1 to 1, one trial a task each.

    The four counts are tasks solved by both, by one only, by neither. Newcombe's method 10: Wilson's bounds of the two
    shares put together with their correlation (continuity-corrected). PilotageError when there is no task or a count
    is not a whole number from 0 up. Source: Newcombe 1998, Statistics in Medicine 17:2635-2650.
    """
    check_confidence(confidence)
    _check_whole(both, only_first, only_second, neither)
    n = both + only_first + only_second + neither
    check_counts(0, n)
    first, second = wilson(both + only_first, n, confidence), wilson(both + only_second, n, confidence)
    phi = _correlation(both, only_first, only_second, neither)
    difference = (only_first - only_second) / n
    down = _combined(first.estimate - first.low, second.high - second.estimate, phi)
    up = _combined(first.high - first.estimate, second.estimate - second.low, phi)
    low, high = max(-1.0, difference - down), min(1.0, difference + up)
    return Interval(difference, low, high, confidence, "newcombe paired")


def paired_bootstrap(
    first: npt.ArrayLike,
    first_tasks: npt.ArrayLike,
    second: npt.ArrayLike,
    second_tasks: npt.ArrayLike,
    confidence: float = 0.95,
    seed: int = 0,
    resamples: int = 2000,
) -> Interval:
    """The mean of the first agent minus that of the second over the tasks both tried, in the unit of the values.

    One entry per trial in the values and the task names of each agent; each task counts once, by the mean of its
    trials, whatever their number. The interval draws tasks with replacement (percentiles, widened for few tasks);
    `n_eff` is the number of common tasks. One common task, or the same difference on every task, says nothing about
    other tasks: the interval is then -inf to inf (for yes or no on one trial a task `newcombe_paired` still bounds it).
    PilotageError when no task is common to both, or the lengths differ.
    Source: Efron 1979; Hesterberg 2015, The American Statistician 69(4), on the widening.
    """
    check_confidence(confidence)
    differences = _task_differences(first, first_tasks, second, second_tasks)
    tasks, estimate = len(differences), float(differences.mean())
    if tasks < 2 or np.ptp(differences) <= 1e-12 * np.abs(differences).max():
        return Interval(estimate, -math.inf, math.inf, confidence, "paired bootstrap", float(tasks))
    tail = float(special.ndtr(-math.sqrt(tasks / (tasks - 1)) * t_quantile(tasks, confidence)))
    drawn = resampled_means(differences, resamples, seed)
    low, high = np.quantile(drawn, tail, method="lower"), np.quantile(drawn, 1 - tail, method="higher")
    return Interval(
        estimate, min(float(low), estimate), max(float(high), estimate), confidence, "paired bootstrap", float(tasks)
    )


def difference_in_differences(
    values: npt.ArrayLike,
    after: npt.ArrayLike,
    treated: npt.ArrayLike,
    clusters: npt.ArrayLike,
    confidence: float = 0.95,
) -> Interval:
    """How much more the treated units changed than the others, in the unit of the values; one entry per observation.

    `after` and `treated` hold 0 or 1, `clusters` the unit observed (its errors hang together over time). Change of the
    treated means minus change of the other means; cluster-robust standard error, t with units - 1 degrees of freedom.
    With fewer than two units before or after on either side the interval is -inf to inf. PilotageError when one of the
    four groups is empty or the lengths differ. Source: Bertrand, Duflo & Mullainathan 2004, QJE 119(1).
    """
    check_confidence(confidence)
    y = checked_column(values, "values")
    later, on = checked_zero_or_one(after, "marks of after"), checked_zero_or_one(treated, "marks of treatment")
    if not len(y) == len(later) == len(on):
        raise PilotageError(f"{len(y)} values do not match {len(later)} marks of after and {len(on)} of treatment")
    codes, group = cluster_codes(clusters, len(y)), (later + 2 * on).astype(np.intp)
    sizes = np.bincount(group, minlength=4)
    if not sizes.all():
        raise PilotageError("no change can be compared: treated and others both need rows before and after")
    means = np.bincount(group, weights=y, minlength=4) / sizes
    effect = float(means[3] - means[2] - (means[1] - means[0]))
    sign = np.where(later == on, 1.0, -1.0)
    influence = sign * (y - means[group]) / sizes[group]
    units = int(codes.max()) + 1
    half = math.inf
    if min(len(np.unique(codes[group == part])) for part in range(4)) > 1:
        spread = robust_variance(influence, codes) * (len(y) - 1) / max(len(y) - 4, 1)
        half = t_quantile(units, confidence) * math.sqrt(spread)
    return Interval(effect, effect - half, effect + half, confidence, "cluster-robust t", float(units))


def _task_differences(
    first: npt.ArrayLike, first_tasks: npt.ArrayLike, second: npt.ArrayLike, second_tasks: npt.ArrayLike
) -> FloatArray:
    """Mean of the first agent minus mean of the second for each task that both tried, in the order of the names."""
    one, other = checked_column(first, "values"), checked_column(second, "values")
    names = [np.asarray(first_tasks), np.asarray(second_tasks)]
    if (one.shape, other.shape) != (names[0].shape, names[1].shape):
        raise PilotageError(f"{one.size} and {other.size} values do not match their task names")
    codes = cluster_codes(np.concatenate(names), len(one) + len(other))
    a, b = codes[: len(one)], codes[len(one) :]
    tasks = int(codes.max()) + 1 if len(codes) else 0
    trials_a, trials_b = np.bincount(a, minlength=tasks), np.bincount(b, minlength=tasks)
    common = (trials_a > 0) & (trials_b > 0)
    if not common.any():
        raise PilotageError("the two agents have no task in common", next="compare runs over the same task file")
    sums_a, sums_b = np.bincount(a, one, tasks)[common], np.bincount(b, other, tasks)[common]
    return np.asarray(sums_a / trials_a[common] - sums_b / trials_b[common])


def _correlation(both: int, only_first: int, only_second: int, neither: int) -> float:
    """The correlation of the two agents over tasks, a positive one corrected for continuity; 0 where undefined."""
    n = both + only_first + only_second + neither
    held, lost = (both + only_first) * (only_second + neither), (both + only_second) * (only_first + neither)
    if held * lost == 0:
        return 0.0
    excess = both * neither - only_first * only_second
    return (max(excess - n / 2, 0.0) if excess > 0 else float(excess)) / math.sqrt(held * lost)


def _combined(one: float, other: float, phi: float) -> float:
    return math.sqrt(max(0.0, one**2 - 2 * phi * one * other + other**2))


def _check_whole(*counts: float) -> None:
    if not all(count >= 0 and float(count).is_integer() for count in counts):
        raise PilotageError(f"{', '.join(map(str, counts))} are not numbers of tasks")
