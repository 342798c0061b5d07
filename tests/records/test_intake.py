"""Intake: once per dataset, reused while nothing changed, healed when something did, every row accounted for."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pilotage.errors import InputFaults, PilotageError
from pilotage.records import freshness
from pilotage.records.intake import intake
from pilotage.records.store import open_tables

RUNS = """\
interaction_id,started_at,latency_s,outcome,success
r1,2026-03-02 10:00,2.5,answered,1
r2,2026-03-02 11:00,4,escalated,0
r3,2026-03-03 09:30,1.25,answered,yes
"""
RUNS_YAML = """\
name: desk
time_zone: Europe/Rome
tables:
  interactions:
    file: runs.csv
    constants: {phase: pilot}
"""
EVENTS_YAML = """
name: desk
tables:
  events: {file: events.csv, constants: {phase: baseline}}
"""
EVENTS = (
    "case_id,activity,timestamp\nc2,open,2026-01-02T00:00Z\nc1,open,2026-01-01T00:00Z\nc2,close,2026-01-05T00:00Z\n"
)


@pytest.fixture(autouse=True)
def no_expectations(monkeypatch, request):
    """Great Expectations takes seconds to load; test_expectations.py is about it."""
    monkeypatch.setattr("pilotage.records.expectations.expect", lambda taken, own: {})


def parquet_of(workspace, table="interactions"):
    return workspace.intake("desk") / "tables" / f"{table}.parquet"


def test_checks_json_says_what_the_dataset_is_and_accounts_for_each_table(write):
    workspace = write(
        RUNS_YAML.replace("constants", "rows: 5\n    constants"), runs__csv=RUNS + "r4,2026-03-04,-1,error,0\n"
    )
    checks = intake(workspace, "desk").checks
    assert checks["dataset"] == {
        "folder": "desk", "title": "desk", "synthetic": False, "time_zone": "Europe/Rome", "as_of": None,
        "baseline_source": "recorded",
    }  # fmt: skip
    runs = checks["tables"]["interactions"]
    assert {name: runs[name] for name in ("rows", "read", "declared", "set_aside", "exact_duplicates", "missing")} == {
        "rows": 3, "read": 4, "declared": 5, "set_aside": 1, "exact_duplicates": 0, "missing": 2,
    }  # fmt: skip
    assert runs["columns"] == ["interaction_id", "started_at", "latency_s", "outcome", "success", "phase"]
    assert {"column": "cost", "undecided": "the cost of a run cannot be said"} in runs["absent"]
    assert (runs["first"], runs["last"]) == ("2026-03-02T09:00:00+00:00", "2026-03-03T08:30:00+00:00")
    assert runs["phases"] == {"pilot": 3}
    assert runs["reasons"] == {"latency_s is negative": 1}
    assert runs["sources"] == [
        {"path": "data/desk/runs.csv", "sha256": checks["sources"]["data/desk/runs.csv"], "rows": 4}
    ]
    assert runs["checks"][0] == {
        "name": "every row is accounted for",
        "passed": False,
        "detail": "2 of 5 rows are missing: 1 set aside (rejected/interactions.csv), 1 declared but absent",
    }
    assert set(checks["tables"]) == {"interactions"}


def test_a_complete_table_passes_its_check(write):
    check = intake(write(RUNS_YAML, runs__csv=RUNS + RUNS.splitlines()[1]), "desk").checks["tables"]["interactions"][
        "checks"
    ][0]
    assert (check["passed"], check["detail"]) == (True, "all 3 rows accepted, 1 exact duplicates dropped")


def test_rejected_rows_are_safe_to_open_in_a_spreadsheet(write):
    yaml = RUNS_YAML.replace("runs.csv", "'=cmd().csv'")
    workspace = write(yaml, **{"=cmd()__csv": "interaction_id,input_text,success\nr1,=cmd(),perhaps\nr2,<script>,\n"})
    folder = intake(workspace, "desk").folder
    with (folder / "rejected" / "interactions.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["file"] for row in rows] == ["'=cmd().csv"]
    assert rows[0]["line"] == "2"
    assert json.loads(rows[0]["row"])["input_text"] == "=cmd()"
    assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for row in rows for cell in row.values())
    tables = open_tables(workspace, "desk", ["interactions"])
    assert tables.execute("SELECT input_text FROM interactions").fetchall() == [("<script>",)]


def test_nothing_changed_reuses_the_intake_whatever_the_file_times(write):
    workspace = write(RUNS_YAML, runs__csv=RUNS)
    assert not intake(workspace, "desk").reused
    os.utime(workspace.dataset("desk") / "runs.csv", (1, 1))
    assert freshness.stale_reason(workspace, "desk") is None
    assert intake(workspace, "desk").reused


CHANGES = {
    "a source": (
        lambda w: (w.dataset("desk") / "runs.csv").write_text(RUNS + "r9,,,,\n"),
        "data/desk/runs.csv changed",
    ),
    "the mapping": (
        lambda w: (w.dataset("desk") / "dataset.yaml").write_text(RUNS_YAML + "    rows: 3\n"),
        "dataset.yaml changed",
    ),
    "the playbook's expectations": (
        lambda w: (w.playbook / "expectations.yaml").write_text("owner: me\n"),
        "playbook/expectations.yaml changed",
    ),
    "a deleted table": (
        lambda w: parquet_of(w).unlink(),
        "tables/interactions.parquet of the intake is gone or was altered",
    ),
    "an altered table": (
        lambda w: parquet_of(w).write_bytes(b"x"),
        "tables/interactions.parquet of the intake is gone",
    ),
    "altered checks": (
        lambda w: (w.intake("desk") / "checks.json").write_text("{}"),
        "checks.json of the intake is gone or was altered",
    ),
    "a deleted manifest": (lambda w: (w.intake("desk") / "manifest.json").unlink(), "no intake yet"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_is_named_and_healed(write, change):
    workspace = write(RUNS_YAML, runs__csv=RUNS)
    assert freshness.stale_reason(workspace, "desk") == "no intake yet"
    intake(workspace, "desk")
    alter, reason = CHANGES[change]
    alter(workspace)
    assert reason in freshness.stale_reason(workspace, "desk")
    assert not intake(workspace, "desk").reused
    assert freshness.stale_reason(workspace, "desk") is None


def test_a_new_file_under_a_glob_makes_the_intake_stale(write):
    workspace = write(RUNS_YAML.replace("runs.csv", "runs*.csv"), runs1__csv=RUNS)
    intake(workspace, "desk")
    (workspace.dataset("desk") / "runs2.csv").write_text(RUNS.replace("r", "s").replace("inteaction", "interaction"))
    assert freshness.stale_reason(workspace, "desk") == "data/desk/runs2.csv changed"


def test_the_same_files_give_the_same_bytes(write):
    workspace = write(RUNS_YAML, runs__csv=RUNS + "r4,,x,,\n")
    first = {path.name: path.read_bytes() for path in intake(workspace, "desk").folder.rglob("*.*")}
    parquet_of(workspace).unlink()
    assert {path.name: path.read_bytes() for path in intake(workspace, "desk").folder.rglob("*.*")} == first


def test_an_intake_that_fails_leaves_the_earlier_one_and_no_debris(write):
    workspace = write(RUNS_YAML, runs__csv=RUNS)
    before = intake(workspace, "desk").checks
    (workspace.dataset("desk") / "runs.csv").write_text('interaction_id,success\nr1,1\nr2,0"\nr3,"torn\n')
    (workspace.dataset("desk") / "runs.csv").write_bytes(b"interaction_id\n\xff\n")
    with pytest.raises(InputFaults, match="cannot be followed"):
        intake(workspace, "desk")
    assert json.loads((workspace.intake("desk") / "checks.json").read_text()) == before
    assert not [path for path in workspace.intake("desk").parent.iterdir() if path.name.endswith((".part", ".old"))]


def test_every_unreadable_file_is_reported_at_once(write):
    yaml = RUNS_YAML + "  texts: {file: texts.csv}\n  cases: {file: cases.csv}\n"
    with pytest.raises(InputFaults) as caught:
        intake(write(yaml, runs__csv=b"interaction_id\n\xff\n", texts__csv=""), "desk")
    assert [fault.split(":")[0] for fault in caught.value.faults] == [
        "tables.interactions.file", "tables.texts.file", "tables.cases.file",
    ]  # fmt: skip


def test_a_reports_folder_that_cannot_be_written_is_said_plainly(write):
    workspace = write(RUNS_YAML, runs__csv=RUNS)
    workspace.reports.write_text("a file where a folder should be")
    with pytest.raises(PilotageError, match="cannot be written"):
        intake(workspace, "desk")


def test_two_intakes_at_once_do_the_work_once(write):
    workspace = write(RUNS_YAML, runs__csv=RUNS)
    results = []
    threads = [threading.Thread(target=lambda: results.append(intake(workspace, "desk").reused)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False, True, True]


def test_cases_are_derived_from_events(write):
    workspace = write(EVENTS_YAML, events__csv=EVENTS)
    cases = intake(workspace, "desk").checks["tables"]["cases"]
    assert cases["derived_from"] == "events"
    assert cases["columns"] == ["case_id", "phase", "opened_at", "closed_at"]
    tables = open_tables(workspace, "desk", ["cases", "events"])
    found = tables.execute("SELECT case_id, phase, CAST(opened_at AS TEXT), CAST(closed_at AS TEXT), cost FROM cases")
    assert found.fetchall() == [
        ("c2", "baseline", "2026-01-02 00:00:00", "2026-01-05 00:00:00", None),
        ("c1", "baseline", "2026-01-01 00:00:00", "2026-01-01 00:00:00", None),
    ]
    assert tables.execute("SELECT case_id FROM events ORDER BY row_number").fetchall() == [("c2",), ("c1",), ("c2",)]


def test_a_table_the_dataset_lacks_is_an_empty_view_of_the_same_types(write):
    workspace = write(EVENTS_YAML, events__csv=EVENTS)
    intake(workspace, "desk")
    present = open_tables(workspace, "desk", ["events", "cases"])
    absent = open_tables(workspace, "nothing", ["events", "cases"])
    for table in ("events", "cases"):
        described = [connection.execute(f"DESCRIBE {table}").fetchall() for connection in (present, absent)]
        assert [row[:2] for row in described[0]] == [row[:2] for row in described[1]]
        assert absent.execute(f"SELECT count(*) FROM {table}").fetchall() == [(0,)]


def test_only_code_that_an_intake_runs_makes_it_stale(write):
    code = """
