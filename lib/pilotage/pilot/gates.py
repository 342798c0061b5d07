"""The pilot's gates: each KPI the playbook names, at the limit of each tier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from pilotage.kpis import DEFINITIONS, Kpi, Tables, exceedance
from pilotage.page import Page
from pilotage.playbook import TIERS, Limit, Tier
from pilotage.verdict import Gate, judge, with_pace

PHASE = "pilot"


@dataclass(frozen=True)
class Pace:
    """How long the pilot ran, in weeks (0 where its interactions carry no time), and today while it still runs."""

    weeks: float
    today: date | None


def gates(page: Page, tables: Tables, kpis: Sequence[Kpi]) -> list[Gate]:
    """A gate per KPI and tier. Those of the tier asked for are required where the playbook says so; the others show
    what another tier would need."""
    known, pace = {kpi.name: kpi for kpi in kpis}, pace_of(page, tables)
    return [
        _gate(page, tables, known[name], tier, limit, pace)
        for name, policy in page.playbook.pilot.gates.items()
        for tier, limit in sorted(policy.limits.items(), key=lambda item: TIERS.index(item[0]))
    ]


def _gate(page: Page, tables: Tables, kpi: Kpi, tier: Tier, limit: Limit[float], pace: Pace) -> Gate:
    book, definition = page.playbook, DEFINITIONS[kpi.name]
    required = book.pilot.gates[kpi.name].required and tier == book.tier  # type: ignore[index]  # named by the playbook
    over = exceedance(tables, kpi.name, PHASE, limit.value) if definition.quantile and kpi.n else None
    gate = judge(kpi, limit.value, tier, required, over, page.currency)
    gate = with_pace(gate, kpi.n / pace.weeks if pace.weeks else 0.0, pace.today)
    names = dict.fromkeys(("interactions", definition.table))
    sources = replace(tables, facts={name: tables.facts[name] for name in names if name in tables.facts})
    fresh = [name for name in names if name in ("interactions", "labels")]
    return page.settle(gate, limit, [*page.doubts(sources, fresh), *_own_doubts(page, tables, kpi)])


def _own_doubts(page: Page, tables: Tables, kpi: Kpi) -> Iterator[str]:
    """What speaks against this KPI alone: values missing from a mean, labels that were not drawn alike."""
    if DEFINITIONS[kpi.name].kind == "mean":  # the others widen their interval instead
        yield from page.gap(kpi)
    (before,) = tables.row("SELECT count(*) FROM interactions WHERE phase = 'baseline'")
    if before:
        yield f"{before:,} interactions are said to be of the baseline, when there was no agent"
    if kpi.name == "hallucination_rate" and kpi.n:
        least, most = tables.row(
            """SELECT min(inclusion_probability), max(inclusion_probability) FROM labels JOIN interactions i
               USING (interaction_id) WHERE metric = 'hallucination' AND source = 'human' AND stream = 'uniform'
               AND i.phase = ?""",
            [PHASE],
        )
        if least != most:
            yield f"the labels were drawn with unequal probabilities ({least:g} to {most:g}) and are no uniform sample"


def pace_of(page: Page, tables: Tables) -> Pace:
    """How fast the pilot's interactions came in, and whether they still do."""
    first, last = tables.row("SELECT min(started_at), max(started_at) FROM interactions WHERE phase = ?", [PHASE])
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return Pace(0.0, None)
    running = page.as_of - last.date() <= timedelta(days=page.playbook.freshness_days.value)
    return Pace(max(1.0, (last - first).total_seconds() / (7 * 24 * 3600)), page.as_of if running else None)
