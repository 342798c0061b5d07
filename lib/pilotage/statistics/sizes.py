"""How much evidence a decision needs: before a pilot, and when its answer is "not yet".

`better` says on which side of the limit the good rates lie: "lower" for errors, "higher" for successes.
A "go" means that the one-sided Clopper-Pearson bound does not pass the limit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from pilotage.errors import PilotageError
from pilotage.statistics.intervals import check_confidence, check_counts, exact_high, wilson
from pilotage.statistics.judged import FEWEST_LABELS

Better = Literal["lower", "higher"]

# Nobody waits for more units than this; a larger need is the same as "not this way".
MOST_UNITS = 10_000_000
MOST_TASKS = 100_000


class Acceptance(NamedTuple):
    """A pilot plan: look at n units and accept with at most `max_errors` errors among them."""

    n: int
    max_errors: int


def zero_failures(limit: float, confidence: float = 0.95) -> int:
    """How many units without one error put the one-sided bound of the error rate at or below the limit.

    PilotageError unless the limit is between 0 and 1. Source: Hanley & Lippman-Hand 1983 (rule of three).
    """
    check_confidence(confidence)
    check_limit(limit)
    nearly = max(1, math.floor(math.log(1 - confidence) / math.log1p(-limit)))
    return nearly if (1 - limit) ** nearly <= 1 - confidence else nearly + 1


def fixed_n_acceptance(limit: float, good_rate: float, alpha: float = 0.05, power: float = 0.9) -> Acceptance:
    """The smallest pilot that accepts an agent at the limit with probability at most alpha, a good one at least power.

    Rates are error rates per independent unit. PilotageError unless 0 <= good_rate < limit < 1, or when more than
    ten million units would be needed. Source: exact binomial search.
    """
    check_limit(limit)
    if not (0 <= good_rate < limit and 0 < alpha < power < 1):
        raise PilotageError(f"a good rate of {good_rate} must be below the limit of {limit}, and alpha below power")
    start, count = _first_hopeful(limit, good_rate, alpha, power), 64
    while start <= limit * MOST_UNITS:
        errors = np.arange(start, start + count, dtype=float)
        units = _units_for(errors, limit, alpha)
        good = np.flatnonzero(_at_most(errors, units, good_rate) >= power)
        if good.size and units[good[0]] <= MOST_UNITS:
            return Acceptance(int(units[good[0]]), int(errors[good[0]]))
        start, count = start + count, count * 2
    raise PilotageError(
        f"more than ten million units would be needed to tell {good_rate} from {limit}",
        next="set the two further apart",
    )


def chance_of_go(
    n: int,
    limit: float,
    true_rate: float,
    confidence: float = 0.95,
    design_effect: float = 1.0,
    better: Better = "lower",
) -> float:
    """The probability that n units at this true rate end in a "go"; 0 when n cannot be enough.

    Exact binomial on n / design_effect independent units, rounded down (design_effect: rows per effective row).
    PilotageError when a rate is outside its range. Source: Clopper & Pearson 1934.
    """
    check_confidence(confidence)
    limit, true_rate = (limit, true_rate) if better == "lower" else (1 - limit, 1 - true_rate)
    check_limit(limit)
    _check_design(n, design_effect)
    if not 0 <= true_rate <= 1:
        raise PilotageError(f"{true_rate} is not a rate")
    units = math.floor(n / design_effect)
    allowed = first_that(lambda errors: special.bdtr(errors, units, limit) > 1 - confidence, 0, units) - 1
    return float(special.bdtr(allowed, units, true_rate)) if allowed >= 0 else 0.0


def more_needed(
    k: float, n: float, limit: float, better: Better = "lower", confidence: float = 0.95, design_effect: float = 1.0
) -> int | None:
    """How many more units like the n so far (k of them counted) until the one-sided bound clears the limit.

    The present rate is taken to go on, and so is the design effect (rows per effective row). 0 when it is clear
    already; None when the present rate itself misses the limit, or more than ten million units were needed.
    PilotageError when n is 0. Source: Clopper & Pearson 1934 on the effective size.
    """
    check_confidence(confidence)
    k, n = check_counts(k, n)
    _check_design(n, design_effect)
    rate, ceiling = (k / n, limit) if better == "lower" else ((n - k) / n, 1 - limit)

    def clears(more: int) -> bool:
        units = (n + more) / design_effect
        return float(exact_high(rate * units, units, 1 - confidence)) <= ceiling

    if not clears(MOST_UNITS):
        return None
    return first_that(clears, 0, MOST_UNITS)


def labels_for_precision(rate: float, half_width: float, confidence: float = 0.95, design_effect: float = 1.0) -> int:
    """How many rows put both ends of Wilson's interval within `half_width` of a rate like this one.

    `half_width` is in the unit of the rate (.03 is three percentage points), design_effect in rows per effective row.
    PilotageError when the rate is not within 0 and 1, or more than ten million rows would be needed.
    Source: Wilson's interval turned around (Brown, Cai & DasGupta 2001).
    """
    check_confidence(confidence)
    check_limit(half_width)
    _check_design(0, design_effect)
    if not 0 <= rate <= 1:
        raise PilotageError(f"{rate} is not a rate")

    def narrow(rows: int) -> bool:
        found = wilson(rate * rows / design_effect, rows / design_effect, confidence)
        return max(rate - found.low, found.high - rate) <= half_width

    if not narrow(MOST_UNITS):
        raise PilotageError("more than ten million rows would be needed", next="accept a wider interval")
    return first_that(narrow, 1, MOST_UNITS)


def labels_with_judge(alone: int, correlation: float, judged: int) -> int:
    """How many human labels, helped by a judge's scores, are worth as many as `alone` labels without the judge.

    `correlation` is that of the judge's score with the label, `judged` the number of other rows the judge scores.
    Never more than `alone`, and otherwise at least the 50 from which the judge may count. PilotageError when the
    correlation is not within -1 and 1 or a number is negative. Source: variance of PPI++, arXiv:2311.01453.
    """
    if not (alone >= 0 and judged >= 0 and -1 <= correlation <= 1):
        raise PilotageError(f"{alone} labels and {judged} scores with a correlation of {correlation} are not a plan")
    explained = max(correlation, 0.0) ** 2 * judged

    def enough(labels: int) -> bool:
        return labels >= alone * (1 - explained / max(judged + labels, 1))

    return min(alone, max(FEWEST_LABELS, first_that(enough, 0, alone)))


def paired_power(pairs: int, difference: float, differing: float, alpha: float = 0.05) -> float:
    """The chance that the exact McNemar test sees the difference of two agents on so many common tasks.

    `difference` is the share solved by one less that of the other, `differing` the share of tasks that only one of
    them solves; tasks are independent, one trial each. PilotageError unless |difference| <= differing <= 1.
    Source: exact binomial, summed over the number of differing tasks.
    """
    _check_pairs(difference, differing, alpha)
    centre, spread = pairs * differing, 8 * math.sqrt(pairs * differing) + 8
    m = np.arange(max(0, math.floor(centre - spread)), min(pairs, math.ceil(centre + spread)) + 1, dtype=float)
    low, high = np.full(len(m), -1.0), np.ceil(m / 2) - 1
    while np.any(low < high):
        middle = np.ceil((low + high) / 2)
        rejects = 2 * _at_most(middle, m, 0.5) <= alpha
        low, high = np.where(rejects, middle, low), np.where(rejects, high, middle - 1)
    one = (1 + difference / differing) / 2
    tails = [_at_most(np.maximum(low, 0), np.maximum(m, 1), share) for share in (one, 1 - one)]
    seen = np.where(low < 0, 0.0, tails[0] + tails[1])
    log_chance = special.gammaln(pairs + 1) - special.gammaln(m + 1) - special.gammaln(pairs - m + 1)
    log_chance = log_chance + special.xlogy(m, differing) + special.xlog1py(pairs - m, -differing)
    return min(1.0, float(np.exp(log_chance) @ seen))


def pairs_needed(difference: float, differing: float, alpha: float = 0.05, power: float = 0.8) -> int:
    """How many common tasks let the exact McNemar test see such a difference with this power; see `paired_power`.

    The power wavers a little from one number to the next, so a number a few tasks smaller may reach it too.
    PilotageError as `paired_power`, without a difference, or when more than a hundred thousand tasks would be needed.
    """
    _check_pairs(difference, differing, alpha)
    if difference == 0 or not alpha < power < 1:
        raise PilotageError("no number of tasks shows that difference", next="name a difference that would matter")
    end = 1
    while paired_power(end, difference, differing, alpha) < power:
        if end == MOST_TASKS:
            raise PilotageError("more than a hundred thousand tasks would be needed", next="name a larger difference")
        end = min(2 * end, MOST_TASKS)
    return first_that(lambda tasks: paired_power(tasks, difference, differing, alpha) >= power, 1, end)


def first_that(holds: Callable[[int], bool], start: int, end: int) -> int:
    """The first whole number from `start` at which `holds` turns true, knowing that it is true at `end`."""
    while start < end:
        middle = (start + end) // 2
        start, end = (start, middle) if holds(middle) else (middle + 1, end)
    return start


def _first_hopeful(limit: float, good_rate: float, alpha: float, power: float) -> int:
    """A number of allowed errors below which no plan works, close to the first that does.

    One unit fewer than the limit asks for makes the power rise steadily with the errors allowed (whole units alone let
    it waver), so a plan that works has only hopeful ones above it and halving cannot step over it.
    """

    def hopeful(errors: int) -> bool:
        allowed = np.array([float(errors)])
        fewer = np.maximum(_units_for(allowed, limit, alpha) - 1, allowed + 0.5)
        return bool(_at_most(allowed, fewer, good_rate)[0] >= power)

    return first_that(hopeful, 0, math.ceil(limit * MOST_UNITS) + 1)


def _at_most(errors: npt.NDArray[np.float64], units: npt.NDArray[np.float64], rate: float) -> npt.NDArray[np.float64]:
    """P(at most `errors` among `units`), elementwise; units exceed errors."""
    return np.asarray(special.betainc(units - errors, errors + 1, 1 - rate))


def _units_for(errors: npt.NDArray[np.float64], limit: float, alpha: float) -> npt.NDArray[np.float64]:
    """For each number of errors the fewest units at which so few are improbable (at most alpha) at the limit."""
    low, high = errors + 1, np.ceil(2 * (errors + 1) / limit)
    while np.any(_at_most(errors, high, limit) > alpha):
        high = high * 2
    while np.any(low < high):
        middle = np.floor((low + high) / 2)
        enough = _at_most(errors, middle, limit) <= alpha
        low, high = np.where(enough, low, middle + 1), np.where(enough, middle, high)
    return low


def check_limit(limit: float) -> None:
    """Nothing when the limit is between 0 and 1; PilotageError otherwise."""
    if not 0 < limit < 1:
        raise PilotageError(f"a limit of {limit} is not between 0 and 1")


def _check_design(n: float, design_effect: float) -> None:
    if not (n >= 0 and design_effect > 0):
        raise PilotageError(f"{n} units with a design effect of {design_effect} are not a sample")


def _check_pairs(difference: float, differing: float, alpha: float) -> None:
    if not (0 < differing <= 1 and abs(difference) <= differing and 0 < alpha < 1):
        raise PilotageError(f"a difference of {difference} does not come from {differing} of the tasks differing")
