"""What a file's columns look like, and which of our columns each could be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pilotage.records.dataset import UNIX
from pilotage.records.dataset_checks import FLAGS
from pilotage.records.mapping import Cell
from pilotage.records.parsing import parse
from pilotage.records.schemas import TABLES, Column, Table
from pilotage.records.synonyms import FALSE_MEANS, FILES, TRUE_MEANS, meaning, plain, rank
from pilotage.records.times import parse_times

SAMPLE = 5_000  # rows looked at
FEW = 12  # values that make a set
_EMPTY = ("NULL", "null", "None", "N/A", "n/a", "NaN", "nan", "\\N", "-")
_TIME_FORMATS = (
    "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y",
    "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y", "%m/%d/%Y %I:%M:%S %p", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M",
    "%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%Y%m%d",
)  # fmt: skip
_UNIX_DIGITS = {10: "unix", 13: "unix ms", 16: "unix us", 19: "unix ns"}


@dataclass(frozen=True)
class Look:
    """One of their columns: its name, its first values (blanks trimmed, usual marks of emptiness left out)."""

    name: str
    text: pa.ChunkedArray

    @cached_property
    def empty_marks(self) -> tuple[str, ...]:
        """Texts such as NULL that stand for an empty cell here."""
        found = pc.unique(self.text.filter(pc.is_in(self.text, value_set=pa.array(_EMPTY)))).to_pylist()
        return tuple(mark for mark in _EMPTY if mark in found)

    @cached_property
    def values(self) -> pa.ChunkedArray:
        """What it holds where it is not empty."""
        return self.text.filter(pc.invert(pc.is_in(self.text, value_set=pa.array(["", *_EMPTY]))))

    @cached_property
    def few(self) -> tuple[str, ...]:
        """The distinct values, sorted, where there are few; else empty."""
        found = pc.unique(self.values)
        return tuple(sorted(found.to_pylist())) if len(found) <= FEW else ()

    @cached_property
    def unique(self) -> bool:
        """Whether it could be an id."""
        return len(self.text) > 1 and len(pc.unique(self.values)) == len(self.text)

    @cached_property
    def flag(self) -> bool:
        """Whether it says only true and false."""
        return bool(self.few) and all(value.lower() in {*FLAGS, "1.0", "0.0"} for value in self.few)

    @cached_property
    def comma(self) -> bool:
        """Whether it holds numbers only when a comma is their decimal mark."""
        return not self._reads("number") and self._reads("number", decimal=",")

    @cached_property
    def time_format(self) -> str | None:
        """ "" for ISO 8601, else how its times are written; None where it holds no times."""
        if not len(self.values):
            return None
        head = self.values.slice(0, 500)
        digits = pc.unique(pc.utf8_length(head)).to_pylist()
        whole = pc.all(pc.match_substring_regex(head, r"^\d{10,19}$")).as_py()
        unix = [_UNIX_DIGITS[count] for count in digits if whole and count in _UNIX_DIGITS]
        return next((form for form in ("", *unix[:1], *_TIME_FORMATS) if self._times(head, form)), None)

    @cached_property
    def zoned(self) -> bool:
        """Whether every time says its zone."""
        return self.time_format in UNIX or not parse_times("", self.values, None, self.time_format or None)[1]

    @cached_property
    def day_or_month(self) -> bool:
        """Whether its times also read with day and month the other way round."""
        form = self.time_format or ""
        return "%d/%m" in form and self._times(self.values, form.replace("%d/%m", "%m/%d"))

    def _times(self, head: pa.ChunkedArray, form: str) -> bool:
        return not parse_times("", head, "UTC", form or None)[1]

    def _reads(self, kind: str, decimal: str = ".") -> bool:
        column = Column("", kind, "")  # type: ignore[arg-type]
        return len(self.values) > 0 and not parse(column, Cell(self.values, decimal), None, None)[1]

    def fits(self, column: Column) -> bool:
        """Whether its values could be those of our column; a column without values fits anything."""
        if not len(self.values):
            return True
        if column.allowed:
            return bool(self.few)
        if column.type == "time":
            return self.time_format is not None
        if column.type in ("integer", "number"):
            return self._reads("number") or self.comma
        return column.type == "text" or (self.flag if column.type == "flag" else self._reads(column.type))


@dataclass(frozen=True)
class Guess:
    """A table a file could be: our columns to theirs, and the score of the guess."""

    table: Table
    columns: Mapping[str, Look]
    score: float
    spare: tuple[str, ...] = field(default=())

    @property
    def lacking(self) -> tuple[str, ...]:
        """Required columns that nothing in the file gives."""
        return tuple(name for name in self.table.required if name not in self.columns)


def look_at(cells: pa.Table) -> list[Look]:
    """One look per column, at the first rows."""
    head = cells.slice(0, SAMPLE)
    return [Look(name, pc.utf8_trim_whitespace(head.column(name).drop_null())) for name in cells.column_names]


def guess_table(path: Path, looks: list[Look]) -> Guess:
    """The table that the names and values speak for most; of equals the first in the order of the schemas."""
    return max((_guess(table, path, looks) for table in TABLES.values()), key=lambda guess: guess.score)


def _guess(table: Table, path: Path, looks: list[Look]) -> Guess:
    named = _by_name(table, looks)
    both = named | _by_values(table, looks, named)
    found = {name: both[name] for name in table.names if name in both}
    required = sum(name in named for name in table.required if name != "phase")
    inferred = sum(name in found and name not in named for name in table.required)
    optional = sum(name in named for name in table.names if name not in table.required)
    lacking = len([name for name in table.required if name not in found and name not in ASSUMED.get(table.name, {})])
    stem = plain(path.name.split(".")[0])
    hint = 6 * (stem == table.name) + 3 * any(word in stem for word in FILES[table.name].split())
    used = {look.name for look in found.values()}
    spare = tuple(look.name for look in looks if look.name not in used)
    return Guess(table, found, 3 * required + inferred + optional - 2 * lacking + hint, spare)


def _by_name(table: Table, looks: list[Look]) -> dict[str, Look]:
    """Names first, the most telling pair first; a column of theirs serves one of ours."""
    pairs = sorted(
        (place, at, spot)
        for at, column in enumerate(table.columns)
        for spot, look in enumerate(looks)
        if (place := rank(table.name, column.name, look.name)) is not None and look.fits(column)
    )
    found: dict[str, Look] = {}
    taken: set[int] = set()
    for _, at, spot in pairs:
        if table.columns[at].name not in found and spot not in taken:
            found[table.columns[at].name] = looks[spot]
            taken.add(spot)
    return found


def _by_values(table: Table, looks: list[Look], named: Mapping[str, Look]) -> dict[str, Look]:
    """A required time or id that no name gave, where only one column of theirs can be it."""
    used = {look.name for look in named.values()}
    free = [look for look in looks if look.name not in used]
    times = [look for look in free if look.time_format is not None]
    ids = [look for look in free if look.unique and look.time_format is None]
    found = {}
    for name in (name for name in table.required if name not in named):
        column = table.column(name)
        if column.type == "time" and len(times) == 1:
            found[name] = times.pop()
        elif (name,) == table.key and len(ids) == 1:
            found[name] = ids.pop()
    return found


ASSUMED: dict[str, dict[str, str]] = {
    "cases": {"phase": "baseline"},
    "events": {"phase": "baseline"},
    "interactions": {"phase": "pilot"},
    "labels": {"source": "human", "labeller": "unknown", "stream": "uniform", "inclusion_probability": "1"},
    "reviews": {"tier": "in the loop", "stream": "uniform", "inclusion_probability": "1"},
    "texts": {"side": "input", "language": "en", "source": "unknown", "label": "unknown"},
    "costs": {"kind": "actual"},
    "training": {"team": "unknown"},
}


def translation(column: Column, look: Look) -> dict[str, str] | None:
    """Their values in our words, as far as they are known; None where no translation is needed."""
    if not column.allowed or set(look.few) <= set(column.allowed):
        return None
    if look.flag:
        for ours, names in TRUE_MEANS.get(column.name, {}).items():
            if plain(look.name) in names.split():
                return {
                    value: ours if FLAGS[value.lower()[:5].removesuffix(".0")] else FALSE_MEANS[ours]
                    for value in look.few
                }
    known = {
        value: value if value in column.allowed else meaning(column.name, column.allowed, value) for value in look.few
    }
    return {value: ours for value, ours in known.items() if ours}


def factor(column: Column, look: Look) -> float | None:
    """What their number is multiplied by to have our unit, judged by the ending of its name."""
    return 0.001 if column.unit == "seconds" and plain(look.name).endswith(("_ms", "_millis")) else None
