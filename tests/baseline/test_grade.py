"""What may be claimed from a baseline: one table of cases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from pilotage.audit_log import Entry
from pilotage.baseline import grade
from pilotage.baseline.grade import LOCK, fingerprint
from pilotage.kpis import Tables

Build = Callable[..., Tables]
CASE = {"case_id": "1", "phase": "baseline", "opened_at": datetime(2026, 4, 6), "closed_at": datetime(2026, 4, 7)}
PILOT = {"interaction_id": "i", "phase": "pilot", "started_at": datetime(2026, 7, 1)}


def lock(tables: Tables, at: str, dataset: str = "mine") -> Entry:
    return Entry(1, at, "a controller", LOCK, {"dataset": dataset, "fingerprint": fingerprint(tables)}, None, "0")


def test_locked_before_the_pilot_is_the_best_grade(tables: Build) -> None:
    data = tables(cases=[CASE], interactions=[PILOT])
    assert grade(data, "recorded", "mine", [lock(data, "2026-05-01T00:00:00+00:00")]).name == "locked"


@pytest.mark.parametrize(
    ("at", "dataset", "why"),
    [
        ("2026-08-01T00:00:00+00:00", "mine", "after the pilot had begun"),
        ("2026-05-01T00:00:00+00:00", "another", "never locked"),
    ],
)
def test_locked_late_or_not_at_all_is_recorded(tables: Build, at: str, dataset: str, why: str) -> None:
    data = tables(cases=[CASE], interactions=[PILOT])
    found = grade(data, "recorded", "mine", [lock(data, at, dataset)])
    assert found.name == "recorded"
    assert why in found.why


def test_a_baseline_altered_after_its_lock_is_worth_no_more_than_somebodys_word(tables: Build) -> None:
    before = tables(cases=[{**CASE, "handling_minutes": 45.0}], interactions=[PILOT])
    after = tables(cases=[{**CASE, "handling_minutes": 60.0}], interactions=[PILOT])
    found = grade(after, "recorded", "mine", [lock(before, "2026-05-01T00:00:00+00:00")])
    assert found.name == "self-reported"
    assert "differ from those locked on 2026-05-01" in found.why


@pytest.mark.parametrize(
    ("source", "cases", "pilot", "name", "why"),
    [
        ("recorded", [], [PILOT], "none", "no cases of the baseline"),
        ("self-reported", [CASE], [PILOT], "self-reported", "nobody recorded"),
        (
            "recorded",
            [CASE],
            [{**PILOT, "started_at": None}],
            "self-reported",
            "not every run of the pilot carries a time",
        ),
        (
            "recorded",
            [CASE],
            [{**PILOT, "started_at": datetime(2026, 4, 1)}],
            "self-reported",
            "after the pilot had begun",
        ),
    ],
)
def test_what_cannot_be_shown_is_not_claimed(
    tables: Build, source: str, cases: list[Any], pilot: list[Any], name: str, why: str
) -> None:
    found = grade(tables(cases=cases, interactions=pilot), source, "mine", [])
    assert found.name == name
    assert why in found.why


def test_before_any_pilot_a_lock_is_worth_its_grade(tables: Build) -> None:
    data = tables(cases=[CASE])
    assert grade(data, "recorded", "mine", []).name == "recorded"
    assert grade(data, "recorded", "mine", [lock(data, "2026-05-01T00:00:00+00:00")]).name == "locked"


def test_blanking_the_pilots_first_times_betters_no_grade(tables: Build) -> None:
    early = {**PILOT, "interaction_id": "j", "started_at": datetime(2026, 4, 1)}
    with_time = grade(tables(cases=[CASE], interactions=[PILOT, early]), "recorded", "mine", [])
    blanked = grade(tables(cases=[CASE], interactions=[PILOT, {**early, "started_at": None}]), "recorded", "mine", [])
    assert with_time.name == blanked.name == "self-reported"


def test_the_fingerprint_ignores_the_order_of_rows_and_the_pilots_cases(tables: Build) -> None:
    other = {**CASE, "case_id": "2"}
    pilot_case = {**CASE, "case_id": "3", "phase": "pilot"}
    assert fingerprint(tables(cases=[CASE, other])) == fingerprint(tables(cases=[other, CASE, pilot_case]))
    assert fingerprint(tables(cases=[CASE])) != fingerprint(tables(cases=[CASE, other]))
