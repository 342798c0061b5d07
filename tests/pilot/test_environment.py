"""The environment gap: an aspect is covered, not covered, or not known, and the figures say why."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage import pilot
from pilotage.kpis import Tables
from pilotage.page import Page
from pilotage.pilot.environment import Aspect, _chance_beyond
from pilotage.playbook import Production

Build = Callable[..., Tables]
NewPage = Callable[..., Page]
MONDAY = datetime(2026, 7, 6, 8)
WORDS = ("invoice", "order", "cable", "freight", "paper", "repair", "lines", "supplier", "amount", "date")


@pytest.fixture
def tables(tables: Build, in_memory: Build) -> Build:
    """Like the shared fixture, and faster for hundreds of rows: dated ones go in as a frame."""

    def build(**rows: Any) -> Tables:
        if len(rows.get("interactions", ())) < 100:
            return tables(**rows)
        return in_memory({name: pd.DataFrame(given) for name, given in rows.items()})

    return build


def said(n: int, seed: int, words: tuple[str, ...] = WORDS, length: int = 6) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(words, length)) + f" {seed}{i}" for i in range(n)]


def runs(texts: list[str], **more: Any) -> list[dict[str, Any]]:
    return [
        {"interaction_id": f"i{i}", "phase": "pilot", "segment": ("emea", "apac")[i % 2], "input_text": text,
         "started_at": MONDAY + timedelta(hours=i % 100), **more}
        for i, text in enumerate(texts)
    ]  # fmt: skip


def inbox(texts: list[str], **more: Any) -> list[dict[str, Any]]:
    return [
        {"text_id": f"x{i}", "text": text, "source": "inbox", "side": "input", **more} for i, text in enumerate(texts)
    ]


def given_production(page: Page, **section: Any) -> Page:
    wanted = {
        "segments": ("emea", "apac"), "inputs": "inbox", "interactions_per_week": limit(100), "example": False,
        **section,
    }  # fmt: skip
    policy = page.playbook.pilot.model_copy(update={"production": Production.model_construct(**wanted)})
    return dataclasses.replace(page, playbook=page.playbook.model_copy(update={"pilot": policy}))


def limit(value: int, example: bool = False) -> Any:
    from pilotage.playbook import Limit

    return Limit[int](value=value, reason="r", source="s", set_by="x", example=example)


def aspects(page: Page, tables: Tables) -> dict[str, Aspect]:
    return {aspect.name: aspect for aspect in pilot.environment(page, tables).aspects}


def test_inputs_like_the_pilot_s_are_covered_in_every_aspect(tables: Build, page: NewPage) -> None:
    data = tables(interactions=runs(said(400, 1)), texts=inbox(said(150, 2)))
    found = aspects(given_production(page("pilot")), data)
    assert {aspect.state for aspect in found.values()} == {"covered"}, found
    shown = pilot.environment_table(pilot.environment(given_production(page("pilot")), data))
    assert "The pilot covers 4 of 4 aspects of production." in shown


def test_without_the_section_everything_is_not_known(tables: Build, page: NewPage) -> None:
    bare = page("pilot")
    policy = bare.playbook.pilot.model_copy(update={"production": None})
    bare = dataclasses.replace(bare, playbook=bare.playbook.model_copy(update={"pilot": policy}))
    found = aspects(bare, tables(interactions=runs(said(400, 1)), texts=inbox(said(150, 2))))
    assert {aspect.state for aspect in found.values()} == {"not known"}
    assert "no section" in found["load"].why


def test_an_example_says_nothing_about_real_data(tables: Build, page: NewPage) -> None:
    data = tables(interactions=runs(said(400, 1)), texts=inbox(said(150, 2)))
    real = given_production(page("pilot", synthetic=False), example=True)
    assert {aspect.state for aspect in aspects(real, data).values()} == {"not known"}
    volume = given_production(page("pilot", synthetic=False), interactions_per_week=limit(100, example=True))
    assert aspects(volume, data)["load"].state == "not known"


def test_a_segment_the_pilot_hardly_saw_is_not_covered(tables: Build, page: NewPage) -> None:
    data = tables(interactions=runs(said(400, 1)))
    found = aspects(given_production(page("pilot"), segments=("emea", "apac", "latam")), data)["segments"]
    assert found.state == "not covered"
    assert "latam 0" in found.why
    assert "emea" not in found.why


@pytest.mark.parametrize(("expected", "state"), [(100, "covered"), (102, "not covered")])
def test_load_is_covered_up_to_the_busiest_week(tables: Build, page: NewPage, expected: int, state: str) -> None:
    rows = [*runs(said(101, 1)), *({**row, "interaction_id": f"later-{i}", "started_at": MONDAY + timedelta(weeks=1)}
                                   for i, row in enumerate(runs(said(60, 2))))]  # fmt: skip
    rows[100]["parent_interaction"] = "i0"  # a sub-agent's run is no interaction of its own
    found = aspects(given_production(page("pilot"), interactions_per_week=limit(expected)), tables(interactions=rows))
    assert found["load"].state == state
    assert found["load"].kpis[0].estimate == expected / 100
    assert f"{expected} expected a week, 100 in the pilot's busiest week (from 2026-07-06)" in found["load"].why


def test_longer_inputs_are_not_covered_and_counted(tables: Build, page: NewPage) -> None:
    long = [*said(120, 2), *said(20, 3, length=30)]
    data = tables(interactions=runs(said(400, 1)), texts=inbox(long))
    found = aspects(given_production(page("pilot")), data)["length"]
    assert found.state == "not covered"
    assert (found.kpis[0].count, found.kpis[0].n) == (20, 140)


def test_new_words_are_not_covered_and_named_and_harmless(tables: Build, page: NewPage) -> None:
    new = said(150, 2, (*WORDS[:5], "refund", "chargeback", "<script>alert(1)</script>"))
    data = tables(interactions=runs(said(400, 1)), texts=inbox(new))
    found = aspects(given_production(page("pilot")), data)["words"]
    assert found.state == "not covered"
    assert "“chargeback”" in found.why
    assert found.kpis[0].low
    assert "<script" not in pilot.environment_table(pilot.environment(given_production(page("pilot")), data))


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ({"interactions": runs(said(400, 1))}, "no table `texts`"),
        ({"interactions": runs(said(400, 1)), "texts": inbox(said(10, 2))}, "10 different real inputs"),
        ({"interactions": runs(said(1, 1) * 400), "texts": inbox(said(90, 2))}, "1 different inputs of the pilot"),
        ({"interactions": runs(said(400, 1)), "texts": inbox(said(90, 2), side="output")}, "0 different real inputs"),
        ({"interactions": [{"interaction_id": "1", "phase": "pilot"}], "texts": inbox(said(90, 2))}, "no column"),
        ({}, "no table"),
    ],
)
def test_too_few_inputs_leave_their_aspects_not_known(
    tables: Build, page: NewPage, rows: dict[str, Any], why: str
) -> None:
    found = aspects(given_production(page("pilot")), tables(**rows))
    assert found["length"].state == found["words"].state == "not known"
    assert why in found["words"].why


def test_without_times_or_segments_these_are_not_known(tables: Build, page: NewPage) -> None:
    found = aspects(given_production(page("pilot")), tables(interactions=[{"interaction_id": "1", "phase": "pilot"}]))
    assert found["load"].state == found["segments"].state == "not known"
    silent = given_production(page("pilot"), segments=(), interactions_per_week=None, inputs=None)
    assert {aspect.state for aspect in aspects(silent, tables(interactions=runs(said(400, 1)))).values()} == {
        "not known"
    }


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 40))
def test_the_chance_of_exceedances_is_that_of_counting(real: int, seen: int, beyond: int) -> None:
    from math import comb

    beyond = min(beyond, real)
    assert _chance_beyond(beyond, real, seen) == pytest.approx(
        comb(real + seen - beyond, seen) / comb(real + seen, seen)
    )
