from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from pilotage.workspace import Workspace

Write = Callable[..., Workspace]

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


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a workspace with one dataset, `desk`: files by name and its dataset.yaml."""

    def make(yaml: str = RUNS_YAML, **files: str | bytes) -> Workspace:
        folder = tmp_path / "data" / "desk"
        folder.mkdir(parents=True, exist_ok=True)
        (tmp_path / "playbook").mkdir(exist_ok=True)
        (folder / "dataset.yaml").write_text(textwrap.dedent(yaml), encoding="utf-8")
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            (folder / name.replace("__", ".")).write_bytes(data)
        return Workspace(tmp_path)

    return make
