"""The gates of the money page: paid back in time, and likely to end with a gain."""

from __future__ import annotations

from collections.abc import Sequence

from pilotage.kpis import Kpi, Tables
from pilotage.page import Page
from pilotage.roi.payback import Pairs
from pilotage.verdict import Gate, judge

USED = ("people_cost_per_hour", "cost_per_error", "share_of_cases_with_agent", "share_of_saved_time_used")


def gates(page: Page, tables: Tables, kpis: Sequence[Kpi], pairs: Pairs) -> list[Gate]:
    """Both gates count for every tier; doubts about the tables, cases without a recorded time, and assumptions that
    nobody here made hold them."""
    policy, known = page.playbook.roi, {kpi.name: kpi for kpi in kpis}
    gaps = [doubt for kpi in pairs["handling_minutes"] if kpi for doubt in page.gap(kpi)]
    doubts = [*page.doubts(tables), *gaps, *_guesses(page)]
    limits = {"payback_months": policy.payback_months_max, "chance_of_gain": policy.chance_of_gain_min}
    return [
        page.settle(judge(known[name], limit.value, None, True, currency=page.currency), limit, doubts)
        for name, limit in limits.items()
    ]


def _guesses(page: Page) -> list[str]:
    """Assumptions that are still the playbook's examples: real money cannot rest on them."""
    if page.synthetic:
        return []
    examples = [name for name in USED if getattr(page.playbook.assumptions, name).example]
    return [f"assumptions still to be set in playbook/assumptions.yaml: {', '.join(examples)}"] if examples else []
