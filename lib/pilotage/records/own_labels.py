"""Labels made with pilotage itself: `data/<name>/labels.jsonl`, a line for each judgement, only ever added to.

A later line of the same labeller on the same run and metric takes the place of the earlier one, which stays in the
file. These labels join those that dataset.yaml maps, or are the table alone where it maps none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pilotage.records.dataset import Dataset, TableSource
from pilotage.records.encodings import REPLACEMENT
from pilotage.records.own_tables import as_text, own_file, with_own
from pilotage.records.readers import Broken, Raw
from pilotage.records.schemas import TABLES
from pilotage.records.sources import OWN_LABELS
from pilotage.records.take_in import Taken

TABLE = "labels"
WHO_ON_WHAT = ("source", "labeller", "interaction_id", "metric")
UNSURE = "its labeller was unsure, and no other person has decided"
WITHDRAWN = "its labeller took the answer back, and nobody has answered again"


@dataclass(frozen=True)
class Line:
    """One line of the file: its number, its object with numbers as their text, or why it is none."""

    number: int
    text: str
    row: dict[str, Any] | None
    fault: str = ""

    @property
    def who_on_what(self) -> tuple[Any, ...]:
        """What makes two lines be about the same: source, labeller, run and metric; its own number where these lack."""
        found = tuple((self.row or {}).get(name) for name in WHO_ON_WHAT)
        return found if all(isinstance(part, str) and part for part in found) else (self.number,)


def lines(path: Path) -> list[Line]:
    """Every line that holds anything; none without a file. A last line that an interruption left torn is no line."""
    pieces = path.read_bytes().split(b"\n") if path.is_file() else []
    found = [_line(number, piece) for number, piece in enumerate(pieces, 1) if piece.strip()]
    return found[:-1] if found and found[-1].fault and pieces[-1].strip() else found


def _line(number: int, piece: bytes) -> Line:
    row, fault = parse(piece)
    return Line(number, piece.decode("utf-8", "replace").replace("\0", REPLACEMENT), row, fault)


def parse(piece: bytes) -> tuple[dict[str, Any] | None, str]:
    """A line's object, numbers as their text; or None and why it is none."""
    try:
        row = json.loads(piece, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as fault:
        return None, f"is not JSON: {getattr(fault, 'msg', 'it cannot be decoded')}"
    return (row, "") if isinstance(row, dict) else (None, "is not a JSON object")


def standing(found: Iterable[Line]) -> list[Line]:
    """The lines that no later one has replaced, in their order; those that are no object among them."""
    last = {line.who_on_what: line for line in found}
    return sorted(last.values(), key=lambda line: line.number)


def read(path: Path, source: TableSource) -> Raw:
    """The judgements that stand, as cells of text; what is undecided in the uniform stream is broken, with its reason.

    An answer that its labeller left open says nothing, and without it the others are no uniform sample any more. It
    is settled once another person has decided, never by a judge. In the guided stream, which counts in no rate, it is
    left out.
    """
    found = standing(lines(path))
    decided = {_on_what(line) for line in found if line.row and _is_decision(line.row)}
    rows = [line for line in found if line.row is not None and not _open(line.row)]
    waiting = [line for line in found if line.row is not None and _open(line.row) and _on_what(line) not in decided]
    broken = [Broken(line.number, line.fault, line.text) for line in found if line.row is None]
    broken += [
        Broken(line.number, WITHDRAWN if line.row and line.row.get("withdrawn") else UNSURE, line.text)
        for line in waiting
        if line.row and line.row.get("stream") == "uniform"
    ]
    cells = {
        name: pa.array([as_text((line.row or {}).get(name)) for line in rows], pa.string())
        for name in TABLES[TABLE].required
    }
    numbers = np.array([line.number for line in rows], dtype=np.int64)
    return Raw(pa.table(cells), numbers, tuple(sorted(broken, key=lambda item: item.line)))


def _open(row: Mapping[str, Any]) -> bool:
    return "value" in row and row["value"] is None


def _is_decision(row: Mapping[str, Any]) -> bool:
    return row.get("source") == "human" and row.get("value") is not None


def _on_what(line: Line) -> tuple[Any, Any]:
    return (line.row or {}).get("interaction_id"), (line.row or {}).get("metric")


def with_own_labels(taken: Mapping[str, Taken], dataset: Dataset, folder: Path) -> dict[str, Taken]:
    """The tables with the dataset's own labels among them; as they were where nobody has labelled anything."""
    path = own_file(dataset, folder, OWN_LABELS)
    if path is None or not standing(lines(path)):
        return dict(taken)
    return with_own(taken, TABLE, path, TableSource(file=OWN_LABELS), read)
