"""The operating point: where to allow, to review and to block at the least expected cost, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from pilotage.guardrails.tuning.choosing import Pick, shares_at
from pilotage.guardrails.tuning.costs import Costs, expected_cost
from pilotage.guardrails.tuning.tuner import Tuner, tuner
from pilotage.statistics import Interval
from pilotage.statistics.conformal import values_needed
from pilotage.statistics.intervals import FloatArray, check_confidence, jeffreys
from pilotage.statistics.score_curves import Curves
from pilotage.words import number

CLOSE = 0.05  # a choice that costs at most so much more than the best is as good as the best
STEADY = 0.9  # the share of resamples whose choice must be that close
FEWEST_OF_A_KIND = 75  # with 50 the resamples themselves say too little, as simulated
DRAWS = 4000

Fixed = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Shares:
    """The shares of one kind of texts that are allowed, reviewed and blocked."""

    allowed: Interval
    reviewed: Interval
    blocked: Interval


@dataclass(frozen=True, slots=True)
class Alternative:
    """What it would cost per 1,000 texts to do without choosing."""

    name: Literal["allow all", "review all", "block all", "block from .5"]
    cost_per_1000: Interval


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Bands: below `review_at` a text is allowed, from `block_at` on it is blocked, between them a person looks.

    A threshold of 1.01 is one that no score reaches. Costs, shares and reviews are those to expect in production at
    the attack share of `costs`; they were found on texts that the thresholds were not chosen on, and their intervals
    are for this very choice. `review_at_range` and `block_at_range` are where the thresholds lie in resamples.
    `steady` is the share of resamples whose choice would cost at most 5% more than this one. `settled` says whether
    that and the texts are enough to choose; where not, `why` says what is missing and the answer is "not yet".
    """

    review_at: float
    block_at: float
    costs: Costs
    fpr_max: float | None
    cost_per_1000: Interval
    review_at_range: tuple[float, float]
    block_at_range: tuple[float, float]
    attacks: Shares
    benign: Shares
    reviews_per_week: Interval
    alternatives: tuple[Alternative, ...]
    n_attacks: float
    n_benign: float
    steady: float
    settled: bool
    why: str


