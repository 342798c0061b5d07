from __future__ import annotations

import re

import pytest

from pilotage.runner import keys
from pilotage.runner.notebook import Cell

CELLS = (Cell("markdown", "# Q?", ()), Cell("code", "a = 1", ("parameters",)))


@pytest.fixture
def library(tmp_path):
    for name in (
        "errors.py", "page/html.py", "records/store.py", "records/synthetic/world.py", "pilot/gates.py",
        "roi/money.py", "runner/run.py", "runner/template/memo/memo.css", "cli/app.py", "template/notebooks/x.ipynb",
        "starter.py", "lab.py", "records/draft.py", "records/guess.py",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("one")
    return tmp_path


def key_of_pilot(library):
    keys.core_code.cache_clear()
    keys.stage_code.cache_clear()
    return keys.page_key("pilot", CELLS, {}, library)


@pytest.mark.parametrize(
    ("edited", "part"),
    [
        ("errors.py", "core"),
        ("page/html.py", "core"),
        ("records/store.py", "core"),
        ("pilot/gates.py", "stage"),
        ("roi/money.py", None),
        ("records/synthetic/world.py", None),
        ("runner/run.py", None),
        ("runner/template/memo/memo.css", None),
        ("cli/app.py", None),
        ("template/notebooks/x.ipynb", None),
        ("page/__pycache__/html.pyc", None),
        ("starter.py", None),
        ("lab.py", None),
        ("records/draft.py", None),
        ("records/guess.py", None),
    ],
)
def test_code_changes_the_key_of_the_pages_that_use_it(library, edited, part):
    before = key_of_pilot(library)
    (library / edited).parent.mkdir(exist_ok=True)
    (library / edited).write_text("two")
    after = key_of_pilot(library)
    assert [name for name in before if before[name] != after[name]] == ([part] if part else [])


@pytest.mark.parametrize(
    "cells",
    [
        CELLS[::-1],
        CELLS[:1],
        (CELLS[0], Cell("code", "a = 2", ("parameters",))),
        (CELLS[0], Cell("code", "a = 1", ())),
        (Cell("raw", "# Q?", ()), CELLS[1]),
    ],
)
def test_every_edit_of_a_cell_changes_the_key(library, cells):
    assert keys.page_key("pilot", cells, {}, library)["cells"] != key_of_pilot(library)["cells"]


def test_versions_name_python_and_what_computes():
    assert list(keys.versions()) == ["python", *keys.PACKAGES]
    assert "absent" not in keys.versions().values()


def test_what_is_left_out_of_the_key_is_imported_by_nothing_in_it():
    left_out = [name.removesuffix(".py").replace("/", ".") for name in keys.BEGINNINGS]
    imports = re.compile(rf"^\s*(?:from|import) pilotage\.(?:{'|'.join(map(re.escape, left_out))})\b", re.MULTILINE)
    inside = [path for path in keys.LIBRARY.rglob("*.py") if not keys._outside_core(path.relative_to(keys.LIBRARY))]
    assert all((keys.LIBRARY / name).is_file() for name in keys.BEGINNINGS)
    assert [path for path in inside if imports.search(path.read_text(encoding="utf-8"))] == []
