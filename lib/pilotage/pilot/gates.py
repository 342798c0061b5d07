"""The pilot's gates: each KPI the playbook names, at the limit of each tier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from pilotage.kpis import DEFINITIONS, Kpi, Tables, exceedance, exceedance_anytime, sql_of
from pilotage.page import Page
from pilotage.pilot.labels.plan_file import read_plan
from pilotage.pilot.looks import PHASE, Look, decide_at
from pilotage.pilot.plan import Registered, gone_text
from pilotage.playbook import TIERS, Limit, Tier
from pilotage.verdict import ANYTIME, Gate, judge, with_pace
from pilotage.words import count, number


@dataclass(frozen=True)
class Asked:
    """One KPI at one tier, and what it is read from."""

    page: Page
    tables: Tables
    kpi: Kpi
    tier: Tier
    look: Look
    standing: tuple[str, ...]  # doubts that are the same at every tier

    def over(self, limit: float) -> tuple[int, int] | None:
        """Of a quantile, how many values lie above the limit and of how many; None for other kinds."""
        if DEFINITIONS[self.kpi.name].quantile is None or not self.kpi.n:
            return None
        if self.kpi.method == ANYTIME:
            return exceedance_anytime(self.tables, self.kpi.name, PHASE, limit)
        return exceedance(replace(self.tables, until=self.look.until), self.kpi.name, PHASE, limit)


@dataclass(frozen=True)
class Pace:
    """How long the pilot ran, in weeks (0 where its interactions carry no time), and today while it still runs."""

    weeks: float
    today: date | None


def gates(page: Page, tables: Tables, kpis: Sequence[Kpi], look: Look) -> list[Gate]:
    """A gate per KPI and tier. Those of the tier asked for are required where the playbook says so; the others show
    what another tier would need. One that was registered as required and is no more stays shut."""
    policies, plan, pace = page.playbook.pilot.gates, look.plan, pace_of(page, tables)
    known = {kpi.name: kpi for kpi in kpis}
    standing = {name: tuple(_standing_doubts(page, tables, known[name])) for name in policies}
    found = [
        _gate(Asked(page, tables, known[name], tier, look, standing[name]), limit, pace, plan)
        for name, policy in policies.items()
        for tier, limit in sorted(policy.limits.items(), key=lambda item: TIERS.index(item[0]))
    ]
    return [*found, *(_gone(page, name, plan) for name in plan.gone)]


def unregistered(page: Page, plan: Registered) -> str:
    """Why nothing shows that the limits were set before the data were seen; empty where something does."""
    if page.synthetic or plan.in_time:
        return ""
    if plan.first is None:
        return "its limits were never registered in the audit log (`pilotage pilot register`, before the pilot)"
    return f"its limits were registered on {plan.first.at[:10]}, and nothing shows that the pilot began later"


def _gate(asked: Asked, limit: Limit[float], pace: Pace, plan: Registered) -> Gate:
    page, kpi = asked.page, asked.kpi
    required = page.playbook.pilot.gates[kpi.name].required and asked.tier == page.playbook.tier  # type: ignore[index]  # named by the playbook
    gate = judge(kpi, limit.value, asked.tier, required, asked.over(limit.value), page.currency)
    gate = decide_at(asked.look, gate)
    gate = with_pace(gate, _come(asked, gate) / pace.weeks if pace.weeks else 0.0, pace.today)
    own = filter(None, [unregistered(page, plan), *plan.against(kpi.name, asked.tier), carried(asked, limit.value)])
    return page.settle(gate, limit, [*own, *asked.standing])


def _come(asked: Asked, gate: Gate) -> float:
    """How many of the gate's units the pilot has brought so far."""
    if gate.unit == "interactions" and asked.look.at:
        return asked.look.come
    return (asked.kpi.n_eff or 0.0) if asked.kpi.method == ANYTIME else asked.kpi.n


