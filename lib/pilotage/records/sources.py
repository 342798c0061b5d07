"""Which files a dataset reads, and their fingerprints. Nothing heavy is imported here."""

from __future__ import annotations

import glob
import os
from pathlib import Path

KINDS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".xlsx": "xlsx",
    ".parquet": "parquet",
    ".xes": "xes",
}
_PACKED = ("csv", "jsonl", "xes")
OWN_LABELS = "labels.jsonl"  # labels made with pilotage itself, in the dataset's folder
OWN_REVIEWS = "reviews.sqlite"  # the review queue with its decisions, in the dataset's folder
NOTHING_IN_IT = "check the export; leave the table out of dataset.yaml if there is nothing to export"


def kind_of(file: str) -> str | None:
    """How a file is read, by the end of its name (`.gz` after CSV, JSON lines and XES is allowed); None if unknown."""
    name = Path(file).name.lower()
    plain = name.removesuffix(".gz")
    kind = KINDS.get(Path(plain).suffix)
    return kind if kind and (plain == name or kind in _PACKED) else None


def matched(folder: Path, pattern: str) -> list[Path]:
    """The files that a path or glob names, sorted by name; a name that exists is taken as it is, glob signs and all."""
    if (folder / pattern).is_file():
        return [folder / pattern]
    found = glob.glob(os.path.join(glob.escape(str(folder)), pattern), recursive=True)
    return sorted(Path(path) for path in found if os.path.isfile(path))
