"""The independent oracle of the directly-follows graph: a plain loop over sorted events."""

from __future__ import annotations

import itertools
import statistics
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

Edges = dict[tuple[str, str], dict[str, float]]


def at_share(values: list[int], share: float) -> float:
    """The quantile with linear interpolation between neighbours."""
    ordered = sorted(values)
    spot = share * (len(ordered) - 1)
    low = int(spot)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (spot - low)


def follow(events: list[tuple[str, str, datetime]]) -> Edges:
    """The edges of a log of (case, activity, time) in its own order, waits in seconds."""
    cases: dict[str, list[tuple[datetime, int, str]]] = defaultdict(list)
    for row, (case, activity, time) in enumerate(events):
        cases[case].append((time, row, activity))
    waits: dict[tuple[str, str], list[int]] = defaultdict(list)
    for steps in cases.values():
        steps.sort()
        for (time, _, activity), (later, _, following) in itertools.pairwise(steps):
            waits[activity, following].append(round((later - time).total_seconds() * 1e6))
    return {
        edge: {
            "times": len(found),
            "p50_s": at_share(found, 0.5) / 1e6,
            "p95_s": at_share(found, 0.95) / 1e6,
            "mean_s": statistics.fmean(found) / 1e6,
        }
        for edge, found in waits.items()
    }


@pytest.fixture(scope="session")
def oracle() -> Callable[[list[tuple[str, str, datetime]]], Edges]:
    return follow


@pytest.fixture(scope="session")
def log() -> Callable[..., list[dict[str, Any]]]:
    """Rows of `events` from (case, activity, minute) triples: log([("c1", "ask", 0)], phase="pilot")."""

    def rows(steps: list[tuple[str | None, str, int]], phase: str = "baseline") -> list[dict[str, Any]]:
        return [
            {"case_id": c, "activity": a, "timestamp": datetime(2026, 1, 1, m // 60, m % 60), "phase": phase}
            for c, a, m in steps
        ]

    return rows
