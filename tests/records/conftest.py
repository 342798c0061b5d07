from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from pilotage.records.dataset import TableSource
from pilotage.records.take_in import Taken, take_in
from pilotage.workspace import Workspace

Write = Callable[..., Workspace]
Take = Callable[..., Taken]


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


@pytest.fixture
def take(tmp_path: Path) -> Take:
    """Take in one table from the text of a CSV file (or several, by name), in the pilot and with UTC as its zone."""

    def make(
        table: str, text: str | dict[str, str], parents: dict[str, Taken] | None = None, **source: object
    ) -> Taken:
        files = {f"{table}.csv": text} if isinstance(text, str) else text
        for name, content in files.items():
            (tmp_path / name).write_text(content, encoding="utf-8")
        settings = {"file": next(iter(files)), "constants": {"phase": "pilot"}, **source}
        return take_in(table, TableSource(**settings), [tmp_path / name for name in files], "UTC", parents)

    return make
