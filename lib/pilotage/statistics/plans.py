"""Looks registered before the pilot: what each may decide, so that all together err no more often than one would.

Early looks get little of the chance of error and the last gets most of it (O'Brien and Fleming's spending function as
Lan and DeMets have it), so that looking early costs the last look almost nothing. What counts is the number of units
seen, not the day. Units are independent; of repeated trials of one task one enters (`trials`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy import special

from pilotage.errors import PilotageError
from pilotage.statistics.intervals import FloatArray
from pilotage.statistics.sizes import check_limit

# A level below this decides nothing: 1 - 2·level must still differ from 1 for the bound to exist.
LEAST_LEVEL = 1e-12
# Exact boundaries follow every number of errors; beyond this many units that gets slow.
MOST_PLANNED = 100_000


@dataclass(frozen=True, slots=True)
class PlannedLook:
    """What may be decided once n units are in: a go with at most `go` errors, a no-go with at least `no_go`.

    None where no number of errors decides at this look. `spent` is the chance of a false go at this look or before, if
    the true rate lies at the limit; `level` the chance of so few errors had this been the only look.
    """

    n: int
    go: int | None
    no_go: int | None
    spent: float
    level: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Registered looks at an error rate against `limit`: false go and false no-go each at most `alpha` in all."""

    limit: float
    alpha: float
    looks: tuple[PlannedLook, ...]


class Operating(NamedTuple):
    """What a plan does at a true rate: chances of go and of no-go, and units seen on average.

    The pilot ends with a go or a no-go; for `mean_n` also at the look where a go has come out of reach.
    """

    go: float
    no_go: float
    mean_n: float


def level_at_look(looks: Sequence[int], k: int, alpha: float) -> float:
    """The chance of error that the k-th of these looks (counted from 1; units at each look) may spend.

    A one-sided bound with confidence 1 - level at each look keeps the chance of a false claim at any look at or below
    `alpha`, whatever the estimator: the levels of all looks add up to alpha. 0.0 where so little falls to a look
    (below 1e-12) that it cannot decide. PilotageError unless looks rise, 1 <= k <= their number, 0 < alpha <= .5.
    Source: Lan & DeMets 1983, Biometrika 70(3); O'Brien & Fleming 1979, Biometrics 35(3); Bonferroni.
    """
    planned = (0.0, *_planned(looks, alpha))
    if not (1 <= k <= len(looks) and float(k).is_integer()):
        raise PilotageError(f"there is no look {k} among {len(looks)} registered looks")
    level = planned[int(k)] - planned[int(k) - 1]
    return level if level >= LEAST_LEVEL else 0.0


def plan_looks(limit: float, looks: Sequence[int], alpha: float) -> Plan:
    """The exact boundaries for an error rate against `limit` at these looks (units at each look, rising).

    An early look spends at most its share of alpha; what whole errors leave over goes to the last. A false go over
    all looks, at the limit or any worse rate, has probability at most alpha exactly, and so has a false no-go, whose
    boundary is the mirror image. For a success rate count the failures. PilotageError for looks that do not rise, a
    limit outside (0, 1), an alpha outside (0, .5], or more than 100,000 units.
    Source: Jennison & Turnbull 1999, Group Sequential Methods, 12 (exact binomial recursion); Lan & DeMets 1983.
    """
    check_limit(limit)
    planned = _planned(looks, alpha)
    if looks[-1] > MOST_PLANNED:
        raise PilotageError(
            f"exact boundaries are worked out for up to {MOST_PLANNED:,} units, not {looks[-1]:,}",
            next="decide by bounds at `level_at_look` instead",
        )
    go, spent = _boundaries(limit, looks, planned)
    successes, _ = _boundaries(1 - limit, looks, planned)
    return Plan(
        limit,
        alpha,
        tuple(
            PlannedLook(
                n=int(n),
                go=None if most < 0 else most,
                no_go=None if few < 0 else int(n) - few,
                spent=so_far,
                level=float(special.bdtr(most, n, limit)) if most >= 0 else 0.0,
            )
            for n, most, few, so_far in zip(looks, go, successes, spent, strict=True)
        ),
    )


def most_errors(n: int, limit: float, level: float) -> int | None:
    """With how many errors at most among n units the one-sided bound at this level still clears the limit; None where
    not even none would do. Source: Clopper & Pearson 1934."""
    check_limit(limit)
    passing = int(np.searchsorted(special.bdtr(np.arange(n + 1.0), n, limit), level, side="right"))
    return passing - 1 if passing else None


def operating(plan: Plan, true_rate: float) -> Operating:
    """How the plan ends when errors happen at `true_rate`, independently; exact. PilotageError outside [0, 1]."""
    if not 0 <= true_rate <= 1:
        raise PilotageError(f"{true_rate} is not a rate")
    hopeful = 1 + max(-1 if look.go is None else look.go for look in plan.looks)
    paths, seen, go, no_go, mean_n = np.ones(1), 0, 0.0, 0.0, 0.0
    for look in plan.looks:
        mean_n += (look.n - seen) * (float(paths[:hopeful].sum()) if seen else 1.0)
        paths, seen = np.convolve(paths, _chances(look.n - seen, true_rate)), look.n
        good, bad = 0 if look.go is None else look.go + 1, len(paths) if look.no_go is None else look.no_go
        go, no_go = go + float(paths[:good].sum()), no_go + float(paths[bad:].sum())
        paths = paths[:bad]
        paths[:good] = 0
    return Operating(go, no_go, mean_n)


def _planned(looks: Sequence[int], alpha: float) -> list[float]:
    """The chance of error that may be spent up to each look: 2 - 2·Phi(z_{alpha/2} / sqrt(n / n at the last look))."""
    at = [0, *looks]
    if not looks or not all(float(n).is_integer() for n in at) or not all(a < b for a, b in pairwise(at)):
        raise PilotageError(f"the looks at {list(looks)} units are not whole numbers that rise")
    if not 0 < alpha <= 0.5:
        raise PilotageError(f"a chance of error of {alpha} is not between 0 and .5")
    z = float(special.ndtri(alpha / 2))
    return [2 * float(special.ndtr(z * math.sqrt(looks[-1] / n))) for n in looks[:-1]] + [alpha]


def _boundaries(limit: float, looks: Sequence[int], planned: Sequence[float]) -> tuple[list[int], list[float]]:
    """The most errors that still stop at each look (-1: none), and the chance at the limit of having stopped by then.

    `paths` holds the chance of each number of errors without having stopped. More errors than the last look could
    allow on its own can never stop, so they are not followed.
    """
    follow = np.arange(int(looks[-1] * limit) + 2)
    top = int(np.searchsorted(special.bdtr(follow, looks[-1], limit), planned[-1], side="right"))
    paths, seen, before, spent = np.ones(min(1, top)), 0, 0.0, 0.0
    most, so_far = [], []
    for n, share in zip(looks, planned, strict=True):
        paths = np.convolve(paths, _chances(n - seen, limit)[:top])[:top] if top else paths
        budget = share - (spent if n == looks[-1] else before)
        found = int(np.searchsorted(np.cumsum(paths), budget, side="right"))
        spent, before, seen = spent + float(paths[:found].sum()), share, n
        paths[:found] = 0
        most.append(found - 1)
        so_far.append(spent)
    return most, so_far


def _chances(n: int, rate: float) -> FloatArray:
    """The probability of 0, 1 … n errors among n units at this rate."""
    k = np.arange(n + 1.0)
    ways = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return np.asarray(np.exp(ways + special.xlogy(k, rate) + special.xlog1py(n - k, -rate)))
