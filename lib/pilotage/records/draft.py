"""A first dataset.yaml for files nobody has described: guessed from names and values, for a person to correct."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pilotage.errors import InputFaults, PilotageError
from pilotage.forms import parse_mapping
from pilotage.records.dataset import Dataset, TableSource, parse_dataset, title
from pilotage.records.guess import ASSUMED, Guess, factor, guess_table, look_at, translation
from pilotage.records.readers import Raw, read
from pilotage.records.schemas import TABLES
from pilotage.records.sources import KINDS, kind_of
from pilotage.records.take_in import Taken, take_in
from pilotage.words import plain

_WIDTH = 19  # characters of a previewed cell
_NAME = 60  # characters of a column's name in a comment
_ROWS = 10


@dataclass(frozen=True)
class Draft:
    """A dataset.yaml to start from, ten mapped rows per table as plain text, and what it leaves undecided."""

    yaml_text: str
    preview: str
    undecided: tuple[str, ...]


@dataclass(frozen=True)
class _Seen:
    """One file, how it has to be read, and the table it seems to be."""

    path: Path
    encoding: str | None
    raw: Raw
    guess: Guess


def draft_dataset(files: Sequence[Path], folder: Path) -> Draft:
    """The draft for these files; `folder` is where dataset.yaml will live, and the paths in it are relative to that.

    Nothing is written. The same files give the same draft. PilotageError where a file cannot be read or where two files
    seem to be the same table.
    """
    seen = [_look(path) for path in sorted(files)]
    _refuse_rivals(seen)
    seen.sort(key=lambda item: list(TABLES).index(item.guess.table.name))
    text = "\n".join([*_head(folder, seen), *(line for item in seen for line in _entry(item, folder, seen))]) + "\n"
    document, faults = parse_mapping(text, typed=False)
    if faults:
        raise InputFaults(title(folder.name), faults)
    taken = _taken(parse_dataset(document, folder.name), seen)
    preview = "\n\n".join(_preview(name, taken[name]) for name in taken)
    return Draft(text, preview, tuple(line for item in seen for line in _undecided(item, taken, seen)))


def _look(path: Path) -> _Seen:
    if not path.is_file():
        raise PilotageError("does not exist", str(path))
    if kind_of(path.name) is None:
        raise PilotageError("is of no known kind", str(path), f"known: {', '.join(KINDS)}")
    encoding, raw = _read(path)
    return _Seen(path, encoding, raw, guess_table(path, look_at(raw.cells)))


def _read(path: Path) -> tuple[str | None, Raw]:
    """The file as UTF-8, else in the first usual encoding that fits."""
    try:
        return None, read(path, TableSource(file=path.name))
    except PilotageError as fault:
        if " text" not in fault.what or kind_of(path.name) not in ("csv", "jsonl"):
            raise
        wanted = fault.next.split("encoding: ")[-1].split("`")[0]
        return wanted, read(path, TableSource(file=path.name, encoding=wanted))


def _refuse_rivals(seen: Sequence[_Seen]) -> None:
    by_table: dict[str, list[str]] = {}
    for item in seen:
        by_table.setdefault(item.guess.table.name, []).append(item.path.name)
    rivals = [f"{' and '.join(names)} both seem to be {table}" for table, names in by_table.items() if len(names) > 1]
    if rivals:
        raise PilotageError(
            "; ".join(rivals), "", "map one of them alone, then name all by a glob, as file: runs-*.csv"
        )


def _head(folder: Path, seen: Sequence[_Seen]) -> list[str]:
    lines = [
        "# Drafted from the names and values of the files. Check each line, then run `pilotage check`.",
        f"name: {_scalar(folder.name)}",
        "synthetic: false",
    ]
    if any(_needs_zone(item) for item in seen):
        lines.append("time_zone: UTC          # check: some times carry no zone; name the one they were written in")
    return [*lines, "tables:"]


def _needs_zone(item: _Seen) -> bool:
    columns = item.guess.columns.items()
    return any(item.guess.table.column(name).type == "time" and not look.zoned for name, look in columns)


def _entry(item: _Seen, folder: Path, seen: Sequence[_Seen]) -> list[str]:
    """The lines of one table."""
    guess = item.guess
    file = Path(os.path.relpath(item.path.resolve(), folder.resolve())).as_posix()
    values, columns = _values(guess), {ours: look.name for ours, look in guess.columns.items()}
    plain_columns = {ours: theirs for ours, theirs in columns.items() if ours != theirs and ours not in values}
    lines = [f"  {guess.table.name}:", f"    file: {_scalar(file)}", f"    rows: {_count(item)}"]
    lines += [f"    {name}: {_scalar(value)}" for name, value in _reading(item).items()]
    lines += [f"    columns: {_flow(plain_columns)}"] if plain_columns else []
    for name, value in _constants(guess, seen).items():
        lines += ["    constants:"] if "    constants:" not in lines else []
        lines.append(f"      {name}: {_scalar(value)}          # check: assumed, the file does not say")
    lines += ["    values:"] if values else []
    lines += [f"      {ours}: {_flow(way)}" for ours, way in values.items()]
    lines += [f"    # {name} is required, and nothing in the file seems to give it" for name in _hopeless(guess)]
    return lines + (
        [f"    # not used: {', '.join(_printable(name, _NAME) for name in guess.spare)}"] if guess.spare else []
    )


def _count(item: _Seen) -> int:
    return int(item.raw.cells.num_rows) + len(item.raw.broken)


def _printable(text: str, longest: int | None = None) -> str:
    """One line that YAML takes in a comment and a terminal shows as it is; what cannot be printed becomes ¤."""
    line = "".join(sign if sign.isprintable() else "¤" for sign in " ".join(text.split()))
    return plain(line, longest)


def _reading(item: _Seen) -> dict[str, Any]:
    """The settings without which the file would be misread."""
    looks = item.guess.columns
    typed = {ours: item.guess.table.column(ours).type for ours in looks}
    numbers = [looks[ours] for ours, kind in typed.items() if kind in ("number", "integer")]
    forms = [looks[ours].time_format for ours, kind in typed.items() if kind == "time"]
    marks = sorted({mark for look in looks.values() for mark in look.empty_marks})
    found: dict[str, Any] = {"encoding": item.encoding} if item.encoding else {}
    found |= {"decimal": ","} if kind_of(item.path.name) == "csv" and any(look.comma for look in numbers) else {}
    found |= {"time_format": forms[0]} if forms and forms[0] else {}
    return found | ({"empty": marks} if marks else {})


def _values(guess: Guess) -> dict[str, dict[str, Any]]:
    ways: dict[str, dict[str, Any]] = {}
    for ours, look in guess.columns.items():
        column = guess.table.column(ours)
        words, times = translation(column, look), factor(column, look)
        if words is not None:
            ways[ours] = {"from": look.name, "map": words}
        elif times is not None:
            ways[ours] = {"from": look.name, "times": times}
    return ways


def _constants(guess: Guess, seen: Sequence[_Seen]) -> dict[str, str]:
    """What has to be assumed: required columns with a usual value, and a phase where no parent row gives one."""
    assumed = {name: ASSUMED.get(guess.table.name, {}).get(name) for name in guess.lacking}
    parent = guess.table.parent
    alone = parent is not None and parent[0] not in {item.guess.table.name for item in seen}
    if alone and "phase" not in guess.columns:
        assumed["phase"] = ASSUMED.get(guess.table.name, {}).get("phase", "pilot")
    return {name: value for name, value in assumed.items() if value is not None}


def _hopeless(guess: Guess) -> list[str]:
    return [name for name in guess.lacking if name not in ASSUMED.get(guess.table.name, {})]


def _flow(value: Any) -> str:
    """One line of YAML; every text that YAML could take for something else is quoted."""
    return str(
        yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=1_000_000, allow_unicode=True)
    ).strip()


def _scalar(value: Any) -> str:
    return _flow(value).removesuffix("...").strip()


def _taken(dataset: Dataset, seen: Sequence[_Seen]) -> dict[str, Taken]:
    """The tables as an intake would see them; one that lacks a required column is left out."""
    taken: dict[str, Taken] = {}
    for item in seen:
        name = item.guess.table.name
        if not _hopeless(item.guess):
            taken[name] = take_in(name, dataset.tables[name], [item.path], dataset.time_zone, taken)
    return taken


def _preview(name: str, taken: Taken) -> str:
    """The first accepted rows, the columns that the file gives, cells cut to a width."""
    rows = taken.rows.slice(0, _ROWS).select(list(taken.columns)).to_pylist()
    lines = [list(taken.columns), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(taken.columns))]
    table = [" ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    aside = f", {taken.set_aside.num_rows:,} set aside" if taken.set_aside.num_rows else ""
    why = [f"  set aside: {_printable(reason)} ({count:,})" for reason, count in taken.reasons.items()]
    return "\n".join([f"{name}: {taken.rows.num_rows:,} of {taken.read:,} rows accepted{aside}", *why, *table])


def _cell(value: Any) -> str:
    text = "" if value is None else _printable(str(value))
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"


def _undecided(item: _Seen, taken: dict[str, Taken], seen: Sequence[_Seen]) -> list[str]:
    """What a person has to say, and what stays unknown for want of a column."""
    guess, table = item.guess, item.guess.table
    lines = [f"{table.name}.{name} is required, and nothing in {item.path.name} gives it" for name in _hopeless(guess)]
    for name, value in _constants(guess, seen).items():
        lines.append(f"{table.name}.{name} is assumed to be {value!r} in every row: check it")
    if _needs_zone(item):
        lines.append(f"times of {table.name} carry no zone and are taken as UTC: name their time_zone")
    lines += [f"{table.name}.{name}: {doubt}" for name in guess.columns for doubt in _doubts(guess, name)]
    given = taken[table.name].columns if table.name in taken else tuple(guess.columns)
    return lines + [
        f"{table.name} has no {column.name}: {column.undecided}"
        for column in table.columns
        if column.name not in given and not column.required and column.name != "agent"
    ]


def _doubts(guess: Guess, name: str) -> list[str]:
    """What the values of one column leave open."""
    column, look = guess.table.column(name), guess.columns[name]
    turned = column.type == "time" and look.day_or_month
    words = translation(column, look)
    unknown = [value for value in look.few if words is not None and value not in words]
    said = f"no meaning is known for {', '.join(map(repr, unknown))}; rows with it are set aside"
    return [*(["day and month could also be the other way round"] if turned else []), *([said] if unknown else [])]
