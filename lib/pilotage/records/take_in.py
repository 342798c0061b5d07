"""One table taken in: its files read and mapped, each row accepted, dropped as a repeat, or set aside."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pilotage.records.dataset import TableSource
from pilotage.records.mapping import Fault, Mask, Rows
from pilotage.records.parsing import as_mask
from pilotage.records.readers import Raw, read
from pilotage.records.row_checks import check_file, duplicates, orphans, repeats, with_parents_phase
from pilotage.records.schemas import TABLES, Table

_SHOWN = 80  # characters of a wrong value that a reason repeats


@dataclass(frozen=True)
class SetAside:
    """One row that was not accepted: where it stands, why, and what it held, as JSON text."""

    file: str
    line: int
    reasons: tuple[str, ...]
    row: str


@dataclass(frozen=True)
class Taken:
    """A table after intake: the accepted rows and the account of all others."""

    table: Table
    rows: pa.Table
    columns: tuple[str, ...]
    read: int
    exact_duplicates: int
    repeats: int
    set_aside: tuple[SetAside, ...]
    reasons: Mapping[str, int]
    sources: tuple[tuple[Path, int], ...]
    declared: int | None = None
    derived_from: str | None = None

    @property
    def missing(self) -> int:
        """Rows known to exist that are not among the accepted ones."""
        return max(0, max(self.declared or 0, self.read - self.exact_duplicates) - int(self.rows.num_rows))


@dataclass(frozen=True)
class _Stack:
    """The files of a table one after the other: all rows, where each comes from, and what is wrong with it."""

    rows: pa.Table
    files: tuple[Path, ...]
    raws: tuple[Raw, ...]
    columns: tuple[str, ...]
    faults: tuple[Fault, ...]

    @property
    def starts(self) -> Rows:
        """The position of each file's first row, and the end."""
        return np.cumsum([0, *(raw.cells.num_rows for raw in self.raws)])

    def place(self, position: int) -> tuple[int, int]:
        """The file (by number) and the row in it."""
        file = int(np.searchsorted(self.starts, position, side="right")) - 1
        return file, position - int(self.starts[file])

    def line(self, position: int) -> int:
        """The line of the row in its file."""
        file, row = self.place(position)
        return int(self.raws[file].lines[row])


def take_in(
    name: str, source: TableSource, files: Sequence[Path], zone: str | None, parents: Mapping[str, Taken]
) -> Taken:
    """The table read from its files and checked; `parents` holds those taken in before. PilotageError if unreadable."""
    table = TABLES[name]
    stack = _stacked(table, source, files, zone)
    parent = parents.get(table.parent[0]) if table.parent else None
    faults, same = _judged(table, stack, parent)
    kept = ~_bad(faults, stack.rows.num_rows)
    kept[same] = False
    rows = stack.rows.filter(pa.array(kept))
    rows = with_parents_phase(table, rows, parent.rows) if parent else rows
    broken = [item for raw in stack.raws for item in raw.broken]
    return Taken(
        table,
        rows.combine_chunks(),
        _columns(table, stack, rows),
        read=stack.rows.num_rows + len(broken),
        exact_duplicates=len(same),
        repeats=0 if table.key else repeats(rows),
        set_aside=_set_aside(stack, faults),
        reasons=dict(sorted(_counts(faults, broken).items())),
        sources=tuple(
            (path, raw.cells.num_rows + len(raw.broken)) for path, raw in zip(files, stack.raws, strict=True)
        ),
        declared=source.rows,
    )


def _stacked(table: Table, source: TableSource, files: Sequence[Path], zone: str | None) -> _Stack:
    raws = tuple(read(path, source) for path in files)
    parts = [check_file(table, source, raw.cells, zone) for raw in raws]
    starts = np.cumsum([0, *(raw.cells.num_rows for raw in raws)])
    faults = tuple(
        Fault(fault.rows + start, fault.reason, fault.got)
        for (_, _, wrong), start in zip(parts, starts[:-1], strict=True)
        for fault in wrong
    )
    given = {name for _, columns, _ in parts for name in columns}
    columns = tuple(name for name in table.names if name in given)
    return _Stack(pa.concat_tables([rows for rows, _, _ in parts]), tuple(files), raws, columns, faults)


