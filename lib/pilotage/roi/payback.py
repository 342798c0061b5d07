"""When the agent has earned back what it cost: an interval, because nothing that goes into it is known exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pilotage.kpis import Kpi
from pilotage.playbook import Assumption, Playbook
from pilotage.roi.money import Costs

if TYPE_CHECKING:
    import numpy as np

NEVER_MONTHS = 120.0  # ten years: later than this reads as never
CONFIDENCE = 0.90


@dataclass(frozen=True)
class Draws:
    """Equally likely worlds, one value each: benefit and net benefit per month (money), payback (months)."""

    benefit: np.ndarray
    net: np.ndarray
    payback: np.ndarray
    gain: np.ndarray


def unknown(pairs: Mapping[str, tuple[Kpi, Kpi | None]], volume: float | None, costs: Costs) -> str:
    """Why the money cannot be worked out, as one sentence; empty where it can."""
    before, after = pairs["handling_minutes"]
    if before.estimate is None:
        return f"people's time before the agent is not known: {before.reason}"
    if after is None or after.estimate is None:
        return f"people's time with the agent is not known: {after.reason if after else 'no case was handled with it'}"
    if volume is None:
        return "the baseline spans less than a week, so the monthly volume is not known"
    return "" if costs.monthly is not None else "the dataset has no costs for the months in which the agent worked"


def draw(
    pairs: Mapping[str, tuple[Kpi, Kpi | None]], volume: float, costs: Costs, phase: str, book: Playbook,
    rng: np.random.Generator, draws: int = 20_000,
) -> Draws:  # fmt: skip
    """Draw `draws` worlds: measured figures from their intervals (normal), assumptions from their ranges (triangular).

    Cases of production count as they came, with the agent or without; what cases of the pilot show is claimed for the
    assumed share only. Errors not measured on both sides count for nothing. Needs `unknown` to be empty.
    """
    import numpy as np

    assumed = book.assumptions
    minutes = _difference(*pairs["handling_minutes"], rng, draws)
    errors = _difference(*pairs["error_rate"], rng, draws)
    hours_used = minutes / 60 * _triangular(assumed.share_of_saved_time_used, rng, draws)
    saved = hours_used * _triangular(assumed.people_cost_per_hour, rng, draws)
    avoided = errors * _triangular(assumed.cost_per_error, rng, draws)
    share = 1.0 if phase == "production" else _triangular(assumed.share_of_cases_with_agent, rng, draws)
    benefit = volume * share * (saved + avoided)
    once, monthly = costs.one_off or 0.0, costs.monthly or 0.0
    net = benefit - monthly
    with np.errstate(divide="ignore", invalid="ignore"):
        months = np.where(net > 0, once / net, NEVER_MONTHS)
    return Draws(benefit, net, np.minimum(months, NEVER_MONTHS), net * book.roi.horizon_months - once)


def _difference(before: Kpi, after: Kpi | None, rng: np.random.Generator, draws: int) -> np.ndarray:
    """Before minus after; zero where one of them is not known: what was not measured was not saved."""
    import numpy as np

    if before.estimate is None or after is None or after.estimate is None:
        return np.zeros(draws)
    saved: np.ndarray = _normal(before, rng, draws) - _normal(after, rng, draws)
    return saved


def _normal(kpi: Kpi, rng: np.random.Generator, draws: int) -> np.ndarray:
    from scipy.special import ndtri

    if kpi.estimate is None or kpi.low is None or kpi.high is None:
        raise ValueError(f"{kpi.name} has no bounded interval to draw from")
    deviation = float((kpi.high - kpi.low) / (2 * ndtri((1 + kpi.confidence) / 2)))
    return rng.normal(kpi.estimate, deviation, draws)


def _triangular(assumption: Assumption, rng: np.random.Generator, draws: int) -> np.ndarray:
    import numpy as np

    low, likely, high = assumption.span
    return rng.triangular(low, likely, high, draws) if high > low else np.full(draws, likely)


def money_kpis(draws: Draws, costs: Costs) -> list[Kpi]:
    """Payback, chance of a gain, benefit and net benefit as KPIs; intervals hold 90% of the worlds."""
    chance = float((draws.gain > 0).mean())
    return [
        _kpi("payback_months", "Months until it has paid back", "months", "lower", draws.payback),
        Kpi("chance_of_gain", "Chance of a gain by the horizon", "business", "share", None, None, len(draws.gain), 0,
            chance, chance, chance, CONFIDENCE, "share of drawn worlds", "higher"),
        _kpi("benefit_per_month", "Benefit per month", "money", "higher", draws.benefit),
        _kpi("net_benefit_per_month", "Benefit less running cost, per month", "money", "higher", draws.net),
        _exact("running_cost_per_month", "Running cost per month", costs.monthly, costs.source),
        _exact("one_off_cost", "Spent once", costs.one_off, costs.source),
    ]  # fmt: skip


def undecided_kpis(reason: str) -> list[Kpi]:
    """The same KPIs where the money cannot be worked out: no estimate, with the reason."""
    named = (("payback_months", "Months until it has paid back", "months", "lower"),
             ("chance_of_gain", "Chance of a gain by the horizon", "share", "higher"),
             ("net_benefit_per_month", "Benefit less running cost, per month", "money", "higher"))  # fmt: skip
    return [
        Kpi(
            name, label, "business", unit, None, None, 0, 0, None, None, None, CONFIDENCE, "none", better, reason=reason
        )
        for name, label, unit, better in named
    ]


def _kpi(name: str, label: str, unit: str, better: str, values: np.ndarray) -> Kpi:
    import numpy as np

    low, middle, high = (float(q) for q in np.quantile(values, [(1 - CONFIDENCE) / 2, 0.5, (1 + CONFIDENCE) / 2]))
    return Kpi(name, label, "business", unit, None, None, len(values), 0, middle, low, high, CONFIDENCE,
               "median and middle 90% of drawn worlds", better)  # fmt: skip


def _exact(name: str, label: str, amount: float | None, source: str) -> Kpi:
    return Kpi(name, label, "business", "money", None, None, 1, 0, amount, amount, amount, 1.0, f"{source} costs",
               "lower",
               reason="" if amount is not None else "the dataset has no costs")  # fmt: skip
