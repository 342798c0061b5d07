"""What a table and a column are: the words in which every schema, check and dictionary entry is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Type = Literal["text", "integer", "number", "flag", "time", "month"]


@dataclass(frozen=True)
class Column:
    """One column: what it means, what it may hold, and what stays undecided where a dataset does not have it."""

    name: str
    type: Type
    meaning: str
    unit: str = ""
    required: bool = False
    empty: str = "not known"
    undecided: str = ""
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    positive: bool = False
    free_text: bool = False


@dataclass(frozen=True)
class Table:
    """One table: its columns, the columns that identify a row, its own time and the table its rows belong to.

    `key` is empty where rows have no identity (two equal events are two events). `order` lists pairs of times of
    which the first is never after the second. `parent` names the table that owns the rows and the column they share;
    with `strict_parent` a row whose parent does not exist is set aside. `above` is the column that names another row of
    the same table, by its key; a row whose chain of such names does not end in a row without one is set aside.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    time: str = ""
    order: tuple[tuple[str, str], ...] = ()
    parent: tuple[str, str] | None = None
    strict_parent: bool = False
    above: str = ""

    def column(self, name: str) -> Column:
        """The column of that name; KeyError where the table has none."""
        return self._by_name[name]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns in their order."""
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """The columns without which no row means anything."""
        return tuple(column.name for column in self.columns if column.required)

    @property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}


PHASES = ("baseline", "pilot", "production")


def phase(required: bool) -> Column:
    """The phase column: required where rows stand alone, taken from the parent row where they have one."""
    return Column(
        "phase",
        "text",
        "the part of the project the row belongs to",
        required=required,
        allowed=PHASES,
        empty="never" if required else "the phase of the row it belongs to, if it has one",
        undecided="rows cannot be told apart by phase",
    )


AGENT = Column(
    "agent",
    "text",
    "the agent the row is about",
    empty="the agent of the playbook",
    undecided="all rows count for the agent of the playbook",
)
