"""How the baseline page shows its findings: waits, variants, and the pilot's plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pilotage import figures
from pilotage.baseline.gates import volume
from pilotage.baseline.plan import PilotPlan, pilot_plan
from pilotage.kpis import Tables
from pilotage.page import html
from pilotage.playbook import TIERS, Playbook
from pilotage.words import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def wait_finding(waits: Any) -> str:
    """The longest wait as one sentence; says so where no events were recorded."""
    if waits.empty:
        return "No events were recorded, so nobody can say where the work waits."
    first, total = waits.iloc[0], waits.total_h.sum()
    share = number(first.total_h / total, "share") if total else "no part"
    return f"The work waits longest between “{first.activity}” and “{first.next_activity}”: {share} of all waiting."


def waits_figure(waits: Any, most: int) -> Figure | None:
    """The `most` longest waits as bars; None where there are none."""
    longest = waits.head(most)
    labels = [f"{row.activity} → {row.next_activity}" for row in longest.itertuples()]
    return figures.bars(wait_finding(waits), labels, list(longest.total_h), "h") if labels else None


def variants_table(variants: Any, most: int) -> html.Html:
    """The most frequent variants, how many there are in all, and what share of the cases the shown ones cover."""
    shown = variants.head(most)
    caption = f"The {len(shown)} most frequent of {len(variants):,} variants: {shown.share.sum():.0%} of the cases"
    rows = [
        (row.path, f"{row.cases:,}", number(row.share, "share"), number(row.median_h, "h"))
        for row in shown.itertuples()
    ]
    return html.table(caption, ("Steps", "Cases", "Share", "Median time"), rows, ("Cases", "Share", "Median time"))


def pilot_plans(book: Playbook, tables: Tables) -> list[PilotPlan]:
    """The pilot's plan for each tier, at the volume of the baseline."""
    cases, weeks = volume(tables)
    return [pilot_plan(book, tier, cases / weeks if weeks else 0.0) for tier in TIERS]


def plan_table(plans: list[PilotPlan]) -> html.Html:
    """One row per tier: tasks, interactions, labels, weeks, and the chance that a good agent gets its go."""
    header = ("Tier", "Tasks", "Interactions", "Labels", "Errors allowed", "Labels without any error", "Weeks",
              "Chance of a go for a good agent")  # fmt: skip
    rows = [(plan.tier, *_numbers(plan)) for plan in plans]
    return html.table("The pilot that each tier would need", header, rows, header[1:])


def _numbers(plan: PilotPlan) -> list[str]:
    counts = (plan.tasks, plan.interactions, plan.labels, plan.labels_errors, plan.labels_clean, plan.weeks)
    chance = "none" if plan.chance_of_go is None else number(plan.chance_of_go, "share")
    return [*("out of reach" if count is None else f"{count:,}" for count in counts), chance]
