"""Variants and waits on a log small enough to count by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from pilotage.baseline import variants, variants_table, wait_finding, waits, waits_figure
from pilotage.kpis import Tables

Build = Callable[..., Tables]
T0 = datetime(2026, 4, 6, 8)


def log(**paths: str) -> dict[str, list[dict[str, Any]]]:
    """One case per name; each letter is a step, one hour after the one before; "=" repeats the time before."""
    cases = [{"case_id": name, "phase": "baseline", "opened_at": T0} for name in paths]
    events = []
    for name, steps in paths.items():
        hours = 0
        for step in steps:
            if step != "=":
                events.append({"case_id": name, "activity": step, "timestamp": T0 + timedelta(hours=hours)})
            hours += -1 if step == "=" else 1
    return {"cases": cases, "events": events}


def test_the_most_frequent_variant_comes_first(tables: Build) -> None:
    found = variants(tables(**log(a="RMP", b="RMP", c="RP")))
    assert found[["path", "cases"]].values.tolist() == [["R → M → P", 2], ["R → P", 1]]
    assert list(found.median_h) == [2.0, 1.0]
    assert "2 most frequent of 2 variants: 100% of the cases" in variants_table(found, 5)


def test_equal_times_keep_the_order_of_the_log(tables: Build) -> None:
    assert list(variants(tables(**log(a="R=MP"))).path) == ["R → M → P"]


def test_the_longest_wait_is_named_with_its_share(tables: Build) -> None:
    found = waits(tables(**log(a="RMP", b="RM")))
    assert found.iloc[0][["activity", "next_activity", "times", "total_h"]].tolist() == ["R", "M", 2, 2.0]
    assert wait_finding(found) == "The work waits longest between “R” and “M”: 66.7% of all waiting."


def test_without_events_there_is_no_figure_and_the_sentence_says_so(tables: Build) -> None:
    found = waits(tables())
    assert waits_figure(found, 5) is None
    assert "No events" in wait_finding(found)


def test_cases_of_another_phase_stay_out(tables: Build) -> None:
    data = log(a="RM", b="RX")
    data["cases"][1]["phase"] = "pilot"
    assert list(variants(tables(**data)).path) == ["R → M"]
