"""What a run left is read with care: whatever was damaged reads as not there."""

from __future__ import annotations

import json

import pytest

from pilotage.hashes import read_object
from pilotage.runner.history import Run, last_run, read_run
from pilotage.runner.manifest import read_manifest
from pilotage.runner.results import Decided, read_answer, read_decision

DAMAGED = {
    "empty": b"", "torn": b"{", "list": b"[1]", "null": b"null", "nothing": b"{}",
    "bytes": b"\xff", "deep": b"[" * 100_000,
    "other types": b'{"schema": 1, "stage": 1, "answer": 1, "why": null, "pages": [], "gates": {"a": 1}}',
    "other things": b'{"answer": "maybe", "tier": null, "why": "", "pages": {"pilot": {"status": "?"}}, "gates": [[]]}',
}  # fmt: skip
GATE = {"name": "g", "kpi": "k", "tier": None, "required": True, "answer": "no-go", "why": "w", "limit": 1}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_damage_reads_as_not_there(tmp_path, content):
    for path in ("run.json", "decision.json", "manifests/pilot.json", "evidence/pilot.json"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    assert read_run(tmp_path) is None
    assert read_decision(tmp_path) is None
    assert read_manifest(tmp_path, "pilot") is None
    assert read_answer(tmp_path, "pilot") is None


def test_what_is_whole_is_read(tmp_path):
    facts = {"schema": 1, "answer": "go", "tier": "in the loop", "why": "w", "gates": [GATE]}
    (tmp_path / "decision.json").write_text(json.dumps(facts))
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence/pilot.json").write_text(json.dumps(facts))
    (tmp_path / "evidence/roi.json").write_text(json.dumps({"gates": [{**GATE, "required": False}]}))
    assert read_object(tmp_path / "decision.json") == facts
    assert read_decision(tmp_path) == Decided("go", "in the loop", "w")
    assert (read_answer(tmp_path, "pilot"), read_answer(tmp_path, "roi")) == ("no-go", "")


def test_a_run_is_read_as_it_was_saved_and_a_damaged_one_is_passed_over(tmp_path):
    for name in ("20261012T093000Z-mine", "20261013T093000Z-mine"):
        (tmp_path / name).mkdir()
        run = Run(tmp_path / name, "mine", "2026-10-12", {"pilot": {"x": 1.5}}, "2026-10-12T09:30:00+00:00")
        run.save()
        assert last_run(tmp_path, "mine") == run
    (tmp_path / name / "run.json").write_text('{"pages": []}')
    assert last_run(tmp_path, "mine").name == "20261012T093000Z-mine"
