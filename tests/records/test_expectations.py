"""Great Expectations: what the schema promises and the playbook adds; a failed one is a failed check, no error."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pilotage.errors import InputFaults
from pilotage.records import expectations
from pilotage.records.expectations import load_expectations, schema_suite
from pilotage.records.intake import intake
from pilotage.records.schemas import TABLES
from pilotage.workspace import Workspace

RUNS = """\
interaction_id,started_at,latency_s,outcome,success,input_text
r1,2026-03-02 10:00,2.5,answered,1,my secret
r2,2026-03-02 11:00,4,escalated,0,another secret
r3,2026-03-03 09:30,1.25,answered,yes,a third secret
"""
YAML = "name: desk\ntime_zone: UTC\ntables: {interactions: {file: runs.csv, constants: {phase: pilot}}}"
OWN = """
owner: process owner
expectations:
  interactions:
    - expect_column_mean_to_be_between: {column: latency_s, min_value: 0, max_value: 1}
    - expect_column_quantile_values_to_be_between:
        {column: latency_s, quantile_ranges: {quantiles: [0.5], value_ranges: [[0, 3]]}}
    - expect_column_distinct_values_to_be_in_set: {column: input_text, value_set: [a]}
    - expect_column_most_common_value_to_be_in_set: {column: input_text, value_set: [a]}
    - expect_column_values_to_be_between: {column: cost, max_value: 5}
    - expect_column_values_to_match_regex: {column: latency_s, regex: "["}
