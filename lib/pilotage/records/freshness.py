"""Whether a dataset's canonical tables are still those of its files, found out with fingerprints alone."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pilotage.hashes import fingerprint, read_object, sha256_file
from pilotage.records.sources import matched
from pilotage.workspace import Workspace

MANIFEST = "manifest.json"
_PACKAGES = ("pandas", "pyarrow", "great-expectations", "duckdb", "openpyxl", "pydantic")
_RECORDS = Path(__file__).parent
_ELSEWHERE = (
    "draft",
    "guess",
    "synonyms",
    "dictionary",
    "store",
    "hand",
)  # first words of the modules that no intake runs
_CORE = ("forms", "hashes", "spreadsheet", "words")  # modules below this package that one does


def stale_reason(workspace: Workspace, dataset: str) -> str | None:
    """Why the intake has to run again, in words; None while it is up to date.

    Fingerprints the dataset's files, what was made of them and the code; imports nothing heavy.
    """
    folder = workspace.intake(dataset)
    kept = _manifest(folder)
    if kept is None:
        return "no intake yet"
    now = state(workspace, dataset, kept["patterns"])
    if now != kept["state"]:
        return _difference(kept["state"], now)
    for name, print_then in kept["outputs"].items():
        if fingerprint(folder / name) != print_then:
            return f"{name} of the intake is gone or was altered"
    return None


def state(workspace: Workspace, dataset: str, patterns: Iterable[str]) -> dict[str, Any]:
    """All that the intake's result depends on: the mapping, the files, the playbook's expectations, code, versions."""
    return {
        "dataset.yaml": fingerprint(workspace.dataset(dataset) / "dataset.yaml"),
        "playbook/expectations.yaml": fingerprint(workspace.playbook / "expectations.yaml"),
        **data_files(workspace, dataset, patterns),
        "code": _code(),
        "versions": {name: version(name) for name in _PACKAGES} | {"python": platform.python_version()},
    }


def data_files(workspace: Workspace, dataset: str, patterns: Iterable[str]) -> dict[str, str]:
    """The files that the patterns name, path from the root: sha256."""
    found = {path for pattern in patterns for path in matched(workspace.dataset(dataset), pattern)}
    return {name: fingerprint(path) for name, path in sorted((workspace.relative(path), path) for path in found)}


def patterns_of(folder: Path) -> list[str]:
    """What the intake in this folder read, as patterns relative to the dataset's folder; none where it is damaged."""
    kept = _manifest(folder)
    return list(kept["patterns"]) if kept else []


def _code() -> dict[str, str]:
    """The code that an intake runs, file by file: not what drafts a dataset.yaml, prints the dictionary or reads."""
    own = (path.relative_to(_RECORDS) for path in _RECORDS.rglob("*.py"))
    files = [
        _RECORDS / path
        for path in own
        if path.parts[0] not in ("synthetic", "traces") and path.stem.split("_")[0] not in _ELSEWHERE
    ]
    files += [_RECORDS.parent / f"{name}.py" for name in _CORE]
    return {path.relative_to(_RECORDS.parent).as_posix(): sha256_file(path) for path in sorted(files)}


def _manifest(folder: Path) -> dict[str, Any] | None:
    """What the last intake wrote of itself; None where that is damaged or gone."""
    kept = read_object(folder / MANIFEST)
    return kept if kept and {"patterns", "state", "outputs"} <= kept.keys() else None


def _difference(then: dict[str, Any], now: dict[str, Any]) -> str:
    changed = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    words = {"code": "the library", "versions": "a package"}
    return f"{', '.join(words.get(name, name) for name in changed)} changed"
