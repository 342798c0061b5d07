"""Notebooks in JupyterLab: what was seen stays on the screen, and the file on disk stays as it was written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
MARKS_OF_A_SESSION = frozenset({"execution", "ExecuteTime", "collapsed", "scrolled", "trusted", "papermill", "jupyter"})


def stripped(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """The notebook without outputs, counts, times and widget states; sources, tags and cell ids stay."""
    return {**notebook, "metadata": KERNEL, "cells": [_stripped_cell(cell) for cell in notebook["cells"]]}


def strip_before_save(model: dict[str, Any], **_: Any) -> None:
    """JupyterLab's hook before a file is written: a notebook loses its outputs on disk, not on the screen."""
    if model.get("type") == "notebook" and model.get("content"):
        model["content"] = stripped(model["content"])


def _stripped_cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in cell["metadata"].items() if key not in MARKS_OF_A_SESSION}
    run: dict[str, Any] = {"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else {}
    return {**cell, "metadata": kept, **run}
