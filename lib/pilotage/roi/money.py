"""What the agent costs and what it frees: amounts from the cost table, time and errors from the cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, get_args

from pilotage.kpis import Kpi, Tables, measure
from pilotage.playbook.common import BaselineKpi
from pilotage.words import count

WITH_AGENT = ("production", "pilot")  # the best phase to compare the baseline with comes first


@dataclass(frozen=True)
class Costs:
    """Total cost of ownership in a first version: spent once, and per month of work with the agent (None: unknown).

    `planned` names the categories whose plan stands in for some month, `unbooked` those of which less than half of what
    was planned for past months was spent: perhaps it is only not booked yet.
    """

    one_off: float | None
    monthly: float | None
    planned: tuple[str, ...] = ()
    unbooked: tuple[str, ...] = ()


# Of a past month the actual amounts of a category count, and its plan only where nothing of it was ever spent; of this
# month, which is not over, and of later ones the plan. Whatever falls before the first month of the phase was spent to
# get there: it is one-off, whatever it is called, so that no amount gets lost. A category's monthly cost is its mean
# over its own months, so that a further category never makes the others cheaper. Amounts are added in their order,
# since the last digit of a sum depends on it and DuckDB promises none.
_COSTS = """
WITH marked AS (SELECT *, month < $now AS past, category IN (SELECT unnest($one_off)) AS single,
                       count(*) FILTER (kind = 'actual') OVER (PARTITION BY category) > 0 AS spent FROM costs),
chosen AS (SELECT * FROM marked
           WHERE CASE WHEN kind = 'actual' THEN past OR single
                      ELSE NOT spent OR month > $now OR NOT (past OR single) END),
start AS (SELECT strftime(min(local_time(opened_at)), '%Y-%m') AS month FROM cases WHERE phase = $phase),
sides AS (SELECT c.*, c.month < s.month OR single AS once FROM chosen c, start s),
monthly AS (SELECT category, sum(amount ORDER BY amount) / count(DISTINCT month) AS amount
            FROM sides WHERE NOT once GROUP BY category),
late AS (SELECT category FROM marked WHERE past GROUP BY category
         HAVING sum(amount) FILTER (kind = 'actual') < 0.5 * sum(amount) FILTER (kind = 'planned'))
SELECT (SELECT sum(amount ORDER BY amount) FROM sides WHERE once), (SELECT sum(amount ORDER BY amount) FROM monthly),
       (SELECT list_sort(list(DISTINCT category)) FROM sides WHERE kind = 'planned'),
       (SELECT list_sort(list(category)) FROM late)"""


def costs(tables: Tables, one_off: Sequence[str], phase: str | None, as_of: date) -> Costs:
    """The cost of the agent from `costs`; `one_off` names the categories that are spent once, whenever that is.

    Everything unknown without a phase with the agent, or without a running cost since it began.
    """
    given = {"phase": phase or "", "one_off": list(one_off), "now": f"{as_of:%Y-%m}"}
    once, running, planned, unbooked = tables.row(_COSTS, given)
    if running is None:
        return Costs(None, None)
    return Costs(None if once is None else float(once), float(running), tuple(planned or ()), tuple(unbooked or ()))


def cost_table(tables: Tables) -> Any:
    """Money planned and spent by category: a DataFrame with category, planned, actual; empty without costs."""
    return tables.frame(
        """SELECT category, sum(amount ORDER BY amount) FILTER (kind = 'planned') AS planned,
                  sum(amount ORDER BY amount) FILTER (kind = 'actual') AS actual
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


def case_doubts(tables: Tables, phase: str | None) -> list[str]:
    """What speaks against comparing the cases before with those after: cases left open, phases that overlap."""
    doubts = []
    sql = """WITH slowest AS (SELECT max(closed_at - opened_at) AS time, max(coalesce(closed_at, opened_at)) AS last
                              FROM cases)
             SELECT count(*) FROM cases, slowest WHERE phase IN ('baseline', $phase) AND closed_at IS NULL
             AND opened_at + slowest.time < slowest.last"""
    (stuck,) = tables.row(sql, {"phase": phase or ""})
    if stuck:
        doubts.append(
            f"{count(stuck, 'cases')} stayed open longer than any closed case took, so their time is not known"
        )
    first, last = tables.row("""SELECT min(opened_at) FILTER (phase = 'production'),
                                       max(opened_at) FILTER (phase = 'pilot') FROM cases""")
    if first and last and first < last:
        doubts.append("cases of production were opened while the pilot still ran, so the two are no clean comparison")
    return doubts
