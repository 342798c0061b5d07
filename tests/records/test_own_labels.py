"""Labels made with pilotage join the table at intake: what stands counts once, what is odd is set aside and said."""

from __future__ import annotations

import csv
import json

import pytest

from pilotage.records import freshness
from pilotage.records.intake import intake
from pilotage.records.own_labels import lines
from pilotage.records.store import open_tables

RUNS = "interaction_id\nr1\nr2\nr3\n"
YAML = "name: desk\ntime_zone: Europe/Rome\ntables:\n  interactions: {file: runs.csv, constants: {phase: pilot}}\n"
MAPPED = YAML + "  labels: {file: theirs.csv, rows: 1}\n"
HEAD = "interaction_id,metric,value,source,labeller,stream,inclusion_probability,labelled_at\n"
THEIRS = HEAD + "r1,hallucination,0,human,Zoe,uniform,0.5,2026-07-01 12:00\n"


@pytest.fixture(autouse=True)
def no_expectations(monkeypatch):
    monkeypatch.setattr("pilotage.records.expectations.expect", lambda taken, own: {})


def line(run="r1", value=1, by="Ada", **more):
    row = {
        "interaction_id": run, "metric": "hallucination", "value": value, "source": "human", "labeller": by,
        "stream": "uniform", "inclusion_probability": 0.25, "labelled_at": "2026-07-02T09:00:00+00:00", **more,
    }  # fmt: skip
    return json.dumps(row) + "\n"


def taken(workspace):
    checks = intake(workspace, "desk").checks["tables"]["labels"]
    sql = "SELECT interaction_id, value, labeller, inclusion_probability, phase FROM labels ORDER BY ALL"
    return open_tables(workspace, "desk", ["labels"]).execute(sql).fetchall(), checks


def rejected(workspace):
    with (workspace.intake("desk") / "rejected" / "labels.csv").open(newline="") as stream:
        return [(row["file"], row["line"], row["reason"]) for row in csv.DictReader(stream)]


def test_they_are_the_table_where_none_is_mapped(write):
    rows, checks = taken(write(YAML, runs__csv=RUNS, labels__jsonl=line() + line("r2", 0, seconds=4.5)))
    assert rows == [("r1", 1.0, "Ada", 0.25, "pilot"), ("r2", 0.0, "Ada", 0.25, "pilot")]
    assert (checks["rows"], checks["read"], checks["missing"], checks["last"]) == (2, 2, 0, "2026-07-02T09:00:00+00:00")
    assert checks["sources"][0]["path"] == "data/desk/labels.jsonl"


def test_they_stand_beside_a_mapped_file_and_the_account_holds(write):
    rows, checks = taken(write(MAPPED, runs__csv=RUNS, theirs__csv=THEIRS, labels__jsonl=line() + line("r2")))
    assert [row[:3] for row in rows] == [("r1", 0.0, "Zoe"), ("r1", 1.0, "Ada"), ("r2", 1.0, "Ada")]
    assert (checks["rows"], checks["read"], checks["declared"], checks["missing"]) == (3, 3, 3, 0)
    assert all(check["passed"] for check in checks["checks"])
    assert [source["rows"] for source in checks["sources"]] == [1, 2]


def test_a_row_that_the_mapped_file_lacks_still_counts_as_missing(write):
    workspace = write(MAPPED.replace("rows: 1", "rows: 3"), runs__csv=RUNS, theirs__csv=THEIRS, labels__jsonl=line())
    assert taken(workspace)[1]["missing"] == 2


def test_a_later_line_of_the_same_person_takes_the_place_of_the_earlier_one(write):
    text = line(value=1) + line(value=0, by="Bob") + line(value=0) + line(value=1, metric="task_success")
    rows, checks = taken(write(YAML, runs__csv=RUNS, labels__jsonl=text))
    assert [row[:3] for row in rows] == [("r1", 0.0, "Ada"), ("r1", 0.0, "Bob"), ("r1", 1.0, "Ada")]
    assert (checks["read"], checks["missing"]) == (3, 0)


