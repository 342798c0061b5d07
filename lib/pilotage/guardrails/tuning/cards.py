"""One card for each rule: what it alone finds, what it alone stops by mistake, and what dropping it would cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pilotage.errors import PilotageError
from pilotage.guardrails.tuning.costs import PER, Costs
from pilotage.statistics import Interval, clopper_pearson, upper_bound
from pilotage.statistics.intervals import FloatArray

Booleans = npt.NDArray[np.bool_]
LEVELS = {"note": 0, "review": 1, "block": 2}  # as the bands: 0 allow, 1 review, 2 block


@dataclass(frozen=True, slots=True)
class Card:
    """One rule on the labelled texts.

    `caught` and `false_hits` are the attacks and benign texts it hits; the `marginal_` ones among them are hit by no
    other rule and stopped by no band. `caught_share` and `false_share` are shares of all attacks and of all benign
    texts, None where there is none. A `dead` rule hit nothing; `rate_at_most` bounds the share of texts that it hits,
    with 95% confidence. `cost_of_dropping` is how much more 1,000 texts would cost without it (negative: it costs more
    than it saves), None without costs or one of the kinds.
    """

    rule: str
    hits: int
    caught: int
    marginal_caught: int
    false_hits: int
    marginal_false_hits: int
    caught_share: Interval | None
    false_share: Interval | None
    dead: bool
    rate_at_most: float
    cost_of_dropping: float | None


def cards(
    rules: Sequence[str],
    actions: Sequence[str],
    hits: npt.ArrayLike,
    band: npt.ArrayLike,
    attack: npt.ArrayLike,
    costs: Costs | None = None,
) -> list[Card]:
    """A card for each rule, in their order.

    `hits` is true where a rule (column) hits a text (row), `actions` what a hit leads to (note, review, block), `band`
    each text's decision by score alone: 0 allow, 1 review, 2 block; a text's decision is the strictest of all.
    PilotageError when the shapes do not match, or there is no text.
    """
    found, bands, attacks = np.asarray(hits), np.asarray(band), np.asarray(attack)
    fits = found.shape == (len(attacks), len(rules)) and bands.shape == attacks.shape and len(actions) == len(rules)
    if not fits or found.dtype != bool or attacks.dtype != bool or not bool(np.isin(bands, (0, 1, 2)).all()):
        raise PilotageError("hits must be true or false for each text and rule, and bands 0, 1 or 2 for each text")
    if not len(attacks):
        raise PilotageError("there is no labelled text, so the rules cannot be judged")
    levels = np.array([LEVELS[action] for action in actions], dtype=int)
    alone = found & (found.sum(axis=1) == 1)[:, np.newaxis] & (bands == 0)[:, np.newaxis]
    with_all = _decisions(found, levels, bands)
    made = []
    for k, rule in enumerate(rules):
        without = _decisions(np.delete(found, k, axis=1), np.delete(levels, k), bands)
        dropping = _difference(costs, attacks, with_all, without) if costs else None
        made.append(_card(rule, found[:, k], alone[:, k], attacks, dropping))
    return made


def _card(rule: str, hit: Booleans, alone: Booleans, attacks: Booleans, dropping: float | None) -> Card:
    hits, caught = int(hit.sum()), int((hit & attacks).sum())
    return Card(
        rule, hits, caught, int((alone & attacks).sum()), hits - caught, int((alone & ~attacks).sum()),
        _share(hit[attacks]), _share(hit[~attacks]), hits == 0, upper_bound(hits, len(hit)), dropping,
    )  # fmt: skip


def _share(hit: Booleans) -> Interval | None:
    return clopper_pearson(int(hit.sum()), len(hit)) if len(hit) else None


def _decisions(hits: Booleans, levels: npt.NDArray[np.int_], bands: npt.NDArray[np.int_]) -> npt.NDArray[np.int_]:
    strictest = (hits * levels).max(axis=1, initial=0)
    return np.asarray(np.maximum(strictest, bands))


def _difference(
    costs: Costs, attacks: Booleans, before: npt.NDArray[np.int_], after: npt.NDArray[np.int_]
) -> float | None:
    """How much more 1,000 texts cost by the decisions after than by those before; None without one of the kinds."""
    if attacks.all() or not attacks.any():
        return None

    def more(of: Booleans, cost: FloatArray) -> float:
        return float((cost[after[of]] - cost[before[of]]).mean())

    share = costs.attack_share
    return PER * (share * more(attacks, costs.of_attacks()) + (1 - share) * more(~attacks, costs.of_benign()))
