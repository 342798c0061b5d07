"""What the agent costs and what it frees: amounts from the cost table, time and errors from the cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pilotage.kpis import Kpi, Tables, measure

WITH_AGENT = ("production", "pilot")  # the best phase to compare the baseline with comes first
CASES = ("lead_time_h", "handling_minutes", "error_rate", "rework_rate", "cost_per_case")


@dataclass(frozen=True)
class Costs:
    """Total cost of ownership in a first version: spent once, and per month of production; `source` says from what.

    None where the cost table has no such amounts.
    """

    one_off: float | None
    monthly: float | None
    source: Literal["actual", "planned", "none"]
    months: int


def costs(tables: Tables, one_off: Sequence[str], phase: str) -> Costs:
    """The cost of the agent from `costs`: actual amounts where there are any, else the plan.

    Monthly cost is the mean over the months in which cases of `phase` were opened, without the `one_off` categories.
    """
    sql = """SELECT kind, coalesce(sum(amount) FILTER (category IN (SELECT unnest($one_off))), 0) AS once,
                    sum(amount) FILTER (category NOT IN (SELECT unnest($one_off))
                                        AND month IN (SELECT unnest($months))),
                    count(DISTINCT month) FILTER (month IN (SELECT unnest($months)))
             FROM costs GROUP BY kind ORDER BY kind"""
    months = _months(tables, phase)
    rows = tables.connection.execute(sql, {"one_off": list(one_off), "months": months}).fetchall()
    for kind, once, running, seen in rows:  # "actual" sorts before "planned"
        if running is not None:
            return Costs(float(once), float(running) / seen, kind, seen)
    return Costs(None, None, "none", 0)


def _months(tables: Tables, phase: str) -> list[str]:
    sql = "SELECT DISTINCT strftime(opened_at, '%Y-%m') AS month FROM cases WHERE phase = ? ORDER BY month"
    return [month for (month,) in tables.connection.execute(sql, [phase]).fetchall()]


def cost_table(tables: Tables) -> Any:
    """Money planned and spent by category: a DataFrame with category, planned, actual; empty without costs."""
    return tables.frame(
        """SELECT category, sum(amount) FILTER (kind = 'planned') AS planned,
                  sum(amount) FILTER (kind = 'actual') AS actual
           FROM costs GROUP BY category ORDER BY coalesce(actual, planned) DESC, category"""
    )


def phase_with_agent(tables: Tables) -> str | None:
    """The phase that shows the work with the agent: production, else the pilot; None where neither has cases."""
    found = {phase for (phase,) in tables.connection.execute("SELECT DISTINCT phase FROM cases").fetchall()}
    return next((phase for phase in WITH_AGENT if phase in found), None)


def before_and_after(tables: Tables, phase: str | None) -> list[tuple[Kpi, Kpi | None]]:
    """Each KPI of the cases in the baseline and, where there is one, in the phase with the agent."""
    return [
        (measure(tables, name, "baseline"), measure(tables, name, phase) if phase else None) for name in CASES
    ]  # fmt: skip


def cases_per_month(tables: Tables) -> float | None:
    """The volume of the work, from the baseline; None where its cases span less than a week."""
    sql = "SELECT count(*), min(opened_at), max(opened_at) FROM cases WHERE phase = 'baseline'"
    cases, first, last = tables.connection.execute(sql).fetchall()[0]
    if not isinstance(first, datetime) or not isinstance(last, datetime) or (last - first).days < 7:
        return None
    return float(cases) / ((last - first).total_seconds() / 86400) * 365.25 / 12
