"""Users' objections: rejections and corrections apart, by segment, always with the number of ratings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pilotage import pilot
from pilotage.kpis import Tables
from pilotage.page import Page

Build = Callable[..., Tables]
NewPage = Callable[..., Page]


def data(tables: Build, **kinds: dict[str, int]) -> Tables:
    """`emea={"positive": 30, "negative": 5}`: so many ratings of each kind in the segment."""
    runs: list[dict[str, Any]] = []
    said: list[dict[str, Any]] = []
    for segment, counts in kinds.items():
        for kind, n in counts.items():
            for i in range(n):
                runs.append({"interaction_id": f"{segment}-{kind}-{i}", "phase": "pilot", "segment": segment})
                said.append({"interaction_id": f"{segment}-{kind}-{i}", "kind": kind})
    return tables(interactions=runs, feedback=said)


def test_rejections_and_corrections_are_counted_apart(tables: Build) -> None:
    found = pilot.feedback(data(tables, emea={"positive": 30, "negative": 6, "correction": 4}))
    whole = found.whole
    assert (whole.dissatisfied.count, whole.rejected.count, whole.corrected.count) == (10, 6, 4)
    assert whole.dissatisfied.n == whole.rejected.n == whole.corrected.n == 40


def test_an_answer_rejected_and_corrected_counts_in_both_and_once_in_all(tables: Build) -> None:
    run = {"interaction_id": "1", "phase": "pilot"}
    said = [{"interaction_id": "1", "kind": kind} for kind in ("negative", "correction", "negative")]
    whole = pilot.feedback(tables(interactions=[run], feedback=said)).whole
    assert (whole.dissatisfied.count, whole.rejected.count, whole.corrected.count, whole.dissatisfied.n) == (1, 1, 1, 1)


def test_the_worst_segment_comes_first_and_small_ones_are_named(tables: Build, page: NewPage) -> None:
    found = pilot.feedback(
        data(tables, emea={"positive": 40}, apac={"positive": 20, "negative": 20}, tiny={"negative": 3})
    )
    assert [part.name for part in found.segments] == ["tiny", "apac", "emea"]
    shown = pilot.feedback_table(page("pilot"), found)
    assert "Of 83 rated interactions, users rejected 23 and asked for a correction of 0." in shown
    assert "Left out, with fewer than 30 ratings: tiny." in shown
    assert shown.count('<th scope="row">') == 3


def test_without_feedback_it_is_not_known(tables: Build, page: NewPage) -> None:
    found = pilot.feedback(tables(interactions=[{"interaction_id": "1", "phase": "pilot"}]))
    shown = pilot.feedback_table(page("pilot"), found)
    assert "not known: the dataset has no table <code>feedback</code>" in shown
    assert all(kpi.estimate is None and kpi.reason for kpi in found.kpis)