def carried(asked: Asked, limit: float) -> str:
    """That tasks tried far more often than others carry the figure; "" where counting each task once says the same.

    The interval of clusters holds for sizes that are not too unlike; a few large ones could hide many small ones.
    """
    definition = DEFINITIONS[asked.kpi.name]
    if definition.kind != "rate" or asked.kpi.clusters == asked.kpi.n:
        return ""
    (each,) = asked.tables.row(
        f"""SELECT avg(rate) FROM (SELECT avg(value) AS rate FROM ({sql_of(asked.tables, definition)})
            WHERE phase = ? GROUP BY cluster)""",
        [PHASE],
    )
    if each is None or (each <= limit if definition.better == "lower" else each >= limit):
        return ""
    return (
        f"counted once for each task it is {number(each, definition.unit)}: tasks tried more often than others carry it"
    )


def _gone(page: Page, name: str, plan: Registered) -> Gate:
    tier = page.playbook.tier
    return Gate(name, name, tier, True, "not yet", gone_text(name, plan, tier), None)


def _standing_doubts(page: Page, tables: Tables, kpi: Kpi) -> Iterator[str]:
    """What speaks against this KPI at every tier: its tables, and itself."""
    names = dict.fromkeys(("interactions", DEFINITIONS[kpi.name].table))
    sources = replace(tables, facts={name: tables.facts[name] for name in names if name in tables.facts})
    yield from page.doubts(sources, [name for name in names if name in ("interactions", "labels")])
    yield from _own_doubts(page, tables, kpi)


def _own_doubts(page: Page, tables: Tables, kpi: Kpi) -> Iterator[str]:
    """What speaks against this KPI alone: values missing from a mean, labels that were not drawn alike."""
    if DEFINITIONS[kpi.name].kind == "mean":  # the others widen their interval instead
        yield from page.gap(kpi)
    yield from _undated(page, tables)
    (before,) = tables.row("SELECT count(*) FROM interactions WHERE phase = 'baseline'")
    if before:
        yield f"{before:,} interactions are said to be of the baseline, when there was no agent"
    if (metric := DEFINITIONS[kpi.name].metric) and kpi.n:
        least, most = tables.row(
            """SELECT min(inclusion_probability), max(inclusion_probability) FROM labels JOIN interactions i
               USING (interaction_id) WHERE metric = ? AND source = 'human' AND stream = 'uniform'
               AND i.phase = ?""",
            [metric, PHASE],
        )
        yield from _unlabelled(page, tables, metric)
        if least != most:
            yield (
                f"the labels were drawn with unequal probabilities ({least:g} to {most:g}) and are no uniform sample: "
                "take those of `pilotage labels` alone, or those of one other source"
            )


def _undated(page: Page, tables: Tables) -> Iterator[str]:
    """A run without a time hides whether it came before a look, and which trial of its task was the first."""
    (undated,) = tables.row("SELECT count(*) FROM interactions WHERE phase = ? AND started_at IS NULL", [PHASE])
    if undated:
        yield f"{count(undated, 'interactions')} without a time may have come before the look or after it"


def _unlabelled(page: Page, tables: Tables, metric: str) -> Iterator[str]:
    """Runs that were drawn by chance and not labelled: leaving out the bad ones must gain nothing."""
    drawn = [
        name for name, item in read_plan(page.workspace, page.dataset, metric).items.items() if item.stream == "uniform"
    ]
    sql = """SELECT count(*) FROM (SELECT unnest(?::VARCHAR[]) AS drawn)
             WHERE drawn NOT IN (SELECT interaction_id FROM labels
                                 WHERE metric = ? AND source = 'human' AND stream = 'uniform')"""
    (open_,) = tables.row(sql, [drawn, metric])
    if open_:
        yield f"{open_:,} of {count(len(drawn), 'runs')} drawn for people to label are not labelled yet"


def pace_of(page: Page, tables: Tables) -> Pace:
    """How fast the pilot's interactions came in, and whether they still do."""
    first, last = tables.row("SELECT min(started_at), max(started_at) FROM interactions WHERE phase = ?", [PHASE])
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return Pace(0.0, None)
    running = page.as_of - last.date() <= timedelta(days=page.playbook.freshness_days.value)
    return Pace(max(1.0, (last - first).total_seconds() / (7 * 24 * 3600)), page.as_of if running else None)