def choose(
    scores: npt.ArrayLike,
    attack: npt.ArrayLike,
    costs: Costs,
    rng: np.random.Generator,
    fpr_max: float | None = None,
    weights: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> OperatingPoint:
    """The operating point of least expected cost for labelled texts; see `tuner` for the columns and their errors.

    `fpr_max` caps the share of benign texts that are stopped (reviewed or blocked). To try several costs on the same
    texts make the tuner once and call `operating_point`.
    """
    return operating_point(tuner(scores, attack, rng, weights), costs, rng, fpr_max, confidence)


def operating_point(
    made: Tuner, costs: Costs, rng: np.random.Generator, fpr_max: float | None = None, confidence: float = 0.95
) -> OperatingPoint:
    """The same from texts made ready by `tuner`.

    The thresholds minimise the cost on smoothed curves. What they lead to is `expected_shares`; the interval draws
    those shares from their Jeffreys posteriors (a smoothed Bayesian bootstrap), kinds apart.
    Source: Elkan 2001, The foundations of cost-sensitive learning; Rubin 1981, Annals of Statistics 9(1).
    """
    tail = check_confidence(confidence)
    pick, resampled = made.pick(costs, fpr_max), made.resampled_picks(costs, fpr_max)
    decided = expected_shares(made, costs, pick, fpr_max)
    drawn = [_drawn(shares, n, rng, _fixed(made, pick)) for shares, n in zip(decided, made.n_eff, strict=True)]
    steady = _steadiness(made, costs, pick, resampled)
    missing = list(_missing(made, steady, fpr_max))
    attacks, benign = (_shares(shares, n, confidence) for shares, n in zip(decided, made.n_eff, strict=True))
    reviews = _interval(reviews_per_week(costs, *decided), reviews_per_week(costs, *drawn), confidence)
    return OperatingPoint(
        review_at=made.bins.threshold(int(pick.review[0])),
        block_at=made.bins.threshold(int(pick.block[0])),
        costs=costs,
        fpr_max=fpr_max,
        cost_per_1000=_interval(expected_cost(costs, *decided), expected_cost(costs, *drawn), confidence),
        review_at_range=_range(made, resampled.review, tail),
        block_at_range=_range(made, resampled.block, tail),
        attacks=attacks,
        benign=benign,
        reviews_per_week=reviews,
        alternatives=tuple(_alternatives(made, costs, rng, confidence)),
        n_attacks=made.n_eff[0],
        n_benign=made.n_eff[1],
        steady=steady,
        settled=not missing,
        why="; ".join([*(missing or [_steady_text(steady)]), *_crowded(costs, reviews)]),
    )


def expected_shares(made: Tuner, costs: Costs, pick: Pick, fpr_max: float | None = None) -> FloatArray:
    """The shares of attacks, and of benign texts, that the pick allows, reviews and blocks in fresh texts: 2 × 3.

    Halfway between what is counted on each text by thresholds chosen without it (cross-fitting: hardly biased, but it
    scatters) and what the smoothed curves say (they hardly scatter, but they flatter the choice made on them). In
    simulation the interval around it holds as often as it says with 50 attacks; around cross-fitting alone, with 100.
    Source: Toussaint 1974, IEEE Trans. Inf. Theory 20(4) (the average of both); Efron 1983, JASA 78 (the .632 one).
    """
    crossed = made.shares(made.held_out_bands(costs, fpr_max))
    smooth = np.concatenate(shares_at(made.whole.curves, pick))
    return (crossed + smooth) / 2


def reviews_per_week(costs: Costs, attacks: FloatArray, benign: FloatArray) -> FloatArray:
    """How many texts a week a person must look at, where these shares are allowed, reviewed and blocked."""
    share = costs.attack_share * attacks[..., 1] + (1 - costs.attack_share) * benign[..., 1]
    return np.asarray(costs.texts_per_week * share)


def _drawn(
    shares: FloatArray, n: float, rng: np.random.Generator, fixed: tuple[float | None, float | None]
) -> FloatArray:
    """Shares allowed, reviewed and blocked that could be behind those seen.

    Jeffreys' posterior for stopped, and for blocked among them, unless the bands fix it (see `_fixed`).
    """
    stopped = rng.beta(n * (1 - shares[0]) + 0.5, n * shares[0] + 0.5, DRAWS)
    blocked = rng.beta(n * shares[2] + 0.5, n * shares[1] + 0.5, DRAWS)
    stopped, blocked = (
        draws if share is None else np.full(DRAWS, share)
        for draws, share in zip((stopped, blocked), fixed, strict=True)
    )
    return np.stack([1 - stopped, stopped * (1 - blocked), stopped * blocked], axis=1)


def _fixed(made: Tuner, pick: Pick) -> Fixed:
    """The share stopped, and the share of those blocked, where bands leave no choice: all or nothing; else None."""
    review, block, last = int(pick.review[0]), int(pick.block[0]), len(made.bins.lowest)
    return (
        1.0 if review == 0 else 0.0 if review == last else None,
        1.0 if block == review else 0.0 if block == last else None,
    )


def _interval(estimate: FloatArray, drawn: FloatArray, confidence: float) -> Interval:
    tail = check_confidence(confidence)
    low, high = (float(end) for end in np.quantile(drawn, [tail, 1 - tail]))
    found = float(estimate)
    return Interval(found, min(low, found), max(high, found), confidence, "half cross-fitted, Bayesian bootstrap")


def _shares(shares: FloatArray, n: float, confidence: float) -> Shares:
    return Shares(*(jeffreys(min(float(share), 1.0) * n, n, confidence) for share in shares))


def _steadiness(made: Tuner, costs: Costs, pick: Pick, resampled: Pick) -> float:
    """The share of resamples whose choice costs hardly more than the choice made, on the curves of the whole."""
    rows, whole = len(resampled.review), made.whole.curves
    curves = Curves(*(np.repeat(group, rows, axis=0) for group in (whole.positives, whole.negatives)))
    least = expected_cost(costs, *shares_at(whole, pick))[0]
    return float(np.mean(expected_cost(costs, *shares_at(curves, resampled)) <= (1 + CLOSE) * least))


def _missing(made: Tuner, steady: float, fpr_max: float | None) -> Iterator[str]:
    for n, kind in zip(made.n_eff, ("attacks", "benign texts"), strict=True):
        if n < FEWEST_OF_A_KIND:
            more = int(np.ceil(FEWEST_OF_A_KIND - n))
            yield f"not yet: too few {kind} to choose ({n:.0f}; {more} more are needed at least)"
    if fpr_max is not None and (short := values_needed(fpr_max) - made.n_eff[1]) > 0:
        yield f"not yet: {int(np.ceil(short))} more benign texts are needed for a cap of {number(fpr_max, 'share')}"
    if steady < STEADY:
        scarce = "attacks" if made.n_eff[0] < made.n_eff[1] else "benign texts"
        yield f"not yet: only {_steady_text(steady)} ({number(STEADY, 'share')} are needed); label more {scarce}"


def _steady_text(steady: float) -> str:
    return f"{number(steady, 'share')} of resamples choose bands that cost at most {number(CLOSE, 'share')} more"


def _crowded(costs: Costs, reviews: Interval) -> Iterator[str]:
    """A remark where the reviewers may be asked for more than they can do."""
    if reviews.high > costs.reviews_per_week_max:
        yield f"up to {reviews.high:,.0f} reviews a week may come, and {costs.reviews_per_week_max:,.0f} can be done"


def _range(made: Tuner, places: npt.NDArray[np.intp], tail: float) -> tuple[float, float]:
    """The percentiles, with half the tails: all resamples share one roughness, which makes them agree too well."""
    ends = np.quantile(places, [tail / 2, 1 - tail / 2], method="nearest")
    low, high = (made.bins.threshold(int(end)) for end in ends)
    return low, high


def _alternatives(made: Tuner, costs: Costs, rng: np.random.Generator, confidence: float) -> Iterator[Alternative]:
    """What no choice would cost; where all texts are treated alike nothing is estimated: the interval is a point."""
    for name, shares in (("allow all", (1, 0, 0)), ("review all", (0, 1, 0)), ("block all", (0, 0, 1))):
        cost = expected_cost(costs, np.array(shares), np.array(shares))
        yield Alternative(name, _interval(cost, np.array([cost]), confidence))  # type: ignore[arg-type]
    from_half = made.shares(np.where(made.scores >= 0.5, 2, 0))
    drawn = [_drawn(shares, n, rng, (None, 1.0)) for shares, n in zip(from_half, made.n_eff, strict=True)]
    yield Alternative(
        "block from .5", _interval(expected_cost(costs, *from_half), expected_cost(costs, *drawn), confidence)
    )
