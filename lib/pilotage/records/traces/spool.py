"""Spans on disk until a trace is whole, and rows until their table is: a million of either need not fit into memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from pilotage.records.traces.assemble import COLUMNS, Row
from pilotage.records.traces.messages import Request
from pilotage.records.traces.span import Evaluation, Span, encoded

_BATCH = 1 << 15
_TYPES = {"order": "BIGINT", "start": "BIGINT", "end": "BIGINT", "input_tokens": "BIGINT", "output_tokens": "BIGINT"}
_ROW_TYPES = {
    "started_at": "TIMESTAMP",
    "labelled_at": "TIMESTAMP",
    "latency_s": "DOUBLE",
    "duration_s": "DOUBLE",
    "value": "DOUBLE",
    "turn": "BIGINT",
    "seq": "BIGINT",
    "input_tokens": "BIGINT",
    "output_tokens": "BIGINT",
}
_NAMES = tuple(each.name for each in fields(Span))


class Spool:
    """A temporary database in a folder of its own; `spans` fills, `rows` are put in, SQL reads."""

    def __init__(self, folder: Path) -> None:
        import duckdb

        self.sql = duckdb.connect(str(folder / "spool.duckdb"))
        self.sql.execute("SET memory_limit = '256MB'")
        self.sql.execute("SET preserve_insertion_order = false")
        columns = ", ".join(f'"{name}" {_TYPES.get(name, "VARCHAR")}' for name in _NAMES)
        self.sql.execute(f"CREATE TABLE spans ({columns})")
        for table, names in COLUMNS.items():
            columns = ", ".join(f"{name} {_ROW_TYPES.get(name, 'VARCHAR')}" for name in names)
            self.sql.execute(f"CREATE TABLE {table} ({columns})")
        self._spans: list[Span] = []
        self._rows: dict[str, list[Row]] = {name: [] for name in COLUMNS}

    def add(self, span: Span) -> None:
        """Keep a span."""
        self._spans.append(span)
        if len(self._spans) >= _BATCH:
            self._flush_spans()

    def traces(self) -> Iterator[list[Span]]:
        """The spans trace by trace, each trace's in the order they came."""
        self._flush_spans()
        found: list[Span] = []
        cursor = self.sql.cursor()
        for batch in cursor.sql('SELECT * FROM spans ORDER BY trace, "order"').to_arrow_reader(_BATCH):
            for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                span = _decoded(values)
                if found and span.trace != found[0].trace:
                    yield found
                    found = []
                found.append(span)
        if found:
            yield found

    def put(self, table: str, rows: Sequence[Row]) -> None:
        """Keep rows of a table."""
        self._rows[table] += rows
        if len(self._rows[table]) >= _BATCH:
            self._flush_rows(table)

    def flush(self) -> None:
        """Make all rows visible to SQL."""
        for table in COLUMNS:
            self._flush_rows(table)

    def _flush_spans(self) -> None:
        import pyarrow as pa

        if self._spans:
            columns = {name: [getattr(span, name) for span in self._spans] for name in _NAMES}
            for name in ("requests", "evaluations"):
                columns[name] = [encoded(items) for items in columns[name]]
            types = [pa.int64() if name in _TYPES else pa.string() for name in _NAMES]
            self._insert("spans", pa.table(columns, schema=pa.schema(list(zip(_NAMES, types, strict=True)))))
            self._spans = []

    def _flush_rows(self, table: str) -> None:
        import pyarrow as pa

        if self._rows[table]:
            kinds = {"TIMESTAMP": pa.timestamp("us"), "DOUBLE": pa.float64(), "BIGINT": pa.int64()}
            names = COLUMNS[table]
            schema = pa.schema([(name, kinds.get(_ROW_TYPES.get(name, ""), pa.string())) for name in names])
            columns = zip(*self._rows[table], strict=True)
            given = {
                name: pa.array(list(values), schema.field(name).type)
                for name, values in zip(names, columns, strict=True)
            }
            self._insert(table, pa.table(given, schema=schema))
            self._rows[table] = []

    def _insert(self, table: str, given: Any) -> None:
        self.sql.register("given", given)
        self.sql.execute(f"INSERT INTO {table} SELECT * FROM given")
        self.sql.unregister("given")


def _decoded(values: tuple[Any, ...]) -> Span:
    span = Span(*values)
    span.requests = [Request(*each) for each in json.loads(span.requests or "[]")]  # type: ignore[arg-type]  # JSON text
    span.evaluations = [Evaluation(*each) for each in json.loads(span.evaluations or "[]")]  # type: ignore[arg-type]
    return span
