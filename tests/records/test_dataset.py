"""What a dataset.yaml may say, and how each of its faults reads."""

from __future__ import annotations

import pytest

from pilotage.errors import InputFaults
from pilotage.forms import parse_mapping
from pilotage.records.dataset import load_dataset, parse_dataset
from pilotage.records.dataset_checks import check_dataset

EXAMPLE = """
name: airline desk pilot
synthetic: false
time_zone: Europe/Rome
tables:
  interactions:
    file: runs.csv                      # a glob or a relative path out of the folder is allowed
    columns: {interaction_id: run_id, task_id: task_id, trial: trial, success: success, model: model}   # ours: theirs
    constants: {segment: airline, phase: pilot}
    values: {outcome: {from: transferred_to_human, map: {0: answered, 1: escalated}}}      # map keys compare as text
"""

RUNS = "interaction_id,latency\nr1,2\n"


def faults_of(yaml: str) -> list[str]:
    document, broken = parse_mapping(yaml, typed=False)
    assert not broken
    with pytest.raises(InputFaults) as caught:
        parse_dataset(document, "desk")
    assert str(caught.value).startswith("data/desk/dataset.yaml cannot be followed:\n  ")
    return caught.value.faults


def test_the_example_of_the_readme_is_understood_word_by_word():
    document, _ = parse_mapping(EXAMPLE, typed=False)
    table = parse_dataset(document, "airline").tables["interactions"]
    assert table.columns["interaction_id"] == "run_id"
    assert table.values["outcome"].map == {"0": "answered", "1": "escalated"}


def test_yaml_values_stay_the_text_that_was_written():
    document, _ = parse_mapping("{segment: no, trial: 007, map: {yes: 1, 1.0: 2, ~: 3}}", typed=False)
    assert document == {"segment": "no", "trial": "007", "map": {"yes": "1", "1.0": "2", "~": "3"}}


TABLE = "name: d\ntables: {interactions: {file: runs.csv, constants: {phase: pilot}, %s}}"


@pytest.mark.parametrize(
    ("yaml", "fault"),
    [
        ("tables: {interactions: {file: a.csv}}", "name: is missing"),
        ("name: d\ntables: {}", "tables: should not be empty"),
        (
            "name: d\ntables: {interaction: {file: a.csv}}",
            "tables.interaction: is not a table; did you mean 'interactions'?",
        ),
        ("name: d\nzone: x\ntables: {texts: {file: a.csv}}", "zone: is not a known key; did you mean 'time_zone'?"),
        (
            "name: d\ntime_zone: Rome\ntables: {texts: {file: a.csv}}",
            "time_zone: should be the name of a time zone, such as Europe/Rome, or UTC (got 'Rome')",
        ),
        (
            "name: d\nsynthetic: perhaps\ntables: {texts: {file: a.csv}}",
            "synthetic: should be true or false (got 'perhaps')",
        ),
        ("name: d\nas_of: 2026-01-01\ntables: {texts: {file: a.csv}}", "as_of can be set for synthetic data only"),
        (
            "name: d\nbaseline: {source: guessed}\ntables: {texts: {file: a.csv}}",
            "baseline.source: should be one of the known words (got 'guessed'); known: recorded, self-reported",
        ),
        (TABLE % "colums: {a: b}", "tables.interactions.colums: is not a known key; did you mean 'columns'?"),
        (TABLE % "rows: many", "tables.interactions.rows: should be an integer (got 'many')"),
        (TABLE % "encoding: utf-88", "interactions.encoding: is not a known encoding of text (got 'utf-88')"),
        (TABLE % "encoding: zlib", "interactions.encoding: is not a known encoding of text (got 'zlib')"),
        (
            "name: d\ntables: {cases: {file: a.csv, columns: {value: [x]}}}",
            "tables.cases.columns.value: should be text",
        ),
        (TABLE % "delimiter: ';;'", "should be one character"),
        (TABLE % "time_format: '%Q'", "interactions.time_format: is no way to write times (as %d/%m/%Y"),
        (TABLE % "time_format: unix s", "(got 'unix s')"),
        (TABLE % "sheet: May", "sheet cannot be set for runs.csv"),
        ("name: d\ntables: {texts: {file: a.docx}}", "a.docx is of no known kind"),
        (TABLE % "columns: {latency: x}", "interactions has no column 'latency'; did you mean 'latency_s'?"),
        (TABLE % "columns: {phase: x}", "tables.interactions: phase is given more than once"),
        (TABLE % "values: {outcome: {from: x, map: {0: answerd}}}", "'answerd' is not one of answered, escalated"),
        (TABLE % "values: {outcome: {from: x}}", "give either map or times"),
        (TABLE % "values: {model: {from: x, times: 2}}", "times needs a number, and model is a text"),
        (
            "name: d\ntables: {cases: {file: a.csv, constants: {phase: pilots}}}",
            "'pilots' is not one of baseline, pilot",
        ),
        ("name: d\ntables: {cases: {file: a.csv, constants: {error: maybe}}}", "should be true or false (got 'maybe')"),
        ("name: d\ntables: {cases: {file: a.csv, constants: {cost: much}}}", "should be a number (got 'much')"),
    ],
)
def test_each_fault_says_where_and_what(yaml, fault):
    assert any(fault in line for line in faults_of(yaml)), faults_of(yaml)


