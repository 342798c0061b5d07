"""A first dataset.yaml for files nobody has described: guessed from names and values, for a person to correct."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from pilotage.errors import InputFaults, PilotageError
from pilotage.forms import parse_mapping
from pilotage.records.dataset import Dataset, TableSource, parse_dataset
from pilotage.records.draft_look import NAME, Seen, see
from pilotage.records.draft_yaml import broken, constants, draft_text, offered, printable
from pilotage.records.guess import Guess, candidates, time_format, times_of, translation
from pilotage.records.mapping import map_columns
from pilotage.records.schemas import TABLES
from pilotage.records.take_in import Taken, take_in
from pilotage.words import listed

_WIDTH = 19  # characters of a previewed cell
_ROWS = 10


@dataclass(frozen=True)
class Draft:
    """A dataset.yaml to start from, ten mapped rows per table as plain text, and what it leaves undecided.

    `has_baseline` says whether some case or event would count for the baseline, which is then to be locked.
    """

    yaml_text: str
    preview: str
    undecided: tuple[str, ...]
    has_baseline: bool


def draft_dataset(files: Sequence[Path], folder: Path) -> Draft:
    """The draft for these files; `folder` is where dataset.yaml will live, and the paths in it are relative to that.

    Nothing is written. The same files give the same draft. PilotageError where a file cannot be read or none of its
    columns is known, and where two files seem to be the same table.
    """
    seen = [see(path) for path in sorted(files)]
    _refuse_rivals(seen)
    seen.sort(key=lambda item: list(TABLES).index(item.guess.table.name))
    text = draft_text(folder, seen)
    dataset = _parsed(text, folder)
    taken = _taken(dataset, seen)
    preview = "\n\n".join(_preview(item, dataset, taken) for item in seen)
    return Draft(text, preview, tuple(_undecided(seen, taken)), _has_baseline(taken))


def _refuse_rivals(seen: Sequence[Seen]) -> None:
    by_table: dict[str, list[str]] = {}
    for item in seen:
        by_table.setdefault(item.guess.table.name, []).append(item.path.name)
    rivals = [f"{' and '.join(names)} both seem to be {table}" for table, names in by_table.items() if len(names) > 1]
    if rivals:
        raise PilotageError(
            "; ".join(rivals), "", "map one of them alone, then name all by a glob, as file: runs-*.csv"
        )


def _parsed(text: str, folder: Path) -> Dataset:
    """The draft read again, as intake will; InputFaults where it could not be, which no file should bring about."""
    document, faults = parse_mapping(text, typed=False)
    try:
        if not faults:
            return parse_dataset(document, folder.name)
    except InputFaults as fault:
        faults = fault.faults
    raise InputFaults("no dataset.yaml can be drafted for these files", faults, "map them one by one to find which")


def _taken(dataset: Dataset, seen: Sequence[Seen]) -> dict[str, Taken]:
    """The tables as an intake would see them; one that lacks a required column is left out."""
    taken: dict[str, Taken] = {}
    for item in seen:
        name = item.guess.table.name
        if not item.guess.hopeless:
            taken[name] = take_in(name, dataset.tables[name], [item.path], dataset.time_zone, taken)
    return taken


def _has_baseline(taken: Mapping[str, Taken]) -> bool:
    phases = [taken[name].rows.column("phase") for name in ("cases", "events") if name in taken]
    return any(pc.any(pc.equal(phase, "baseline")).as_py() for phase in phases)


def _preview(item: Seen, dataset: Dataset, taken: Mapping[str, Taken]) -> str:
    """How many rows are accepted, and the first of them; as they stand in the file where none can be."""
    name = item.guess.table.name
    if name in taken:
        return _accepted(name, taken[name])
    what = f"none can be accepted before {listed(list(item.guess.hopeless))} is mapped"
    return "\n".join([f"{name}: {item.count:,} rows read, {what}", *_as_written(item, dataset.tables[name])])


def _accepted(name: str, taken: Taken) -> str:
    """The first accepted rows, the columns that the file gives."""
    rows = taken.rows.slice(0, _ROWS).select(list(taken.columns)).to_pylist()
    aside = f", {taken.set_aside.num_rows:,} set aside" if taken.set_aside.num_rows else ""
    why = [f"  set aside: {printable(reason)} ({count:,})" for reason, count in taken.reasons.items()]
    head = f"{name}: {taken.rows.num_rows:,} of {taken.read:,} rows accepted{aside}"
    return "\n".join([head, *why, *_grid(list(taken.columns), [list(row.values()) for row in rows])])


def _as_written(item: Seen, source: TableSource) -> list[str]:
    """The first rows as text: what is mapped under our names, then, in quotes, what the missing columns could be."""
    guess, cells = item.guess, item.raw.cells.slice(0, _ROWS)
    mapped, _ = map_columns(guess.table, source, cells)
    spare = dict.fromkeys(look.name for name in guess.hopeless for look in candidates(guess, name)[1])
    shown = {name: cell.text.to_pylist() for name, cell in mapped.items()}
    shown |= {repr(printable(name, NAME)): cells.column(name).to_pylist() for name in spare}
    return _grid(list(shown), [list(row) for row in zip(*shown.values(), strict=True)])


def _grid(names: list[str], rows: list[list[Any]]) -> list[str]:
    """Lines with cells cut to a width and set under each other."""
    lines = [names, *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(names))]
    return [" ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def _cell(value: Any) -> str:
    text = "" if value is None else printable(str(value))
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"


def _undecided(seen: Sequence[Seen], taken: Mapping[str, Taken]) -> Iterator[str]:
    """What a person has to say, and what stays unknown for want of a column."""
    yield "whether the export is complete: `rows` was counted in the file itself"
    for item in seen:
        yield from _to_say(item, seen)
        yield from _unknown(item.guess, taken)


def _to_say(item: Seen, seen: Sequence[Seen]) -> Iterator[str]:
    guess, table, file = item.guess, item.guess.table.name, item.path.name
    yield from (f"{printable(file)}: {said}" for said in broken(item))
    for name in guess.hopeless:
        yield f"{table}.{name} is required, and nothing in {file} gives it{offered(guess, name)}"
    for name, value in constants(guess, seen).items():
        yield f"{table}.{name} is assumed to be {value!r} in every row: check it"
    if item.needs_zone:
        yield f"times of {table} carry no zone and are taken as UTC: name their time_zone"
    odd = [repr(printable(look.name, NAME)) for look in times_of(guess) if look.time_format != time_format(guess)]
    if odd:
        yield f"{', '.join(odd)} of {table} writes times in another way than time_format: write them alike"
    yield from (f"{table}.{name}: {doubt}" for name in guess.columns for doubt in _doubts(guess, name))


def _doubts(guess: Guess, name: str) -> Iterator[str]:
    """What the values of one column leave open."""
    column, look = guess.table.column(name), guess.columns[name]
    if column.type == "time" and look.day_or_month:
        yield "day and month could also be the other way round"
    words = translation(column, look)
    unknown = [value for value in look.few if words is not None and value not in words]
    if unknown:
        yield f"no meaning is known for {', '.join(map(repr, unknown))}; rows with it are set aside"


def _unknown(guess: Guess, taken: Mapping[str, Taken]) -> Iterator[str]:
    """What is left open by each column that the file does not give, and what else it could come from."""
    table = guess.table
    given = taken[table.name].columns if table.name in taken else tuple(guess.columns)
    for column in table.columns:
        if column.name not in given and not column.required and column.name != "agent":
            other = offered(guess, column.name) if column.type in ("flag", "time") else ""
            yield f"{table.name} has no {column.name}: {column.undecided}{other}"
