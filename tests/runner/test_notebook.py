from __future__ import annotations

import json

import pytest

from pilotage.errors import PilotageError
from pilotage.runner.notebook import Cell, read_cells, read_notebook, read_parameters


def parameters(source: str, *more: Cell):
    return read_parameters((Cell("code", source, ("parameters",)), *more), "02_pilot.ipynb")


def test_parameters_are_read_with_their_default_and_types():
    found = parameters('dataset = "x"  # folder\nweeks: int | None = None  # weeks\nlow = -1.5')
    assert [(one.name, one.default, one.kinds) for one in found.values()] == [
        ("dataset", "x", ("str",)),
        ("weeks", None, ("int", "None")),
        ("low", -1.5, ("float",)),
    ]


@pytest.mark.parametrize("source", ["import os", "a = b = 1", "a = os.getcwd()", "a, b = 1, 2", "a = (", "x: int"])
def test_anything_but_plain_lines_is_refused(source):
    with pytest.raises(PilotageError, match="not plain"):
        parameters(source)


@pytest.mark.parametrize(("tags", "count"), [((), 0), (("parameters",), 2)])
def test_a_page_has_exactly_one_parameters_cell(tags, count):
    cells = (Cell("code", "a = 1", tags), Cell("code", "b = 1", tags))
    with pytest.raises(PilotageError, match=f"{count} cells are tagged"):
        read_parameters(cells, "x")


def test_a_source_may_be_text_or_lines():
    text = json.dumps({"cells": [{"cell_type": "code", "source": ["a = 1\n", "b = 2"], "metadata": {}}]})
    assert read_cells(text, "x") == (Cell("code", "a = 1\nb = 2", ()),)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"cells": [1]}', '{"cells": [{"source": 1}]}'])
def test_what_is_no_notebook_is_said_so(text):
    with pytest.raises(PilotageError, match="not a notebook") as fault:
        read_cells(text, "x")
    assert "put it back from git or from a fresh `pilotage init`" in str(fault.value)


def test_a_missing_notebook_is_said_so(tmp_path):
    with pytest.raises(PilotageError, match="missing"):
        read_notebook(tmp_path / "02_pilot.ipynb")


def test_every_page_declares_dataset_and_day(tmp_path):
    cell = {"cell_type": "code", "source": 'dataset = ""', "metadata": {"tags": ["parameters"]}}
    (tmp_path / "x.ipynb").write_text(json.dumps({"cells": [cell]}))
    with pytest.raises(PilotageError, match="lacks as_of"):
        read_notebook(tmp_path / "x.ipynb")
