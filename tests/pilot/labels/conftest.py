"""A dataset with a few runs, which people label."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pilotage.workspace import Workspace

YAML = """\
name: desk
time_zone: UTC
tables:
  interactions:
    file: runs.csv
    constants: {phase: pilot}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Callable[..., Workspace]:
    """Writes a workspace with the dataset `desk`: `runs` in it, further tables, and the lines of files by name."""

    def make(runs: int = 40, labels: str = "", **files: str) -> Workspace:
        folder = tmp_path / "data" / "desk"
        folder.mkdir(parents=True, exist_ok=True)
        (tmp_path / "playbook").mkdir(exist_ok=True)
        (folder / "dataset.yaml").write_text(YAML + labels, encoding="utf-8")
        head = "interaction_id,input_text,output_text\n"
        rows = "".join(f"i{number},question {number},answer {number}\n" for number in range(1, runs + 1))
        (folder / "runs.csv").write_text(head + rows, encoding="utf-8")
        for name, content in files.items():
            (folder / name.replace("__", ".")).write_text(content, encoding="utf-8")
        return Workspace(tmp_path)

    return make
