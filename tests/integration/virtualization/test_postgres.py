from __future__ import annotations

import os
import socket
import struct
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")

from pilotage.integration.virtualization import postgres  # noqa: E402 - needs psycopg
from pilotage.playbook.sources import Source  # noqa: E402

ADDRESS = os.environ.get("PILOTAGE_TEST_POSTGRES", "postgresql://127.0.0.1:5432/test")
TABLES = """
    CREATE TYPE {schema}.state AS ENUM ('open', 'paid');
    CREATE DOMAIN {schema}.money AS numeric(12, 2);
    CREATE TABLE {schema}.invoices (number text, supplier text, amount {schema}.money, paid bool, state {schema}.state,
        issued date, asked_at timestamptz, noted_at timestamp, rate float8, n int, "Odd ""name""; --" uuid);
    INSERT INTO {schema}.invoices SELECT 'I' || n, '00' || 1 + n % 2, n + 0.25, n % 2 = 0, 'open', '2026-01-01',
        '2026-04-10 12:00+02', 'infinity', 0.5, n, gen_random_uuid() FROM generate_series(1, 25000) n;
"""


@pytest.fixture(scope="module")
def schema() -> Iterator[str]:
    """A schema of the test's own with a table in it, dropped afterwards."""
    try:
        connection = psycopg.connect(ADDRESS, connect_timeout=3, autocommit=True)
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL at PILOTAGE_TEST_POSTGRES, else at 127.0.0.1:5432")
    name = f"pilotage_{uuid.uuid4().hex[:12]}"
    with connection:
        connection.execute(f"CREATE SCHEMA {name}")
        try:
            connection.execute(TABLES.format(schema=name))
            yield name
        finally:
            connection.execute(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture
def invoices(desk: Any, schema: str) -> dict[str, Any]:
    """The desk's entry of invoices, in PostgreSQL now."""
    entry = {
        "name": "invoices", "address": ADDRESS, "table": f"{schema}.invoices", "key": ["number"],
        "types": {"amount": "number", "paid": "flag", "state": "text", "issued": "date", "asked_at": "time",
                  "noted_at": "time", "rate": "number", "n": "integer", 'Odd "name"; --': "text"},
    }  # fmt: skip
    desk.entry["sources"][0] = entry
    desk.point["query"] = (
        "SELECT number, rating AS value FROM invoices i ASOF LEFT JOIN ratings r"
        " ON i.supplier = r.supplier AND i.asked_at >= r.known_at"
    )
    return entry


def test_a_good_layer_over_postgres_passes_and_reads_all_batches(desk: Any, invoices: dict[str, Any]) -> None:
    rows = desk.probe()
    assert {row["reason"] for row in rows.values()} == {""}
    assert rows["reachable.invoices"]["evidence"] == "25,000 rows, 11 columns"


def test_the_transaction_refuses_to_write(invoices: dict[str, Any]) -> None:
    source = Source.model_validate_json(f'{{"name": "i", "address": "{ADDRESS}", "table": "{invoices["table"]}"}}')
    with postgres.connected(source) as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute(f"DELETE FROM {invoices['table']}")


def test_a_view_that_writes_when_it_is_read_writes_nothing(desk: Any, invoices: dict[str, Any], schema: str) -> None:
    with psycopg.connect(ADDRESS, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE {schema}.seen (at timestamptz)")
        connection.execute(
            f"CREATE FUNCTION {schema}.note() RETURNS text LANGUAGE sql AS"
            f" 'INSERT INTO {schema}.seen VALUES (now()) RETURNING at::text'"
        )
        connection.execute(f"CREATE VIEW {schema}.noted AS SELECT {schema}.note() AS number")
        desk.entry |= {"sources": [{**invoices, "table": f"{schema}.noted", "types": {}}], "references": []}
        desk.entry["point_in_time"] = []
        assert desk.failed() == {"reachable.invoices": "writes_when_read"}
        assert connection.execute(f"SELECT count(*) FROM {schema}.seen").fetchone() == (0,)


@pytest.mark.parametrize(
    ("values", "code", "words"),
    [
        ("('now')", "", "0 h ago"),
        ("('0044-03-15 00:00+00 BC'), ('now')", "", "0 h ago"),
        ("('0044-03-15 00:00+00 BC')", "stale", "of -43-03-15 00:00 UTC"),
        (
            "('infinity'), ('now'), (NULL)",
            "updated_in_future",
            "infinity, which is no time of a change, in 1 of 3 rows",
        ),
        ("('-infinity')", "stale", "no row of"),
    ],
)
def test_freshness_knows_times_that_only_a_database_has(
    desk: Any, invoices: dict[str, Any], schema: str, values: str, code: str, words: str
) -> None:
    with psycopg.connect(ADDRESS, autocommit=True) as connection:
        connection.execute(f"DROP TABLE IF EXISTS {schema}.changes")
        connection.execute(f"CREATE TABLE {schema}.changes (at timestamptz)")
        connection.execute(f"INSERT INTO {schema}.changes VALUES {values}")
    limit = {"value": 24, "reason": "A test.", "source": "The test", "set_by": "The test"}
    changes = {"name": "changes", "address": ADDRESS, "table": f"{schema}.changes", "types": {"at": "time"}}
    desk.entry |= {"sources": [{**changes, "updated_at": "at", "age_h_max": limit}], "references": []}
    desk.entry["point_in_time"] = []
    rows = desk.probe()
    assert {row["reason"] for row in rows.values()} == {"", code}
    assert words in rows["fresh.changes"]["evidence"]


def test_a_value_that_nobody_can_read_and_a_view_that_fails_are_told_without_our_statement(
    desk: Any, invoices: dict[str, Any], schema: str
) -> None:
    with psycopg.connect(ADDRESS, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE {schema}.prices AS SELECT 'NaN'::numeric(12, 2) AS number")
        connection.execute(f"CREATE VIEW {schema}.halves AS SELECT 1 / (n - n) AS number FROM {schema}.invoices")
    for table, words in (("prices", '"NaN" to DECIMAL'), ("halves", "division by zero")):
        desk.entry |= {"sources": [{**invoices, "table": f"{schema}.{table}", "types": {}}], "references": []}
        desk.entry["point_in_time"] = []
        row = desk.probe()["reachable.invoices"]
        assert row["reason"] == "unreadable"
        assert words in row["evidence"]
        assert "SELECT" not in row["evidence"]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_what_is_wrong_with_the_way_in_has_its_own_code(desk: Any, invoices: dict[str, Any], schema: str) -> None:
    base, _, _ = ADDRESS.rpartition("/")
    host = base.rpartition("@")[2].removeprefix("postgresql://")
    for parts, code in [
        ({"address": f"{base}/there_is_no_such_database"}, "no_such_database"),
        ({"address": f"postgresql://there_is_no_such_user@{host}/test"}, "login_refused"),
        ({"address": f"{ADDRESS}?sslmode=verify-full&sslrootcert=system"}, "tls_error"),
        ({"address": f"postgresql://127.0.0.1:{free_port()}/test"}, "unreachable"),
        ({"table": f"{schema}.bills"}, "no_such_table"),
        ({"table": f'invoices"; DROP SCHEMA {schema} CASCADE; --'}, "no_such_table"),
    ]:
        desk.entry["sources"][0] = invoices | parts
        assert desk.failed() == {"reachable.invoices": code}, parts


def test_a_wrong_password_is_a_refused_login_and_is_not_repeated(
    desk: Any, invoices: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server of the other tests may trust everybody, so this one is a few bytes of the protocol."""
    said = b'SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user "agent"\0\0'
    monkeypatch.setenv("VIEW_PASSWORD", "nobody knows")

    def refuse() -> None:
        with server.accept()[0] as client:
            client.recv(8)  # whether the connection can be encrypted
            client.sendall(b"N")
            client.recv(1000)
            client.sendall(b"E" + struct.pack("!i", 4 + len(said)) + said)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=refuse)
        thread.start()
        address = f"postgresql://agent@127.0.0.1:{server.getsockname()[1]}/test?gssencmode=disable"
        desk.entry["sources"][0] = invoices | {"address": address, "key_env": "VIEW_PASSWORD"}
        row = desk.probe()["reachable.invoices"]
        thread.join()
    assert row["reason"] == "login_refused"
    assert "nobody knows" not in row["evidence"]


def test_a_server_of_another_protocol_is_not_taken_for_one_with_a_bad_certificate(
    desk: Any, invoices: dict[str, Any]
) -> None:
    def answer() -> None:
        with server.accept()[0] as client:
            client.recv(8)
            client.sendall(b"AMQP\0\0\x09\x01")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer)
        thread.start()
        address = f"postgresql://127.0.0.1:{server.getsockname()[1]}/test?gssencmode=disable"
        desk.entry["sources"][0] = invoices | {"address": address}
        row = desk.probe()["reachable.invoices"]
        thread.join()
    assert row["reason"] == "unreachable"
    assert "does not speak PostgreSQL" in row["evidence"]


def test_a_server_that_accepts_and_says_nothing_times_out(
    desk: Any, invoices: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "CONNECT_S", 2)  # the least that the client takes
    with socket.create_server(("127.0.0.1", 0)) as silent:
        desk.entry["sources"][0] = invoices | {"address": f"postgresql://127.0.0.1:{silent.getsockname()[1]}/test"}
        assert desk.failed() == {"reachable.invoices": "timed_out"}
