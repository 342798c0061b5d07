"""`pilotage init` makes a workspace that runs, and never touches what is there."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pilotage import starter
from pilotage.errors import PilotageError

NOTEBOOK = {
    "cells": [
        {
            "cell_type": "code",
            "id": "a",
            "metadata": {"tags": ["parameters"], "execution": {"iopub.status.busy": "2026"}},
            "source": ["x = 1  # é"],
            "execution_count": 3,
            "outputs": [{"output_type": "stream", "name": "stdout", "text": ["1"]}],
        }
    ],
    "metadata": {"language_info": {"name": "python", "version": "3.11.7"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A template as a checkout in which somebody has worked."""
    root = tmp_path / "pilotage" / "template"
    for name in (
        "playbook/playbook.yaml",
        "playbook/audit_log.jsonl",
        "playbook/__pycache__/x.pyc",
        "notebooks/.ipynb_checkpoints/01_baseline-checkpoint.ipynb",
        "data/README.md",
        "data/sample/dataset.yaml",
        "data/mine/salaries.csv",
        "reports/README.md",
        "reports/latest/index.html",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "notebooks" / "01_baseline.ipynb").write_text(json.dumps(NOTEBOOK))
    (root / "data" / "README.md").chmod(0o444)
    monkeypatch.setattr(starter, "PACKAGE", tmp_path / "pilotage")
    return root


def contents(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.usefixtures("template")
def test_a_new_workspace_has_the_playbook_the_pages_and_the_sample_and_no_more(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "my agent"
    steps = starter.init_workspace(target)
    assert contents(target) == [
        ".gitignore",
        "README.md",
        "data/README.md",
        "data/sample/dataset.yaml",
        "notebooks/01_baseline.ipynb",
        "playbook/playbook.yaml",
        "reports/README.md",
    ]
    assert steps[0] == f"cd '{target}'"
    assert [step.split("#")[0].strip() for step in steps[1:]] == [
        "pilotage run",
        "jupyter lab notebooks",
        "pilotage map FILE... --into data/mine",
        "pilotage check",
        "pilotage baseline lock --dataset mine",
        "pilotage run --dataset mine",
    ]
    assert "\n".join(steps[1:]) in (target / "README.md").read_text()
    assert os.access(target / "data" / "README.md", os.W_OK)


@pytest.mark.usefixtures("template")
def test_notebooks_come_without_outputs(tmp_path: Path) -> None:
    starter.init_workspace(tmp_path / "new")
    notebook = json.loads((tmp_path / "new" / "notebooks" / "01_baseline.ipynb").read_text(encoding="utf-8"))
    (cell,) = notebook["cells"]
    assert (cell["outputs"], cell["execution_count"], cell["metadata"]) == ([], None, {"tags": ["parameters"]})
    assert cell["source"] == ["x = 1  # é"]


@pytest.mark.usefixtures("template")
def test_an_empty_folder_is_filled_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    assert starter.init_workspace(Path())[0].startswith("pilotage run ")
    assert (here / "playbook" / "playbook.yaml").is_file()


@pytest.mark.usefixtures("template")
def test_what_is_there_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / ".keep").write_text("mine")
    with pytest.raises(PilotageError, match="is not empty"):
        starter.init_workspace(tmp_path / "mine")
    with pytest.raises(PilotageError, match="is a file"):
        starter.init_workspace(tmp_path / "mine" / ".keep")
    assert contents(tmp_path / "mine") == [".keep"]


@pytest.mark.usefixtures("template")
def test_a_folder_that_cannot_be_made_is_told_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PilotageError, match="cannot be written"):
        starter.init_workspace(tmp_path / "file" / "below")


def test_a_broken_installation_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starter, "PACKAGE", tmp_path / "deep" / "pilotage")
    with pytest.raises(PilotageError, match="template"):
        starter.init_workspace(tmp_path / "new")


def test_from_a_checkout_the_repository_itself_is_the_template() -> None:
    assert starter.find_template() == Path(__file__).parents[1]
