"""What must hold of one source, and between two: types, keys, freshness, number of rows, orphans, expectations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pilotage.errors import InputFaults
from pilotage.integration.checks import Fault, Finding
from pilotage.integration.virtualization.layer import Kind, Layer, Table
from pilotage.integration.virtualization.stream import quoted
from pilotage.playbook.sources import Reference, is_csv, is_postgres
from pilotage.words import apart, count, number

DUCKDB_TYPE: Mapping[str, str] = {
    "text": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "flag": "BOOLEAN", "time": "TIMESTAMPTZ",
    "date": "DATE",
}  # fmt: skip
FURTHEST_ZONE_H = 14  # a time without a zone can lie so far ahead of now and still be right
_NUMBERS = ("integer", "number")


def check_types(layer: Layer, table: Table, found: Finding) -> None:
    """Fault unless every declared column has its type."""
    _check_typed(table)
    told = [_other(layer, table, column, declared) for column, declared in table.source.types.items()]
    if wrong := [one for one in told if one]:
        raise Fault("type_differs", f"{table.source.name}: {'; '.join(wrong)}")
    found.evidence = f"{count(len(table.source.types), 'columns')} of the declared type"


def _other(layer: Layer, table: Table, column: str, declared: str) -> str:
    """In which way the column is not of the declared type; empty where it is.

    CSV has no types and SQLite none for times, so there it is the values that must read as the type.
    """
    seen, address = table.kind(column), table.source.address
    if seen == declared or (declared, seen) == ("number", "integer"):
        return ""
    untyped, is_sqlite = is_csv(address), _is_sqlite(address)
    if untyped and (declared, seen) == ("time", "date"):
        return ""
    if is_sqlite and (declared, seen) == ("flag", "integer"):
        return _misfits(layer, table, column, declared, f"{quoted(column)} IN (0, 1)")
    if seen == "text" and (untyped or (is_sqlite and declared in ("time", "date"))):
        reads = f"TRY_CAST({quoted(column)} AS {DUCKDB_TYPE[declared]}) IS NOT NULL"
        return _misfits(layer, table, column, declared, reads)
    return f"{column} is {seen} where {declared} is declared"


def _check_typed(table: Table) -> None:
    """Fault where nothing shows the types: SQLite's columns have those of their values."""
    if _is_sqlite(table.source.address):
        _check_some(table)


def _is_sqlite(address: str) -> bool:
    return not (is_csv(address) or address.endswith(".parquet") or is_postgres(address))


def _misfits(layer: Layer, table: Table, column: str, declared: str, fits: str) -> str:
    """How many values do not fit; empty where all do, so also where there is none."""
    [[misfits, given]] = layer.ask(
        f"SELECT count(*) FILTER (NOT ({fits})), count(*) FROM {quoted(table.source.name)}"
        f" WHERE {quoted(column)} IS NOT NULL"
    )
    return f"{misfits:,} of {count(given, 'values')} of {column} cannot be read as {declared}" if misfits else ""


def check_keys(layer: Layer, table: Table, found: Finding) -> None:
    """Fault unless every row has its key and no two rows have the same."""
    for column in table.source.key:
        table.kind(column)
    _check_some(table)
    key, name = ", ".join(map(quoted, table.source.key)), quoted(table.source.name)
    said = " and ".join(table.source.key)
    empty = " OR ".join(f"{quoted(column)} IS NULL" for column in table.source.key)
    [[keyless]] = layer.ask(f"SELECT count(*) FROM {name} WHERE {empty}")
    if keyless:
        raise Fault("key_missing", f"no {said} in {keyless:,} of {count(table.rows, 'rows')} of {table.source.name}")
    [[rows, most, keys]] = layer.ask(
        f"SELECT coalesce(sum(n), 0), coalesce(max(n), 0), count(*) FROM"
        f" (SELECT count(*) AS n FROM {name} GROUP BY {key} HAVING count(*) > 1)"
    )
    if keys:
        told = f"{int(rows):,} of {count(table.rows, 'rows')} of {table.source.name} share {count(keys, 'values')}"
        raise Fault("key_repeats", f"{told} of {said}, up to {most:,} rows one")
    found.evidence = f"{count(table.rows, 'rows')}, each with its own {said}"


def _check_some(table: Table) -> None:
    if not table.rows:
        raise Fault("no_rows", f"{table.source.name} has no rows")


def check_fresh(layer: Layer, table: Table, now: datetime, found: Finding) -> None:
    """Fault unless the newest change is young enough."""
    source = table.source
    assert source.updated_at is not None
    assert source.age_h_max is not None
    asked = moment(layer, table, source.updated_at)
    _check_some(table)
    [[newest, shown, endless]] = layer.ask(
        "SELECT epoch(max(m) FILTER (isfinite(m))), strftime(max(m) FILTER (isfinite(m)), '%Y-%m-%d %H:%M'),"
        f" count(*) FILTER (m = 'infinity') FROM (SELECT {asked} AS m FROM {quoted(source.name)})"
    )
    if endless:
        told = f"{source.updated_at} is infinity, which is no time of a change, in {endless:,} of"
        raise Fault("updated_in_future", f"{told} {count(table.rows, 'rows')} of {source.name}")
    if newest is None:
        raise Fault("stale", f"no row of {source.name} has a time in {source.updated_at}")
    age_h = (now.timestamp() - newest) / 3600  # a database knows years that Python's dates do not
    told = f"the newest change of {source.name} is of {shown} UTC"
    if age_h < -FURTHEST_ZONE_H:
        raise Fault("updated_in_future", f"{told}, {number(-age_h, 'h')} ahead of now")
    hours, limit = apart(max(0.0, age_h), source.age_h_max.value, "h")
    if age_h > source.age_h_max.value:
        raise Fault("stale", f"{told}, {hours} ago; at most {limit} are allowed")
    found.evidence = f"{told}, {hours} ago, of at most {limit}"


