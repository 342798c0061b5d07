"""Tables of another dataset: taken in first, opened and recorded like the page's own."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from pilotage.errors import PilotageError
from pilotage.page import Page
from pilotage.page.opened import Opened
from pilotage.playbook import read_policy


def page_of(tiny: Any) -> Page:
    workspace = tiny.workspace
    run = workspace.reports / "by-hand"
    book = read_policy(workspace, ("playbook", "assumptions", "pilot"))
    return Page("pilot", "tiny", date(2026, 10, 12), workspace, run, book, Opened(workspace, run), {})


def another(tiny: Any) -> None:
    folder = tiny.root / "data/before"
    folder.mkdir()
    (folder / "cases-1.csv").write_text("case_id,phase,opened_at\n9,pilot,2026-09-01T08:00:00\n")
    (folder / "dataset.yaml").write_text(
        "name: the run before\nsynthetic: true\nas_of: 2026-10-12\ntime_zone: Europe/Rome\n"
        "tables:\n  cases:\n    file: cases-*.csv\n"
    )


def test_another_datasets_tables_are_taken_in_and_recorded(tiny: Any) -> None:
    another(tiny)
    page = page_of(tiny)
    tables = page.tables_of("before", "cases", "labels")
    assert tables.row("SELECT case_id FROM cases") == ("9",)
    assert tables.row("SELECT count(*) FROM labels") == (0,)
    assert page.facts == {}  # the page's own tables are those of its own dataset
    files = page.opened.files
    assert files["data/before/cases-1.csv"] != "absent"
    assert files["data/before/dataset.yaml"] != "absent"
    assert files["reports/.intake/before/tables/cases.parquet"] != "absent"
    assert files["reports/.intake/before/tables/labels.parquet"] == "absent"
    assert page.opened.parts["reports/.intake/before/checks.json#tables.cases"]
    assert page.opened.globs["data/before/cases-*.csv"] == ["data/before/cases-1.csv"]


def test_the_record_is_written_with_the_patterns(tiny: Any) -> None:
    another(tiny)
    page = page_of(tiny)
    page.tables_of("before", "cases")
    page.opened.write(tiny.root / "opened.json")
    kept = json.loads((tiny.root / "opened.json").read_text())
    assert kept["globs"]["data/before/cases-*.csv"] == ["data/before/cases-1.csv"]


def test_a_dataset_that_is_not_there_is_named_with_the_nearest(tiny: Any) -> None:
    another(tiny)
    with pytest.raises(PilotageError, match=r"there is no dataset 'befor' under data/; did you mean 'before'\?"):
        page_of(tiny).tables_of("befor", "cases")
