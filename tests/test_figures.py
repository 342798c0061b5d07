"""Figures are the same bytes for the same data, and no text from data breaks them."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from pilotage import figures
from pilotage.kpis import Kpi
from pilotage.verdict import Gate

HOSTILE = ["pay $x^{$", "a$b$c", "<script>alert(1)</script>", "\x00\x1b[31m", "x" * 1_000_000, "\ud800", "line\nbreak"]


def kpi(estimate: float | None, low: float | None = None, high: float | None = None) -> Kpi:
    return Kpi("task_success_rate", "Tasks done right", "quality", "share", None, 1, 10, 10, estimate, low, high, 0.9,
               "m", "higher")  # fmt: skip


def gate(answer: str) -> Gate:
    return Gate("g", "task_success_rate", None, True, answer, "because", 0.85)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_is_drawn_as_text(text: str) -> None:
    drawn = figures.svg(figures.bars(text, [text, "fine"], [1.0, 2.0], "h"))
    ElementTree.fromstring(drawn)
    assert "<script" not in drawn
    assert len(drawn) < 60_000


def test_the_same_data_give_the_same_bytes() -> None:
    first, second = (
        figures.svg(figures.intervals("A finding.", [kpi(0.9, 0.8, 0.95)], {"task_success_rate": gate("go")}))
        for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize("answer", ["go", "no-go", "not yet"])
def test_the_colour_is_the_gates_answer_also_where_it_is_held(answer: str) -> None:
    drawn = figures.svg(figures.intervals("A finding.", [kpi(0.9, 0.88, 0.95)], {"task_success_rate": gate(answer)}))
    assert figures.COLOURS[answer] in drawn


def test_without_an_estimate_the_row_says_so() -> None:
    drawn = figures.svg(figures.intervals("A finding.", [kpi(None)], {"task_success_rate": gate("not yet")}))
    assert "the data cannot say" in drawn


def test_an_unbounded_interval_is_drawn() -> None:
    drawn = figures.svg(figures.intervals("F.", [kpi(0.9)], {"task_success_rate": gate("not yet")}))
    assert ElementTree.fromstring(drawn).tag.endswith("svg")
