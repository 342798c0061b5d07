"""The three answers on small synthetic desks, and how one limit flips one of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from pilotage.records.synthetic import write_sample
from pilotage.runner.job import Request
from pilotage.runner.progress import Lines
from pilotage.runner.run import run
from pilotage.workspace import Workspace


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory,
    workspace_copy: Callable[[Path], Workspace],
    leave_one_system: Callable[[Workspace], None],
) -> Workspace:
    workspace = workspace_copy(tmp_path_factory.mktemp("answers") / "house")
    leave_one_system(workspace)
    for variant in ("go", "no-go", "not-yet"):
        write_sample(workspace.dataset(f"sample-{variant}"), 7, variant)
    return workspace


def decide(house: Workspace, variant: str) -> dict[str, Any]:
    outcome = run(house, Request(dataset=f"sample-{variant}"), Lines(StringIO()))
    assert not outcome.crashed
    found: dict[str, Any] = json.loads((outcome.folder / "decision.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize(
    ("variant", "answer", "tier"),
    [("go", "go", "in the loop"), ("no-go", "no-go", None), ("not-yet", "not yet", None)],
)
def test_each_desk_has_its_answer(house: Workspace, variant: str, answer: str, tier: str | None) -> None:
    found = decide(house, variant)
    assert (found["answer"], found["tier"]) == (answer, tier)


def test_not_yet_says_how_many_more_of_what(house: Workspace) -> None:
    gates = [gate for gate in decide(house, "not-yet")["gates"] if gate["required"] and gate["answer"] == "not yet"]
    assert any(gate["more_needed"] and gate["unit"] for gate in gates)


def test_changing_one_limit_flips_the_answer_and_runs_only_the_pages_behind_it(house: Workspace) -> None:
    policy = house.playbook / "roi.yaml"
    before = decide(house, "go")["answer"]
    text = policy.read_text(encoding="utf-8")
    try:
        policy.write_text(text.replace("value: 18", "value: 0.5", 1), encoding="utf-8")
        said = StringIO()
        outcome = run(house, Request(dataset="sample-go"), Lines(said))
        after = json.loads((outcome.folder / "decision.json").read_text(encoding="utf-8"))
    finally:
        policy.write_text(text, encoding="utf-8")
    assert (before, after["answer"]) == ("go", "no-go")
    assert sorted(line[:2] for line in said.getvalue().splitlines() if ": done in" in line) == ["08", "09"]
