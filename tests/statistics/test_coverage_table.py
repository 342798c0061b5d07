"""Every one-sided 95% bound that a gate decides by holds the truth at least 94 times in a hundred, cell by cell.

Tasks have error rates from a beta distribution; the runs of a task share its rate, so they resemble each other (ICC).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import product

import numpy as np
import pytest
from scipy import special

from pilotage.statistics import (
    Interval,
    anytime_rate,
    clopper_pearson,
    clustered_rate,
    one_per_cluster,
    one_trial_rate,
    pass_hat_k,
)

RATES, ICCS, RUNS, TASKS = (0.005, 0.01, 0.02, 0.05, 0.2), (0, 0.1, 0.2, 0.4), (4, 8), (20, 50, 200)
# With rare errors ten tasks that hold one need more tasks: before that the bound is far on the safe side.
CELLS = [*product(TASKS, RUNS, ICCS, RATES), *product((1000,), RUNS, ICCS, RATES[:2])]
# Where the bounds come closest to failing.
CLOSE = [(1000, 8, 0.2, 0.005), (200, 8, 0.4, 0.05), (200, 8, 0.2, 0.02), (50, 8, 0, 0.2), (200, 4, 0.2, 0.005)]
AT_ONCE = 2000
HELD = 0.94
PASSES = (2, 4)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "repeats" in metafunc.fixturenames:
        asked = metafunc.config.getoption("--repeats", 0)
        metafunc.parametrize(("cells", "repeats"), [(CELLS if asked else CLOSE, asked or AT_ONCE)], ids=["cells"])


def test_each_gating_bound_holds_the_truth_in_every_cell(cells: list[tuple], repeats: int) -> None:
    floor = HELD if repeats >= 20_000 else HELD - 3 * np.sqrt(HELD * (1 - HELD) / repeats)
    low, worst = [], {}
    print("\n", "tasks runs  ICC  error rate", *covered(*cells[0], repeats=10), sep="  ")
    for tasks, runs, icc, rate in cells:
        found = covered(tasks, runs, icc, rate, repeats)
        print(
            f"{tasks:8} {runs:4} {icc:4}  {rate:10.1%}", *(f"{found[name]:{len(name)}.4f}" for name in found), sep="  "
        )
        low += [(name, share, tasks, runs, icc, rate) for name, share in found.items() if share < floor]
        for name, share in found.items():
            worst[name] = min(worst.get(name, (1.0,)), (share, tasks, runs, icc, rate))
    print("worst", *worst.items(), sep="\n  ")
    assert not low


def covered(tasks: int, runs: int, icc: float, rate: float, repeats: int) -> dict[str, float]:
    """For each gating bound the share of draws in which it holds the truth.

    The upper bound of an error rate is the mirror image of the lower bound of the success rate, so one stands for both.
    """
    rng = np.random.default_rng([tasks, runs, int(icc * 100), int(rate * 1000)])
    parts = [counts(tasks, runs, icc, rate, min(AT_ONCE, repeats), rng) for _ in range(max(1, repeats // AT_ONCE))]
    failed, one = (np.concatenate(part) for part in zip(*parts, strict=True))
    size = np.full(tasks, runs)
    shares = {
        "clustered": held(failed, failed, lambda row: clustered_rate(row, size, 0.9).high >= rate),
        "one trial": held(one[:, None], one[:, None], lambda row: one_trial(int(row[0]), tasks).high >= rate),
        "any time": held(one[:, None], one[:, None], lambda row: any_time(int(row[0]), tasks).high >= rate),
    }
    for k in PASSES:
        truth, passed = pass_truth(rate, icc, k), runs - failed
        counted = special.comb(passed, k).astype(int)
        shares[f"pass^{k}"] = held(passed, counted, lambda row, k=k, truth=truth: pass_low(row, size, k) <= truth)
    return shares


def counts(
    tasks: int, runs: int, icc: float, rate: float, repeats: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """By draw: the errors of each task, and how many of the runs that the library picks, one a task, are errors."""
    rates = np.full((repeats, tasks, 1), rate)
    if icc:
        weight = (1 - icc) / icc
        rates = rng.beta(rate * weight, (1 - rate) * weight, (repeats, tasks, 1))
    errors = rng.random((repeats, tasks, runs), dtype=np.float32) < rates
    return errors.sum(axis=2), errors[:, np.arange(tasks), chosen(tasks, runs)].sum(axis=1)


def held(rows: np.ndarray, counted: np.ndarray, holds: Callable[[np.ndarray], bool]) -> float:
    """The share of rows for which `holds`, asked once of all rows that are the same to the estimator.

    An estimator sees of a row of `counted` its sum, its squares, and how many are nothing or everything.
    """
    most = counted.max(initial=1)
    facts = [counted.sum(1), np.square(counted).sum(1), (counted > 0).sum(1), (counted < most).sum(1), rows.sum(1)]
    _, first, times = np.unique(np.stack(facts), axis=1, return_index=True, return_counts=True)
    return float(times @ [holds(rows[at]) for at in first] / len(rows))


@cache
def chosen(tasks: int, runs: int) -> np.ndarray:
    """Which run of each task the library picks."""
    ids = [f"task {task} run {run}" for task in range(tasks) for run in range(runs)]
    return one_per_cluster(ids, np.repeat(np.arange(tasks), runs)) % runs


@cache
def one_trial(k: int, n: int) -> Interval:
    return one_trial_rate(k, n, 0.9)


@cache
def any_time(k: int, n: int) -> Interval:
    return one_trial_rate(k, n, 0.9, method=anytime_rate)


def pass_low(passed: np.ndarray, size: np.ndarray, k: int) -> float:
    return pass_hat_k(passed, size, k, 0.9).low


def pass_truth(rate: float, icc: float, k: int) -> float:
    """The chance that k runs of one task all succeed."""
    if not icc:
        return (1 - rate) ** k
    a, b = (1 - rate) * (1 - icc) / icc, rate * (1 - icc) / icc
    return float(np.exp(special.betaln(a + k, b) - special.betaln(a, b)))


def test_rows_that_count_as_the_same_have_the_same_bounds() -> None:
    size, one, other = np.full(4, 8), np.array([0, 1, 5, 6]), np.array([7, 2, 3, 0])
    assert (one.sum(), np.square(one).sum()) == (other.sum(), np.square(other).sum())
    assert clustered_rate(one, size, 0.9).high == pytest.approx(clustered_rate(other, size, 0.9).high)
    one, other = special.comb([0, 3, 6, 8], 2), special.comb([8, 6, 3, 0], 2)
    assert (one.sum(), np.square(one).sum()) == (other.sum(), np.square(other).sum())
    assert pass_low(np.array([0, 3, 6, 8]), size, 2) == pytest.approx(pass_low(np.array([8, 6, 3, 0]), size, 2))


def test_one_trial_without_anything_missing_is_clopper_pearson() -> None:
    assert one_trial(3, 150) == clopper_pearson(3, 150, 0.9)
