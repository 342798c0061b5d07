"""Fingerprints and atomic files: how the house knows that nothing changed, and never leaves half a file behind."""

from __future__ import annotations

import hashlib
import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

ABSENT = "absent"


def sha256_file(path: Path) -> str:
    """The file's SHA-256 in hex; read in pieces, so memory stays flat."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def fingerprint(path: Path) -> str:
    """The file's SHA-256, or "absent": a file's arrival matters too."""
    try:
        facts = path.stat()
        return _hashed(path, facts.st_mtime_ns, facts.st_size, facts.st_ino)
    except OSError:
        return ABSENT


@lru_cache(maxsize=4096)
def _hashed(path: Path, mtime_ns: int, size: int, inode: int) -> str:
    """Tables are opened by several pages; within one process their bytes are read once."""
    return sha256_file(path)


def read_object(path: Path) -> dict[str, Any] | None:
    """The JSON object in the file; None where there is no file, no JSON, or no object in it."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return facts if isinstance(facts, dict) else None


def part_of(path: Path, dotted: str) -> Any:
    """One entry of a JSON file, named by its keys with dots between; None where there is none."""
    value: Any = read_object(path)
    for name in dotted.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def part_fingerprint(value: Any) -> str:
    """The hash of such an entry, or "absent"."""
    return ABSENT if value is None else sha256_json(value)


def canonical_json(value: Any) -> str:
    """One spelling per value: sorted keys, no spaces, no NaN (ValueError), text as UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_json(value: Any) -> str:
    """The SHA-256 in hex of the value's canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()


def write_text_atomically(path: Path, text: str) -> None:
    """Write beside the target, then rename: a reader sees the old file or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with part.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(part, path)


def write_json_atomically(path: Path, value: Any) -> None:
    """Readable JSON (two-space indent, keys in the order given), without NaN (ValueError)."""
    write_text_atomically(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def permanent_number(use: str, salt: str, name: str) -> float:
    """The name's permanent random number for this use, from 0 and below 1: always the same, independent between uses.

    Ohlsson 1995. A sample of all names whose number lies below a chance grows with the chance and takes nothing back.
    """
    text = "\0".join((use, salt, name)).encode("utf-8", "replace")
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big") / 2**64