def test_all_faults_are_reported_at_once():
    faults = faults_of(
        "name: d\nodd: 1\ntables: {cases: {file: a.csv, rows: x}, texts: {file: b.csv, columns: {txt: t}}}"
    )
    assert len(faults) == 3


@pytest.mark.parametrize(
    ("yaml", "fault"),
    [("name: [a", "line 2, column 1: "), ("name: a\nname: b", "line 2: 'name' stands already on line 1")],
)
def test_a_yaml_fault_names_its_line(write, yaml, fault):
    with pytest.raises(InputFaults, match="cannot be followed") as caught:
        load_dataset(write(yaml), "desk")
    assert fault in caught.value.faults[0]


@pytest.mark.parametrize(("asked", "told"), [("dessk", "; did you mean 'desk'?"), ("xyz", "; known: desk")])
def test_an_unknown_dataset_names_the_nearest_or_lists_the_others(write, asked, told):
    with pytest.raises(InputFaults) as caught:
        load_dataset(write("name: desk"), asked)
    assert caught.value.faults == [f"the file does not exist{told}"]


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ("{file: run.csv}", "tables.interactions.file: run.csv does not exist; did you mean 'runs.csv'?"),
        ("{file: 'x*.csv'}", "tables.interactions.file: no file matches x*.csv in desk/"),
        ("{file: empty.csv}", "tables.interactions.file: empty.csv is empty (check the export; leave the table out"),
        ("{file: blank.csv}", "tables.interactions.file: blank.csv: is empty (check the export; leave the table out"),
        ("{file: runs.csv, columns: {latency_s: latncy}}", "runs.csv has no column 'latncy'; did you mean 'latency'?"),
        (
            "{file: runs.csv, values: {outcome: {from: end, map: {0: error}}}}",
            "values.outcome.from: runs.csv has no column",
        ),
        ("{file: runs.csv}", "declare phase: a column, or constants: {phase: pilot}"),
        ("{file: other.csv}", "columns.interaction_id: is required (names the run) and nothing in other.csv gives it"),
        ("{file: twice.csv, constants: {phase: pilot}}", "twice.csv has the column 'interaction_id' twice"),
    ],
)
def test_each_fault_of_a_file_says_where_and_what(write, table, fault):
    yaml = f"name: d\ntables:\n  interactions: {table}\n"
    files = {"runs__csv": RUNS, "empty__csv": "", "blank__csv": "\n \n\n", "other__csv": "a,b\n1,2\n"}
    workspace = write(yaml, twice__csv="interaction_id,interaction_id\n1,2\n", **files)
    with pytest.raises(InputFaults) as caught:
        check_dataset(workspace, "desk")
    assert any(fault in line for line in caught.value.faults), caught.value.faults


def test_rows_that_belong_to_runs_need_no_phase_of_their_own(write):
    yaml = """
    name: d
    tables:
      interactions: {file: runs.csv, constants: {phase: pilot}}
      feedback: {file: feedback.csv}
    """
    workspace = write(yaml, runs__csv=RUNS, feedback__csv="interaction_id,kind,at\nr1,positive,2026-01-01T00:00Z\n")
    assert check_dataset(workspace, "desk").name == "d"
