"""Whether a page is up to date: its key, every file it opened and every file it wrote, as its manifest says."""

from __future__ import annotations

import glob
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from pilotage.hashes import fingerprint, part_fingerprint, part_of, sha256_file, write_json_atomically
from pilotage.words import listed, plain

IN_RUN = "run:"
KEY_PARTS = {
    "cells": "its notebook changed",
    "core": "the library changed",
    "stage": "its package changed",
    "versions": "Python or a package changed version",
    "run": "it belongs to another run",
}


@dataclass(frozen=True)
class Opened:
    """What a page read: files and parts of JSON files with their hashes, and what each pattern matched.

    `elsewhere` says why what it read outside of files may have changed since; empty where it read nothing there.
    """

    files: Mapping[str, str]
    parts: Mapping[str, str] = field(default_factory=dict)
    globs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    elsewhere: str = ""


@dataclass(frozen=True)
class Manifest:
    """What a page's result rests on, and the files that it is, with their hashes."""

    schema: Literal[1]
    stage: str
    key: Mapping[str, Any]
    opened: Opened
    outputs: Mapping[str, str]


_MANIFEST, _OPENED = TypeAdapter(Manifest), TypeAdapter(Opened)


def manifest_path(run: Path, stage: str) -> Path:
    """Where the page's manifest is."""
    return run / "manifests" / f"{stage}.json"


def read_manifest(run: Path, stage: str) -> Manifest | None:
    """The page's manifest; None when it never finished there or its manifest was damaged."""
    try:
        return _MANIFEST.validate_json(manifest_path(run, stage).read_bytes())
    except (OSError, ValueError):
        return None


def read_opened(path: Path) -> Opened:
    """What the page says it opened; FileNotFoundError or ValueError where it says no such thing."""
    return _OPENED.validate_json(path.read_bytes())


def write_manifest(run: Path, stage: str, key: Mapping[str, Any], opened: Opened, outputs: Iterable[str]) -> None:
    """Say that the page finished; written last, so that a page without one never did."""
    hashes = {path: sha256_file(run / path) for path in sorted(outputs)}
    manifest = {"schema": 1, "stage": stage, "key": key, "opened": asdict(opened), "outputs": hashes}
    write_json_atomically(manifest_path(run, stage), manifest)


def stale_reason(root: Path, run: Path, stage: str, key: Mapping[str, Any], upstream: Path | None = None) -> str | None:
    """Why the page in `run` is not up to date, in a few words; None when it is.

    `upstream` is the run whose evidence counts as the page's input: the same run unless the page is to be copied.
    """
    manifest = read_manifest(run, stage)
    if manifest is None:
        return "it did not finish"
    return next(_differences(root, run, upstream or run, manifest, key), None)


def copy_page(old: Path, new: Path, stage: str) -> None:
    """Bring a page that is still up to date into another run: its outputs, then its manifest."""
    facts = json.loads(manifest_path(old, stage).read_text(encoding="utf-8"))
    for path in facts["outputs"]:
        (new / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(old / path, new / path)
    write_json_atomically(manifest_path(new, stage), facts)


def changed_parameters(was: Any, now: Any) -> str:
    """Which parameters changed from what to what; one that nobody set has the notebook's own value."""
    was, now = (values if isinstance(values, dict) else {} for values in (was, now))
    names = [name for name in {**was, **now} if was.get(name, was) != now.get(name, now)]
    return listed([f"{name} changed from {_value(was, name)} to {_value(now, name)}" for name in names])


def _value(values: Mapping[str, Any], name: str) -> str:
    if name not in values:
        return "the notebook's own"
    return "none" if values[name] is None else plain(values[name]) or "empty"


def _differences(root: Path, run: Path, upstream: Path, manifest: Manifest, key: Mapping[str, Any]) -> Iterator[str]:
    was, opened = manifest.key, manifest.opened
    for part in sorted(was.keys() | key.keys()):
        if was.get(part) != key.get(part):
            yield KEY_PARTS.get(part) or changed_parameters(was.get(part), key.get(part))
    if opened.elsewhere:
        yield opened.elsewhere
    for path, digest in opened.files.items():
        if fingerprint(_place(root, upstream, path)) != digest:
            yield f"{path.removeprefix(IN_RUN)} changed"
    for part, digest in opened.parts.items():
        path, _, dotted = part.partition("#")
        if part_fingerprint(part_of(_place(root, upstream, path), dotted)) != digest:
            yield f"{dotted} in {path.removeprefix(IN_RUN)} changed"
    for pattern, paths in opened.globs.items():
        if sorted(glob.glob(pattern, root_dir=root, recursive=True)) != sorted(paths):
            yield f"{pattern} matches other files"
    for path, digest in manifest.outputs.items():
        if fingerprint(run / path) != digest:
            yield f"{path} is gone or altered"


def _place(root: Path, run: Path, path: str) -> Path:
    return run / path.removeprefix(IN_RUN) if path.startswith(IN_RUN) else root / path
