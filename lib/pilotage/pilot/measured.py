"""What the pilot showed: every KPI of the agent at the look, by part, and week by week."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from pilotage.kpis import DEFINITIONS, Kpi, Tables, measure, measure_parts
from pilotage.pilot.judge import with_judge
from pilotage.pilot.looks import PHASE, Look, measure_at
from pilotage.playbook import Playbook
from pilotage.playbook.common import PilotKpi

SHOWN = 0.95  # two-sided confidence where nothing is decided


def measured(tables: Tables, book: Playbook, look: Look) -> list[Kpi]:
    """Each KPI of the agent, with the limit of the tier asked for as its target.

    A KPI with a gate is seen at the look and carries the interval that decides; the others count the whole pilot. Where
    a judge may steady what people's labels say, it does (method "ppi++").
    """
    return [_with_target(_judged(tables, book, look, name)[0], book) for name in get_args(PilotKpi)]


def judges_told(tables: Tables, book: Playbook, look: Look) -> list[str]:
    """For each KPI of people's labels, whether a judge steadies it, and if not why."""
    found = [_judged(tables, book, look, name) for name in get_args(PilotKpi) if DEFINITIONS[name].metric]
    return [f"{kpi.label}: {_told(kpi, why)}." for kpi, why in found]


def _told(kpi: Kpi, why: str) -> str:
    if why:
        return f"people's labels alone, since {why}"
    return f"people's labels and a judge's together, worth {kpi.n_eff or 0:,.0f} labels of people alone"


def _judged(tables: Tables, book: Playbook, look: Look, name: PilotKpi) -> tuple[Kpi, str]:
    if name not in book.pilot.gates:
        kpi = measure(tables, name, PHASE, SHOWN, k=book.pilot.pass_k)
        return with_judge(tables, kpi, PHASE, SHOWN, book.pilot.judge)
    kpi = measure_at(look, tables, book.pilot, name)
    return with_judge(replace(tables, until=look.until), kpi, PHASE, kpi.confidence, book.pilot.judge)


def _with_target(kpi: Kpi, book: Playbook) -> Kpi:
    gate = book.pilot.gates.get(kpi.name)  # type: ignore[call-overload]  # a KPI without a gate has no target
    return replace(kpi, target=gate.limits[book.tier].value) if gate else kpi


def by_part(tables: Tables, name: str, part: str) -> list[Kpi]:
    """The KPI for each segment or tool, worst first; empty where the dataset names none."""
    parts = [kpi for kpi in measure_parts(tables, name, PHASE, part, SHOWN) if kpi.estimate is not None]
    sign = -1 if parts and parts[0].better == "lower" else 1
    return sorted(parts, key=lambda kpi: (sign * (kpi.estimate or 0.0), kpi.dimension or ""))


def by_week(tables: Tables, name: str) -> list[Kpi]:
    """The KPI week by week (`dimension` "week=2026-06-01", Mondays); empty where interactions carry no time."""
    return measure_parts(tables, name, PHASE, "week", SHOWN)
