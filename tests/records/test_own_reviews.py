"""Decisions of the review queue join the table at intake: none is passed over, and what nobody decided is missing."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta

import pytest

from pilotage.errors import InputFaults
from pilotage.oversight.queue.items import Listed, NewItem
from pilotage.oversight.queue.opening import path_of
from pilotage.oversight.queue.store import open_queue
from pilotage.records import freshness
from pilotage.records.intake import intake
from pilotage.records.store import open_tables

T = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
RUNS = "interaction_id\nr1\nr2\nr3\n"
YAML = "name: desk\ntime_zone: Europe/Rome\ntables:\n  interactions: {file: runs.csv, constants: {phase: pilot}}\n"
MAPPED = YAML + "  reviews: {file: theirs.csv, rows: 1}\n"
HEAD = (
    "review_id,interaction_id,action_type,tier,reviewer,decision,seconds,stream,inclusion_probability,"
    "queued_at,decided_at\n"
)
THEIRS = HEAD + "{id},r1,post,in the loop,Zoe,approve,9,uniform,1,2026-07-01 11:00,2026-07-01 11:05\n"


@pytest.fixture(autouse=True)
def no_expectations(monkeypatch):
    monkeypatch.setattr("pilotage.records.expectations.expect", lambda taken, own: {})


def item(number, **more):
    facts = {"stream": "uniform", "inclusion_probability": 0.5, "queued_at": T, **more}
    return NewItem(f"i{number}", f"r{number}", "post", "in the loop", **facts)


def reviewed(workspace, *items, by="Ada", decision="approve"):
    with open_queue(workspace, "desk", 10) as queue:
        queue.mix(0.5)
        queue.add(items)
        while found := queue.claim(by, T):
            queue.decide(found, decision, "" if decision == "approve" else "other", "", 5.0, T + timedelta(minutes=1))


def taken(workspace):
    checks = intake(workspace, "desk").checks["tables"]["reviews"]
    sql = "SELECT interaction_id, reviewer, decision, seeded, inclusion_probability, phase FROM reviews ORDER BY ALL"
    return open_tables(workspace, "desk", ["reviews"]).execute(sql).fetchall(), checks


def rejected(workspace):
    with (workspace.intake("desk") / "rejected" / "reviews.csv").open(newline="") as stream:
        return [(row["file"], row["reason"]) for row in csv.DictReader(stream)]


def test_they_are_the_table_where_none_is_mapped(write):
    workspace = write(YAML, runs__csv=RUNS)
    reviewed(workspace, item(1), item(2, seeded=True, stream="guided"), decision="reject")
    rows, checks = taken(workspace)
    assert rows == [("r1", "Ada", "reject", False, 0.5, "pilot"), ("r2", "Ada", "reject", True, 0.5, "pilot")]
    assert (checks["rows"], checks["read"], checks["missing"]) == (2, 2, 0)
    assert checks["sources"][0]["path"] == "data/desk/reviews.sqlite"


def test_they_stand_beside_a_mapped_file_and_the_account_holds(write):
    workspace = write(MAPPED, runs__csv=RUNS, theirs__csv=THEIRS.format(id="t1"))
    reviewed(workspace, item(1), item(2))
    rows, checks = taken(workspace)
    assert [row[:2] for row in rows] == [("r1", "Ada"), ("r1", "Zoe"), ("r2", "Ada")]
    assert (checks["rows"], checks["read"], checks["declared"], checks["missing"]) == (3, 3, 3, 0)
    assert [source["rows"] for source in checks["sources"]] == [1, 2]


def test_an_exported_and_altered_copy_of_a_decision_does_not_count_beside_or_instead_of_it(write):
    workspace = write(MAPPED, runs__csv=RUNS, theirs__csv=THEIRS.format(id="i1-1"))
    reviewed(workspace, item(1), decision="reject")
    rows, checks = taken(workspace)
    assert [row[:3] for row in rows] == [("r1", "Ada", "reject")]
    assert (checks["rows"], checks["missing"]) == (1, 0)


def test_a_decision_on_a_run_that_is_gone_is_missing(write):
    workspace = write(YAML, runs__csv=RUNS)
    reviewed(workspace, item(1), item(9))
    rows, checks = taken(workspace)
    assert ([row[0] for row in rows], checks["missing"]) == (["r1"], 1)
    assert "is not in interactions" in rejected(workspace)[0][1]


def test_a_run_put_back_undecided_is_missing_until_somebody_decides(write):
    """Otherwise passing over the hard ones would lower the error rate."""
    workspace = write(YAML, runs__csv=RUNS)
    reviewed(workspace, item(1))
    with open_queue(workspace, "desk", 10) as queue:
        queue.add([item(2), item(3, stream="guided")])
        for who in ("Ada", "Bob"):
            queue.release(queue.claim(who, T), T)
            queue.hand_out(who, 2, T)
            queue.withdraw(who, T)
    rows, checks = taken(workspace)
    assert ([row[0] for row in rows], checks["missing"]) == (["r1"], 1)
    assert rejected(workspace) == [
        ("reviews.sqlite", "its reviewer put it back undecided, and nobody has decided since")
    ]
    reviewed(workspace, by="Zoe")
    rows, checks = taken(workspace)
    assert ([row[0] for row in rows], checks["missing"]) == (["r1", "r2", "r3"], 0)


def test_a_row_left_blank_is_missing_once_another_of_its_sheet_is_decided(write):
    """Otherwise whoever leaves every wrong row blank certifies anything."""
    workspace = write(YAML, runs__csv=RUNS)
    with open_queue(workspace, "desk", 10) as queue:
        queue.add([item(1), item(2), item(3, stream="guided")])
        sheet = [one.item_id for one in queue.hand_out("Özil", 3, T)]
        assert "reviews" not in intake(workspace, "desk").checks["tables"], "perhaps nobody has read it yet"
        queue.decide_listed("özil", [Listed("i1", "approve")], T)
        assert [row[0] for row in taken(workspace)[0]] == ["r1"]
        assert taken(workspace)[1]["missing"] == 1, "i2; what suspicion led to proves nothing"
        assert rejected(workspace)[0][1].startswith("its reviewer left it blank in a sheet")
        assert {one.item_id for one in queue.handed_out("Özil")} == set(sheet) - {"i1"}, "they stay reserved"
        queue.decide_listed("Özil", [Listed("i2", "reject", "other")], T)
    assert taken(workspace)[1]["missing"] == 0


def test_a_sheet_of_which_nothing_came_back_is_not_missing_beside_another_that_did(write):
    workspace = write(YAML, runs__csv=RUNS)
    with open_queue(workspace, "desk", 10) as queue:
        queue.add([item(1), item(2), item(3, copies=2)])
        first, *_ = queue.hand_out("Ada", 2, T)
        queue.decide_listed("Ada", [Listed(one.item_id, "approve") for one in queue.hand_out("Ada", 1, T)], T)
        assert taken(workspace)[1]["missing"] == 0
        queue.decide_listed("Ada", [Listed(first.item_id, "approve")], T)
    assert taken(workspace)[1]["missing"] == 1


def test_a_run_whose_lease_ran_out_is_missing_too(write):
    workspace = write(YAML, runs__csv=RUNS)
    with open_queue(workspace, "desk", 10) as queue:
        queue.add([item(1), item(2)])
        seen = queue.claim("Ada", T)
        other = queue.claim("Bob", T + timedelta(minutes=11))
        assert other is not None
        assert seen is not None
        if other.item_id == seen.item_id:
            queue.release(other, T + timedelta(minutes=11))
    assert taken(workspace)[1]["missing"] == 1


def test_a_queue_in_which_nobody_did_anything_makes_no_table(write):
    workspace = write(YAML, runs__csv=RUNS)
    with open_queue(workspace, "desk", 10) as queue:
        queue.add([item(1)])
    assert "reviews" not in intake(workspace, "desk").checks["tables"]


def test_new_decisions_make_the_intake_stale_while_the_queue_is_open_and_nothing_is_written_beside_it(write):
    workspace = write(YAML, runs__csv=RUNS)
    intake(workspace, "desk")
    with open_queue(workspace, "desk", 10) as queue:
        for number in (1, 2):
            queue.add([item(number)])
            queue.decide(queue.claim("Ada", T), "approve", "", "", 1.0, T)
            assert "data/desk/reviews.sqlite" in (freshness.stale_reason(workspace, "desk") or "")
            before = {path.name: path.read_bytes() for path in workspace.dataset("desk").iterdir()}
            assert len(taken(workspace)[0]) == number
            assert before == {path.name: path.read_bytes() for path in workspace.dataset("desk").iterdir()}
            assert freshness.stale_reason(workspace, "desk") is None


def test_a_decision_left_in_the_log_of_a_killed_reviewer_counts(write):
    workspace = write(YAML, runs__csv=RUNS)
    folder = workspace.dataset("desk")
    with open_queue(workspace, "desk", 10) as queue:
        queue.add([item(1)])
        queue.hand_out("Ada", 1, T)
        queue.decide_listed("Ada", [Listed("i1", "approve", seconds=3)], T)
        names = ("reviews.sqlite", "reviews.sqlite-wal")
        as_killed = {name: (folder / name).read_bytes() for name in names}
    for name, data in as_killed.items():
        (folder / name).write_bytes(data)
    assert len(taken(workspace)[0]) == 1
    assert as_killed == {name: (folder / name).read_bytes() for name in names}


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda path: path.write_bytes(b"\xff" * 9000), "is damaged or no review queue"),
        (lambda path: path.write_bytes(path.read_bytes()[:20_000]), "is damaged"),
        (lambda path: path.write_bytes(b""), "is damaged or no review queue"),
        (lambda path: path.write_bytes(path.read_bytes().replace(b"desk", b"dusk")), "of the dataset 'dusk'"),
    ],
)
def test_a_queue_that_cannot_be_read_is_said_and_not_passed_over(write, spoil, word):
    workspace = write(YAML, runs__csv=RUNS)
    reviewed(workspace, *(item(n) for n in range(1, 4)))
    spoil(path_of(workspace, "desk"))
    with pytest.raises(InputFaults) as refused:
        intake(workspace, "desk")
    assert word in str(refused.value)
    assert "reviews.sqlite: " in str(refused.value)
