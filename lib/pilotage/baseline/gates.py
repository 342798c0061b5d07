"""The baseline's gates: enough cases, enough weeks, a grade good enough to rest a decision on."""

from __future__ import annotations

from typing import get_args

from pilotage.baseline.grade import ORDER, Grade
from pilotage.kpis import Kpi, Tables, measure
from pilotage.page import Page
from pilotage.playbook.common import BaselineKpi
from pilotage.verdict import Gate, at_least


def process_kpis(tables: Tables, confidence: float, phase: str = "baseline") -> list[Kpi]:
    """The five KPIs of the work itself: lead time, people's time, errors, rework, cost."""
    return [measure(tables, name, phase, confidence) for name in get_args(BaselineKpi)]


def volume(tables: Tables, phase: str = "baseline") -> tuple[int, float]:
    """Finished cases of the phase, and the weeks from the day of the first opening to that of the last, both included;
    (0, 0.0) without cases."""
    days = "coalesce(date_diff('day', min(opened_at), max(opened_at)) + 1, 0)"
    sql = f"SELECT count(closed_at), {days} / 7 FROM cases WHERE phase = ?"
    cases, weeks = tables.row(sql, [phase])
    return int(cases), float(weeks)


def gates(page: Page, tables: Tables, grade: Grade) -> list[Gate]:
    """The baseline's gates; none depends on a tier, since the work was there before the agent."""
    policy, doubts = page.playbook.baseline, page.doubts(tables)
    cases, weeks = volume(tables)
    needed = policy.grade_required.value
    good = ORDER.index(grade.name) <= ORDER.index(needed)
    spoken = "missing" if grade.name == "none" else grade.name
    why = f"the baseline is {spoken}, because {grade.why}; at least {needed!r} is needed"
    graded = Gate("baseline_grade", "baseline_grade", None, True, "go" if good else "not yet", why, needed)
    return [
        page.settle(at_least("baseline_cases", cases, policy.min_cases.value, "cases"), policy.min_cases, doubts),
        page.settle(
            at_least("baseline_weeks", round(weeks, 1), policy.min_weeks.value, "weeks"), policy.min_weeks, doubts
        ),
        page.settle(graded, policy.grade_required, doubts),
    ]


def remarks(tables: Tables, grade: Grade) -> dict[str, str | float]:
    """What later pages need to know of the baseline besides its KPIs: its size, its grade, what may be claimed."""
    cases, weeks = volume(tables)
    return {
        "baseline_cases": cases, "baseline_weeks": round(weeks, 1), "baseline_grade": grade.name, "claim": grade.claim,
        "grade_why": grade.why,
    }  # fmt: skip
