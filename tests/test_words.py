"""Numbers read the same wherever they stand."""

from __future__ import annotations

import math

import pytest

from pilotage.words import count, listed, number, span


@pytest.mark.parametrize(
    ("value", "unit", "reads"),
    [
        (0.931, "share", "93.1%"),
        (1.0, "share", "100%"),
        (0.0004, "share", "0.04%"),
        (0.0, "share", "0%"),
        (8.25, "s", "8.2 s"),
        (5901.8, "tokens", "5,902 tokens"),
        (38.0, "money", "38 EUR"),
        (1234.5, "money", "1,234 EUR"),
        (None, "s", "unknown"),
        (math.inf, "months", "without bound"),
    ],
)
def test_a_number_reads(value: float | None, unit: str, reads: str) -> None:
    assert number(value, unit, "EUR") == reads


def test_a_missing_end_reads_as_no_bound() -> None:
    assert span(0.1, None, "share") == "10% or more"
    assert span(None, None, "share") == "without bound"


def test_counts_and_lists_read_as_english() -> None:
    assert [count(1, "cases"), count(1200, "tool calls")] == ["1 case", "1,200 tool calls"]
    assert [listed([]), listed(["a"]), listed(["a", "b", "c"])] == ["", "a", "a, b and c"]
