"""A sitting goes on while others draw: what it writes carries the chances of now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from pilotage.errors import PilotageError
from pilotage.kpis import Tables
from pilotage.pilot.labels.plan_file import draw_more, path_of
from pilotage.pilot.labels.questions import question_of
from pilotage.pilot.labels.sitting import Sitting, open_sitting
from pilotage.pilot.labels.store import read, standing
from pilotage.workspace import Workspace

AT = datetime(2026, 10, 1, 9, tzinfo=UTC)
M = "hallucination"


@pytest.fixture
def built(tables: Callable[..., Tables]) -> Tables:
    rows = [{"interaction_id": f"i{k}", "phase": "pilot", "output_text": "x"} for k in range(400)]
    return tables(interactions=rows, labels=[])


@pytest.fixture
def workspace(desk: Callable[..., Workspace], built: Tables) -> Workspace:
    made = desk()
    draw_more(made, "desk", M, built, AT, uniform=40)
    return made


def sit_down(workspace: Workspace, built: Tables) -> Sitting:
    sitting = open_sitting(workspace, "desk", built, M, question_of(M), "Ada")
    sitting.show_next(AT)
    return sitting


def test_a_draw_during_a_sitting_counts_for_every_answer(workspace: Workspace, built: Tables) -> None:
    """The gate refuses labels of runs that were chosen with different chances."""
    sitting = sit_down(workspace, built)
    sitting.answer("n", AT)
    larger = draw_more(workspace, "desk", M, built, AT, uniform=200)
    while sitting.current is not None:
        sitting.answer("n", AT)
    sitting.back(AT)
    sitting.answer("y", AT)
    found = standing(read(workspace, "desk"))
    assert {label.inclusion_probability for label in found} == {larger.chance} == {0.5}
    assert {label.interaction_id for label in found} == larger.items.keys(), "what was drawn meanwhile was not shown"


def test_a_plan_that_lost_the_run_is_said_and_nothing_is_written(workspace: Workspace, built: Tables) -> None:
    sitting = sit_down(workspace, built)
    path_of(workspace, "desk").write_text("")
    with pytest.raises(PilotageError, match="no more among those drawn"):
        sitting.answer("n", AT)
    assert read(workspace, "desk") == ()
