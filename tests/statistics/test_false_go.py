"""An agent exactly at the limit gets a go at most once in twenty pilots, though somebody looks every day for 90 days.

Ten new tasks a day, four runs each; the runs of a task share its rate as far as the ICC says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product

import numpy as np
import pytest

from pilotage.statistics import (
    Interval,
    anytime_rate,
    clopper_pearson,
    clustered_rate,
    level_at_look,
    one_per_cluster,
    plan_looks,
)

ALPHA, DAYS, TASKS_A_DAY, RUNS = 0.05, 90, 10, 4
CELLS = list(product((0.02, 0.1), (0, 0.4)))
DAILY = tuple(TASKS_A_DAY * day for day in range(1, DAYS + 1))
WEEKLY = (*DAILY[6:84:7], DAILY[-1])
AT_ONCE = 1000
SIZE = np.full(DAILY[-1], RUNS)
NAMES = [f"task {n // RUNS} run {n % RUNS}" for n in range(SIZE.sum())]
PICKED = one_per_cluster(NAMES, np.repeat(np.arange(len(SIZE)), RUNS))
Method = Callable[[int, int, float], Interval]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "cells" in metafunc.fixturenames:
        asked = metafunc.config.getoption("--repeats", 0)
        metafunc.parametrize(("cells", "repeats"), [(CELLS if asked else CELLS[-1:], asked or AT_ONCE)], ids=["cells"])


def test_looking_every_day_gives_an_agent_at_the_limit_no_more_false_goes(cells: list[tuple], repeats: int) -> None:
    chance = 3 * np.sqrt(ALPHA * (1 - ALPHA) / repeats)
    for limit, icc in cells:
        found = false_goes(limit, icc, repeats)
        print(f"\nat a limit and true rate of {limit:.0%}, ICC {icc}:", *lines(found), sep="\n", flush=True)
        assert not [name for name, share in found.items() if name[:5] != "naive" and share > ALPHA + chance]
        assert found["naive: Clopper-Pearson, daily"] > 2 * ALPHA
        for looks in (WEEKLY, DAILY):
            assert plan_looks(limit, looks, ALPHA).looks[-1].spent <= ALPHA


def lines(found: dict[str, float]) -> Iterator[str]:
    return (f"  {name:36} {share:.4f}" for name, share in found.items())


def false_goes(limit: float, icc: float, repeats: int) -> dict[str, float]:
    """For each way to look the share of pilots that ever get a go."""
    rng, goes = np.random.default_rng([int(limit * 100), int(icc * 10)]), dict[str, int]()
    for _ in range(repeats // AT_ONCE):
        for name, went in pilots(limit, icc, rng).items():
            goes[name] = goes.get(name, 0) + int(went.sum())
    return {name: count / (repeats // AT_ONCE * AT_ONCE) for name, count in goes.items()}


def pilots(limit: float, icc: float, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Whether each of a thousand pilots ever gets a go, by each way to look."""
    rates = np.full((AT_ONCE, len(SIZE), 1), limit)
    if icc:
        weight = (1 - icc) / icc
        rates = rng.beta(limit * weight, (1 - limit) * weight, rates.shape)
    runs = rng.random((AT_ONCE, len(SIZE), RUNS), dtype=np.float32) < rates
    failed, one = runs.sum(2), runs.reshape(AT_ONCE, -1)[:, PICKED].cumsum(1)
    every, levels = failed.cumsum(1), [level_at_look(WEEKLY, k, ALPHA) for k in range(1, len(WEEKLY) + 1)]
    exact = {looks: [look.go for look in plan_looks(limit, looks, ALPHA).looks] for looks in (WEEKLY, DAILY)}
    always = [ALPHA] * DAYS
    return {
        "e-process, daily": ever(one, DAILY, most(anytime_rate, limit, DAILY, always)),
        "registered looks, union": ever(one, WEEKLY, most(clopper_pearson, limit, WEEKLY, levels)),
        "exact boundaries, weekly": ever(one, WEEKLY, exact[WEEKLY]),
        "exact boundaries, daily": ever(one, DAILY, exact[DAILY]),
        "clustered, union": ever_clustered(failed, limit, WEEKLY, levels),
        "naive: clustered, daily": ever_clustered(failed, limit, DAILY, always),
        "naive: Clopper-Pearson, daily": ever(one, DAILY, most(clopper_pearson, limit, DAILY, always)),
        "naive: the estimate itself, daily": ever(one, DAILY, [int(limit * n) for n in DAILY]),
        "naive: e-process, repeated runs": ever(every, DAILY, most(anytime_rate, limit, DAILY, always, RUNS)),
    }


def most(
    method: Method, limit: float, looks: Sequence[int], levels: Sequence[float], runs: int = 1
) -> list[int | None]:
    """The most errors with which the method's bound at each look's level stays within the limit; None for none."""

    def goes(k: int, n: int, level: float) -> bool:
        return level > 0 and method(k, n, 1 - 2 * level).high <= limit

    found, k = list[int | None](), 0
    for n, level in zip(looks, levels, strict=True):
        while goes(k, n * runs, level):
            k += 1
        while k and not goes(k - 1, n * runs, level):
            k -= 1
        found.append(k - 1 if k else None)
    return found


def ever(errors: np.ndarray, looks: Sequence[int], allowed: Sequence[int | None]) -> np.ndarray:
    """Whether the summed errors (pilot, task) are at one of the looks as few as allowed."""
    few = np.array([-1 if count is None else count for count in allowed])
    return (errors[:, np.array(looks) - 1] <= few).any(axis=1)


def ever_clustered(failed: np.ndarray, limit: float, looks: Sequence[int], levels: Sequence[float]) -> np.ndarray:
    """Whether the clustered bound at each look's level is ever within the limit.

    It is asked only where the bound of as many independent rows, which is narrower, lets the pilot pass.
    """
    went, every = np.zeros(len(failed), dtype=bool), failed.cumsum(1)
    for n, level, few in zip(looks, levels, most(clopper_pearson, limit, looks, levels, RUNS), strict=True):
        for pilot in np.flatnonzero(~went & (every[:, n - 1] <= (-1 if few is None else few))):
            went[pilot] = clustered_rate(failed[pilot, :n], SIZE[:n], 1 - 2 * level).high <= limit
    return went
