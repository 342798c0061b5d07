"""Labelled texts to train on, each with its name, licence and hash."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pilotage.errors import InputFaults, PilotageError
from pilotage.hashes import sha256_file

ATTACK = frozenset({"1", "true", "attack", "injection", "jailbreak", "malicious", "unsafe"})
HARMLESS = frozenset({"0", "false", "benign", "harmless", "safe", "legitimate"})
_SHOWN = 10  # faults of one file that are listed
_LONGEST_FIELD = 2**27  # characters of one cell


@dataclass(frozen=True, slots=True)
class Source:
    """Texts and their labels, 1 for an attack; `group` is what is left out together: the name up to the first "_"."""

    name: str
    texts: tuple[str, ...]
    labels: tuple[int, ...]
    licence: str = "not stated"
    sha256: str = ""

    @property
    def group(self) -> str:
        """Sources of one group come from one place, and are left out together when the model is checked."""
        return self.name.partition("_")[0]


def read_source(path: Path, licence: str = "not stated") -> Source:
    """The texts of a file of JSON lines (.jsonl) or CSV with `text` and `label`; other columns are left alone.

    A label is 1 or 0, or a word: attack, injection, jailbreak, malicious, unsafe; benign, harmless, safe, legitimate.
    InputFaults with the lines that cannot be read; PilotageError where the file is missing.
    """
    texts, labels, faults = [], [], []
    for line, row in _rows(path):
        text, label = row.get("text"), str(row.get("label", "")).strip().lower().removesuffix(".0")
        if not isinstance(text, str) or not text.strip():
            faults.append(f"line {line}: has no text")
        elif label not in ATTACK | HARMLESS:
            faults.append(f"line {line}: has no label that is known")
        else:
            texts.append(text)
            labels.append(int(label in ATTACK))
    if faults or not texts:
        more = [f"and {len(faults) - _SHOWN:,} more"] if len(faults) > _SHOWN else []
        advice = f"label: {', '.join(sorted(ATTACK))}; or {', '.join(sorted(HARMLESS))}"
        raise InputFaults(f"{path.name} cannot be trained on", [*faults[:_SHOWN], *more] or ["it is empty"], advice)
    return Source(path.stem, tuple(texts), tuple(labels), licence, sha256_file(path))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            if path.suffix.lower() == ".csv":
                csv.field_size_limit(_LONGEST_FIELD)
                yield from enumerate(csv.DictReader(lines), start=2)
                return
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, _object(line)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        what = "cannot be read as UTF-8 text" if not isinstance(error, OSError) else "there is no such file to read"
        raise PilotageError(what, str(path), "give JSON lines or CSV with the columns text and label") from None


def _object(line: str) -> dict[str, Any]:
    """The JSON object in a line; an empty one where there is none, which then has no text."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return row if isinstance(row, dict) else {}
