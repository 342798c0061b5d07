"""What the agent costs and what it frees: amounts from the cost table, time and errors from the cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from pilotage.kpis import Kpi, Tables, measure
from pilotage.playbook.common import BaselineKpi

WITH_AGENT = ("production", "pilot")  # the best phase to compare the baseline with comes first


@dataclass(frozen=True)
class Costs:
    """Total cost of ownership in a first version: spent once, and per month of work with the agent (None: unknown).

    `planned` names the categories for which nothing was spent yet, so that their plan stands in.
    """

    one_off: float | None
    monthly: float | None
    months: int
    planned: tuple[str, ...] = ()


# Of each category the actual amounts count, and its plan only where nothing was spent. Whatever was spent before the
# first month of the phase was spent to get there: it is one-off, whatever it is called, so that no amount gets lost.
_COSTS = """
WITH chosen AS (SELECT * FROM costs QUALIFY kind = CASE WHEN count(*) FILTER (kind = 'actual')
                OVER (PARTITION BY category) > 0 THEN 'actual' ELSE 'planned' END),
start AS (SELECT strftime(min(local_time(opened_at)), '%Y-%m') AS month FROM cases WHERE phase = $phase),
sides AS (SELECT c.*, c.month < s.month OR category IN (SELECT unnest($one_off)) AS once FROM chosen c, start s)
SELECT sum(amount) FILTER (once), sum(amount) FILTER (NOT once), count(DISTINCT month) FILTER (NOT once),
       list_sort(list(DISTINCT category) FILTER (kind = 'planned')) FROM sides"""


def costs(tables: Tables, one_off: Sequence[str], phase: str | None) -> Costs:
    """The cost of the agent from `costs`; `one_off` names the categories that are spent once, whenever that is.

    Everything unknown without a phase with the agent, or without a running cost since it began.
    """
    once, running, months, planned = tables.row(_COSTS, {"phase": phase or "", "one_off": list(one_off)})
    if running is None:
        return Costs(None, None, 0)
    return Costs(float(once or 0.0), float(running) / months, int(months), tuple(planned or ()))


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
    names = get_args(BaselineKpi)
    return [(measure(tables, name, "baseline"), measure(tables, name, phase) if phase else None) for name in names]


def cases_per_month(tables: Tables) -> float | None:
    """The volume of the work, from the baseline; None where its cases span less than a week."""
    sql = "SELECT count(*), min(opened_at), max(opened_at) FROM cases WHERE phase = 'baseline'"
    cases, first, last = tables.row(sql)
    if not isinstance(first, datetime) or not isinstance(last, datetime) or (last - first).days < 7:
        return None
    return float(cases) / ((last - first).total_seconds() / 86400) * 365.25 / 12
