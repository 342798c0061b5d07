"""A table that a person has filled in elsewhere, as it comes back: its rows by place, whatever else was done to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pilotage.errors import InputFaults, PilotageError
from pilotage.forms import near
from pilotage.records.hand_out import KINDS, cell_text
from pilotage.words import plain

if TYPE_CHECKING:
    from pilotage.records.readers import Raw


@dataclass(frozen=True)
class Row:
    """A row of the file: where it stands, as people find it, and its cells by column, empty text where blank."""

    place: str
    cells: Mapping[str, str]

    @property
    def named(self) -> str:
        """Where it stands and the id it has: how a fault names the row."""
        return f"{self.place} ({plain(self.cells['id'])})" if self.cells["id"] else self.place


def title_of(path: Path) -> str:
    """What the faults of this file stand under."""
    return f"{path.name} cannot be taken back"


def read_back(path: Path, what: str, needed: Sequence[str]) -> tuple[list[Row], list[str]]:
    """The rows that hold anything, and what is wrong with the file.

    Columns may have moved, be spelled in capitals or have others beside them; needless blanks are gone.
    PilotageError where the file cannot be read at all, lacks a column that is `needed` or has no row.
    """
    if path.suffix.lower() not in KINDS:
        raise PilotageError(f"{what} are taken back from .xlsx or .csv", str(path), "save it as one of these")
    if not path.is_file():
        raise PilotageError("there is no such file", str(path))
    raw = _raw(path)
    word = "row" if path.suffix.lower() == ".xlsx" else "line"
    faults = [f"{word} {item.line}: {item.reason}" for item in raw.broken]
    spelled = {" ".join(name.split()).lower(): name for name in raw.cells.column_names}
    if lacking := [f"there is no column {name!r}{near(name, spelled)}" for name in needed if name not in spelled]:
        raise InputFaults(title_of(path), [*faults, *lacking], "keep the columns as exported")
    cells = [{ours: (row[theirs] or "").strip() for ours, theirs in spelled.items()} for row in raw.cells.to_pylist()]
    places = [f"{word} {line}" for line in raw.lines.tolist()]
    rows = [Row(place, row) for place, row in zip(places, cells, strict=True) if any(row.values())]
    if not rows and not faults:
        raise InputFaults(title_of(path), ["there is no row in it"])
    return rows, faults


def _raw(path: Path) -> Raw:
    """As text; a CSV that is not UTF-8 is one that Excel saved in the Western code page."""
    from pilotage.records.dataset import TableSource
    from pilotage.records.readers import read

    try:
        return read(path, TableSource(file=path.name))
    except PilotageError as fault:
        if path.suffix.lower() != ".csv" or "utf-8" not in str(fault).lower():
            raise
        return read(path, TableSource(file=path.name, encoding="cp1252"))


def single(rows: Sequence[Row], name: str, faults: list[str]) -> str:
    """The value that the column has in most rows, and a fault for each other row; "" and a fault where it is empty."""
    (most, _), *_ = Counter(row.cells[name] for row in rows if row.cells[name]).most_common(1) or [("", 0)]
    if not most:
        faults.append(f"the column {name!r} is empty")
        return ""
    faults += [
        f"{row.place}: {name} is {plain(row.cells[name])!r}, elsewhere in the file {plain(most)!r}"
        for row in rows
        if row.cells[name] != most
    ]
    return most


def of_dataset(path: Path, rows: Sequence[Row], dataset: str, faults: list[str]) -> None:
    """InputFaults, with the faults found before, where the file is of another dataset than the one named."""
    theirs = single(rows, "dataset", faults)
    if theirs and theirs != cell_text(dataset):
        faults.append(f"it is of the dataset {plain(theirs)!r}, not of {dataset!r}")
        raise InputFaults(title_of(path), faults, f"name its own: --dataset {plain(theirs)}")


def by_spelling(ids: Iterable[str]) -> dict[str, str]:
    """Every id by how a table spells it; two that a table cannot tell apart are not known by it."""
    names = list(ids)
    spelled = [cell_text(name).strip() for name in names]
    often = Counter(spelled)
    return {cell: name for cell, name in zip(spelled, names, strict=True) if often[cell] == 1}


def faults_of_ids(rows: Sequence[Row], ids: Mapping[str, str], what: str) -> Iterator[str]:
    """A fault for each row without an id, with one that is none of `ids` ("is no {what}"), or that stands twice."""
    places: dict[str, str] = {}
    for row in rows:
        spelled = row.cells["id"]
        if not spelled:
            yield f"{row.place}: has no id"
        elif spelled not in ids:
            yield f"{row.named}: is no {what}{near(spelled, sorted(ids))}"
        elif spelled in places:
            yield f"{row.named}: stands already in {places[spelled]}"
        places.setdefault(spelled, row.place)
