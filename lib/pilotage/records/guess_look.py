"""What one column of a file looks like, judged by its first values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from pilotage.records.dataset import UNIX
from pilotage.records.dataset_checks import FLAGS
from pilotage.records.mapping import Cell
from pilotage.records.parsing import parse
from pilotage.records.schemas import Column
from pilotage.records.synonyms import truth
from pilotage.records.times import parse_times

SAMPLE = 5_000  # rows looked at
FEW = 12  # values that make a set
_HEAD = 500  # values that every way to write times is tried on
_EMPTY = ("NULL", "null", "None", "N/A", "n/a", "NaN", "nan", "\\N", "-")
_DAY_FIRST = tuple(
    f"%d{sign}%m{sign}{year}{clock}"
    for sign in ".-/"
    for year in ("%Y", "%y")
    for clock in (" %H:%M:%S", " %H:%M", ", %H:%M:%S", ", %H:%M", "")
)
_TIME_FORMATS = (
    *_DAY_FIRST, "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p",
    "%m/%d/%y %H:%M", "%m/%d/%y", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y%m%d",
)  # fmt: skip
_DATED = r"^(\d{1,4}[./-]\d{1,2}[./-]\d{2,4}|\d{8}$)"  # a cheap look before the formats are tried
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
    def flags(self) -> dict[str, bool]:
        """Its values against what they say, where it says only yes and no; else empty."""
        said = {value: FLAGS.get(value.lower().removesuffix(".0"), truth(value)) for value in self.few}
        known = {value: meant for value, meant in said.items() if meant is not None}
        return known if len(known) == len(said) else {}

    @cached_property
    def comma(self) -> bool:
        """Whether it holds numbers only when a comma is their decimal mark."""
        return not self.reads("number") and self.reads("number", decimal=",")

    @cached_property
    def time_format(self) -> str | None:
        """ "" for ISO 8601, else how its times are written; None where it holds no times.

        Of the ways that fit its first values, the first one that fits all of them, else the first.
        """
        if not len(self.values):
            return None
        head = self.values.slice(0, _HEAD)
        digits = pc.unique(pc.utf8_length(head)).to_pylist()
        whole = pc.all(pc.match_substring_regex(head, r"^\d{10,19}$")).as_py()
        unix = [_UNIX_DIGITS[count] for count in digits if whole and count in _UNIX_DIGITS]
        dated = pc.all(pc.match_substring_regex(head, _DATED)).as_py()
        ways = ("", *unix[:1], *(_TIME_FORMATS if dated else ()))
        fit = [form for form in ways if _are_times(head, form)]
        return next((form for form in fit if _are_times(self.values, form)), fit[0] if fit else None)

    @cached_property
    def zoned(self) -> bool:
        """Whether every time says its zone."""
        return self.time_format in UNIX or not parse_times("", self.values, None, self.time_format or None)[1]

    @cached_property
    def day_or_month(self) -> bool:
        """Whether its times also read with day and month the other way round."""
        form = self.time_format or ""
        return "%d/%m" in form and _are_times(self.values, form.replace("%d/%m", "%m/%d"))

    def reads(self, kind: str, decimal: str = ".") -> bool:
        """Whether every value can be read as that type."""
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
            return self.reads("number") or self.comma
        return column.type == "text" or (bool(self.flags) if column.type == "flag" else self.reads(column.type))


def _are_times(values: pa.ChunkedArray, form: str) -> bool:
    return not parse_times("", values, "UTC", form or None)[1]


def look_at(cells: pa.Table) -> list[Look]:
    """One look per column, at the first rows."""
    head = cells.slice(0, SAMPLE)
    return [Look(name, pc.utf8_trim_whitespace(head.column(name).drop_null())) for name in cells.column_names]