def test_odd_lines_are_set_aside_with_their_line_and_reason(write):
    odd = [line("r9"), "nonsense\n", line("r2", value="perhaps"), line("r3", stream="all"), "[1]\n", '{"value": 1}\n']
    workspace = write(YAML, runs__csv=RUNS, labels__jsonl=line() + "".join(odd))
    rows, checks = taken(workspace)
    assert [row[0] for row in rows] == ["r1"]
    assert (checks["set_aside"], checks["missing"]) == (6, 6)
    found = rejected(workspace)
    assert [place for _, place, _ in found] == ["2", "3", "4", "5", "6", "7"]
    assert {name for name, _, _ in found} == {"labels.jsonl"}
    for (_, _, reason), word in zip(
        found, ["is not in interactions (got 'r9')", "is not JSON", "value", "stream", "not a JSON object", "is empty"],
        strict=True,
    ):  # fmt: skip
        assert word in reason


@pytest.mark.parametrize("withdrawn", [False, True])
def test_what_nobody_decided_in_the_uniform_stream_is_missing_until_somebody_does(write, withdrawn):
    """Otherwise passing over the hard ones, or taking a yes back, would lower the rate."""
    undecided = line("r2", value=None, withdrawn=withdrawn)
    workspace = write(YAML, runs__csv=RUNS, labels__jsonl=line() + line("r2") + undecided)
    rows, checks = taken(workspace)
    assert ([row[0] for row in rows], checks["missing"]) == (["r1"], 1)
    assert ("took the answer back" if withdrawn else "was unsure") in rejected(workspace)[0][2]
    with (workspace.dataset("desk") / "labels.jsonl").open("a") as store:
        store.write(line("r2", 0, by="Bob"))
    rows, checks = taken(workspace)
    assert ([row[:3] for row in rows], checks["missing"]) == ([("r1", 1.0, "Ada"), ("r2", 0.0, "Bob")], 0)


@pytest.mark.parametrize("withdrawn", [False, True])
@pytest.mark.parametrize("source", ["judge", "rule"])
def test_a_machines_label_does_not_decide_what_people_left_open(write, source, withdrawn):
    """Or a judge would let people's unsure answers vanish, and so lower the rate and open the gate."""
    text = line() + line("r2", None, withdrawn=withdrawn) + line("r2", 0, by="judge:m@1", source=source)
    workspace = write(YAML, runs__csv=RUNS, labels__jsonl=text)
    rows, checks = taken(workspace)
    assert ([row[:3] for row in rows], checks["missing"]) == ([("r1", 1.0, "Ada"), ("r2", 0.0, "judge:m@1")], 1)
    assert [place for _, place, _ in rejected(workspace)] == ["2"]


def test_what_nobody_decided_in_the_guided_stream_is_left_out(write):
    rows, checks = taken(write(YAML, runs__csv=RUNS, labels__jsonl=line() + line("r2", None, stream="guided")))
    assert (len(rows), checks["missing"]) == (1, 0)


def test_a_torn_last_line_is_no_line(write):
    text = line() + line("r2")[:40]
    workspace = write(YAML, runs__csv=RUNS, labels__jsonl=text)
    rows, checks = taken(workspace)
    assert (len(rows), checks["missing"]) == (1, 0)
    whole = (line() + line("r2")).rstrip("\n")
    (workspace.dataset("desk") / "labels.jsonl").write_text(whole)
    assert len(lines(workspace.dataset("desk") / "labels.jsonl")) == 2


def test_a_new_label_makes_the_intake_stale_and_so_does_the_first(write):
    workspace = write(YAML, runs__csv=RUNS)
    assert "labels" not in intake(workspace, "desk").checks["tables"]
    store = workspace.dataset("desk") / "labels.jsonl"
    for count in (1, 2):
        with store.open("a") as stream:
            stream.write(line(f"r{count}"))
        assert freshness.stale_reason(workspace, "desk") == "data/desk/labels.jsonl changed"
        assert len(taken(workspace)[0]) == count
    store.unlink()
    assert freshness.stale_reason(workspace, "desk") == "data/desk/labels.jsonl changed"


@pytest.mark.parametrize("text", ["", "\n", line("r2", None, stream="guided")])
def test_a_store_without_a_judgement_is_no_fault(write, text):
    workspace = write(MAPPED, runs__csv=RUNS, theirs__csv=THEIRS, labels__jsonl=text)
    assert [row[2] for row in taken(workspace)[0]] == ["Zoe"]


def test_a_users_own_file_of_that_name_is_read_as_it_is_mapped(write):
    yaml = YAML + "  labels: {file: labels.jsonl, columns: {labeller: who}}\n"
    text = line().replace("labeller", "who")
    rows, checks = taken(write(yaml, runs__csv=RUNS, labels__jsonl=text))
    assert ([row[2] for row in rows], checks["read"]) == (["Ada"], 1)
