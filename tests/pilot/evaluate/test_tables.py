"""Tables from the log: the same bytes for the same log, in the schema of the house, with nothing lost or doubled."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
from pathlib import Path

import pytest
import yaml

from pilotage.agents import Answer, Prices, ToolCall
from pilotage.pilot.evaluate import write_dataset
from pilotage.pilot.evaluate.dataset_file import MARK
from pilotage.pilot.evaluate.tables import COLUMNS
from pilotage.records.intake import intake
from pilotage.records.schemas import TABLES


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


async def varied(run):
    """Fails at first where the task's number is odd, hands over at 4, is wrong at 5, and uses a tool at 6."""
    number = int(run.text[1:])
    await asyncio.sleep(0)
    if number % 2 and run.attempts == 1:
        run.note("error", (None, None))
        raise TimeoutError
    if number == 6:
        run.tool_calls.append(ToolCall(1, "look_up", 1.0, 0.01, '{"a": 1}', "error", "KeyError"))
    run.note()
    return Answer("no" if number == 5 else "yes", "escalated" if number == 4 else "answered", 0.5)


@pytest.fixture
def evaluated(house, played):
    house.tasks(8, [{"exact": "yes"}, {"contains": "y"}])
    house.evaluate(played(varied, prices=Prices(1.0, 2.0)), trials=2)
    return house


def test_the_columns_are_those_of_the_house():
    for name, columns in COLUMNS.items():
        assert set(columns) <= set(TABLES[name].names), name
        assert {column: TABLES[name].column(column).type for column in columns} == dict(columns)
        assert set(TABLES[name].required) <= set(columns)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_same_log_gives_the_same_bytes_whatever_the_order_of_its_runs(evaluated, seed):
    folder = evaluated.workspace.dataset("x")
    before = files(folder)
    head, *lines = evaluated.log().read_text().splitlines()
    random.Random(seed).shuffle(lines)
    evaluated.log().write_text("\n".join([head, *lines, ""]))
    for name in before:
        (folder / name).unlink()
    write_dataset(folder)
    assert files(folder) == before


def test_every_run_has_its_row(evaluated):
    rows = {row["interaction_id"]: row for row in evaluated.table("interactions")}
    assert list(rows) == sorted(f"t{i}#{trial}" for i in range(8) for trial in (1, 2))
    assert (rows["t2#1"]["attempts"], rows["t3#1"]["attempts"]) == (1, 2)
    assert (rows["t2#1"]["success"], rows["t5#1"]["success"]) == (True, False)
    assert (rows["t4#2"]["outcome"], rows["t4#2"]["trial"]) == ("escalated", 2)
    assert rows["t2#1"]["cost"] == pytest.approx(20e-6)
    one = rows["t3#2"]
    assert (one["input_text"], one["output_text"], one["model"], one["confidence"]) == ("q3", "yes", "m", 0.5)
    assert (one["input_tokens"], one["output_tokens"], one["phase"], one["segment"]) == (10, 5, "pilot", None)


def test_calls_and_labels_belong_to_their_runs(evaluated):
    calls = [row for row in evaluated.table("model_calls") if row["interaction_id"] == "t3#1"]
    assert [(row["call_id"], row["status"], row["input_tokens"]) for row in calls] == [
        ("t3#1/1", "error", None), ("t3#1/2", "ok", 10),
    ]  # fmt: skip
    tool = evaluated.table("tool_calls")[0]
    assert (tool["interaction_id"], tool["seq"], tool["tool"], tool["error_type"]) == ("t6#1", 1, "look_up", "KeyError")
    labels = [row for row in evaluated.table("labels") if row["interaction_id"] == "t5#1"]
    assert [(row["metric"], row["value"], row["source"], row["stream"]) for row in labels] == [
        ("exact", 0.0, "rule", "uniform"), ("contains", 0.0, "rule", "uniform"),
    ]  # fmt: skip


