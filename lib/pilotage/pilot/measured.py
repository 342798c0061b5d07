"""What the pilot showed: every KPI of the agent over the whole pilot, by part, and week by week."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from pilotage.kpis import Kpi, Tables, measure, measure_parts
from pilotage.pilot.gates import PHASE
from pilotage.playbook import Playbook
from pilotage.playbook.common import PilotKpi
from pilotage.words import count

SHOWN = 0.95  # two-sided confidence where nothing is decided


def measured(tables: Tables, book: Playbook) -> list[Kpi]:
    """Each KPI of the agent over the whole pilot, with the limit of the tier asked for as its target.

    A KPI with a gate carries the interval that decides: its ends are the gate's one-sided bounds.
    """
    return [_with_target(_measured(tables, book, name), book) for name in get_args(PilotKpi)]


def _measured(tables: Tables, book: Playbook, name: PilotKpi) -> Kpi:
    confidence = 2 * book.pilot.confidence - 1 if name in book.pilot.gates else SHOWN
    return measure(tables, name, PHASE, confidence, k=book.pilot.pass_k)


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


def growth(weeks: list[Kpi]) -> float | None:
    """How much the last week lies above the first, as a share; None with fewer than two weeks or a first of zero."""
    ends = [weeks[0].estimate, weeks[-1].estimate] if len(weeks) > 1 else []
    return ends[1] / ends[0] - 1 if len(ends) == 2 and ends[0] and ends[1] is not None else None


def labels_counted(tables: Tables) -> list[str]:
    """What people labelled, and how often: a metric spelt differently shows here and counts nowhere."""
    sql = """SELECT metric, count(*) FROM labels WHERE source = 'human' GROUP BY metric ORDER BY metric"""
    return [f"{metric}: {count(n, 'labels')} by people" for metric, n in tables.connection.execute(sql).fetchall()]
