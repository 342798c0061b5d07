"""How a CSV file is written, made out from all its rows, so that none comes up later that does not fit."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Callable, Mapping, Set
from itertools import islice
from pathlib import Path
from typing import Any, TextIO, cast

from pilotage.integration.checks import Fault
from pilotage.integration.virtualization.stream import literal
from pilotage.words import count

SEPARATORS = ",;\t|"
_DIALECT = {"delim": "Delimiter", "quote": "Quote", "escape": "Escape", "skip": "SkipRows"}
_NO_COMMENTS = "comment = ''"  # else DuckDB takes rows that begin with # for comments, and leaves them out
Ask = Callable[[str], list[tuple[Any, ...]]]


def reader(ask: Ask, path: Path, pattern: str, as_text: Set[str], wanted: Set[str] | None) -> str:
    """DuckDB's reader of the file, whose columns `as_text` stay as they are written.

    Fault where rows have more or fewer values than the first line names columns, where more than a title and a blank
    line stands above the names, or one of the columns that are `wanted` (all for None) stands there twice.
    """
    if not path.stat().st_size:
        raise Fault("broken_file", f"{path.name} is empty")
    file = literal(pattern)
    asked = ", ".join((*_DIALECT.values(), "Columns"))
    [[*found, columns]] = ask(f"SELECT {asked} FROM sniff_csv({file}, header = true, sample_size = -1, {_NO_COMMENTS})")
    if found[-1] or len(columns) == 1:  # DuckDB leaves lines out, or reads rows whole, until all are of one length
        _check_rows(path, found[0] if found[-1] else SEPARATORS)
        _check_title(path, found[0], found[-1])
    written = (f"{key} = {_written(value)}" for key, value in zip(_DIALECT, found, strict=True))
    dialect = ", ".join((*written, _NO_COMMENTS))
    first = ask(f"SELECT * FROM read_csv({file}, header = false, all_varchar = true, {dialect}) LIMIT 1")
    _check_names(path, [str(name or "").strip() for name in first[0]] if first else [], wanted)
    types = {one["name"]: "VARCHAR" if one["name"] in as_text else one["type"] for one in columns}
    return f"read_csv({file}, header = true, {dialect}, types = {_types(types)})"


def _written(value: Any) -> str:
    return str(value) if isinstance(value, int) else literal("" if value == "(empty)" else str(value))


def _types(types: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{literal(name)}: {literal(type)}" for name, type in types.items()) + "}"


def _check_rows(path: Path, separators: str) -> None:
    """Fault for the first row that has another number of values than the first line."""
    with _opened(path) as file:
        try:
            names, line, values = _torn(file, separators)
        except csv.Error:  # a value of over 128 KiB: DuckDB's own reading stands
            return
    if line and names > 1:
        told = f"line {line} has {count(values, 'values')} where line 1 has {names}"
        raise Fault("broken_file", f"{path.name}: {told}")


def _check_title(path: Path, separator: str, skipped: int) -> None:
    """Fault where the lines that DuckDB leaves out are rows: only a title, or text and a blank line, is none."""
    with _opened(path) as file:
        above = [line.strip() for line in islice(file, skipped)]
    is_text = len(list(filter(None, above))) <= 1 or not above[-1]
    if not is_text or any(separator in line for line in above[1:]):  # the first line's values are counted already
        told = f"lines 1 to {skipped} have another number of values than line {skipped + 1}"
        raise Fault("broken_file", f"{path.name}: {told}, and above the names only a title and a blank line may stand")


def _opened(path: Path) -> TextIO:
    open_it = gzip.open if path.suffix == ".gz" else open
    return cast("TextIO", open_it(path, "rt", encoding="utf-8-sig", errors="replace", newline=""))


def _torn(file: TextIO, separators: str) -> tuple[int, int, int]:
    """How many names the first line has, and the line and length of the first row of another length; 0 for none."""
    first = file.readline()
    names, separator = max((len(next(csv.reader([first], delimiter=one), [])), one) for one in separators)
    file.seek(0)
    rows = csv.reader(file, delimiter=separator)
    return names, *next(((rows.line_num, len(row)) for row in rows if row and len(row) != names), (0, 0))


def _check_names(path: Path, names: list[str], wanted: Set[str] | None) -> None:
    twice = {name for name, times in Counter(names).items() if times > 1 and name}
    if told := sorted(twice if wanted is None else twice & wanted):
        raise Fault("broken_file", f"{path.name} has several columns called {', '.join(map(repr, told))}")
