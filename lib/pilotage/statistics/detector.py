"""Has the agent got worse? A Shiryaev-Roberts e-detector for its error rate, one unit after the other.

It sums, over every unit at which the change could have happened, the evidence for a change since. Only units drawn
uniformly may enter: reviews that a judge or a reviewer picked hold more errors and would demote a good agent.
Source: Shin, Ramdas & Rinaldo, arXiv:2203.03532.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pilotage.errors import PilotageError
from pilotage.statistics.intervals import FloatArray
from pilotage.statistics.sizes import check_limit

# Units followed at a time when run lengths are simulated.
AT_ONCE = 256
# An agent that is still without an alarm after this many units is not followed further.
MOST_FOLLOWED = 1_000_000


@dataclass(frozen=True, slots=True)
class Detector:
    """The detector after the units seen so far: `limit` is the error rate still accepted, `worse` the rates above it.

    `logs` holds the logarithm of the statistic for each worse rate, -inf before the first unit.
    """

    limit: float
    worse: tuple[float, ...]
    logs: tuple[float, ...]

    @classmethod
    def begin(cls, limit: float, worse: Sequence[float]) -> Detector:
        """A detector that has seen nothing; PilotageError unless 0 < limit < each worse rate < 1, and there is one."""
        check_limit(limit)
        if not worse or not all(limit < rate < 1 for rate in worse):
            raise PilotageError(f"the worse rates {list(worse)} are not all between the limit of {limit} and 1")
        return cls(limit, tuple(worse), (-math.inf,) * len(worse))

    def after(self, error: bool) -> Detector:
        """The detector one unit later."""
        steps = _log_ratios(self.limit, self.worse)[int(error)]
        logs = (float(np.logaddexp(0.0, log) + step) for log, step in zip(self.logs, steps, strict=True))
        return replace(self, logs=tuple(logs))

    @property
    def log_value(self) -> float:
        """The logarithm of the statistic, averaged over the worse rates: an alarm is due once it reaches log A."""
        return float(np.logaddexp.reduce(self.logs)) - math.log(len(self.logs))


def detector_path(errors: npt.ArrayLike, limit: float, worse: Sequence[float]) -> FloatArray:
    """The logarithm of the statistic after each unit, without a stop at an alarm; same shape as `errors`.

    `errors` (1 or true for an error) runs along the last axis in the order the units happened; empty in, empty out.
    PilotageError when an entry is neither 0 nor 1, or as `Detector.begin`.
    """
    seen = np.asarray(errors, dtype=float)
    if not bool(np.all((seen == 0) | (seen == 1))):
        raise PilotageError("a unit of the detector is neither an error (1) nor none (0)")
    begun = Detector.begin(limit, worse)
    return _paths(seen.astype(int), np.array(_log_ratios(limit, begun.worse)), np.array(begun.logs))[0]


def alarms(errors: npt.ArrayLike, limit: float, worse: Sequence[float], threshold: float) -> list[int]:
    """After which units (counted from 1) the statistic reached `threshold`; after each the detector starts afresh.

    `errors` is one row of 0 and 1 in the order they happened. While the true rate stays at or below `limit`, alarms are
    at least `threshold` units apart on average. PilotageError for a threshold of 1 or less, or as `detector_path`.
    """
    _check_threshold(threshold)
    seen, found = np.asarray(errors), list[int]()
    while True:
        start = found[-1] if found else 0
        reached = detector_path(seen[start:], limit, worse) >= math.log(threshold)
        if not reached.any():
            return found
        found.append(start + int(reached.argmax()) + 1)


def mean_run_length(
    limit: float,
    worse: Sequence[float],
    threshold: float,
    true_rate: float,
    rng: np.random.Generator,
    repeats: int = 1000,
) -> float:
    """How many units at `true_rate` pass on average before the first alarm: the delay when it is bad, by simulation.

    At or below the limit that is at least `threshold`. Runs still silent after a million units count as a million.
    PilotageError for a rate outside [0, 1], no repeats, or as `alarms`.
    """
    _check_threshold(threshold)
    if not (0 <= true_rate <= 1 and repeats > 0):
        raise PilotageError(f"{repeats} runs at a rate of {true_rate} cannot be simulated")
    ratios = np.array(_log_ratios(limit, Detector.begin(limit, worse).worse))
    logs, passed, total = np.full((repeats, len(worse)), -np.inf), 0, 0.0
    while len(logs) and passed < MOST_FOLLOWED:
        path, logs = _paths((rng.random((len(logs), AT_ONCE)) < true_rate).astype(int), ratios, logs)
        reached = path >= math.log(threshold)
        done = reached.any(axis=-1)
        total += float((passed + reached[done].argmax(axis=-1) + 1).sum())
        logs, passed = logs[~done], passed + AT_ONCE
    return (total + len(logs) * passed) / repeats


def _log_ratios(limit: float, worse: Sequence[float]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The logarithm of each worse rate's likelihood against the limit's: for no error, and for an error."""
    return (
        tuple(math.log1p(-rate) - math.log1p(-limit) for rate in worse),
        tuple(math.log(rate / limit) for rate in worse),
    )


def _paths(seen: npt.NDArray[np.int64], ratios: FloatArray, logs: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The averaged log statistic after each unit of the last axis, and the logs per worse rate after the last.

    M_t = (M_{t-1} + 1)·L_t adds up to exp(C_t)·(M_0 + sum of exp(-C_s) over s < t), C the summed log ratios.
    """
    summed = np.cumsum(ratios[seen], axis=-2)
    before = np.concatenate([np.zeros_like(summed[..., :1, :]), summed[..., :-1, :]], axis=-2)[..., : seen.shape[-1], :]
    sums = np.logaddexp.accumulate(-before, axis=-2)
    each = summed + np.logaddexp(np.expand_dims(logs, -2), sums)
    last = each[..., -1, :] if seen.shape[-1] else logs
    return np.logaddexp.reduce(each, axis=-1) - math.log(ratios.shape[-1]), last


def _check_threshold(threshold: float) -> None:
    if not (threshold > 1 and math.isfinite(threshold)):
        raise PilotageError(f"a threshold of {threshold} is not a number of units above 1")
