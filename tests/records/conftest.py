from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from pilotage.workspace import Workspace

Write = Callable[..., Workspace]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a workspace with one dataset, `desk`: files by name and its dataset.yaml."""

    def make(yaml: str, **files: str | bytes) -> Workspace:
        folder = tmp_path / "data" / "desk"
        folder.mkdir(parents=True, exist_ok=True)
        (tmp_path / "playbook").mkdir(exist_ok=True)
        (folder / "dataset.yaml").write_text(textwrap.dedent(yaml), encoding="utf-8")
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            (folder / name.replace("__", ".")).write_bytes(data)
        return Workspace(tmp_path)

    return make
