"""One table taken in: its files read and mapped, each row accepted, dropped as a repeat, or set aside."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from pilotage.records.dataset import TableSource
from pilotage.records.lineage import lineage_faults
from pilotage.records.mapping import Fault, Mask, Rows
from pilotage.records.parsing import as_mask
from pilotage.records.readers import Broken, Raw, read
from pilotage.records.row_checks import check_file, duplicates, orphans, repeats, with_parents_phase
from pilotage.records.schemas import TABLES, Table
from pilotage.records.set_aside import as_json, reasons_by_row

Reader = Callable[[Path, TableSource], Raw]


@dataclass(frozen=True)
class Taken:
    """A table after intake: the accepted rows and the account of all others.

    `set_aside` has a row per row that was not accepted: its file, its line, the reason, and what it held as JSON text.
    """

    table: Table
    rows: pa.Table
    columns: tuple[str, ...]
    read: int
    exact_duplicates: int
    repeats: int
    set_aside: pa.Table
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
    """The files of a table one after the other: all cells, and for each row its file (by number) and its line."""

    cells: pa.Table
    files: tuple[Path, ...]
    file: Rows
    line: Rows
    broken: tuple[tuple[int, Broken], ...]

    @property
    def counts(self) -> list[int]:
        """The number of rows of each file, broken ones included."""
        torn = np.array([file for file, _ in self.broken], dtype=np.int64)
        return list(map(int, np.bincount(np.concatenate([self.file, torn]), minlength=len(self.files))))


def take_in(
    name: str,
    source: TableSource,
    files: Sequence[Path],
    zone: str | None,
    parents: Mapping[str, Taken],
    reader: Reader = read,
) -> Taken:
    """The table read from its files and checked; `parents` holds those taken in before. PilotageError if unreadable."""
    table = TABLES[name]
    stack = _stacked([reader(path, source) for path in files], files)
    rows, given, faults = check_file(table, source, stack.cells, zone)
    parent = parents.get(table.parent[0]) if table.parent else None
    same = _judge(table, stack, rows, parent, faults)
    kept = ~_bad(faults, rows.num_rows)
    kept[same] = False
    rows = rows.filter(pa.array(kept))
    rows = with_parents_phase(table, rows, parent.rows) if parent else rows
    broken = [item for _, item in stack.broken]
    return Taken(
        table,
        rows.combine_chunks(),
        _columns(table, given, rows),
        read=len(kept) + len(broken),
        exact_duplicates=len(same),
        repeats=0 if table.key else repeats(rows),
        set_aside=_set_aside(stack, faults),
        reasons=dict(sorted(_counts(faults, broken).items())),
        sources=tuple(zip(files, stack.counts, strict=True)),
        declared=source.rows,
    )


def _stacked(raws: Sequence[Raw], files: Sequence[Path]) -> _Stack:
    return _Stack(
        pa.concat_tables([raw.cells for raw in raws], promote_options="default"),
        tuple(files),
        np.repeat(np.arange(len(raws)), [raw.cells.num_rows for raw in raws]),
        np.concatenate([raw.lines for raw in raws]),
        tuple((file, item) for file, raw in enumerate(raws) for item in raw.broken),
    )


def _judge(table: Table, stack: _Stack, rows: pa.Table, parent: Taken | None, faults: list[Fault]) -> Rows:
    """Adds the faults against other rows to those given; returns the rows that only repeat an earlier one."""
    count = rows.num_rows
    if parent and table.strict_parent:
        faults += _parentless(table, rows, parent.rows, ~_bad(faults, count))
    same, differ, first = duplicates(table, rows, ~_bad(faults, count))
    faults += _id_taken(table, stack, differ, first)
    faults += lineage_faults(table, rows, np.flatnonzero(~_bad(faults, count) & ~as_mask(same, count)))
    return same


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
    names = [f" of {path.name}" if len(stack.files) > 1 else "" for path in stack.files]
    places = zip(stack.line[first].tolist(), stack.file[first].tolist(), strict=True)
    got = tuple(f"duplicate of line {line}{names[file]}" for line, file in places)
    return [Fault(differ, f"{' and '.join(table.key)} was there already", got)]


def _columns(table: Table, given: Sequence[str], rows: pa.Table) -> tuple[str, ...]:
    """The columns the dataset gives; phase and agent count where the parent row gave them."""
    inherited = {name for name in ("phase", "agent") if rows.column(name).null_count < rows.num_rows}
    return tuple(name for name in table.names if name in given or name in inherited)


def _counts(faults: Sequence[Fault], broken: Sequence[Broken]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for fault in faults:
        counts[fault.reason] += len(np.unique(fault.rows))
    return counts + Counter(item.reason for item in broken)


def _set_aside(stack: _Stack, faults: Sequence[Fault]) -> pa.Table:
    """All rows that are not accepted, by file and line."""
    at, reasons = reasons_by_row(faults)
    kept = [stack.file[at], stack.line[at]]
    torn = [[file for file, _ in stack.broken], [item.line for _, item in stack.broken]]
    file, line = (np.concatenate([a, np.array(b, dtype=np.int64)]) for a, b in zip(kept, torn, strict=True))
    names = pa.array([path.name for path in stack.files], pa.string())
    found = pa.table(
        {
            "file": names.take(pa.array(file)),
            "line": line,
            "reason": pa.concat_arrays([reasons, pa.array([item.reason for _, item in stack.broken], pa.string())]),
            "row": pa.concat_arrays([as_json(stack.cells.take(pa.array(at))), _quoted(stack.broken)]),
        }
    )
    return found.take(pa.array(np.lexsort((line, file))))


def _quoted(broken: Sequence[tuple[int, Broken]]) -> pa.Array:
    return pa.array([json.dumps(item.text, ensure_ascii=False) for _, item in broken], pa.string())
