"""What an intake leaves behind: canonical tables, the rows set aside, and checks.json, which accounts for all."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from pilotage.hashes import sha256_file
from pilotage.records import COMPLETE
from pilotage.records.dataset import Dataset
from pilotage.records.one_agent import agent_check
from pilotage.records.take_in import Taken
from pilotage.spreadsheet import safe_cell
from pilotage.workspace import Workspace

Check = dict[str, Any]
COPIES_COUNT = ("labels", "feedback", "costs")  # where a repeated row moves a rate or a sum


def write_table(folder: Path, name: str, taken: Taken) -> None:
    """`tables/<name>.parquet`: the accepted rows in their order, all columns; equal rows, equal bytes."""
    path = folder / "tables" / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(taken.rows, path, compression="zstd", row_group_size=1 << 17, store_schema=False)


def write_rejected(folder: Path, name: str, taken: Taken) -> None:
    """`rejected/<name>.csv` (file, line, reason, row as JSON), safe in a spreadsheet; no file if no such row."""
    if not taken.set_aside.num_rows:
        return
    path = folder / "rejected" / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(taken.set_aside.column_names)
        for batch in taken.set_aside.to_batches(max_chunksize=1 << 16):
            cells = (map(safe_cell, column.to_pylist()) for column in batch.columns)
            writer.writerows(zip(*cells, strict=True))


def account(
    workspace: Workspace,
    name: str,
    dataset: Dataset,
    taken: Mapping[str, Taken],
    expected: Mapping[str, list[Check]],
    state: Mapping[str, Any],
    folder: Path,
) -> dict[str, Any]:
    """checks.json without its key: the dataset, its files, and per table the rows, columns, times and checks."""
    files = {workspace.relative(path) for item in taken.values() for path, _ in item.sources}
    return {
        "dataset": {
            "folder": name,
            "title": dataset.name,
            "synthetic": dataset.synthetic,
            "time_zone": dataset.time_zone,
            "as_of": dataset.as_of.isoformat() if dataset.as_of else None,
            "baseline_source": dataset.baseline.source,
        },
        "sources": {path: state[path] for path in sorted(files)},
        "tables": {
            table: {
                **_table(workspace, item, state, folder / "tables" / f"{table}.parquet"),
                "checks": [
                    _complete(item),
                    *_surplus(item),
                    *_repeated(item),
                    *_one_agent(item, taken),
                    *expected.get(table, []),
                ],
            }
            for table, item in taken.items()
        },
    }


def _table(workspace: Workspace, taken: Taken, state: Mapping[str, Any], path: Path) -> dict[str, Any]:
    first, last = _span(taken)
    sources = [(workspace.relative(file), rows) for file, rows in taken.sources]
    return {
        "rows": taken.rows.num_rows,
        "read": taken.read,
        "declared": taken.declared,
        "set_aside": taken.set_aside.num_rows,
        "exact_duplicates": taken.exact_duplicates,
        "missing": taken.missing,
        "columns": list(taken.columns),
        "absent": [
            {"column": column.name, "undecided": column.undecided}
            for column in taken.table.columns
            if column.name not in taken.columns
        ],
        "derived_from": taken.derived_from,
        "sha256": sha256_file(path),
        "first": first,
        "last": last,
        "phases": _phases(taken),
        "sources": [{"path": file, "sha256": state[file], "rows": rows} for file, rows in sources],
        "reasons": dict(taken.reasons),
    }


def _span(taken: Taken) -> tuple[str | None, str | None]:
    """The first and the last of the table's own times, ISO 8601 in UTC; None where it has none."""
    if not taken.table.time:
        return None, None
    found = pc.min_max(taken.rows.column(taken.table.time)).as_py()
    return tuple(found[end].replace(tzinfo=UTC).isoformat() if found[end] else None for end in ("min", "max"))  # type: ignore[return-value]


def _phases(taken: Taken) -> dict[str, int]:
    counts = pc.value_counts(taken.rows.column("phase")).to_pylist()
    return {
        item["values"]: item["counts"]
        for item in sorted(counts, key=lambda item: str(item["values"]))
        if item["values"]
    }


def _complete(taken: Taken) -> Check:
    """Passes only where every row that was read or declared was accepted or is an exact repeat."""
    aside, table = taken.set_aside.num_rows, taken.table.name
    known = taken.rows.num_rows + taken.missing
    if taken.missing:
        absent = max(0, taken.missing - aside)
        parts = [f"{aside:,} set aside (rejected/{table}.csv)"] if aside else []
        parts += [f"{absent:,} declared but absent"] if absent else []
        detail = f"{taken.missing:,} of {known:,} rows are missing: {', '.join(parts)}"
    else:
        dropped = f", {taken.exact_duplicates:,} exact duplicates dropped" if taken.exact_duplicates else ""
        detail = f"all {known:,} rows accepted{dropped}"
    return {"name": COMPLETE, "passed": taken.missing == 0, "detail": detail}


def _surplus(taken: Taken) -> list[Check]:
    """More rows than the source has counted are as wrong as fewer: a copy, or another export."""
    if taken.declared is None:
        return []
    more = max(0, taken.read - taken.exact_duplicates - taken.declared)
    detail = f"{more:,} more rows than the {taken.declared:,} that dataset.yaml declares" if more else "none beyond"
    return [{"name": "no row beyond those the source counted", "passed": not more, "detail": detail}]


def _repeated(taken: Taken) -> list[Check]:
    """Equal rows of a table without ids are kept, and said; of judgements and money they look like copies."""
    if not taken.repeats:
        return []
    name = taken.table.name
    detail = f"{taken.repeats:,} rows equal another one; they are kept, because rows of {name} have no id"
    return [{"name": "equal rows", "passed": name not in COPIES_COUNT, "detail": detail}]


def _one_agent(taken: Taken, tables: Mapping[str, Taken]) -> list[Check]:
    check = agent_check(taken, tables)
    return [check] if check else []
