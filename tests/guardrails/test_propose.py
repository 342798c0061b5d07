"""Tuning proposes and changes nothing; what is approved is then judged by what it said before it had learnt."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from pilotage import approvals
from pilotage.errors import PilotageError
from pilotage.guardrails import load
from pilotage.guardrails.measured import measured
from pilotage.guardrails.propose import NAMES, propose_tuned
from pilotage.hashes import sha256_file
from pilotage.kpis import Tables
from pilotage.playbook import read_policy
from pilotage.records.synthetic import make_tables
from pilotage.workspace import Workspace

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 10, 12, 9, tzinfo=UTC)
InMemory = Callable[..., Tables]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    shutil.copytree(ROOT / "playbook", tmp_path / "playbook", ignore=shutil.ignore_patterns("*.jsonl", "proposals"))
    (tmp_path / "data/desk").mkdir(parents=True)
    return Workspace(tmp_path)


def texts(rows: int | None = None) -> pd.DataFrame:
    """The sample's input texts, or the first of them."""
    whole = make_tables(7)["texts"]
    return whole[whole["side"] == "input"].head(rows if rows is not None else len(whole)).reset_index(drop=True)


def decisions(workspace: Workspace, tables: Tables) -> pd.DataFrame:
    book = read_policy(workspace, NAMES)
    return measured(load(workspace, book.guardrails), tables, book).texts


def test_a_proposal_changes_nothing_until_it_is_approved_then_judges_fairly_and_cannot_be_swapped(
    workspace: Workspace, in_memory: InMemory
) -> None:
    tables, live = in_memory({"texts": texts()}), workspace.playbook / "guardrails.yaml"
    before = sha256_file(live)
    made = propose_tuned(workspace, "desk", tables, "Ada Example", AT)
    assert sha256_file(live) == before
    flips = {row["texts"]: row for row in made.evidence["flips"]}
    assert flips["attacks"]["answer"] == "go"
    assert flips["attacks"]["n"] > 200

    for name in ("Carla Example", "Elif Example"):
        assert sha256_file(live) == before
        approvals.approve(workspace, made.id, made.version, name, AT)
    assert approvals.live_state(workspace, "guardrails").status == "approved"
    (model,) = (workspace.dataset("desk") / "guard").glob("model-*.npz")
    assert sha256_file(model) == made.evidence["classifier_sha256"]

    after = decisions(workspace, tables)
    kept = load(workspace).inputs.model.held_out(after["text"].tolist())
    assert after["seen"].sum() > 1000
    assert all(score == known for score, known in zip(after["score"], kept, strict=True) if known is not None)

    model.write_bytes(model.read_bytes() + b"\0")
    with pytest.raises(PilotageError, match="classifier"):
        load(workspace)


def test_too_few_texts_are_no_ground_for_a_proposal(workspace: Workspace, in_memory: InMemory) -> None:
    with pytest.raises(PilotageError, match="too little to choose bands by"):
        propose_tuned(workspace, "desk", in_memory({"texts": texts(20)}), "Ada Example", AT)
    assert approvals.replay(workspace) == {}
