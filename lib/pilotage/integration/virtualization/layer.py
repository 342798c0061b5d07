"""One DuckDB over SQLite, PostgreSQL, CSV and Parquet: files where they lie, of databases what is asked for."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb

from pilotage.forms import near
from pilotage.integration.checks import Fault, Skip
from pilotage.integration.virtualization import csv_file
from pilotage.integration.virtualization.sqlite import reading
from pilotage.integration.virtualization.stream import Stream, literal, quoted
from pilotage.playbook.sources import Source, is_csv, is_postgres

Kind = Literal["text", "integer", "number", "flag", "time", "date", "other"]
LONGEST = 400  # characters of what DuckDB says
MEMORY = "512MB"  # beyond that DuckDB goes on in its temporary folder
_KINDS: tuple[tuple[str, Kind], ...] = (
    (r"VARCHAR|UUID|ENUM|JSON", "text"),
    (r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$|DECIMAL\(\d+, ?0\)", "integer"),
    (r"DOUBLE|FLOAT|DECIMAL", "number"),
    (r"BOOLEAN", "flag"),
    (r"TIMESTAMP", "time"),
    (r"DATE", "date"),
)


@dataclass(frozen=True)
class Table:
    """One source in the layer: all its column names, and the kinds of those that were fetched."""

    source: Source
    names: tuple[str, ...]
    kinds: Mapping[str, Kind]
    rows: int

    def kind(self, column: str) -> Kind:
        """The column's kind; Fault where the source has no such column."""
        if column not in self.names:
            raise Fault("no_such_column", f"{self.source.name} has no column {column!r}{near(column, self.names)}")
        return self.kinds[column]


@contextmanager
def opened(root: Path) -> Iterator[Layer]:
    """An empty layer, gone with everything in it at the end; addresses of files are seen from `root`."""
    with tempfile.TemporaryDirectory(prefix="pilotage-") as spill, duckdb.connect() as connection:
        for name, value in {"memory_limit": MEMORY, "temp_directory": spill, "TimeZone": "UTC"}.items():
            connection.execute(f"SET {name} = {literal(value)}")
        yield Layer(connection, root)


class Layer:
    """The sources that were added, each a table or a view of its name. Times without a zone are read as UTC."""

    def __init__(self, connection: Any, root: Path) -> None:
        self._connection, self._root = connection, root
        self._files: list[str] = []
        self.tables: dict[str, Table] = {}

    def add(self, source: Source, wanted: set[str] | None, as_text: set[str]) -> Table:
        """Take the source in, only its `wanted` columns where it is a database, all for None.

        `as_text` are columns that a CSV file, which has no types, shall keep as they are written. Fault where the
        source cannot be read.
        """
        if is_postgres(source.address):
            names, types = self._fetch(source, _from_postgres(source, wanted))
        else:
            path = self._root / source.address
            if not path.is_file():
                raise Fault("no_such_file", f"there is no file {source.address}")
            if is_csv(source.address):
                names, types = self._view(source, _csv(self, path, as_text, wanted))
            elif path.suffix == ".parquet":
                names, types = self._view(source, f"read_parquet({literal(_pattern(path))})")
            else:
                names, types = self._fetch(source, reading(path, source.table or "", wanted))
            self._files += [str(path), _pattern(path)]
        [[rows]] = self.ask(f"SELECT count(*) FROM {quoted(source.name)}")
        kinds = {name: kind_of(type) for name, type in types.items()}
        self.tables[source.name] = Table(source, tuple(names), kinds, rows)
        return self.tables[source.name]

    def close_doors(self) -> None:
        """From here on no statement reaches any file but those of the sources."""
        allowed = ", ".join(map(literal, self._files))
        self._connection.execute(f"SET allowed_paths = [{allowed}]")
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")

    def ask(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of the answer; keep it small."""
        rows: list[tuple[Any, ...]] = self._connection.execute(statement, list(parameters)).fetchall()
        return rows

    def keep(self, name: str, query: str) -> list[str]:
        """Keep the query's answer as a table of this name; its columns. Fault unless it is one SELECT that works."""
        try:
            kinds = [one.type for one in self._connection.extract_statements(query)]
            if kinds != [duckdb.StatementType.SELECT]:
                raise Fault("query_fails", "the query should be a single SELECT")
            self._connection.execute(f"CREATE OR REPLACE TABLE {quoted(name)} AS {query.strip().rstrip(';')}")
        except duckdb.Error as error:
            raise Fault("query_fails", said(error)) from error
        return self._described(quoted(name))[0]

    def arrow(self, source: str, columns: Sequence[str]) -> Any:
        """These columns of the source as an Arrow table."""
        return self._connection.sql(f"SELECT {', '.join(map(quoted, columns))} FROM {quoted(source)}").to_arrow_table()

    def _described(self, source: str) -> tuple[list[str], dict[str, str]]:
        types = {row[0]: row[1] for row in self.ask(f"DESCRIBE SELECT * FROM {source}")}
        return list(types), types

    def _view(self, source: Source, reader: str) -> tuple[list[str], dict[str, str]]:
        try:
            self._connection.execute(f"CREATE VIEW {quoted(source.name)} AS SELECT * FROM {reader}")
            return self._described(quoted(source.name))
        except duckdb.Error as error:
            raise Fault("broken_file", f"{source.address}: {said(error)}") from error

    def _fetch(self, source: Source, reader: AbstractContextManager[Stream]) -> tuple[list[str], dict[str, str]]:
        with reader as stream:
            columns = ", ".join(f"{quoted(name)} {type}" for name, type in stream.types.items())
            self._connection.execute(f"CREATE TABLE {quoted(source.name)} ({columns})")
            for batch in stream.batches:
                self._connection.register("incoming rows", batch)
                try:
                    self._connection.execute(f'INSERT INTO {quoted(source.name)} SELECT * FROM "incoming rows"')
                except duckdb.Error as error:
                    raise Fault("unreadable", f"{source.table}: {said(error)}") from error
                self._connection.unregister("incoming rows")
        return stream.names, stream.types


def said(error: duckdb.Error) -> str:
    """What DuckDB says of the fault, without our statement and the file's own lines, which stand beside it."""
    lines = str(error).partition("\n\n")[0].splitlines()
    return " ".join(line.strip() for line in lines if not line.startswith(("LINE ", "Original Line:")))[:LONGEST]


def kind_of(type: str) -> Kind:
    """The kind of a DuckDB type; `other` for lists, structures and bytes."""
    if type.endswith("]"):
        return "other"
    return next((kind for form, kind in _KINDS if re.match(form, type)), "other")


def _pattern(path: Path) -> str:
    """The file as DuckDB's readers name it, which take *, ? and [ for patterns of names."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))


def _csv(layer: Layer, path: Path, as_text: set[str], wanted: set[str] | None) -> str:
    try:
        return csv_file.reader(layer.ask, path, _pattern(path), as_text, wanted)
    except duckdb.Error as error:
        raise Fault("broken_file", f"{path.name}: {said(error)}") from error


def _from_postgres(source: Source, wanted: set[str] | None) -> AbstractContextManager[Stream]:
    try:
        from pilotage.integration.virtualization import postgres
    except ModuleNotFoundError as error:
        raise Skip("not_installed", f"{error.name} is missing: pip install 'pilotage[postgres]'") from error
    return postgres.reading(source, wanted)
