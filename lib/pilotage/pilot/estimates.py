"""Shares and means that belong to one table of one page and to no gate: each a Kpi with its interval and its n."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pilotage.kpis import Kpi
from pilotage.pilot.measured import SHOWN
from pilotage.words import number, span

if TYPE_CHECKING:
    import numpy as np

    from pilotage.statistics import Interval


@dataclass(frozen=True)
class What:
    """What is estimated: its name and label, its unit, and the part (`key=value`) it speaks for."""

    name: str
    label: str
    dimension: str | None = None
    unit: str = "share"
    better: str = "lower"


def rate(what: What, held: np.ndarray, sizes: np.ndarray, reason: str) -> Kpi:
    """The share `held` of `sizes` (one entry per cluster); without a row, not known for `reason`."""
    if not sizes.sum():
        return unknown(what, reason)
    from pilotage.statistics import clustered_rate

    some = sizes > 0
    interval = clustered_rate(held[some], sizes[some], SHOWN)
    return as_kpi(what, interval, int(held.sum()), int(sizes.sum()), int(some.sum()))


def ratio(what: What, totals: np.ndarray, sizes: np.ndarray, reason: str, n: int | None = None) -> Kpi:
    """The sum of `totals` over that of `sizes` (one entry per cluster), in the unit of totals per size.

    A mean where sizes count rows, a share of tokens or seconds where they add them up; `n` is then the rows behind it.
    Without any size not known, for `reason`.
    """
    if not sizes.sum():
        return unknown(what, reason)
    from pilotage.statistics import mean_interval

    interval = mean_interval(totals, sizes, SHOWN)
    return as_kpi(what, interval, None, int(sizes.sum()) if n is None else n, int((sizes > 0).sum()))


def unknown(what: What, reason: str) -> Kpi:
    """The Kpi of something the data cannot say, with the reason."""
    return as_kpi(what, None, None, 0, 0, reason)


def in_cell(kpi: Kpi, currency: str = "") -> str:
    """The estimate with its range, as a table shows both in one cell: "5.1% (4.3% to 6.1%)"; else "not known"."""
    if kpi.estimate is None:
        return "not known"
    shown = number(kpi.estimate, kpi.unit, currency)
    return shown if kpi.low == kpi.high else f"{shown} ({span(kpi.low, kpi.high, kpi.unit, currency)})"


def as_kpi(what: What, interval: Interval | None, count: int | None, n: int, clusters: int, reason: str = "") -> Kpi:
    """The interval as a Kpi, over `n` rows in so many clusters; None with the reason why there is none."""
    low, high = (None if interval is None or not math.isfinite(end) else end for end in _ends(interval))
    return Kpi(
        name=what.name, label=what.label, layer="quality", unit=what.unit, dimension=what.dimension, count=count, n=n,
        clusters=clusters, estimate=interval.estimate if interval else None, low=low, high=high, confidence=SHOWN,
        method=interval.method if interval else "none", better=what.better,
        n_eff=interval.n_eff if interval else None, reason=reason,
    )  # fmt: skip


def _ends(interval: Interval | None) -> tuple[float, float]:
    return (interval.low, interval.high) if interval else (-math.inf, math.inf)
