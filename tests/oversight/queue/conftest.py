"""A dataset with nothing but a name, for a queue of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from pilotage.workspace import Workspace

YAML = "name: desk\ntables:\n  interactions: {file: runs.csv, constants: {phase: pilot}}\n"


@pytest.fixture
def desk(tmp_path: Path) -> Workspace:
    """A workspace with the dataset desk."""
    folder = tmp_path / "data" / "desk"
    folder.mkdir(parents=True)
    (folder / "dataset.yaml").write_text(YAML)
    (folder / "runs.csv").write_text("interaction_id\nr1\n")
    return Workspace(tmp_path)
