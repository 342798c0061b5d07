"""The pilot's gates: each KPI the playbook names, at the limit of each tier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from pilotage.kpis import DEFINITIONS, Kpi, Tables, exceedance
from pilotage.page import Page
from pilotage.playbook import TIERS, Limit, Tier
from pilotage.verdict import Gate, judge, with_date


def gates(page: Page, tables: Tables, kpis: Sequence[Kpi], phase: str = "pilot") -> list[Gate]:
    """A gate per KPI and tier. Those of the tier asked for are required where the playbook says so; the others show
    what another tier would need."""
    known = {kpi.name: kpi for kpi in kpis}
    weeks = weeks_of(tables, phase)
    return [
        _gate(page, tables, known[name], tier, limit, weeks, phase)
        for name, policy in page.playbook.pilot.gates.items()
        for tier, limit in sorted(policy.limits.items(), key=lambda item: TIERS.index(item[0]))
    ]


def _gate(
    page: Page, tables: Tables, kpi: Kpi, tier: Tier, limit: Limit[float], weeks: float, phase: str
) -> Gate:  # fmt: skip
    book = page.playbook
    required = book.pilot.gates[kpi.name].required and tier == book.tier  # type: ignore[index]  # named by the playbook
    over = exceedance(tables, kpi.name, phase, limit.value) if DEFINITIONS[kpi.name].quantile and kpi.n else None
    gate = judge(kpi, limit.value, tier, required, over)
    per_week = kpi.n / weeks if weeks else 0.0
    own = DEFINITIONS[kpi.name].table
    sources = replace(
        tables, facts={name: tables.facts[name] for name in ("interactions", own) if name in tables.facts}
    )
    return page.settle(with_date(gate, per_week, page.as_of), limit, page.doubts(sources, fresh=("interactions",)))


def weeks_of(tables: Tables, phase: str) -> float:
    """How many weeks the phase's interactions span, at least one; 0 where they carry no time."""
    sql = "SELECT min(started_at), max(started_at) FROM interactions WHERE phase = ?"
    first, last = tables.connection.execute(sql, [phase]).fetchall()[0]
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return 0.0
    return max(1.0, (last - first).total_seconds() / (7 * 24 * 3600))
