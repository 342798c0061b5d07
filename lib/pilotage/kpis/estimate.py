"""From rows to an estimate with its interval, for each kind of KPI: rate, mean, count, quantile, pass^k.

Rates, means, counts and pass^k come as sums per cluster (cluster, n, unmeasured, total), quantiles as sorted values
with their cluster. A row that is known to exist and has no value widens the interval to its worst and its best case.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pilotage.kpis.definitions import Definition
from pilotage.kpis.rows import UNASSIGNED

if TYPE_CHECKING:
    import numpy as np

    from pilotage.statistics import Interval

Rows = dict[str, "np.ndarray"]


@dataclass(frozen=True)
class Asked:
    """What is estimated from the rows; `missing` counts rows that are known to exist and are not among them."""

    definition: Definition
    confidence: float
    missing: int = 0
    k: int = 1


@dataclass(frozen=True)
class Found:
    """The interval and what it was counted over; `count` is the numerator of a rate, None elsewhere."""

    interval: Interval
    count: int | None
    n: int
    clusters: int
    unmeasured: int


def estimate(rows: Rows, asked: Asked) -> Found | str:
    """The estimate, or in words why these rows give none."""
    counted, measured = counts(rows)
    if not counted:
        return f"no {asked.definition.counted} of the {{phase}} are in the dataset"
    if not measured:
        return f"none of the {counted:,} {asked.definition.counted} of the {{phase}} has a value"
    ways = {"rate": _rate, "mean": _mean, "count": _count, "quantile": _quantile, "pass^k": _pass_hat_k}
    return ways[asked.definition.kind](rows, asked)


def counts(rows: Rows) -> tuple[int, int]:
    """How many rows there are, and how many of them have a value."""
    import numpy as np

    if "value" in rows:
        return len(rows["value"]), int(np.ma.count(rows["value"]))
    measured = int(np.sum(rows["n"]))
    return measured + int(np.sum(rows["unmeasured"])), measured


def _rate(rows: Rows, asked: Asked) -> Found:
    from pilotage.statistics import clustered_rate

    lost = asked.missing + int(rows["unmeasured"].sum())
    some = rows["n"] > 0
    sizes, successes = rows["n"][some], rows["total"][some]
    interval = clustered_rate(successes, sizes, asked.confidence, missing=lost)
    return Found(interval, int(successes.sum()), int(sizes.sum()), len(sizes), lost)


def _mean(rows: Rows, asked: Asked) -> Found:
    """A mean has no worst case, since one value may be anything: `unmeasured` says how much is not in it."""
    from pilotage.statistics import mean_interval

    some = rows["n"] > 0
    sizes = rows["n"][some]
    interval = mean_interval(rows["total"][some], sizes, asked.confidence)
    return Found(interval, None, int(sizes.sum()), len(sizes), asked.missing + int(rows["unmeasured"].sum()))


def _count(rows: Rows, asked: Asked) -> Found:
    """Each cluster is a period; like a mean it has no worst case."""
    from pilotage.statistics import count_interval

    periods = rows["total"][rows["n"] > 0]
    interval = count_interval(periods, asked.confidence)
    return Found(interval, None, len(periods), len(periods), asked.missing + int(rows["unmeasured"].sum()))


def _quantile(rows: Rows, asked: Asked) -> Found | str:
    import numpy as np

    from pilotage.statistics import quantile_interval

    known = ~np.ma.getmaskarray(np.ma.asarray(rows["value"]))
    values, clusters = np.asarray(rows["value"][known]), np.asarray(rows["cluster"][known])
    lost = asked.missing + int((~known).sum())
    quantile = asked.definition.quantile or 0.5
    interval = quantile_interval(values, quantile, asked.confidence, clusters=clusters, missing=lost)
    if not np.isfinite(interval.estimate):
        return f"more than {1 - quantile:.0%} of the {len(values):,} {asked.definition.counted} are not over yet"
    return Found(interval, None, len(values), len(np.unique(clusters)), lost)


def _pass_hat_k(rows: Rows, asked: Asked) -> Found | str:
    """Each trial that is missing, names no task, or stands alone may have spoilt one task or saved one."""
    import numpy as np

    from pilotage.statistics import pass_hat_k

    named = np.asarray(rows["cluster"] != UNASSIGNED)
    # A trial without a result is a trial that did not succeed: pass^k promises that every one does.
    trials = np.asarray(rows["n"] + rows["unmeasured"])
    repeated = named & (trials >= asked.k)
    if not repeated.any():
        most = int(trials[named].max()) if named.any() else 0
        return f"no task of the {{phase}} was tried {asked.k} times; the most is {most}"
    lost = asked.missing + int(trials[~repeated].sum())
    worst_first = np.argsort(rows["total"][repeated] / trials[repeated], kind="stable")
    passed, tried = np.asarray(rows["total"][repeated])[worst_first], trials[repeated][worst_first]
    interval = pass_hat_k(passed, tried, asked.k, asked.confidence)
    if lost:
        interval = _widened(interval, passed, tried, asked, lost)
    return Found(interval, None, len(tried), len(tried), lost)


def _widened(interval: Interval, passed: np.ndarray, tried: np.ndarray, asked: Asked, lost: int) -> Interval:
    """The interval with the `lost` best tasks failed for its low end and the `lost` worst passed for its high end."""
    import numpy as np

    from pilotage.statistics import pass_hat_k

    place = np.arange(len(tried))
    spoilt = pass_hat_k(np.where(place >= len(tried) - lost, 0, passed), tried, asked.k, asked.confidence)
    saved = pass_hat_k(np.where(place < lost, tried, passed), tried, asked.k, asked.confidence)
    return replace(interval, low=min(interval.low, spoilt.low), high=max(interval.high, saved.high))