def check_rows(table: Table, found: Finding) -> None:
    """Fault where the number of rows moved further from the expected one than allowed."""
    rows = table.source.rows
    assert rows is not None
    drift = abs(table.rows - rows.expected) / rows.expected
    share, limit = apart(drift, rows.drift_max.value, "share")
    told = f"{table.source.name} has {count(table.rows, 'rows')}, {share} from the expected {rows.expected:,}"
    if drift > rows.drift_max.value:
        raise Fault("rows_drifted", f"{told}; at most {limit} are allowed")
    found.evidence = told


def ends(layer: Layer, reference: Reference) -> tuple[tuple[Table, str], tuple[Table, str]]:
    """Both ends of a reference, each a table and its column."""
    (start, column), (goal, to) = (end.split(".", 1) for end in (reference.from_, reference.to))
    return (layer.tables[start], column), (layer.tables[goal], to)


def check_comparable(layer: Layer, reference: Reference, found: Finding) -> None:
    """Fault unless both ends have types that can be compared."""
    for table, _ in ends(layer, reference):
        _check_typed(table)
    one, other = (table.kind(column) for table, column in ends(layer, reference))
    if not comparable(one, other):
        raise Fault("type_differs", f"{reference.from_} is {one}, {reference.to} is {other}")
    found.evidence = f"{reference.from_} is {one}, {reference.to} too" if one == other else "both are numbers"


def check_orphans(layer: Layer, reference: Reference, found: Finding) -> None:
    """Fault where more pointers than allowed lead nowhere; a row without a pointer is none."""
    (start, column), (goal, to) = ends(layer, reference)
    pointer, target = alike(start.kind(column), goal.kind(to), quoted(column), quoted(to))
    targets = f"SELECT {target} FROM {quoted(goal.source.name)} WHERE {target} IS NOT NULL"
    pointers_of = f"SELECT {pointer} AS p FROM {quoted(start.source.name)} WHERE {pointer} IS NOT NULL"
    [[orphans, pointers]] = layer.ask(f"SELECT count(*) FILTER (p NOT IN ({targets})), count(*) FROM ({pointers_of})")
    if not pointers:
        raise Fault("no_rows", f"no row of {start.source.name} has a value in {column}")
    share, limit = apart(orphans / pointers, reference.orphans_max.value, "share")
    told = f"nothing in {reference.to} for {orphans:,} of {count(pointers, 'rows')} with {reference.from_} ({share})"
    if orphans / pointers > reference.orphans_max.value:
        raise Fault("orphans", f"{told}; at most {limit} may")
    found.evidence = told


def check_suite(layer: Layer, table: Table, suites: Mapping[str, Sequence[Any]] | InputFaults, found: Finding) -> None:
    """Fault where the source misses an expectation of its suite; Great Expectations takes seconds to load."""
    name = table.source.name
    if isinstance(suites, InputFaults):
        raise Fault("no_such_suite", "; ".join(suites.faults))
    if not suites.get(name):
        raise Fault("no_such_suite", f"playbook/expectations.yaml expects nothing of sources.{name}")
    from pilotage.records.expectations import expect_of

    columns = {column for item in suites[name] for column in item.columns if column in table.kinds}
    rows = layer.arrow(name, sorted(columns) or list(table.kinds)[:1])
    try:
        made = expect_of(name, rows, list(suites[name]))
    except InputFaults as faults:
        raise Fault("no_such_suite", "; ".join(faults.faults)) from faults
    if failed := list(_failed(made)):
        raise Fault("expectation_failed", "; ".join(failed))
    found.evidence = f"{count(len(made), 'expectations')} met by {count(table.rows, 'rows')}"


def _failed(made: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from (f"{one['name']} ({one['detail']})" for one in made if not one["passed"])


def comparable(one: Kind, other: Kind) -> bool:
    """Whether values of both kinds can be equal and mean it."""
    return one != "other" and (one == other or (one in _NUMBERS and other in _NUMBERS))


def alike(one: Kind, other: Kind, first: str, second: str) -> tuple[str, str]:
    """Both columns so that DuckDB can compare them without an error: as they are, or else as text."""
    if comparable(one, other) and one != "text":
        return first, second
    return f"CAST({first} AS VARCHAR)", f"CAST({second} AS VARCHAR)"


def moment(layer: Layer, table: Table, column: str) -> str:
    """The column as a moment in SQL; Fault where its values are none. Without a zone they are of UTC, days begin it."""
    kind = table.kind(column)
    if kind == "text":
        fits = f"TRY_CAST({quoted(column)} AS TIMESTAMPTZ) IS NOT NULL"
        if told := _misfits(layer, table, column, "time", fits):
            raise Fault("type_differs", f"{table.source.name}: {told}")
    elif kind not in ("time", "date"):
        raise Fault("type_differs", f"{table.source.name}: {column} is {kind} where times are needed")
    return f"CAST({quoted(column)} AS TIMESTAMPTZ)"
