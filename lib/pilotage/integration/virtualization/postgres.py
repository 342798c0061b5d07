"""A table of PostgreSQL, read in batches in a transaction that cannot write."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
import pyarrow as pa
from psycopg import sql
from psycopg.conninfo import make_conninfo

from pilotage.integration.checks import Fault
from pilotage.integration.virtualization.stream import BATCH, Stream, picked
from pilotage.playbook.sources import Source

CONNECT_S = 5
STATEMENT_S: LiteralString = "20"
TYPES = {
    "int2": "BIGINT", "int4": "BIGINT", "int8": "BIGINT", "float4": "DOUBLE", "float8": "DOUBLE", "bool": "BOOLEAN",
    "date": "DATE", "timestamp": "TIMESTAMP", "timestamptz": "TIMESTAMPTZ",
}  # fmt: skip
# Set in the transaction and not when connecting, since a pool between us and the server refuses that.
_IN_TRANSACTION: LiteralString = f"""
    SET LOCAL default_transaction_read_only = on; SET LOCAL statement_timeout = '{STATEMENT_S}s';
    SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'"""
_TABLE: LiteralString = """
    SELECT n.nspname, c.relname, c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p')
        AND (c.relname = %(table)s AND pg_table_is_visible(c.oid) OR n.nspname || '.' || c.relname = %(table)s)
    ORDER BY pg_table_is_visible(c.oid) DESC LIMIT 1"""
_COLUMNS: LiteralString = """
    SELECT a.attname, coalesce(b.typname, t.typname), CASE WHEN b.oid IS NULL THEN a.atttypmod ELSE t.typtypmod END
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type b ON b.oid = t.typbasetype
    WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"""


@contextmanager
def reading(source: Source, wanted: set[str] | None) -> Iterator[Stream]:
    """The table's columns and rows, all from one moment; Fault where there is no such database or table."""
    assert source.table is not None
    with connected(source) as connection:
        try:
            yield _stream(connection, source.table, wanted)
        except psycopg.errors.QueryCanceled as error:
            raise TimeoutError(f"a statement took longer than {STATEMENT_S} s") from error
        except psycopg.errors.ReadOnlySqlTransaction as error:
            raise Fault("writes_when_read", f"{source.table}: {_said(error)}") from error
        except psycopg.errors.InsufficientPrivilege as error:
            raise Fault("read_refused", _said(error)) from error
        except psycopg.OperationalError as error:
            raise ConnectionError(_said(error)) from error
        except psycopg.Error as error:
            raise Fault("unreadable", f"{source.table}: {_said(error)}") from error


@contextmanager
def connected(source: Source) -> Iterator[psycopg.Connection[Any]]:
    """A connection in one transaction, in which the server refuses to write; rolled back at the end."""
    given = {"user": source.user_env, "password": source.key_env}
    login = {key: os.environ[variable] for key, variable in given.items() if variable}
    try:
        way_in = make_conninfo(source.address, connect_timeout=CONNECT_S, application_name="pilotage probe", **login)
        connection: psycopg.Connection[Any] = psycopg.connect(way_in)
    except psycopg.OperationalError as error:
        raise _refused(error) from error
    try:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute(_IN_TRANSACTION)
        yield connection
    finally:
        connection.close()


def _said(error: psycopg.Error) -> str:
    """What the server says, without our statement below it."""
    return error.diag.message_primary or str(error).partition("\n")[0]


def _refused(error: psycopg.OperationalError) -> Exception:
    """Why nobody let us in: before a login there are only the server's words to tell it by."""
    said = " ".join(str(error).split())
    if isinstance(error, psycopg.errors.ConnectionTimeout):
        return TimeoutError(said)
    if "invalid response to SSL negotiation" in said:
        return ConnectionError(f"what answers there does not speak PostgreSQL's protocol: {said}")
    if "FATAL" not in said:
        return Fault("tls_error", said) if "SSL" in said or "certificate" in said else ConnectionError(said)
    return Fault("no_such_database" if "database" in said and "does not exist" in said else "login_refused", said)


def _stream(connection: psycopg.Connection[Any], table: str, wanted: set[str] | None) -> Stream:
    found = connection.execute(_TABLE, {"table": table}).fetchone()
    if found is None:
        raise Fault("no_such_table", f"the database has no table {table!r} that this user can see")
    schema, name, oid = found
    columns = {column: _type(kind, more) for column, kind, more in connection.execute(_COLUMNS, [oid])}
    types = {column: columns[column] for column in picked(list(columns), wanted)}
    # As text, which DuckDB reads back exactly: a driver's own types have no infinity and no year 10,000.
    asked = sql.SQL("SELECT {} FROM {}").format(
        sql.SQL(", ").join(_as_text(column, types[column]) for column in types),
        sql.Identifier(schema, name),
    )
    return Stream(list(columns), types, _batches(connection, asked, list(types)))


def _as_text(column: str, type: str) -> sql.Composed:
    """The column as DuckDB reads it, which has BC behind the date and not behind the time."""
    if type in ("DATE", "TIMESTAMP", "TIMESTAMPTZ"):
        return sql.SQL(r"regexp_replace({}::text, '^(\S+)(.*) BC$', '\1 (BC)\2')").format(sql.Identifier(column))
    return sql.SQL("{}::text").format(sql.Identifier(column))


def _type(kind: str, more: int) -> str:
    """The DuckDB type for a PostgreSQL type; `more` holds a numeric's digits."""
    if kind != "numeric":
        return TYPES.get(kind, "VARCHAR")
    digits, after = (more - 4) >> 16 & 0xFFFF, (more - 4) & 0x7FF
    return f"DECIMAL({digits}, {after})" if more >= 4 and after <= digits <= 38 else "DOUBLE"


def _batches(connection: psycopg.Connection[Any], asked: sql.Composed, names: list[str]) -> Iterator[pa.RecordBatch]:
    with connection.cursor("pilotage") as cursor:  # a named cursor stays on the server, which sends batch by batch
        cursor.execute(asked)
        while rows := cursor.fetchmany(BATCH):
            arrays = [pa.array(values, pa.string()) for values in zip(*rows, strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, names=names)