def _judged(table: Table, stack: _Stack, parent: Taken | None) -> tuple[list[Fault], Rows]:
    """All faults, those against other rows included, and the rows that only repeat an earlier one."""
    faults = list(stack.faults)
    if parent and table.strict_parent:
        faults += _parentless(table, stack.rows, parent.rows, ~_bad(faults, stack.rows.num_rows))
    same, differ, first = duplicates(table, stack.rows, ~_bad(faults, stack.rows.num_rows))
    return [*faults, *_id_taken(table, stack, differ, first)], same


def _bad(faults: Sequence[Fault], count: int) -> Mask:
    hit = np.concatenate([np.empty(0, dtype=np.int64), *(fault.rows for fault in faults)])
    return as_mask(hit, count)


def _parentless(table: Table, rows: pa.Table, parent: pa.Table, good: Mask) -> list[Fault]:
    assert table.parent is not None
    alone = np.flatnonzero(orphans(table, rows, parent) & good).astype(np.int64)
    got = tuple(rows.column(table.parent[1]).take(pa.array(alone)).to_pylist())
    return [Fault(alone, f"{table.parent[1]} is not in {table.parent[0]}", got)] if len(alone) else []


def _id_taken(table: Table, stack: _Stack, differ: Rows, first: Rows) -> list[Fault]:
    """The first row of an id stays; the others say where it is."""
    if not len(differ):
        return []
    several = len(stack.files) > 1
    got = tuple(
        f"duplicate of line {stack.line(at)}{f' of {stack.files[stack.place(at)[0]].name}' if several else ''}"
        for at in first.tolist()
    )
    return [Fault(differ, f"{' and '.join(table.key)} was there already", got)]


def _columns(table: Table, stack: _Stack, rows: pa.Table) -> tuple[str, ...]:
    """The columns the dataset gives; phase and agent count where the parent row gave them."""
    inherited = {name for name in ("phase", "agent") if rows.column(name).null_count < rows.num_rows}
    return tuple(name for name in table.names if name in stack.columns or name in inherited)


def _counts(faults: Sequence[Fault], broken: Sequence[Any]) -> Counter[str]:
    counts = Counter({fault.reason: 0 for fault in faults})
    for fault in faults:
        counts[fault.reason] += len(np.unique(fault.rows))
    return counts + Counter(item.reason for item in broken)


def _set_aside(stack: _Stack, faults: Sequence[Fault]) -> tuple[SetAside, ...]:
    why: dict[int, list[str]] = {}
    for fault in faults:
        for spot, position in enumerate(fault.rows.tolist()):
            reason = f"{fault.reason} ({_shown(fault.got[spot])})" if fault.got else fault.reason
            why.setdefault(position, []).append(reason)
    rows = [row for file in range(len(stack.files)) for row in _faulty_rows(stack, file, why)]
    for path, raw in zip(stack.files, stack.raws, strict=True):
        rows += [
            SetAside(path.name, item.line, (item.reason,), json.dumps(item.text, ensure_ascii=False))
            for item in raw.broken
        ]
    return tuple(sorted(rows, key=lambda row: (row.file, row.line)))


def _faulty_rows(stack: _Stack, file: int, why: Mapping[int, list[str]]) -> list[SetAside]:
    """The faulty rows of one file with the cells as they stood there."""
    start, end = stack.starts[file : file + 2].tolist()
    positions = sorted(position for position in why if start <= position < end)
    raw = stack.raws[file]
    cells = raw.cells.take(pa.array([position - start for position in positions], pa.int64())).to_pylist()
    return [
        SetAside(
            stack.files[file].name,
            int(raw.lines[position - start]),
            tuple(why[position]),
            json.dumps({name: value for name, value in row.items() if value is not None}, ensure_ascii=False),
        )
        for position, row in zip(positions, cells, strict=True)
    ]


def _shown(value: str) -> str:
    text = value if value.startswith("duplicate of") else f"got {value!r}"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
