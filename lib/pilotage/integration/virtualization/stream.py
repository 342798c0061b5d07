"""What every database source hands over: its columns, and the rows in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

BATCH = 10_000  # rows in memory at once


@dataclass(frozen=True)
class Stream:
    """`names` are all columns of the table; `types` what DuckDB makes of those that are fetched, in their order."""

    names: list[str]
    types: dict[str, str]
    batches: Iterator[pa.RecordBatch]


def picked(names: Sequence[str], wanted: set[str] | None) -> list[str]:
    """The columns to fetch: those that are wanted, all for None, and one at least, so that rows can be counted."""
    return [name for name in names if wanted is None or name in wanted] or list(names[:1])


def quoted(name: str) -> str:
    """A name as SQL has it, whatever stands in it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL has it, whatever stands in it."""
    return "'" + text.replace("'", "''") + "'"
