"""The schemas and the dictionary that is printed from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pilotage.records.dictionary import dictionary
from pilotage.records.schemas import PHASES, TABLES

ROOT = Path(__file__).parents[2]


def test_the_data_dictionary_is_what_the_schemas_print():
    assert (ROOT / "data" / "README.md").read_text(encoding="utf-8") == dictionary()


def test_there_are_eleven_tables():
    process = ["cases", "events"]
    agent = ["interactions", "model_calls", "tool_calls"]
    people = ["labels", "feedback", "reviews", "texts"]
    assert list(TABLES) == [*process, *agent, *people, "costs", "training"]


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_each_column_says_what_it_means_and_what_its_absence_leaves_undecided(table):
    for column in table.columns:
        assert column.meaning
        assert column.empty == "never" if column.required else bool(column.undecided), column.name
    assert {*table.key, *(name for pair in table.order for name in pair), *filter(None, [table.time])} <= set(
        table.names
    )
    assert table.column("phase").allowed == PHASES
    assert table.names[-1] == "agent"
