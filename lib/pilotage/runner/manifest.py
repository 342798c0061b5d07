"""Whether a page is up to date: its key, every file it opened and every file it wrote, as its manifest says."""

from __future__ import annotations

import glob
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pilotage.hashes import sha256_file, sha256_json, write_json_atomically

ABSENT = "absent"
IN_RUN = "run:"
KEY_PARTS = {
    "cells": "its notebook changed",
    "parameters": "a parameter changed",
    "core": "the library changed",
    "stage": "its package changed",
    "versions": "Python or a package changed version",
    "run": "it belongs to another run",
}


def manifest_path(run: Path, stage: str) -> Path:
    """Where the page's manifest is."""
    return run / "manifests" / f"{stage}.json"


def read_manifest(run: Path, stage: str) -> dict[str, Any] | None:
    """The page's manifest; None when it never finished there or its manifest cannot be read."""
    try:
        manifest: dict[str, Any] = json.loads(manifest_path(run, stage).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return manifest if manifest.get("schema") == 1 else None


def write_manifest(
    run: Path, stage: str, key: Mapping[str, Any], opened: Mapping[str, Any], outputs: Iterable[str]
) -> None:
    """Say that the page finished; written last, so that a page without one never did."""
    hashes = {path: sha256_file(run / path) for path in sorted(outputs)}
    manifest = {"schema": 1, "stage": stage, "key": key, "opened": opened, "outputs": hashes}
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
    manifest = read_manifest(old, stage) or {"outputs": {}}
    for path in manifest["outputs"]:
        (new / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(old / path, new / path)
    write_json_atomically(manifest_path(new, stage), manifest)


def _differences(
    root: Path, run: Path, upstream: Path, manifest: Mapping[str, Any], key: Mapping[str, Any]
) -> Iterator[str]:
    was = manifest["key"]
    for part in sorted(was.keys() | key.keys()):
        if was.get(part) != key.get(part):
            yield KEY_PARTS.get(part, f"{part} changed")
    opened = manifest["opened"]
    for path, digest in opened.get("files", {}).items():
        if fingerprint(_place(root, upstream, path)) != digest:
            yield f"{path.removeprefix(IN_RUN)} changed"
    for part, digest in opened.get("parts", {}).items():
        path, _, dotted = part.partition("#")
        if part_fingerprint(_place(root, upstream, path), dotted) != digest:
            yield f"{dotted} in {path.removeprefix(IN_RUN)} changed"
    for pattern, paths in opened.get("globs", {}).items():
        if sorted(glob.glob(pattern, root_dir=root, recursive=True)) != sorted(paths):
            yield f"{pattern} matches other files"
    for path, digest in manifest["outputs"].items():
        if fingerprint(run / path) != digest:
            yield f"{path} is gone or altered"


def _place(root: Path, run: Path, path: str) -> Path:
    return run / path.removeprefix(IN_RUN) if path.startswith(IN_RUN) else root / path


def fingerprint(path: Path) -> str:
    """The file's SHA-256, or "absent"."""
    try:
        facts = path.stat()
        return _hashed(path, facts.st_mtime_ns, facts.st_size, facts.st_ino)
    except OSError:
        return ABSENT


def part_fingerprint(path: Path, dotted: str) -> str:
    """The hash of one entry of a JSON file, named by its keys with dots between; "absent" where there is none."""
    if fingerprint(path) == ABSENT:
        return ABSENT
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        for name in dotted.split("."):
            value = value[name]
        return sha256_json(value)
    except (ValueError, KeyError, TypeError):
        return ABSENT


@lru_cache(maxsize=4096)
def _hashed(path: Path, mtime_ns: int, size: int, inode: int) -> str:
    """Tables are opened by several pages; within one process their bytes are read once."""
    return sha256_file(path)