import sys
from pilotage.records import account, derive, expectations, intake, own_labels, own_reviews
from pilotage.records import read_csv, read_jsonl, read_parquet, read_xes, read_xlsx
print(*sorted(sys.modules[name].__file__ for name in sys.modules if name.startswith("pilotage")), sep="\\n")
"""
    environment = os.environ | {"PYTHONPATH": "lib"}
    loaded = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    library = Path(freshness.__file__).parents[1]
    ran = {Path(line).relative_to(library).as_posix() for line in loaded.stdout.splitlines()}
    hashed = set(freshness.state(write(RUNS_YAML), "desk", [])["code"])
    assert ran - hashed == {"__init__.py", "errors.py", "workspace.py"}  # these compute nothing
    assert hashed <= ran


def test_the_checks_of_a_table_name_its_agents(write):
    rows = "interaction_id,agent\nr1,a\nr2,b\n"
    checks = intake(write(RUNS_YAML, runs__csv=rows), "desk").checks["tables"]["interactions"]["checks"]
    assert checks[1] == {
        "name": "all rows are of one agent",
        "passed": False,
        "detail": "rows of 2 agents: 'a' (1) and 'b' (1)",
    }


def test_asking_whether_an_intake_is_fresh_loads_nothing_heavy():
    heavy = "{'pandas', 'pyarrow', 'duckdb', 'great_expectations', 'numpy', 'pydantic', 'yaml'}"
    code = f"import sys, pilotage.records.freshness; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": "lib"}).returncode == 0


def test_more_rows_than_the_source_has_counted_fail_a_check(write):
    yaml = RUNS_YAML.replace("file: runs.csv", "file: runs.csv\n    rows: 2")
    checks = intake(write(yaml, runs__csv=RUNS), "desk").checks["tables"]["interactions"]["checks"]
    found = next(check for check in checks if check["name"] == "no row beyond those the source counted")
    assert (found["passed"], found["detail"]) == (False, "1 more rows than the 2 that dataset.yaml declares")


def test_copies_of_a_judgement_fail_a_check_and_equal_events_do_not(write):
    label = "r1,hallucination,0,human,a,uniform,1,2026-07-01\n"
    names = "interaction_id,metric,value,source,labeller,stream,inclusion_probability,labelled_at\n"
    yaml = RUNS_YAML + "  labels:\n    file: labels.csv\n"
    checks = intake(write(yaml, runs__csv=RUNS, labels__csv=names + label * 2), "desk").checks["tables"]["labels"]
    found = next(check for check in checks["checks"] if check["name"] == "equal rows")
    assert not found["passed"]
