"""numeric: the number in the answer is the expected one, give or take, however it is written.

Read are 1234.56, 1,234.56, 1.234,56, 1 234,56, 1'234.56, −5 and 1.5e3. A lone separator before three digits can mean
thousands or decimals (1,234 and 1.234): then either reading may be the right one, unless `decimal` says which it is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pilotage.pilot.scorers.settings import Settings

if TYPE_CHECKING:
    from pilotage.agents.run import ToolCall
    from pilotage.pilot.scorers.task import Task

_SPACES = " \u00a0\u2009\u202f"
# Groups of three after a space or an apostrophe belong to the number; a letter or digit before it makes it a name.
_NUMBER = re.compile(
    rf"(?<![\w.,])(?<!\w[-−])(?P<sign>(?<!\w)[+\-−])?(?P<body>\d{{1,3}}(?:[{_SPACES}'’]\d{{3}}(?!\d))+(?:[.,]\d+)?|\d+(?:[.,]\d+)*)"
    r"(?P<power>[eE][+-]?\d{1,3}(?!\w))?"
)
_DATE = re.compile(r"(?<![\w.,])(?:\d{4}([-/.])\d{1,2}\1\d{1,2}(?:T[\d:.]+)?|\d{1,2}([-/])\d{1,2}\2\d{4})(?!\d)")
_RANGE = re.compile(r"(?<=\d)[-−–/](?=\d)")  # 10-12 holds no negative number


@dataclass(frozen=True, slots=True)
class Numeric:
    """`tolerance` is in the value's own unit, `relative` a share of the value; the wider of the two counts.

    Of several numbers in an answer the `take` one counts: the last, the first, or any.
    """

    name: ClassVar[str] = "numeric"
    value: float
    tolerance: float = 0.0
    relative: float = 0.0
    take: str = "last"
    decimal: str = "either"

    @classmethod
    def read(cls, given: Any) -> Numeric:
        """From a number, or {value, tolerance, relative, take, decimal}; WrongSettings else."""
        settings = Settings(given, "value", ("value", "tolerance", "relative", "take", "decimal"))
        scorer = cls(
            settings.number("value"),
            settings.number("tolerance", 0.0, least=0),
            settings.number("relative", 0.0, least=0),
            settings.choice("take", ("last", "first", "any")),
            settings.choice("decimal", ("either", "point", "comma")),
        )
        settings.settle()
        return scorer

    def verdict(self, task: Task, answer: str, calls: Sequence[ToolCall]) -> tuple[bool | None, str]:
        """Passes when the number that counts lies within the tolerance; an answer without a number fails."""
        found = list(numbers(answer, self.decimal))
        if not found:
            return False, "the answer holds no number"
        counts = {"last": found[-1:], "first": found[:1], "any": found}[self.take]
        held = [reading for readings in counts for reading in readings if self._near(reading)]
        if held:
            return True, f"{held[0]:.12g} is {self.value:.12g} within the tolerance"
        read = " and ".join(" or ".join(f"{reading:.12g}" for reading in readings) for readings in counts[:3])
        which = f", the {self.take} of {len(found)} numbers" if len(found) > 1 and self.take != "any" else ""
        return False, f"found {read}{which}, expected {self.value:.12g}"

    def _near(self, reading: float) -> bool:
        wide = max(self.tolerance, self.relative * abs(self.value))
        # A hair wider than asked for, since 0.1 + 0.2 is not 0.3 to a computer.
        return abs(reading - self.value) <= wide + 1e-12 * max(1.0, abs(self.value))


def numbers(text: str, decimal: str = "either") -> Iterator[tuple[float, ...]]:
    """The numbers in a text in their order, each with its possible readings, the likelier first.

    What looks like one and is none, such as 12.10.2026, 2026-10-12 or INV-0042, is passed over.
    """
    for match in _NUMBER.finditer(_RANGE.sub(" ; ", _DATE.sub(" ; ", text))):
        sign = -1.0 if match["sign"] in ("-", "−") else 1.0
        power = match["power"] or ""
        readings = (sign * float(plain + power) for plain in _plain(match["body"], decimal))
        if finite := tuple(reading for reading in readings if math.isfinite(reading)):
            yield finite


def _plain(body: str, decimal: str) -> list[str]:
    """The digits with a point for the decimals, once per reading; empty where they make no number."""
    bare = re.sub(rf"[{_SPACES}'’]", "", body)
    grouped = bare != body
    marks = {"either": ".,", "point": ".", "comma": ","}[decimal]
    readings = [reading for mark in marks if (reading := _with_decimal(bare, mark, grouped)) is not None]
    return list(dict.fromkeys(readings))


def _with_decimal(bare: str, mark: str, grouped: bool) -> str | None:
    """The number when `mark` separates its decimals and the other sign its thousands; None where that cannot be."""
    other = "," if mark == "." else "."
    whole, found, decimals = bare.partition(mark)
    if mark in decimals or other in decimals:
        return None
    groups = whole.split(other)
    if len(groups) > 1 and (grouped or not _thousands(groups)):
        return None
    return "".join(groups) + (f".{decimals}" if found else "")


def _thousands(groups: list[str]) -> bool:
    first, *others = groups
    return 0 < len(first) <= 3 and not first.startswith("0") and all(len(group) == 3 for group in others)