def test_the_intake_takes_every_row_and_every_check_passes(evaluated, tiny):
    shutil.copytree(evaluated.workspace.dataset("x"), tiny.workspace.dataset("x"))
    intake(tiny.workspace, "x")
    checks = json.loads((tiny.workspace.intake("x") / "checks.json").read_text())
    failed = [
        (name, check) for name, table in checks["tables"].items() for check in table["checks"] if not check["passed"]
    ]
    assert failed == []
    assert {name: table["rows"] for name, table in checks["tables"].items()} == {
        "interactions": 16, "model_calls": 24, "tool_calls": 2, "labels": 32,
    }  # fmt: skip


def test_what_was_skipped_counts_as_missing(house, played, fault):
    async def down(run):
        raise fault("rejected", "no key")

    house.tasks(50)
    account = house.evaluate(played(down))
    assert account.skipped >= 20
    dataset = yaml.safe_load((house.workspace.dataset("x") / "dataset.yaml").read_text())
    assert dataset["tables"]["interactions"]["rows"] == 50
    assert len(house.table("interactions")) == account.errored == 50 - account.skipped
    assert all(row["outcome"] == "error" and row["success"] is None for row in house.table("interactions"))


def test_a_stand_in_s_dataset_says_that_it_is_synthetic_and_on_what_day(house, played):
    house.evaluate(played(name="reference stand-in", simulated=True))
    dataset = yaml.safe_load((house.workspace.dataset("x") / "dataset.yaml").read_text())
    assert dataset["synthetic"] is True
    assert "simulated" in dataset["name"]
    assert dataset["as_of"]


def test_a_real_agent_s_dataset_lives_today(house, played):
    house.evaluate(played(name='a "quoted": name\n'))
    dataset = yaml.safe_load((house.workspace.dataset("x") / "dataset.yaml").read_text())
    assert dataset["synthetic"] is False
    assert "as_of" not in dataset
    assert 'a "quoted": name' in dataset["name"]


def test_a_dataset_file_that_somebody_made_their_own_stays(house, played, fault):
    house.evaluate()
    path = house.workspace.dataset("x") / "dataset.yaml"
    path.write_text(path.read_text().removeprefix(MARK) + "# ours\n")
    house.evaluate(resume=True)
    assert path.read_text().endswith("# ours\n")


def test_text_that_no_file_can_hold_is_kept_as_far_as_it_goes(house, played):
    async def odd(run):
        return Answer("\ud800 \0 é \U0001f600")

    house.evaluate(played(odd))
    assert house.table("interactions")[0]["output_text"] == "\ufffd \0 é \U0001f600"


def test_of_a_run_that_was_called_again_only_what_came_last_counts(house, played, fault):
    async def twice(run):
        if run.attempts == 1:
            run.note("error", (None, None))
            raise fault()
        run.note()
        return Answer("yes")

    house.tasks(1)
    house.evaluate(played(twice))
    head, failed, final = house.log().read_text().splitlines()
    again = [json.dumps({**json.loads(head), "evaluation": 2})]
    again += [json.dumps({**json.loads(line), "session": 2}) for line in (failed, final)]
    house.log().write_text("\n".join([head, failed, *again, ""]))
    write_dataset(house.workspace.dataset("x"))
    assert [row["attempts"] for row in house.table("interactions")] == [2]
    assert [row["call_id"] for row in house.table("model_calls")] == ["t0#1/1", "t0#1/2"]


def test_many_rows_are_written_in_groups_and_none_is_lost(evaluated, monkeypatch):
    before = {name: evaluated.table(name) for name in ("interactions", "model_calls", "tool_calls", "labels")}
    monkeypatch.setattr("pilotage.pilot.evaluate.tables.GROUP", 4)
    write_dataset(evaluated.workspace.dataset("x"))
    assert {name: evaluated.table(name) for name in before} == before


def test_a_run_with_a_call_that_timed_out_has_no_known_cost(house, played, fault):
    async def late_once(run):
        if run.attempts == 1:
            run.note("timeout", (None, None))
            raise fault("timeout")
        run.note()
        return Answer("yes")

    house.tasks(1)
    account = house.evaluate(played(late_once, prices=Prices(1.0, 1.0)))
    assert account.unpriced == 1
    assert house.table("interactions")[0]["cost"] is None
