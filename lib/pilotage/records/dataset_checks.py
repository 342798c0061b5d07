"""What can be wrong with a dataset.yaml: names, constants, files and headers, each fault one sentence."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pilotage.errors import InputFaults, PilotageError
from pilotage.forms import near
from pilotage.records.dataset import Dataset, TableSource, load_dataset, title
from pilotage.records.schemas import TABLES, Column
from pilotage.records.sources import NOTHING_IN_IT, matched
from pilotage.workspace import Workspace


def table_faults(table: str, source: TableSource) -> list[str]:
    """What is wrong with one table's mapping, seen without its files."""
    return [*_unknown_columns(table, source), *_given_twice(table, source), *_bad_values(table, source)]


def _unknown_columns(table: str, source: TableSource) -> list[str]:
    names = TABLES[table].names
    groups: dict[str, Iterable[str]] = {
        "columns": source.columns,
        "constants": source.constants,
        "values": source.values,
    }
    return [
        f"tables.{table}.{group}.{name}: {table} has no column {name!r}{near(name, names)}"
        for group, given in groups.items()
        for name in given
        if name not in names
    ]


def _given_twice(table: str, source: TableSource) -> list[str]:
    given = [*source.columns, *source.constants, *source.values]
    twice = sorted({name for name in given if given.count(name) > 1})
    return [f"tables.{table}: {name} is given more than once" for name in twice]


def _bad_values(table: str, source: TableSource) -> list[str]:
    """Constants and map targets that the column could never hold."""
    given = [("constants", name, value) for name, value in source.constants.items()]
    given += [("values", name, value) for name, way in source.values.items() for value in (way.map or {}).values()]
    faults = [
        f"tables.{table}.{group}.{name}: {complaint}"
        for group, name, value in given
        if name in TABLES[table].names and value and (complaint := complaint_about(TABLES[table].column(name), value))
    ]
    wrong_type = [
        f"tables.{table}.values.{name}: times needs a number, and {name} is a {TABLES[table].column(name).type}"
        for name, way in source.values.items()
        if way.times is not None
        and name in TABLES[table].names
        and TABLES[table].column(name).type not in ("number", "integer")
    ]
    return faults + wrong_type


def complaint_about(column: Column, value: str) -> str:
    """Why the column cannot hold the text, or nothing; numbers and times are judged again when rows are checked."""
    if column.allowed and value not in column.allowed:
        return f"{value!r} is not one of {', '.join(column.allowed)}{near(value, column.allowed)}"
    if column.type in ("integer", "number"):
        try:
            float(value)
        except ValueError:
            return f"should be a number (got {value!r})"
    if column.type == "flag" and value.lower() not in FLAGS:
        return f"should be true or false (got {value!r})"
    return ""


FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def check_dataset(workspace: Workspace, name: str) -> Dataset:
    """The dataset, its files opened as far as their headers; InputFaults naming every fault."""
    dataset = load_dataset(workspace, name)
    folder = workspace.dataset(name)
    faults = [fault for table in dataset.tables for fault in file_faults(dataset, table, folder)]
    if faults:
        raise InputFaults(title(name), faults)
    return dataset


def file_faults(dataset: Dataset, table: str, folder: Path) -> list[str]:
    """Missing and empty files, and columns the files do not have."""
    source = dataset.tables[table]
    files = matched(folder, source.file)
    if not files:
        return [f"tables.{table}.file: {_nothing_there(folder, source.file)}"]
    empty = [
        f"tables.{table}.file: {path.name} is empty ({NOTHING_IN_IT})" for path in files if path.stat().st_size == 0
    ]
    return empty or [fault for path in files for fault in _header_faults(dataset, table, path)]


def _nothing_there(folder: Path, pattern: str) -> str:
    if any(sign in pattern for sign in "*?["):
        return f"no file matches {pattern} in {folder.name}/"
    beside = (folder / pattern).parent
    names = sorted(path.name for path in beside.iterdir()) if beside.is_dir() else []
    return f"{pattern} does not exist{near(Path(pattern).name, names)}"


def _header_faults(dataset: Dataset, table: str, path: Path) -> list[str]:
    from pilotage.records.readers import header

    source = dataset.tables[table]
    try:
        names = header(path, source, _wanted(dataset, table))
    except PilotageError as fault:
        return [f"tables.{table}.file: {path.name}: {fault.what}" + (f" ({fault.next})" if fault.next else "")]
    twice = sorted({name for name in names if names.count(name) > 1} & _used(source, names))
    doubled = [f"tables.{table}.file: {path.name} has the column {name!r} twice" for name in twice]
    return [*doubled, *_absent_columns(table, source, path, names), *_unmapped(dataset, table, path, names)]


def _wanted(dataset: Dataset, table: str) -> frozenset[str]:
    """The file's columns without which there is a fault."""
    source, schema = dataset.tables[table], TABLES[table]
    ours = [name for name in schema.required if name != "phase"] + ["phase"] * _needs_phase(dataset, table)
    asked = {*source.columns.values(), *(way.source for way in source.values.values())}
    return frozenset(asked | {origin for name in ours if (origin := source.origin(name, {name}))})


def _used(source: TableSource, names: list[str]) -> set[str]:
    ours = {name for name in names if name not in source.constants and name not in source.values}
    return {*source.columns.values(), *(way.source for way in source.values.values()), *ours}


def _absent_columns(table: str, source: TableSource, path: Path, names: list[str]) -> list[str]:
    asked = [(f"columns.{ours}", theirs) for ours, theirs in source.columns.items()]
    asked += [(f"values.{ours}.from", way.source) for ours, way in source.values.items()]
    return [
        f"tables.{table}.{where}: {path.name} has no column {theirs!r}{near(theirs, names)}"
        for where, theirs in asked
        if theirs not in names
    ]


def _unmapped(dataset: Dataset, table: str, path: Path, names: list[str]) -> list[str]:
    source, schema = dataset.tables[table], TABLES[table]
    missing = [name for name in schema.required if name != "phase" and not source.gives(name, names)]
    faults = [
        f"tables.{table}.columns.{name}: is required ({schema.column(name).meaning}) and "
        f"nothing in {path.name} gives it{near(name, names)}"
        for name in missing
    ]
    if not source.gives("phase", names) and _needs_phase(dataset, table):
        faults.append(f"tables.{table}: declare phase: a column, or constants: {{phase: pilot}}")
    return faults


def _needs_phase(dataset: Dataset, table: str) -> bool:
    """Rows that stand alone must say their phase; rows of a parent take the parent's."""
    schema = TABLES[table]
    alone = bool(schema.parent) and schema.parent is not None and schema.parent[0] not in dataset.tables
    return schema.column("phase").required or alone
