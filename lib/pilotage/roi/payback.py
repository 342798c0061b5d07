"""When the agent has earned back what it cost: an interval, because nothing that goes into it is known exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pilotage.kpis import Kpi, label_of
from pilotage.playbook import Assumption, Playbook
from pilotage.roi.money import Costs
from pilotage.words import NEVER_MONTHS

if TYPE_CHECKING:
    import numpy as np

DRAWS = 20_000  # the ends of the interval move by less than one in a hundred from seed to seed
SEED = 1  # fixed, so that nobody can look for a lucky one
CONFIDENCE = 0.90
Pairs = Mapping[str, tuple[Kpi, Kpi | None]]


@dataclass(frozen=True)
class Draws:
    """Equally likely worlds, one value each: benefit and net benefit per month (money), payback (months)."""

    benefit: np.ndarray
    net: np.ndarray
    payback: np.ndarray
    gain: np.ndarray


def unknown(pairs: Pairs, volume: float | None, costs: Costs) -> str:
    """Why the money cannot be worked out, as one sentence; empty where it can."""
    before, after = pairs["handling_minutes"]
    if before.estimate is None:
        return f"people's time before the agent is not known: {before.reason}"
    if after is None or after.estimate is None:
        return f"people's time with the agent is not known: {after.reason if after else 'no case was handled with it'}"
    if any(kpi.low is None or kpi.high is None for kpi in (before, after)):
        return "people's time rests on too few cases to say how sure it is"
    if volume is None:
        return "the baseline spans less than a week, so the monthly volume is not known"
    return "" if costs.monthly is not None else "the dataset has no costs for the months in which the agent worked"


def draw(pairs: Pairs, volume: float, costs: Costs, phase: str, book: Playbook, draws: int = DRAWS) -> Draws:
    """Draw `draws` worlds: measured figures from their intervals (normal), assumptions from their ranges (triangular).

    Cases of production count as they came, with the agent or without; what cases of the pilot show is claimed for the
    assumed share only. Errors not measured on both sides count for nothing. Needs `unknown` to be empty.
    """
    import numpy as np

    rng, assumed = np.random.default_rng(SEED), book.assumptions
    minutes = _difference(*pairs["handling_minutes"], rng, draws)
    errors = _difference(*pairs["error_rate"], rng, draws)
    hours_used = minutes / 60 * _triangular(assumed.share_of_saved_time_used, rng, draws)
    saved = hours_used * _triangular(assumed.people_cost_per_hour, rng, draws)
    avoided = errors * _triangular(assumed.cost_per_error, rng, draws)
    share = 1.0 if phase == "production" else _triangular(assumed.share_of_cases_with_agent, rng, draws)
    benefit = volume * share * (saved + avoided)
    once, net = max(costs.one_off or 0.0, 0.0), benefit - (costs.monthly or 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        months = np.where(net > 0, once / net, NEVER_MONTHS)
    return Draws(benefit, net, np.minimum(months, NEVER_MONTHS), net * book.roi.horizon_months - once)


def _difference(before: Kpi, after: Kpi | None, rng: np.random.Generator, draws: int) -> np.ndarray:
    """Before minus after; zero where one of them is not known: what was not measured was not saved."""
    import numpy as np

    if after is None or any(end is None for kpi in (before, after) for end in (kpi.estimate, kpi.low, kpi.high)):
        return np.zeros(draws)
    saved: np.ndarray = _normal(before, rng, draws) - _normal(after, rng, draws)
    return saved


def _normal(kpi: Kpi, rng: np.random.Generator, draws: int) -> np.ndarray:
    from scipy.special import ndtri

    assert kpi.estimate is not None  # _difference saw to it
    assert kpi.low is not None
    assert kpi.high is not None
    deviation = float((kpi.high - kpi.low) / (2 * ndtri((1 + kpi.confidence) / 2)))
    return rng.normal(kpi.estimate, deviation, draws)


def _triangular(assumption: Assumption, rng: np.random.Generator, draws: int) -> np.ndarray:
    import numpy as np

    low, likely, high = assumption.span
    return rng.triangular(low, likely, high, draws) if high > low else np.full(draws, likely)


# name, unit, which way is better
MONEY = (
    ("payback_months", "months", "lower"),
    ("chance_of_gain", "share", "higher"),
    ("benefit_per_month", "money", "higher"),
    ("net_benefit_per_month", "money", "higher"),
    ("running_cost_per_month", "money", "lower"),
    ("one_off_cost", "money", "lower"),
)


def money_kpis(worlds: Draws | None, costs: Costs, reason: str = "") -> list[Kpi]:
    """The money as KPIs; an interval holds the middle 90% of the worlds. Without worlds: the reason."""
    return [_money(name, unit, better, worlds, costs, reason) for name, unit, better in MONEY]


def _money(name: str, unit: str, better: str, worlds: Draws | None, costs: Costs, reason: str) -> Kpi:
    empty = Kpi(name, label_of(name), "business", unit, None, None, 0, 0, None, None, None, CONFIDENCE, "none", better,
                reason=reason)  # fmt: skip
    if worlds is None:
        return empty
    if name in ("running_cost_per_month", "one_off_cost"):
        amount = costs.monthly if name == "running_cost_per_month" else costs.one_off
        source = f"spent; planned for {', '.join(costs.planned)}" if costs.planned else "spent"
        return _filled(empty, (amount, amount, amount), source, 1)
    if name == "chance_of_gain":
        chance = float((worlds.gain > 0).mean())
        return _filled(empty, (chance, chance, chance), "share of the drawn worlds", len(worlds.gain))
    drawn = {"payback_months": worlds.payback, "benefit_per_month": worlds.benefit, "net_benefit_per_month": worlds.net}
    return _filled(empty, _middle(drawn[name]), "middle 90% of the drawn worlds", len(worlds.net))


def _middle(values: np.ndarray) -> tuple[float, float, float]:
    """Median, low and high end of the middle 90%."""
    import numpy as np

    low, middle, high = np.quantile(values, [(1 - CONFIDENCE) / 2, 0.5, (1 + CONFIDENCE) / 2])
    return float(middle), float(low), float(high)


def _filled(empty: Kpi, values: tuple[float | None, ...], method: str, n: int) -> Kpi:
    estimate, low, high = values
    return replace(empty, estimate=estimate, low=low, high=high, method=method, n=n)
