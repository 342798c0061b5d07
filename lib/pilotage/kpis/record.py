"""A measured KPI: the number, what it was counted over, how sure it is, and why where there is none."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Kpi:
    """One row of evidence. `estimate` None means that the data cannot say, and `reason` says why.

    `low` and `high` are the interval at `confidence`; None with an estimate means that this side is unbounded. `count`
    is the numerator of a rate, None elsewhere; `n_eff` the number of independent observations behind the interval;
    `unmeasured` counts rows that are known to exist and have no value.
    """

    name: str
    label: str
    layer: str
    unit: str
    dimension: str | None
    count: int | None
    n: int
    clusters: int
    estimate: float | None
    low: float | None
    high: float | None
    confidence: float
    method: str
    better: str
    baseline: float | None = None
    target: float | None = None
    n_eff: float | None = None
    unmeasured: int = 0
    reason: str = ""

    @property
    def whole(self) -> bool:
        """Whether it speaks for the whole phase; pass^k always names its k and is whole all the same."""
        return self.dimension is None or self.name == "pass_hat_k"

    def as_dict(self) -> dict[str, Any]:
        """The row as evidence/<stage>.json holds it."""
        return asdict(self)


def kpi_from_dict(row: dict[str, Any]) -> Kpi:
    """The Kpi that `as_dict` wrote."""
    return Kpi(**row)
