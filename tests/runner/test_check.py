"""`pilotage check` finds beforehand what a run would find later, and looks at the rows too."""

from __future__ import annotations

import json
import re
from io import StringIO

import pytest

from pilotage.errors import PilotageError
from pilotage.runner.check import check
from pilotage.runner.lock import only_run
from pilotage.runner.notebook import Cell
from pilotage.runner.progress import Lines
from pilotage.runner.syntax import syntax_faults
from pilotage.runner.tables import lacking_rows


def checked(tiny) -> tuple[str, list[str]]:
    """What check said while it worked, and what it found in order."""
    stream = StringIO()
    return (lambda found: (stream.getvalue(), found))(check(tiny.workspace, Lines(stream)))


def faults_of(tiny) -> str:
    with pytest.raises(PilotageError) as fault:
        checked(tiny)
    assert fault.value.exit_code == 2
    return str(fault.value)


def test_where_all_is_in_order_only_that_is_said(tiny):
    said, found = checked(tiny)
    assert (said, found[-1]) == ("", "nothing to complain about")


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        ("    time_format: '%d/%m/%Y'\n", "opened_at"),
        ("    values: {opened_at: {from: phase, map: {x: 2026-09-01}}}\n", "opened_at"),
        ("    values: {segment: {from: phase, map: {x: y}}}\n", "segment"),
    ],
)
def test_a_mapping_under_which_every_row_is_set_aside_is_told(tiny, mapping, reason):
    dataset = tiny.root / "data/tiny/dataset.yaml"
    dataset.write_text(dataset.read_text() + mapping)
    said, found = checked(tiny)
    told = [line for line in said.splitlines() if "set aside" in line]
    assert len(told) == 1
    assert re.match(rf"data/tiny: cases: 3 of 3 rows set aside \((mostly: )?{reason}", told[0])
    assert told[0].endswith("; see reports/.intake/tiny/rejected/cases.csv")
    assert (tiny.root / told[0].split("; see ")[1]).is_file()
    assert found[-1].startswith("nothing else to complain about")


def test_times_without_a_zone_are_told(tiny):
    dataset = tiny.root / "data/tiny/dataset.yaml"
    dataset.write_text(dataset.read_text().replace("time_zone: Europe/Rome\n", ""))
    assert "cases: 3 of 3 rows set aside (opened_at" in checked(tiny)[0]


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        ({}, None),
        ({"missing": 3, "set_aside": 3, "reasons": {"a": 3}}, "t: 3 of 10 rows set aside (a); see x/rejected/t.csv"),
        (
            {"missing": 3, "set_aside": 3, "reasons": {"a": 1, "b": 2}},
            "t: 3 of 10 rows set aside (mostly: b); see x/rejected/t.csv",
        ),
        ({"missing": 2}, "t: 2 of 9 rows that the source counted are not there"),
        (
            {"missing": 5, "set_aside": 3, "reasons": {"\x1b": 3}},
            "t: 3 of 12 rows set aside (¤); 2 of 12 rows that the source counted are not there; see x/rejected/t.csv",
        ),
    ],
)
def test_a_table_is_told_only_where_it_lacks_rows(facts, line):
    known = {"rows": 7, "missing": 0, "set_aside": 0, "reasons": {}, **facts}
    assert list(lacking_rows({"tables": {"t": known}}, "x")) == ([line] if line else [])


def test_a_cell_that_is_no_python_is_named_with_notebook_cell_and_line(tiny):
    tiny.page("pilot", "a = 1\nb = (", "c = 2")
    tiny.page("roi", "def")
    said = faults_of(tiny)
    assert "02_pilot.ipynb has code that is no Python:\n  cell 4, line 2: '(' was never closed (b = ()" in said
    assert "03_roi.ipynb has code that is no Python:\n  cell 4, line 1: " in said


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("a = 1", None),
        ("", None),
        ("%matplotlib inline\n!ls\nx = %time 1\n", None),
        ("%%html\n<b>", None),
        ("await x", None),
        ("'\\d'", None),
        ("len?", None),
        ("\n\n  \na = 1\nreturn", "cell 1, line 5: 'return' outside function"),
        ("%time 1\n1 +", "cell 1, line 2: invalid syntax (1 +)"),
        ("a\0", "cell 1, line 1: source code string cannot contain null bytes"),
    ],
)
def test_code_is_read_as_ipython_reads_it(source, fault):
    assert syntax_faults([Cell("code", source, ())]) == ([fault] if fault else [])


def test_what_is_no_code_is_no_python():
    assert syntax_faults([Cell("markdown", "def", ()), Cell("raw", "def", ())]) == []


def test_faults_of_notebooks_data_playbook_and_log_are_told_together_and_once(tiny):
    tiny.page("pilot", "def")
    (tiny.root / "notebooks/01_baseline.ipynb").write_text("{")
    (tiny.root / "playbook/expectations.yaml").write_text("nonsense: [")
    (tiny.root / "playbook/audit_log.jsonl").write_text("{}\n")
    for name in ("other", "another"):
        (tiny.root / "data" / name).mkdir()
        (tiny.root / "data" / name / "dataset.yaml").write_text("nonsense: 1")
    said = faults_of(tiny)
    for part in (
        "02_pilot.ipynb has code that is no Python",
        "01_baseline.ipynb: this is not a notebook",
        "playbook/audit_log.jsonl is not as it was written",
        "data/other/dataset.yaml cannot be followed",
        "data/another/dataset.yaml cannot be followed",
        "playbook/expectations.yaml",
    ):
        assert said.count(part) == 1, part


def test_tables_are_not_made_anew_under_a_run_at_work(tiny):
    with only_run(tiny.workspace.reports):
        assert checked(tiny)[1][-1] == "nothing to complain about"
        (tiny.root / "data/tiny/cases.csv").write_text("case_id,phase,opened_at\n1,pilot,2026-09-01T08:00:00\n")
        assert "another run is at work here" in faults_of(tiny)
    checked(tiny)
    facts = json.loads((tiny.workspace.intake("tiny") / "checks.json").read_text())
    assert facts["tables"]["cases"]["rows"] == 1


def test_without_any_dataset_one_is_asked_for(tiny):
    (tiny.root / "data/tiny/dataset.yaml").unlink()
    assert "there is no dataset under data/" in faults_of(tiny)
