"""How the money page shows assumptions, layers, costs and payback."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pilotage import figures
from pilotage.kpis import Kpi
from pilotage.page import Page, html
from pilotage.playbook import Assumption, Playbook
from pilotage.roi.gates import USED
from pilotage.roi.layers import layers
from pilotage.roi.payback import Draws
from pilotage.words import number, span

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def assumptions_table(page: Page) -> html.Html:
    """The assumptions this page rests on: value or range, how well it is known, why, who answers for it."""
    header = ("Assumption", "Value", "Unit", "Quality", "Why", "Set by")
    rows = [_assumption(name, getattr(page.playbook.assumptions, name)) for name in USED]
    return html.table("Assumed, not measured (playbook/assumptions.yaml)", header, rows, ("Value",))


def _assumption(name: str, given: Assumption) -> tuple[object, ...]:
    low, likely, high = given.span
    value = f"{likely:g}" if low == high else f"{low:g} to {high:g}, likely {likely:g}"
    quality = f"{given.quality} (example)" if given.example else given.quality
    reason = html.Html(html.sentence(given.reason))
    return (name.replace("_", " "), value, given.unit, quality, reason, given.set_by)


def layers_table(
    page: Page, pairs: Mapping[str, tuple[Kpi, Kpi | None]], pilot: Mapping[str, Any] | None, phase: str | None
) -> html.Html:  # fmt: skip
    """The KPIs of the three layers, before and with the agent."""
    lines = layers(page.playbook.roi, pairs, pilot)
    header = ("Layer", "KPI", "Before", "With the agent", "Change")
    caption = f"Before, and with the agent in {phase}" if phase else "Before; no case was handled with the agent yet"
    return html.table(caption, header, [line.cells(page.currency) for line in lines], header[2:])


def costs_table(page: Page, costs: Any) -> html.Html:
    """Planned and actual amounts by category."""
    header = ("Category", "Planned", "Actual")
    rows = [
        (row.category, *(_amount(page, value) for value in (row.planned, row.actual))) for row in costs.itertuples()
    ]
    return html.table("What was planned and what was spent", header, rows, header[1:])


def _amount(page: Page, value: float | None) -> str:
    return "none" if value is None or value != value else number(value, "money", page.currency)


def payback_finding(kpis: Sequence[Kpi], book: Playbook) -> str:
    """When the agent has paid back, as one sentence with its range and the limit."""
    months = next(kpi for kpi in kpis if kpi.name == "payback_months")
    if months.estimate is None:
        return f"Payback is not known: {months.reason}."
    limit = number(book.roi.payback_months_max.value, "months")
    reach = span(months.low, months.high, "months")
    return f"Paid back after {reach} in nine of ten worlds that the figures allow; the limit is {limit}."


def payback_figure(title: str, worlds: Draws | None, book: Playbook) -> Figure | None:
    """The share of drawn worlds that have paid back, month by month, with the limit; None where money is not known."""
    if worlds is None:
        return None
    limit = book.roi.payback_months_max.value
    months = list(range(0, max(book.roi.horizon_months, int(limit)) + 1))
    paid = [float((worlds.payback <= month).mean()) for month in months]
    figure, axes = figures.canvas(title)
    axes.fill_between(months, paid, color=figures.INK, alpha=0.12, linewidth=0)
    axes.plot(months, paid, color=figures.INK, linewidth=2)
    axes.axvline(limit, color=figures.BAD, linestyle="--", linewidth=1.2)
    axes.text(limit, 1.03, "limit", ha="center", fontsize=8, color=figures.BAD)
    axes.set(
        xlim=(0, months[-1]),
        ylim=(0, 1.08),
        xlabel="months of production",
        ylabel="share of worlds\nthat have paid back",
    )
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    return figure
