"""How often an agent exactly at the limit is promoted, how soon a good one is, and how long until an alarm.

Somebody looks after every review. Reviewers overlook errors, of the agent and planted ones alike, and how many they
catch is bounded anew at each look. The runs of a task share its rate as far as the ICC says, and one of them counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import numpy.typing as npt
import pytest

from pilotage.statistics import anytime_rate, log_evidence_above, log_evidence_below, mean_run_length

ALPHA, LOOKS, FEWEST, TRIALS, AT_ONCE = 0.05, 3000, 50, 4, 250
NEEDED = -np.log(ALPHA)
LIMITS, CATCHES = (0.02, 0.08, 0.15), (0.3, 0.5, 0.9)
# Planted errors: as a share of the queue, from the first review on, or so many before it.
PLANTED = (("share", 0.06), ("share", 0.3), ("before", 20), ("before", 3000))
CELLS = list(product(LIMITS[:2], CATCHES, PLANTED, (0.4,)))
FEW = [(0.02, 0.5, ("share", 0.06), 0.4), (0.08, 0.9, ("before", 200), 0.4)]
Counts = npt.NDArray[np.int64]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    asked = metafunc.config.getoption("--repeats", 0)
    if "cells" in metafunc.fixturenames:
        metafunc.parametrize(("cells", "repeats"), [(CELLS if asked else FEW, min(asked, 3000) or 500)], ids=["cells"])
    elif "repeats" in metafunc.fixturenames:
        metafunc.parametrize("repeats", [asked or 500], ids=["repeats"])


def test_reviewers_who_overlook_errors_do_not_promote_an_agent_at_the_limit(cells: list[tuple], repeats: int) -> None:
    found = []
    for limit, catch, (how, many), icc in cells:
        found.append(false_promotions(limit, catch, (how, many), icc, repeats))
        told = f"planted {many:.0%} of the queue" if how == "share" else f"planted {many} before"
        print(
            f"\n  limit {limit:.0%}, reviewers catch {catch:.0%}, {told}, ICC {icc}: {found[-1]:.4f}",
            end="",
            flush=True,
        )
    print(f"\n  the worst: {max(found):.4f}")
    assert max(found) <= ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / repeats)


def test_reviewers_taken_for_perfect_would_promote_it_nearly_always() -> None:
    assert false_promotions(0.02, 0.5, ("perfect", 1.0), 0.0, 250) > 0.5


def test_reviewers_who_catch_all_promote_an_agent_at_the_limit_at_most_once_in_twenty(repeats: int) -> None:
    rng = np.random.default_rng(4)
    shares = {}
    for limit in LIMITS:
        looks = [first_promotion(draws(limit, rng), limit) for _ in range(repeats // AT_ONCE)]
        shares[limit] = float(np.mean(np.concatenate(looks) <= LOOKS))
    print("\n", {limit: round(share, 4) for limit, share in shares.items()}, flush=True)
    assert max(shares.values()) <= ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / repeats)


@pytest.mark.parametrize(("rate", "most"), [(0.0, 190), (0.005, 440)])
def test_a_good_agent_is_soon_promoted(rate: float, most: int, repeats: int) -> None:
    rng = np.random.default_rng(5)
    first = np.concatenate([first_promotion(draws(rate, rng), 0.02) for _ in range(max(1, repeats // AT_ONCE))])
    print(f"\n  at {rate:.1%} against 2%: {first.mean():.0f} reviews on average", flush=True)
    assert first.max() <= LOOKS
    assert first.mean() <= most + 3 * first.std() / np.sqrt(len(first))


@pytest.mark.parametrize(
    ("limit", "worse", "bad"),
    [
        (0.01, (0.02, 0.05, 0.1), (0.05, 0.1)),
        (0.02, (0.04, 0.1, 0.2), (0.05, 0.1)),
        (0.08, (0.16, 0.4, 0.8), (0.16, 0.4)),
        (0.15, (0.3, 0.75), (0.3, 0.5)),
    ],
)
def test_a_false_alarm_takes_a_thousand_reviews_and_a_right_one_few(
    limit: float, worse: tuple[float, ...], bad: Sequence[float], repeats: int
) -> None:
    rng = np.random.default_rng(6)
    runs = {rate: mean_run_length(limit, worse, 1000, rate, rng, min(repeats, 2000)) for rate in (limit, *bad)}
    print(f"\n  limit {limit:.0%}:", {f"{rate:.0%}": round(run) for rate, run in runs.items()}, flush=True)
    assert runs[limit] >= 1000
    assert all(runs[rate] < 200 for rate in bad)


def test_the_catch_bound_used_here_is_the_one_that_is_certified_against() -> None:
    m, k = np.array([10, 54, 200, 200]), np.array([10, 43, 100, 0])
    same = [anytime_rate(*pair, 1 - 2 * ALPHA).low for pair in zip(k.tolist(), m.tolist(), strict=True)]
    assert catch_low(k, m) == pytest.approx(same, abs=1e-9)


def false_promotions(limit: float, catch: float, planted: tuple[str, float], icc: float, repeats: int) -> float:
    """The share of agents exactly at the limit that are ever promoted within 3,000 reviews."""
    seed = [int(limit * 100), int(catch * 100), int(planted[1] * 100), int(icc * 10)]
    rng, went = np.random.default_rng(seed), 0
    for _ in range(repeats // AT_ONCE):
        wrong = draws(limit, rng, icc) & (rng.random((AT_ONCE, LOOKS)) < catch)
        effective = limit * bounds(catch, planted, rng)
        went += int((first_promotion(wrong, effective) <= LOOKS).sum())
    return went / (repeats // AT_ONCE * AT_ONCE)


def draws(rate: float, rng: np.random.Generator, icc: float = 0.0) -> npt.NDArray[np.bool_]:
    """Whether the run that counts of each task is wrong: of four that share the task's rate, the first decided."""
    if not icc:
        return rng.random((AT_ONCE, LOOKS)) < rate
    weight = (1 - icc) / icc
    own = rng.beta(rate * weight, (1 - rate) * weight, (AT_ONCE, LOOKS))
    runs = rng.random((AT_ONCE, LOOKS, TRIALS), dtype=np.float32) < own[..., None]
    first = rng.integers(TRIALS, size=(AT_ONCE, LOOKS, 1))
    return np.take_along_axis(runs, first, axis=2)[..., 0]


