"""Sliders for the analyst: other costs, attack share or capacity, and the operating point anew at once."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from pilotage.errors import PilotageError
from pilotage.guardrails.tuning.costs import Costs
from pilotage.guardrails.tuning.operating import OperatingPoint, Shares, operating_point
from pilotage.guardrails.tuning.tuner import Tuner
from pilotage.page import Page, html
from pilotage.statistics import Interval
from pilotage.words import number, span

LABELS = {
    "missed_attack": "Missed attack",
    "false_block": "False block",
    "review": "One review",
    "attack_share": "Attack share",
    "caught_in_review": "Caught in review",
    "reviews_per_week_max": "Reviews a week",
}
SHARES = ("attack_share", "caught_in_review")
DECADES = 2  # how far a slider goes to either side of the value it starts from
SEED = 0  # the same draws for every position, so that only what was moved changes the figures


def sliders(page: Page, made: Tuner, costs: Costs, fpr_max: float | None = None) -> Sliders | None:
    """The sliders, which show themselves as a cell's last value; None where a run executes the page."""
    return Sliders(made, costs, fpr_max, page.currency) if page.by_hand else None


class Sliders:
    """The widgets; `point` is the operating point of their present positions."""

    def __init__(self, made: Tuner, costs: Costs, fpr_max: float | None = None, currency: str = "") -> None:
        import ipywidgets as widgets

        self._made, self._costs, self._fpr_max, self._currency = made, costs, fpr_max, currency
        self.moved = {name: _slider(widgets, name, getattr(costs, name), costs) for name in LABELS}
        self.shown = widgets.HTML()
        self.box = widgets.VBox([*self.moved.values(), self.shown])
        for slider in self.moved.values():
            slider.observe(lambda change: self._refresh(), "value")
        self._refresh()

    def _repr_mimebundle_(self, **_: Any) -> Any:
        return self.box._repr_mimebundle_()

    def _refresh(self) -> None:
        try:
            costs = replace(self._costs, **{name: float(slider.value) for name, slider in self.moved.items()})
            self.point = operating_point(self._made, costs, np.random.default_rng(SEED), self._fpr_max)
            self.shown.value = point_table(self.point, self._currency)
        except PilotageError as fault:
            self.shown.value = html.note(str(fault), "warning")


def point_table(point: OperatingPoint, currency: str = "") -> html.Html:
    """The operating point for everybody to read: bands, cost, shares and reviews with their intervals."""
    rows = [
        ("Review from", _at(point.review_at), _between(point.review_at_range)),
        ("Block from", _at(point.block_at), _between(point.block_at_range)),
        ("Cost per 1,000 texts", *_cells(point.cost_per_1000, "money", currency)),
        ("Reviews a week", *_cells(point.reviews_per_week)),
        *_share_rows("Attacks", point.attacks),
        *_share_rows("Benign texts", point.benign),
        *((f"Instead: {other.name}, per 1,000", *_cells(other.cost_per_1000, "money", currency))
          for other in point.alternatives),
    ]  # fmt: skip
    header = ("", "Expected", "Between")
    return html.Html(html.table("The operating point", header, rows, header[1:]) + html.paragraph(point.why))


def _share_rows(kind: str, shares: Shares) -> list[tuple[str, str, str]]:
    return [(f"{kind} {word}", *_cells(getattr(shares, word), "share")) for word in ("allowed", "reviewed", "blocked")]


def _cells(found: Interval, unit: str = "", currency: str = "") -> tuple[str, str]:
    between = "" if found.low == found.high else span(found.low, found.high, unit, currency)
    return number(found.estimate, unit, currency), between


def _at(threshold: float) -> str:
    return "never" if threshold > 1 else f"{threshold:g}"


def _between(ends: tuple[float, float]) -> str:
    return f"{_at(ends[0])} to {_at(ends[1])}"


def _slider(widgets: Any, name: str, value: float, costs: Costs) -> Any:
    """A slider that begins at the value given; amounts and small shares move by factors, the catch in steps."""
    look = {"description": LABELS[name], "continuous_update": False, "style": {"description_width": "9em"}}
    if name == "caught_in_review":
        return widgets.FloatSlider(value=value, min=0, max=1, step=0.01, **look)
    if math.isinf(value):
        value = costs.texts_per_week
    if value <= 0:
        return widgets.FloatSlider(value=value, min=0, max=1 if name in SHARES else 100, **look)
    exponent = math.log10(value)
    highest = 0.0 if name in SHARES else exponent + DECADES
    return widgets.FloatLogSlider(value=value, min=exponent - DECADES, max=highest, step=0.05, **look)
