"""What a page's result depends on besides the files it opens: cells, parameters, code and versions."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, get_args

import pilotage
from pilotage.hashes import sha256_file, sha256_json
from pilotage.playbook import Stage
from pilotage.runner.notebook import Cell

LIBRARY = Path(pilotage.__file__).parent
DRAFTING = (
    *("draft", "draft_look", "draft_yaml", "guess", "guess_look"),
    *("synonyms", "synonyms_columns", "synonyms_languages"),
)
# Neither how a page is run or looks nor how a workspace or a dataset.yaml is begun can change what it computes.
BEGINNINGS = (
    "__main__.py",
    "starter.py",
    "lab.py",
    *(f"records/{name}.py" for name in (*DRAFTING, "dictionary")),
)
NOT_CORE = frozenset(
    {*get_args(Stage), "runner", "cli", "template", "agents", "records/synthetic", "records/traces", *BEGINNINGS}
)
PACKAGES = ("duckdb", "great-expectations", "ipykernel", "matplotlib", "numpy", "pandas", "pyarrow", "scipy")


def page_key(
    stage: str, cells: Iterable[Cell], parameters: Mapping[str, Any], library: Path = LIBRARY
) -> dict[str, Any]:
    """The parts of a page's key by name; equal parts mean an equal result, given equal files."""
    return {
        "cells": sha256_json([[cell.source, cell.kind, list(cell.tags)] for cell in cells]),
        "parameters": dict(parameters),
        "core": core_code(library),
        "stage": stage_code(library, stage),
        "versions": versions(),
    }


@lru_cache
def core_code(library: Path) -> str:
    """The hash of the code that every page may use."""
    return _code(library, (path for path in _sources(library) if not _outside_core(path.relative_to(library))))


@lru_cache
def stage_code(library: Path, stage: str) -> str:
    """The hash of the page's own package; that of nothing where it has none."""
    return _code(library, _sources(library / stage))


@lru_cache
def versions() -> dict[str, str]:
    """Python's version and those of the packages that compute; "absent" where one is not installed."""
    return {"python": platform.python_version()} | {name: _version(name) for name in PACKAGES}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _sources(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)


def _outside_core(path: Path) -> bool:
    return not NOT_CORE.isdisjoint((path.parts[0], path.parent.as_posix(), path.as_posix()))


def _code(library: Path, paths: Iterable[Path]) -> str:
    return sha256_json({path.relative_to(library).as_posix(): sha256_file(path) for path in paths})