def bounds(catch: float, planted: tuple[str, float], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """The low bound of the catch rate at each look."""
    how, many = planted
    if how == "perfect":
        return np.ones((1, 1))
    if how == "before":
        return catch_low(rng.binomial(int(many), catch, (AT_ONCE, 1)), np.full((AT_ONCE, 1), int(many)))
    mixed_in = rng.random((AT_ONCE, LOOKS)) < many / (1 - many)
    caught = mixed_in & (rng.random((AT_ONCE, LOOKS)) < catch)
    return catch_low(caught.cumsum(1), mixed_in.cumsum(1))


def catch_low(caught: Counts, planted: Counts) -> npt.NDArray[np.float64]:
    """The low bound of `anytime_rate`, of many counts at once; 0 where nothing was caught."""
    pairs, place = np.unique(np.stack([caught.ravel(), planted.ravel()]), axis=1, return_inverse=True)
    k, m = pairs
    low, high = np.zeros(k.shape), np.divide(k, m, out=np.zeros(k.shape), where=m > 0)
    for _ in range(40):
        middle = (low + high) / 2
        inside = (middle > 0) & (middle < 1)
        sure = np.zeros(k.shape, dtype=bool)
        sure[inside] = log_evidence_above(k[inside], m[inside], middle[inside]) >= NEEDED
        low, high = np.where(sure, middle, low), np.where(sure, high, middle)
    return low[place.ravel()].reshape(caught.shape)


def first_promotion(wrong: npt.NDArray[np.bool_], limit: npt.NDArray[np.float64] | float) -> Counts:
    """After which review each agent is promoted; one more than all of them where it never is.

    The e-value is at most the largest likelihood ratio, so it is asked for only where that is enough.
    """
    errors, n = wrong.cumsum(1), np.arange(1, LOOKS + 1)[None, :]
    against, rate = np.broadcast_to(limit, errors.shape), errors / n
    with np.errstate(divide="ignore", invalid="ignore"):
        held = np.where(rate > 0, rate * np.log(rate / against), 0.0)
        ratio = n * (held + np.where(rate < 1, (1 - rate) * np.log((1 - rate) / (1 - against)), 0.0))
    agent, look = np.nonzero((against > 0) & (rate < against) & (ratio >= NEEDED) & (n >= FEWEST))
    first = np.full(len(errors), LOOKS + 1)
    sure = log_evidence_below(errors[agent, look], look + 1, against[agent, look]) >= NEEDED
    np.minimum.at(first, agent[sure], look[sure] + 1)
    return first
