"""What JupyterLab saves is the page and nothing of the session."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pilotage.lab import strip_before_save, stripped


def notebook_after_a_session() -> dict[str, Any]:
    return {
        "cells": [
            {"cell_type": "markdown", "id": "a", "metadata": {"tags": ["analyst"]}, "source": "# Why?"},
            {
                "cell_type": "code",
                "id": "b",
                "metadata": {"tags": ["parameters"], "execution": {"x": 1}, "scrolled": True, "trusted": True},
                "source": "1 + 1",
                "execution_count": 7,
                "outputs": [{"output_type": "stream", "name": "stdout", "text": "2"}],
            },
        ],
        "metadata": {
            "kernelspec": {"display_name": "mine", "language": "python", "name": "mine"},
            "language_info": {"name": "python", "version": "3.13.1"},
            "widgets": {"application/vnd.jupyter.widget-state+json": {}},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def test_outputs_counts_and_times_are_left_out_and_all_else_is_kept() -> None:
    before = notebook_after_a_session()
    after = stripped(before)
    assert [cell["source"] for cell in after["cells"]] == ["# Why?", "1 + 1"]
    assert [cell["metadata"] for cell in after["cells"]] == [{"tags": ["analyst"]}, {"tags": ["parameters"]}]
    assert (after["cells"][1]["outputs"], after["cells"][1]["execution_count"]) == ([], None)
    assert set(after["metadata"]) == {"kernelspec", "language_info"}
    assert before == notebook_after_a_session(), "what the analyst sees on the screen is not touched"
    assert stripped(after) == after


def test_files_and_folders_pass_as_they_are() -> None:
    for model in ({"type": "file", "content": "x"}, {"type": "directory", "content": None}, {"type": "notebook"}):
        before = dict(model)
        strip_before_save(model)
        assert model == before


def test_jupyter_takes_the_hook_by_its_name_and_saves_a_clean_file(tmp_path: Path) -> None:
    from jupyter_server.services.contents.filemanager import FileContentsManager

    named = "pilotage.lab.strip_before_save"
    assert f"--FileContentsManager.pre_save_hook={named}" in (Path(__file__).parents[1] / "Makefile").read_text()
    manager = FileContentsManager(root_dir=str(tmp_path), pre_save_hook=named)
    manager.save({"type": "notebook", "content": notebook_after_a_session()}, "page.ipynb")
    saved = json.loads((tmp_path / "page.ipynb").read_text())
    assert saved["cells"][1]["outputs"] == []
    assert saved["metadata"] == stripped(saved)["metadata"]
