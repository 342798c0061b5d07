"""`pilotage reviews export`: what it says, what it refuses, and that its tasks tell a better agent from a worse one."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pilotage.cli.app import app
from pilotage.kpis import Tables
from pilotage.oversight.feedback.material import whole
from pilotage.pilot.paired import paired, tasks_of
from pilotage.records.intake import intake
from pilotage.records.store import open_tables
from pilotage.workspace import Workspace

ROOT = Path(__file__).parents[2]
AGENTS = """
import re

def before(text):
    return f"Order {re.search('order ([0-9]+)', text)[1]} matches; posted."

def after(text):
    order = re.search("order ([0-9]+)", text)[1]
    return before(text) if order.endswith("0") else f"Order {order} is to be checked by a person."
"""
MAPPING = """
name: invoice desk
synthetic: true
as_of: 2026-10-12
time_zone: Europe/Rome
tables:
  interactions:
    file: interactions.csv
    columns: {case_id: invoice}
    values:
      outcome: {from: result, map: {posted: answered, asked: escalated, declined: refused, failed: error}}
  reviews:
    file: reviews.csv
    constants: {tier: in the loop}
"""


def invoke(*line: str):
    return CliRunner().invoke(app, line, prog_name="pilotage")


def export(kind: str, file: str):
    return invoke("reviews", "export", file, "--as", kind, "--dataset", "desk")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A workspace with the sample's runs and reviews; each correction names the order and sends it to a person."""
    place = tmp_path_factory.mktemp("export")
    shutil.copytree(
        ROOT / "playbook", place / "playbook", ignore=shutil.ignore_patterns("audit_log.jsonl", "proposals")
    )
    folder = place / "data" / "desk"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "data/sample/interactions.csv", folder)
    (folder / "dataset.yaml").write_text(MAPPING)
    with (folder / "interactions.csv").open(newline="") as stream:
        inputs = {row["interaction_id"]: row["input_text"] for row in csv.DictReader(stream)}
    with (ROOT / "data/sample/reviews.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        order = re.search(r"order (\d+)", inputs[row["interaction_id"]])
        told = order and row["decision"] == "correct"
        row["correction"] = f"Order {order[1]} is to be checked by a person." if told else ""
    with (folder / "reviews.csv").open("w", newline="") as stream:
        table = csv.DictWriter(stream, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    (place / "agents_of_two_prompts.py").write_text(AGENTS)
    return place


@pytest.fixture(autouse=True)
def here(root, monkeypatch):
    monkeypatch.setenv("PILOTAGE_WORKSPACE", str(root))
    monkeypatch.chdir(root)
    monkeypatch.syspath_prepend(root)


def planted(root: Path) -> set[str]:
    """The inputs that reviewers saw as planted errors only."""
    with (root / "data/desk/reviews.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    own = {row["interaction_id"] for row in rows if row["seeded"] != "1"}
    only = {row["interaction_id"] for row in rows} - own
    with (root / "data/desk/interactions.csv").open(newline="") as stream:
        runs = list(csv.DictReader(stream))
    fresh = {row["input_text"] for row in runs if row["interaction_id"] in own}
    return {whole(row["input_text"]) for row in runs if row["interaction_id"] in only} - fresh


@pytest.mark.parametrize("kind", ["finetune", "preferences", "tasks", "texts"])
def test_each_export_says_what_it_wrote_and_left_out_and_holds_no_planted_error(root, kind):
    name = f"{kind}.{'csv' if kind == 'texts' else 'jsonl'}"
    done = export(kind, name)
    assert done.exit_code == 0, done.stderr
    text = (root / name).read_text()
    rows = text.count("\n") - (kind == "texts")
    assert f"written: {name}, {rows:,} rows" in done.stdout
    assert "personal data was taken out of" in done.stdout
    assert kind == "texts" or re.search(r"left out: [1-9]\d* on planted errors", done.stdout)
    assert planted(root)
    assert not any(one in text for one in planted(root))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (("x.csv", "--as", "tasks", "--dataset", "desk"), "tasks are exported as .jsonl"),
        (("x.jsonl", "--as", "poems", "--dataset", "desk"), "poems"),
        (("x.jsonl", "--as", "tasks"), "which dataset is meant"),
        (("x.jsonl", "--as", "tasks", "--dataset", "dask"), "no dataset 'dask'"),
        (("no/x.jsonl", "--as", "tasks", "--dataset", "desk"), "no such folder"),
    ],
)
def test_what_cannot_be_exported_is_said_and_nothing_is_written(root, line, message):
    done = invoke("reviews", "export", *line)
    assert done.exit_code == 2
    assert message in done.stderr
    assert not (root / line[0]).exists()


def test_past_errors_as_tasks_show_that_a_changed_prompt_does_better(root):
    assert export("tasks", "past.jsonl").exit_code == 0
    tasks = [json.loads(line) for line in (root / "past.jsonl").read_text().splitlines()]
    sides = []
    for name in ("before", "after"):
        agent = f"agents_of_two_prompts:{name}"
        done = invoke("evaluate", "--tasks", "past.jsonl", "--into", f"data/{name}", "--agent", agent)
        assert done.exit_code == 0, done.stderr
        facts = intake(Workspace(root), name).checks["tables"]
        sides.append(tasks_of(Tables(open_tables(Workspace(root), name, ("interactions", "model_calls")), facts)))
    found = paired(sides[1], sides[0], "after", "before")
    mended = {task["task_id"] for task in tasks if not task["input"].endswith("0")}
    assert found.tasks == len(tasks)
    assert set(found.better) == mended
    assert not found.worse
    assert found.kpis[0].low > 0
    assert found.chance < 0.05
