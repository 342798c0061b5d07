"""Benefit in three layers, efficiency, quality and business: before, with the agent, and what may be claimed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pilotage.kpis import DEFINITIONS, Kpi, kpi_from_dict
from pilotage.playbook import RoiPolicy
from pilotage.words import number, span

NOT_SUBSTANTIATED = "Not substantiated: there is no baseline to compare with."


@dataclass(frozen=True)
class Line:
    """One KPI of one layer; `before` None where the work without the agent has no such figure."""

    layer: str
    label: str
    before: Kpi | None
    after: Kpi | None

    def cells(self, currency: str) -> tuple[str, str, str, str, str]:
        """Layer, KPI, before, with the agent, and the change between the estimates, as text."""
        return (self.layer, self.label, _cell(self.before, currency), _cell(self.after, currency), self._change())

    def _change(self) -> str:
        if self.before is None or self.after is None or not self.before.estimate or self.after.estimate is None:
            return ""
        return f"{self.after.estimate / self.before.estimate - 1:+.0%}"


def layers(
    policy: RoiPolicy, pairs: Mapping[str, tuple[Kpi, Kpi | None]], pilot: Mapping[str, Any] | None
) -> list[Line]:  # fmt: skip
    """Every KPI the playbook puts in a layer, in its order; the agent's own KPIs come from the pilot's evidence."""
    measured = [kpi_from_dict(row) for row in pilot["kpis"]] if pilot else []
    seen = {kpi.name: kpi for kpi in measured if kpi.whole}
    return [
        Line(layer, DEFINITIONS[name].label, *(pairs[name] if name in pairs else (None, seen.get(name))))
        for layer in type(policy.layers).model_fields
        for name in getattr(policy.layers, layer)
    ]


def claim(baseline: Mapping[str, Any] | None) -> str:
    """What may be claimed, in the words of the baseline page; nothing is substantiated without that page."""
    return str(baseline["facts"]["claim"]) if baseline else NOT_SUBSTANTIATED


def with_baseline(pairs: Mapping[str, tuple[Kpi, Kpi | None]], phase: str | None) -> list[Kpi]:
    """The KPIs of the cases handled with the agent, each beside its baseline; their part is the phase."""
    return [
        replace(after, dimension=f"phase={phase}", baseline=before.estimate)
        for before, after in pairs.values()
        if after
    ]


def _cell(kpi: Kpi | None, currency: str) -> str:
    if kpi is None or kpi.estimate is None:
        return "not known" if kpi else "does not apply"
    return f"{number(kpi.estimate, kpi.unit, currency)} ({span(kpi.low, kpi.high, kpi.unit, currency)})"