"""


def with_playbook(workspace, text):
    (workspace.playbook / "expectations.yaml").write_text(text)
    return workspace


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """One intake with all kinds of expectations."""
    root = tmp_path_factory.mktemp("workspace")
    (root / "playbook").mkdir()
    (root / "data" / "desk").mkdir(parents=True)
    tables = "interactions: {file: runs.csv, constants: {phase: pilot}}, texts: {file: texts.csv}"
    yaml = f"name: desk\ntime_zone: UTC\ntables: {{{tables}}}\n"
    (root / "data" / "desk" / "dataset.yaml").write_text(yaml)
    (root / "data" / "desk" / "runs.csv").write_text(RUNS)
    (root / "data" / "desk" / "texts.csv").write_text("text_id,text,label,source,language,side\n")
    workspace = with_playbook(Workspace(root), OWN)
    result = intake(workspace, "desk")
    return {
        name: {check["name"]: check for check in table["checks"]} for name, table in result.checks["tables"].items()
    }


def test_what_the_schema_promises_is_checked_in_plain_words(found):
    passed = {name for name, check in found["interactions"].items() if check["passed"]}
    assert {
        "there are rows",
        "interaction_id is never empty",
        "interaction_id names one row",
        "latency_s is at least 0",
        "outcome is one of answered, escalated, refused, error",
    } <= passed
    assert found["interactions"]["latency_s is at least 0"]["detail"] == "all 3 rows pass"


def test_an_expectation_of_the_playbook_that_fails_is_a_failed_check(found):
    check = found["interactions"]["expect column mean to be between: column latency_s, min_value 0, max_value 1"]
    assert (check["passed"], check["detail"][:13]) == (False, "observed: 2.5")


def test_a_set_of_observed_values_is_never_repeated(found):
    checks = {name: check for name, check in found["interactions"].items() if name.startswith("expect ")}
    distinct = next(check for name, check in checks.items() if "distinct" in name)
    common = next(check for name, check in checks.items() if "most common" in name)
    assert (distinct["passed"], distinct["detail"]) == (False, "3 values are not expected")
    assert (common["passed"], common["detail"]) == (False, "observed: more than one value")
    assert "secret" not in json.dumps(found)


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (2.5, "observed: 2.5"),
        (None, ""),
        ("z\x1b" * 50_000, f"observed: {'z¤' * 60}… (100,000 characters)"),
        (["a", "b"], "observed: more than one value"),
        ({"quantiles": [0.5]}, "observed: more than one value"),
    ],
)
def test_a_long_or_hostile_value_is_cut(seen, told):
    assert expectations._observed(seen) == told


def test_quantiles_can_be_expected_in_spite_of_numpy_booleans(found):
    check = next(check for name, check in found["interactions"].items() if "quantile" in name)
    assert check["passed"] is True
    assert json.dumps(check)


def test_what_is_expected_of_a_column_that_is_not_there_fails(found):
    check = found["interactions"]["expect column values to be between: column cost, max_value 5"]
    assert (check["passed"], check["detail"]) == (False, "cannot be said: the dataset has no column cost")


def test_an_expectation_that_cannot_be_evaluated_is_a_failed_check(found):
    check = next(check for name, check in found["interactions"].items() if "regex" in name)
    assert (check["passed"], check["detail"]) == (False, "Great Expectations could not evaluate it")


def test_a_table_without_rows_fails_its_first_expectation(found):
    assert found["texts"]["there are rows"]["passed"] is False


def test_the_package_that_loads_slowly_was_kept_out(found):
    assert sys.modules.get("rfc3987_syntax", "absent") is not None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("expectations: {}", "owner: is missing"),
        ("owner: me\nexpectation: {}", "expectation: is not a known key; did you mean 'expectations'?"),
        ("owner: me\nexpectations: {runs: []}", "expectations.runs: is not a table"),
        ("owner: me\nexpectations: {case: []}", "expectations.case: is not a table; did you mean 'cases'?"),
        ("owner: ''", "owner: should not be empty (got '')"),
        (
            "owner: me\nexpectations: {cases: [{a: {}, b: {}}]}",
            "expectations.cases[1]: should be one name that begins with expect_ (got a, b)",
        ),
        (
            "owner: me\nexpectations: {cases: [{lengths: {column: case_id}}]}",
            "expectations.cases[1]: should be one name that begins with expect_ (got lengths)",
        ),
        (
            "owner: me\nexpectations: {cases: [{expect_x: {column_list: 5}}]}",
            "cases[1].expect_x: cases has no column '5'",
        ),
        ("owner: me\nowner: you", "line 2: 'owner' stands already on line 1"),
        (
            "owner: me\nexpectations: {cases: [{expect_column_values_to_be_unique: {column: costs}}]}",
            "expectations.cases[1].expect_column_values_to_be_unique: cases has no column 'costs'; did you mean",
        ),
        ("owner: [me", "line 2, column 1: "),
    ],
)
def test_each_fault_of_the_playbook_says_where_and_what(write, text, fault):
    with pytest.raises(InputFaults, match=r"playbook/expectations\.yaml cannot be followed") as caught:
        load_expectations(with_playbook(write(YAML), text + "\n"))
    assert any(fault in line for line in caught.value.faults), caught.value.faults


@pytest.mark.parametrize(
    ("item", "fault"),
    [
        ("{expect_column_value_to_be_unique: {column: cost}}", "did you mean 'expect_column_values_to_be_unique'?"),
        ("{expect_column_values_to_be_between: {column: cost, minimum: 1}}", "minimum"),
    ],
)
def test_an_expectation_that_is_unknown_or_wrongly_put_is_a_fault(write, item, fault):
    workspace = with_playbook(write(YAML, runs__csv=RUNS), f"owner: me\nexpectations: {{interactions: [{item}]}}\n")
    with pytest.raises(InputFaults) as caught:
        intake(workspace, "desk")
    assert fault in caught.value.faults[0]


def test_the_playbooks_own_expectations_can_be_followed():
    root = Path(__file__).parents[2]
    assert set(load_expectations(Workspace(root))) <= set(TABLES)


def test_every_table_has_expectations_for_all_its_rules():
    from types import SimpleNamespace

    for table in TABLES.values():
        suite = schema_suite(SimpleNamespace(table=table, columns=table.names))
        spoken_of = {column for item in suite for column in item.columns}
        ruled = {column.name for column in table.columns if column.required or column.allowed or column.positive}
        assert ruled | set(table.key) <= spoken_of
