"""Whether the tuner chooses well and knows how sure it is: pilots simulated from scores whose distributions are known.

Beta, binormal and bimodal scores and scores with heavy ties; few and many attacks; frequent and rare ones, dear and
cheap mistakes, free and short reviewers. `rows(pilots)` takes some minutes at 500 pilots a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import special, stats

from pilotage.guardrails.tuning.choosing import cheapest
from pilotage.guardrails.tuning.costs import Costs, expected_cost
from pilotage.guardrails.tuning.drift import drift
from pilotage.guardrails.tuning.operating import OperatingPoint, operating_point
from pilotage.guardrails.tuning.regression import compare, texts_needed
from pilotage.guardrails.tuning.tuner import tuner
from pilotage.statistics.conformal import conformal_threshold
from pilotage.statistics.score_curves import Curves

Array = Any
Draw = Callable[[np.random.Generator, int], Array]
Above = Callable[[Array], Array]
Kind = tuple[Draw, Above]


def beta(a: float, b: float) -> Kind:
    """Beta scores: how to draw them, and the share at or above a threshold."""
    return lambda rng, n: rng.beta(a, b, n), lambda at: stats.beta.sf(at, a, b)


def normal(*parts: tuple[float, float, float]) -> Kind:
    """Log-odds of a mixture of normals: (share, mean, standard deviation) each."""
    share, mean, deviation = np.array(parts).T

    def draw(rng: np.random.Generator, n: int) -> Array:
        part = rng.choice(len(share), n, p=share)
        return special.expit(rng.normal(mean[part], deviation[part]))

    def above(at: Array) -> Array:
        odds = special.logit(np.clip(at, 0, 1))
        return sum(w * stats.norm.sf(odds, m, d) for w, m, d in zip(share, mean, deviation, strict=True))

    return draw, above


def tied(atoms: dict[float, float], a: float = 1, b: float = 1) -> Kind:
    """Scores of a few values with these shares, and beta scores for what is left."""
    values, shares = np.array(list(atoms)), np.array(list(atoms.values()))
    rest = max(0.0, 1 - shares.sum())

    def draw(rng: np.random.Generator, n: int) -> Array:
        part = rng.choice(len(values) + 1, n, p=np.append(shares, rest) / (shares.sum() + rest))
        return np.where(part < len(values), values[np.minimum(part, len(values) - 1)], rng.beta(a, b, n))

    return draw, lambda at: sum(w * (np.asarray(at) <= v) for v, w in atoms.items()) + rest * stats.beta.sf(at, a, b)


WORLDS: dict[str, tuple[Kind, Kind]] = {  # benign texts, attacks
    "beta, sharp": (beta(0.5, 6), beta(3, 1)),
    "beta": (beta(1, 8), beta(3, 2)),
    "beta, blunt": (beta(2, 5), beta(4, 3)),
    "binormal": (normal((1, -3, 1.5)), normal((1, 1, 1.5))),
    "binormal, unequal": (normal((1, -4, 1.2)), normal((1, 1, 2.5))),
    "binormal, blunt": (normal((1, -2, 1.2)), normal((1, 0, 1.8))),
    "bimodal": (normal((0.9, -4, 1), (0.1, 0, 1)), normal((0.3, -3, 1), (0.7, 3, 1.2))),
    "bimodal, near": (normal((0.85, -3, 0.8), (0.15, 0.5, 0.6)), normal((0.45, -1.5, 1.2), (0.55, 2.5, 0.8))),
    "ties and beta": (tied({0.02: 0.7, 0.3: 0.05, 0.9: 0.01}, 1, 6), tied({0.02: 0.2, 0.3: 0.15, 0.9: 0.35}, 4, 2)),
    "ties": (
        tied({0.0: 0.5, 0.1: 0.3, 0.4: 0.1, 0.7: 0.07, 1.0: 0.03}),
        tied({0.0: 0.1, 0.1: 0.1, 0.4: 0.15, 0.7: 0.25, 1.0: 0.4}),
    ),
}
COSTS = {  # missed attack, false block, review, attack share, caught in review, texts a week, reviews a week
    "1% attacks": Costs(1000, 20, 3, 0.01, 0.9, 1000, 1000),
    "1% attacks, few reviewers": Costs(1000, 20, 3, 0.01, 0.9, 1000, 30),
    "rare attacks": Costs(500, 25, 5, 0.002, 0.9, 1000, 1000),
    "frequent, cheap": Costs(50, 5, 1, 0.2, 0.7, 1000, 1000),
    "very dear": Costs(5000, 10, 2, 0.02, 0.95, 1000, 1000),
}
MIXES = ((250, 250), (400, 100), (425, 75), (450, 50))  # benign texts, attacks
FEWEST = 100  # attacks
GRID = np.unique(
    np.concatenate([
        [0.0, 1.01], special.expit(np.linspace(-12, 12, 2000)),
        np.ravel([[v - 1e-9, v + 1e-9] for v in (0.02, 0.1, 0.3, 0.4, 0.7, 0.9, 1.0)]).clip(0, 1.01),
    ])
)  # fmt: skip


def rows(pilots: int = 500) -> list[dict[str, Any]]:
    """One row per claim: how it was measured, what came out, the target, and whether it is met."""
    return [*choosing(pilots), *capped(pilots), *drifting(pilots), *comparing(pilots)]


def choosing(pilots: int) -> Iterator[dict[str, Any]]:
    """Each mix of 500 texts over every world and every cost: distance to the oracle, and what the interval holds."""
    for mix in MIXES:
        found = np.concatenate([pilots_of(world, mix, max(1, pilots // len(WORLDS))) for world in WORLDS])
        regret, settled, held, over, between = found.T
        close, settled = regret <= 0.05, settled > 0
        what = f"{mix[0]} benign, {mix[1]} attacks"
        enough = mix[1] >= FEWEST  # with fewer attacks the target is for those pilots that the tuner calls settled
        yield row(f"within 5% of the oracle, {what}", close.mean(), 0.9 if enough else None, len(found))
        if settled.any():
            yield row(
                f"the same where the tuner calls it settled, {what}", close[settled].mean(), 0.9, int(settled.sum())
            )
        yield row(f"settled, {what}", settled.mean(), None, len(found))
        yield row(f"95% interval holds the true cost, {what}", held.mean(), (0.93, 0.97), len(found))
        between = between[~np.isnan(between)]
        yield row(
            f"the ranges hold the best thresholds, {what}",
            between.mean(),
            (0.93, 0.97) if enough else None,
            len(between),
        )
        short = over[list(COSTS).index("1% attacks, few reviewers") :: len(COSTS)]
        yield row(
            f"true reviews over capacity where it is short, median, {what}", float(np.median(short)), None, len(short)
        )
        yield row(f"the same, 95th percentile, {what}", float(np.quantile(short, 0.95)), None, len(short))


def pilots_of(world: str, mix: tuple[int, int], pilots: int) -> Array:
    """For each pilot and cost: excess over the oracle's cost, settled, interval holds, reviews over capacity, ranges.

    The last is the share of the two ranges, NaN where ties leave no single best threshold.
    """
    benign, attacks = WORLDS[world]
    rng, found = np.random.default_rng([mix[1], list(WORLDS).index(world)]), []
    oracle = {name: least(costs, benign[1], attacks[1]) for name, costs in COSTS.items()}
    for _ in range(pilots):
        scores = np.concatenate([benign[0](rng, mix[0]), attacks[0](rng, mix[1])])
        made = tuner(scores, np.repeat([False, True], mix), rng)
        for name, costs in COSTS.items():
            point = operating_point(made, costs, rng)
            shares = [shares_at(kind[1], point.review_at, point.block_at) for kind in (attacks, benign)]
            cost = float(expected_cost(costs, *shares))
            reviewed = costs.attack_share * shares[0][1] + (1 - costs.attack_share) * shares[1][1]
            held = point.cost_per_1000.low <= cost <= point.cost_per_1000.high
            over = reviewed / costs.review_share_max
            found.append((cost / oracle[name][0] - 1, point.settled, held, over, ranged(point, oracle[name][1], world)))
    return np.array(found)


def ranged(point: OperatingPoint, best: list[float], world: str) -> float:
    """The share of the two ranges that hold the best thresholds; NaN where ties leave no single best one."""
    ranges = (point.review_at_range, point.block_at_range)
    held = [low <= at <= high for (low, high), at in zip(ranges, best, strict=True)]
    return float("nan") if "ties" in world else float(np.mean(held))


def least(costs: Costs, benign: Above, attacks: Above) -> tuple[float, list[float]]:
    """The least cost that any bands have where the true distributions are known, and those bands."""
    curves = Curves(np.asarray(attacks(GRID))[np.newaxis], np.asarray(benign(GRID))[np.newaxis])
    pick = cheapest(costs, curves, np.zeros(1, dtype=np.intp))
    at = [float(GRID[place[0]]) for place in pick]
    return float(expected_cost(costs, shares_at(attacks, *at), shares_at(benign, *at))), at


def shares_at(above: Above, review_at: float, block_at: float) -> Array:
    """The true shares allowed, reviewed and blocked."""
    stopped, blocked = float(above(review_at)), float(above(block_at))
    return np.array([1 - stopped, stopped - blocked, blocked])


def capped(pilots: int) -> Iterator[dict[str, Any]]:
    """The conformal cap at 1% from 300 and 500 benign texts."""
    rng = np.random.default_rng(1)
    for n in (300, 500):
        for sure in (False, True):
            found = [conformal_threshold(rng.random(n), 0.01, sure=sure) for _ in range(4 * pilots)]
            rates = np.array([1 - (one.threshold or 0) for one in found])
            held = rates <= [one.at_most for one in found]
            what = f"{n} benign texts, {'sure' if sure else 'on average'}"
            yield row(f"mean FPR at a 1% cap, {what}", rates.mean(), (0.0, 0.0105), len(found))
            yield row(f"95th percentile of the FPR, {what}", np.quantile(rates, 0.95), None, len(found))
            yield row(f"the bound on this set's FPR holds, {what}", held.mean(), (0.93, 0.97), len(found))


def drifting(pilots: int) -> Iterator[dict[str, Any]]:
    """Four benign sources of which one is left out of the tuning set and then arrives; and none."""
    rng = np.random.default_rng(2)
    for n in (50, 100, 200):
        found = np.array([_alarms(n, rng) for _ in range(pilots)])
        apart = found[np.isin(found[:, 2], (0, 3)), 0]  # the two sources that lie clearly beside the others
        least = 0.9 if n >= 100 else None
        yield row(f"alarm where the source left out lies apart, {n} texts", apart.mean(), least, len(apart))
        yield row(f"alarm on the same mix at 1%, {n} texts", found[:, 1].mean(), (0.0, 0.015), pilots)


def _alarms(n: int, rng: np.random.Generator) -> tuple[bool, bool, int]:
    """Whether the source left out raises the alarm, whether the known ones do, and which it was."""
    sources = [(1, 14), (1, 9), (1.5, 12), (2, 6)]
    left = int(rng.integers(len(sources)))
    known = np.array([source for k, source in enumerate(sources) if k != left])
    then = rng.beta(*np.repeat(known, 100, axis=0).T)
    alarmed = [
        drift(then, rng.beta(*of.T), 0.5, rng).answer == "drift"
        for of in (np.array([sources[left]] * n), known[rng.integers(3, size=n)])
    ]
    return alarmed[0], alarmed[1], left


def comparing(pilots: int) -> Iterator[dict[str, Any]]:
    """A loss of 5 points of the TPR, and none, where a share of the decisions flips."""
    rng = np.random.default_rng(3)
    for flipping in (0.05, 0.1, 0.2):
        n = texts_needed(round(1000 * flipping), 1000, 0.05)
        for loss in (0.05, 0.0):
            answers = [_answer(n, flipping, loss, rng) for _ in range(pilots)]
            worse = float(np.mean([answer == "no-go" for answer in answers]))
            what = f"{loss * 100:g}-point loss called worse, {flipping:.0%} flip, n = {n}"
            yield row(what, worse, 0.9 if loss else (0.0, 0.05), pilots)
            if loss:
                yield row(
                    f"{what.replace('worse', 'a go')}", np.mean([a == "go" for a in answers]), (0.0, 0.05), pilots
                )


def _answer(n: int, flipping: float, loss: float, rng: np.random.Generator) -> str:
    flip = rng.choice(3, n, p=[1 - flipping, (flipping + loss) / 2, (flipping - loss) / 2])
    before = np.where(flip == 1, 1, np.where(flip == 2, 0, rng.integers(0, 2, n)))
    after = np.where(flip == 1, 0, np.where(flip == 2, 1, before))
    return compare(before, after, np.ones(n, dtype=bool), [""] * n)[0].answer


def row(what: str, found: float, target: float | tuple[float, float] | None, n: int) -> dict[str, Any]:
    """A row of the table: a target is a least value, or a range."""
    low, high = target if isinstance(target, tuple) else (target, np.inf)
    met = None if target is None else bool(low <= found <= high)
    shown = "" if target is None else f"{low:g} to {high:g}" if isinstance(target, tuple) else f"at least {low:g}"
    return {"what": what, "found": float(found), "target": shown, "n": n, "met": met}


if __name__ == "__main__":
    for one in rows():
        print(one, flush=True)
