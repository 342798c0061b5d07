"""The gates of the money page: paid back in time, and likely to end with a gain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pilotage.kpis import Kpi, Tables
from pilotage.page import Page
from pilotage.roi.money import Costs, case_doubts, phase_with_agent
from pilotage.roi.payback import Pairs
from pilotage.verdict import Gate, judge
from pilotage.words import listed

USED = ("people_cost_per_hour", "cost_per_error", "share_of_cases_with_agent", "share_of_saved_time_used")


def gates(page: Page, tables: Tables, kpis: Sequence[Kpi], pairs: Pairs, spent: Costs) -> list[Gate]:
    """Both gates count for every tier; doubts about the tables, the cases, the costs, and assumptions that nobody here
    made hold them."""
    policy, known = page.playbook.roi, {kpi.name: kpi for kpi in kpis}
    doubts = [
        *page.doubts(tables),
        *case_doubts(tables, phase_with_agent(tables)),
        *_gaps(page, pairs),
        *_cost_doubts(spent),
        *_guesses(page),
    ]
    limits = {"payback_months": policy.payback_months_max, "chance_of_gain": policy.chance_of_gain_min}
    return [
        page.settle(judge(known[name], limit.value, None, True, currency=page.currency), limit, doubts)
        for name, limit in limits.items()
    ]


def _gaps(page: Page, pairs: Pairs) -> Iterator[str]:
    """Time and errors that were not recorded for every case: what was not measured may have cost more than before."""
    for name in ("handling_minutes", "error_rate"):
        for kpi in pairs[name]:
            yield from page.gap(kpi) if kpi else ()
    if any(kpi is None or kpi.estimate is None for kpi in pairs["error_rate"]):
        yield "errors before and with the agent are not both known, and may cost more than they did"


def _cost_doubts(spent: Costs) -> Iterator[str]:
    if spent.unbooked:
        yield f"of {listed(list(spent.unbooked))} less than half of the plan was spent so far: is all of it booked?"
    if spent.monthly is not None and spent.one_off is None:
        yield "nothing is recorded as spent before the agent went to work"
    if min(spent.monthly or 0.0, spent.one_off or 0.0) < 0:
        yield "the costs are negative, which no agent's are"


def _guesses(page: Page) -> list[str]:
    """Assumptions that are still the playbook's examples: real money cannot rest on them."""
    if page.synthetic:
        return []
    examples = [name for name in USED if getattr(page.playbook.assumptions, name).example]
    return [f"assumptions still to be set in playbook/assumptions.yaml: {', '.join(examples)}"] if examples else []
