"""Deleting evidence never opens a gate: not a row that the source has counted, not a whole table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas import DataFrame

from pilotage import baseline, pilot, roi
from pilotage.kpis import Tables
from pilotage.page import Page
from pilotage.records.synthetic import make_tables
from pilotage.verdict import Gate

InMemory = Callable[..., Tables]
NewPage = Callable[..., Page]
Key = tuple[str, str | None]
FRAMES = {variant: make_tables(7, variant) for variant in ("go", "not-yet", "no-go")}
ONE_TABLE = [(variant, name) for variant in FRAMES for name in FRAMES[variant]]
WHOLE: dict[str, dict[Key, Gate]] = {}  # the gates of each desk with every row there, worked out once


def gates(page: NewPage, tables: Tables, variant: str) -> dict[Key, Gate]:
    """Every gate of the three pages that measure."""
    desk, work, money = page("pilot", dataset=f"sample-{variant}"), page("baseline", policies=("pilot",)), page("roi")
    grade = baseline.grade(tables, "recorded", "tiny", [])
    look = pilot.look(desk, tables)
    found = [
        *baseline.gates(work, tables, grade),
        *pilot.gates(desk, tables, pilot.measured(tables, desk.playbook, look), look),
        *money_gates(money, tables),
    ]
    return {(gate.name, gate.tier): gate for gate in found}


def money_gates(page: Page, tables: Tables) -> list[Gate]:
    phase, volume = roi.phase_with_agent(tables), roi.cases_per_month(tables)
    pairs = {before.name: (before, after) for before, after in roi.before_and_after(tables, phase)}
    spent = roi.costs(tables, page.playbook.roi.one_off_categories, phase, page.as_of)
    reason = roi.unknown(pairs, volume, spent)
    worlds = None if reason else roi.draw(pairs, volume or 0.0, spent, phase or "", page.playbook, 500)
    return roi.gates(page, tables, roi.money_kpis(worlds, spent, reason), pairs, spent)


def opened(page: NewPage, in_memory: InMemory, variant: str, part: Tables) -> list[Key]:
    """The gates that are go with the part and were not with the whole."""
    if variant not in WHOLE:
        WHOLE[variant] = gates(page, in_memory(FRAMES[variant]), variant)
    before, after = WHOLE[variant], gates(page, part, variant)
    return [key for key, gate in after.items() if gate.answer == "go" and before[key].answer != "go"]


@pytest.mark.parametrize(("variant", "name"), ONE_TABLE)
def test_a_deleted_table_opens_nothing(page: NewPage, in_memory: InMemory, variant: str, name: str) -> None:
    rest = {other: frame for other, frame in FRAMES[variant].items() if other != name}
    assert opened(page, in_memory, variant, in_memory(rest)) == []


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(ONE_TABLE), st.floats(0.001, 0.9), st.integers(0, 2**32 - 1))
def test_deleted_rows_that_the_source_has_counted_open_nothing(
    page: NewPage, in_memory: InMemory, table: tuple[str, str], share: float, seed: int
) -> None:
    variant, name = table
    part, deleted = thinned(FRAMES[variant], name, share, seed)
    assert opened(page, in_memory, variant, in_memory(part, missing={name: deleted})) == []


def thinned(frames: Mapping[str, DataFrame], name: str, share: float, seed: int) -> tuple[dict[str, DataFrame], int]:
    """The frames with a random share of one table's rows gone, and how many those are (at least one)."""
    frame = frames[name]
    deleted = max(1, int(share * len(frame)))
    kept = np.sort(np.random.default_rng(seed).permutation(len(frame))[deleted:])
    return {**frames, name: frame.iloc[kept].reset_index(drop=True)}, deleted


# What somebody would blank who wants a go: the values of the worst rows.
BLANKED = [
    ("interactions", "success", "success == False"),
    ("interactions", "latency_s", "latency_s > latency_s.quantile(0.8)"),
    ("interactions", "outcome", "outcome == 'escalated'"),
    ("interactions", "task_id", "success == False"),
    ("interactions", "task_id", "task_id == task_id"),
    ("interactions", "started_at", "phase == 'pilot'"),
    ("cases", "handling_minutes", "phase == 'production' and handling_minutes > 20"),
    ("cases", "error", "phase == 'production' and error == True"),
]


@pytest.mark.parametrize("variant", FRAMES)
@pytest.mark.parametrize(("name", "column", "worst"), BLANKED)
def test_blanked_values_open_nothing(
    page: NewPage, in_memory: InMemory, variant: str, name: str, column: str, worst: str
) -> None:
    frame = FRAMES[variant][name].copy()
    hit = frame.eval(worst, engine="python").fillna(False).astype(bool)
    assert hit.any()
    frame[column] = frame[column].where(~hit)
    assert opened(page, in_memory, variant, in_memory({**FRAMES[variant], name: frame})) == []
