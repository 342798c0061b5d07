from __future__ import annotations

import gzip
import re
import signal
import sqlite3
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pilotage.forms import fill
from pilotage.integration.checks import Fault
from pilotage.integration.smoke_test import smoke_test
from pilotage.integration.virtualization import CODES, planned
from pilotage.integration.virtualization.layer import opened
from pilotage.integration.virtualization.sqlite import connected
from pilotage.playbook import read_policy
from pilotage.playbook.sources import Source
from pilotage.playbook.systems import VirtualSystem
from pilotage.workspace import Workspace

ORPHANS = "orphans.invoices.supplier.suppliers"
JOIN_TYPES = "types.invoices.supplier.suppliers"
POINT = "point_in_time.invoices.ratings.rating"


def test_a_good_layer_of_three_kinds_passes_every_check(desk: Any) -> None:
    rows = desk.probe()
    assert {row["reason"] for row in rows.values()} == {""}
    assert rows["reachable.invoices"]["evidence"] == "3 rows, 5 columns"
    assert rows["types.suppliers"]["evidence"] == "1 column of the declared type"
    assert rows["keys.suppliers"]["evidence"] == "3 rows, each with its own id"
    assert rows[POINT]["evidence"] == "rating was known by then for 3 of 3 facts"


def changed(old: str, new: str) -> Callable[[Any], None]:
    return lambda desk: desk.csv((desk.folder / "suppliers.csv").read_text(encoding="utf-8").replace(old, new))


def updated(statement: str) -> Callable[[Any], None]:
    return lambda desk: desk.sqlite(statement)


def entered(**parts: Any) -> Callable[[Any], None]:
    return lambda desk: desk.invoices.update(parts)


def written(name: str, content: bytes) -> Callable[[Any], None]:
    def write(desk: Any) -> None:
        (desk.folder / name).write_bytes(content)

    return write


AGO = (datetime.now(UTC) - timedelta(hours=25)).isoformat()
AHEAD = (datetime.now(UTC) + timedelta(hours=20)).isoformat()
MORE = ", ".join(f"('I{n}', '001', 1, '2026-04-01', '2026-04-01')" for n in range(4, 8))
FAULTS: dict[str, tuple[Callable[[Any], None], dict[str, str]]] = {
    "a supplier that is not in the file": (changed("002,Birch\n", ""), {ORPHANS: "orphans"}),
    "an old newest change": (updated(f"UPDATE invoices SET updated_at = '{AGO}'"), {"fresh.invoices": "stale"}),
    "no time of change at all": (updated("UPDATE invoices SET updated_at = NULL"), {"fresh.invoices": "stale"}),
    "a clock that runs ahead": (
        updated(f"UPDATE invoices SET updated_at = '{AHEAD}'"), {"fresh.invoices": "updated_in_future"},
    ),
    "text among the amounts": (
        updated("UPDATE invoices SET cents = 'much' WHERE number = 'I1'"), {"types.invoices": "type_differs"},
    ),
    "a column of other type in a file": (
        lambda desk: desk.entry["sources"][1]["types"].update({"name": "integer"}), {"types.suppliers": "type_differs"},
    ),
    "more rows than expected": (updated(f"INSERT INTO invoices VALUES {MORE}"), {"rows.invoices": "rows_drifted"}),
    "fewer rows than expected": (
        updated("DELETE FROM invoices WHERE number = 'I2'"), {"rows.invoices": "rows_drifted"},
    ),
    "a key that repeats": (changed("003,Cedar", "002,Cedar"), {"keys.suppliers": "key_repeats"}),
    "a row without its key": (changed("003,Cedar", ",Cedar"), {"keys.suppliers": "key_missing"}),
    "a renamed key": (changed("id,name", "ident,name"), {
        "keys.suppliers": "no_such_column", JOIN_TYPES: "no_such_column", ORPHANS: "no_such_column",
    }),
    "a missing column": (entered(updated_at="changed_at"), {"fresh.invoices": "no_such_column"}),
    "a missing table": (entered(table="bills"), {"reachable.invoices": "no_such_table"}),
    "a missing file": (entered(address="else.sqlite"), {"reachable.invoices": "no_such_file"}),
    "a database that is none": (written("ledger.sqlite", b"no database" * 100), {"reachable.invoices": "broken_file"}),
    "an empty csv file": (written("suppliers.csv", b""), {"reachable.suppliers": "broken_file"}),
    "a csv file in another encoding": (
        written("suppliers.csv", "id,name\n001,Müller\n".encode("utf-16")), {"reachable.suppliers": "broken_file"},
    ),
    "text of a database in another encoding": (
        updated("UPDATE invoices SET number = CAST(x'4dfc6c' AS TEXT) WHERE number = 'I1'"),
        {"reachable.invoices": "broken_file"},
    ),
    "a cut parquet file": (written("ratings.parquet", b"PAR1\0\0\0"), {"reachable.ratings": "broken_file"}),
    "numbers that are joined with text": (
        lambda desk: (changed("00", "")(desk), desk.entry["sources"][1]["types"].update({"id": "integer"})),
        {JOIN_TYPES: "type_differs", ORPHANS: "orphans"},
    ),
    "a supplier without a rating by then": (
        lambda desk: desk.ratings([("001", 0, "A"), ("002", 121, "A")]), {POINT: "unknown_at_time"},
    ),
    "two ratings at one moment": (
        lambda desk: desk.ratings([("001", 0, "A"), ("002", 0, "A"), ("002", 0, "C")]), {POINT: "tied_values"},
    ),
    "a time that cannot be read": (
        updated("UPDATE invoices SET asked_at = 'soon' WHERE number = 'I1'"),
        {"types.invoices": "type_differs", POINT: "type_differs"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault_fails_its_own_check_with_its_own_code(desk: Any, fault: str) -> None:
    change, expected = FAULTS[fault]
    change(desk)
    assert desk.failed() == expected
    assert set(expected.values()) <= CODES.keys()


def test_orphans_up_to_the_limit_are_borne(desk: Any) -> None:
    desk.csv("id,name\n001,Alder\n")
    desk.entry["references"][0]["orphans_max"]["value"] = 0.34
    assert desk.failed() == {}


def test_two_equal_ratings_at_one_moment_are_no_tie(desk: Any) -> None:
    desk.ratings([("001", 0, "A"), ("001", 0, "A"), ("002", 0, "C")])
    assert desk.failed() == {}


def test_nothing_found_in_nothing_proves_nothing(desk: Any) -> None:
    desk.sqlite("DELETE FROM invoices")
    failed = desk.failed()
    assert {failed[id] for id in (ORPHANS, POINT, "keys.invoices", "fresh.invoices")} == {"no_rows"}


def test_an_empty_sqlite_table_is_said_to_have_no_rows_and_not_to_be_of_another_type(desk: Any) -> None:
    desk.sqlite("DELETE FROM invoices")
    failed = desk.failed()
    assert failed["types.invoices"] == "no_rows"
    assert "type_differs" not in failed.values()


def test_a_compressed_csv_file_is_read_as_one_that_is_not(desk: Any) -> None:
    (desk.folder / "suppliers.csv.gz").write_bytes(gzip.compress((desk.folder / "suppliers.csv").read_bytes()))
    (desk.folder / "suppliers.csv").unlink()
    desk.entry["sources"][1]["address"] = "suppliers.csv.gz"
    assert desk.failed() == {}
    (desk.folder / "suppliers.csv.gz").write_bytes(b"no gzip")
    assert desk.failed() == {"reachable.suppliers": "broken_file"}


@pytest.mark.parametrize(
    ("fault", "id", "words"),
    [
        ("a csv file in another encoding", "reachable.suppliers", "utf-8"),
        ("a cut parquet file", "reachable.ratings", "too small"),
    ],
)
def test_the_evidence_of_a_broken_file_holds_none_of_our_statements(desk: Any, fault: str, id: str, words: str) -> None:
    FAULTS[fault][0](desk)
    evidence = desk.probe()[id]["evidence"]
    assert words in evidence
    assert re.search("SELECT|LINE|\n", evidence) is None


def test_hostile_names_of_table_column_and_file_are_only_names(desk: Any) -> None:
    table, column = 'x"; DROP TABLE invoices; --', 'it\'s "so"; DELETE FROM t'
    quoted = [name.replace('"', '""') for name in (table, column)]
    desk.sqlite(f'CREATE TABLE "{quoted[0]}" ("{quoted[1]}" TEXT); INSERT INTO "{quoted[0]}" VALUES (1), (2), (3)')
    (desk.folder / "a[1]'*.csv").write_text(f'"{quoted[1]}"\n1\n2\n', encoding="utf-8")
    desk.entry |= {
        "sources": [
            {"name": "select", "address": "ledger.sqlite", "table": table, "key": [column]},
            {"name": "incoming", "address": "a[1]'*.csv", "key": [column], "types": {column: "text"}},
        ],
        "references": [{"from": f"incoming.{column}", "to": f"select.{column}", "orphans_max": limit_of(0)}],
        "point_in_time": [],
    }
    assert desk.failed() == {}
    desk.sqlite("SELECT count(*) FROM invoices")


def limit_of(value: float) -> dict[str, Any]:
    return {"value": value, "reason": "A test.", "source": "The test", "set_by": "The test"}


def test_of_a_database_only_the_columns_that_checks_need_are_fetched(tmp_path: Path, desk: Any) -> None:
    source = Source.model_validate_json('{"name": "invoices", "address": "ledger.sqlite", "table": "invoices"}')
    with opened(desk.folder) as layer:
        table = layer.add(source, {"cents"}, set())
        assert (list(table.kinds), table.rows, len(table.names)) == (["cents"], 3, 5)


def test_generated_columns_are_columns_and_those_a_virtual_table_keeps_to_itself_are_none(desk: Any) -> None:
    desk.sqlite(
        "CREATE TABLE sums (a INTEGER, twice INTEGER AS (2 * a), kept INTEGER AS (a + 1) STORED);"
        " INSERT INTO sums VALUES (3); CREATE VIRTUAL TABLE words USING fts5(word)"
    )
    with opened(desk.folder) as layer:
        for name, columns in {"sums": ("a", "twice", "kept"), "words": ("word",)}.items():
            source = Source(name=name, address="ledger.sqlite", table=name)
            assert layer.add(source, None, set()).names == columns
        assert layer.ask("SELECT * FROM sums") == [(3, 6, 4)]


def test_a_table_is_found_as_sqlite_finds_it_and_a_near_name_is_told(desk: Any) -> None:
    desk.invoices["table"] = "INVOICES"
    assert desk.failed() == {}
    desk.invoices["table"] = "invoice"
    assert "did you mean 'invoices'?" in desk.probe()["reachable.invoices"]["evidence"]


def test_a_view_without_end_hears_when_it_is_told_to_end(desk: Any) -> None:
    """So that what the probe made is taken away; SQLite itself would go on until it is killed."""
    desk.sqlite(
        "CREATE VIEW endless AS WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT i FROM r"
    )
    source = Source(name="endless", address="ledger.sqlite", table="endless")
    before = signal.signal(signal.SIGALRM, lambda *_: sys.exit(143))
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(SystemExit), opened(desk.folder) as layer:
            layer.add(source, None, set())
    finally:
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_the_sqlite_connection_cannot_write_and_leaves_no_file(desk: Any, mode: str) -> None:
    desk.sqlite(f"PRAGMA journal_mode = {mode}")
    before = {path.name: path.read_bytes() for path in desk.folder.glob("ledger*")}
    connection = connected(desk.folder / "ledger.sqlite")
    try:
        assert connection.execute("SELECT count(*) FROM invoices").fetchone() == (3,)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DELETE FROM invoices")
    finally:
        connection.close()
    assert {path.name: path.read_bytes() for path in desk.folder.glob("ledger*")} == before


def test_no_statement_reaches_a_file_that_is_no_source(desk: Any) -> None:
    (desk.folder / "secret.csv").write_text("a\n1\n", encoding="utf-8")
    with opened(desk.folder) as layer:
        layer.close_doors()
        with pytest.raises(Fault, match="query_fails"):
            layer.keep("kept", f"SELECT * FROM read_csv('{desk.folder}/secret.csv')")


def test_a_suite_of_the_playbook_is_asked_of_its_source(desk: Any) -> None:
    suite = "owner: A\nexpectations: {}\nsources:\n  suppliers:\n    - expect_column_values_to_be_in_set:"
    book = desk.folder / "playbook" / "expectations.yaml"
    desk.entry["suites"] = ["suppliers"]
    assert desk.failed() == {"suite.suppliers": "no_such_suite"}
    book.write_text(f"{suite} {{column: name, value_set: [Alder, Birch, Cedar]}}\n", encoding="utf-8")
    assert desk.failed() == {}
    book.write_text(f"{suite} {{column: name, value_set: [Alder, Birch]}}\n", encoding="utf-8")
    assert desk.failed() == {"suite.suppliers": "expectation_failed"}
    book.write_text("owner: A\nsources: {suppliers: [expect_nothing]}\n", encoding="utf-8")
    assert desk.failed() == {"suite.suppliers": "no_such_suite"}


def test_every_fault_of_an_entry_is_told_at_once(desk: Any) -> None:
    desk.entry["references"][0]["to"] = "supplier.id"
    desk.entry["suites"] = ["bills"]
    desk.point["facts"] = "orders"
    _, faults = fill(VirtualSystem, desk.entry)
    assert faults == [
        "references[1]: there is no source 'supplier'",
        "point_in_time: there is no source 'orders'",
        "suites: there is no source 'bills'",
    ]


@pytest.mark.parametrize(
    ("parts", "fault"),
    [
        ({"address": "ledger.xls"}, "should be a .sqlite, .sqlite3, .db, .csv, .csv.gz or .parquet file"),
        ({"address": "postgresql://u:secret@host/db"}, "should not hold a password"),
        ({"address": "postgresql://host/db?password=secret"}, "should not hold a password"),
        ({"address": "postgresql://host:port/db"}, "should be an address such as postgresql://"),
        ({"address": "postgresql://host"}, "should name a host and a database"),
        ({"table": None}, "table: is missing"),
        ({"updated_at": None}, "updated_at: is missing, and age_h_max needs it"),
        ({"key_env": "SECRET"}, "only PostgreSQL asks for them"),
    ],
)
def test_a_source_that_does_not_fit_together_is_refused(desk: Any, parts: dict[str, Any], fault: str) -> None:
    desk.invoices.update(parts)
    _, faults = fill(VirtualSystem, desk.entry)
    assert any(fault in line for line in faults)
    assert "secret" not in " ".join(faults)


def test_the_embedded_example_passes_through_the_harness_whatever_the_date() -> None:
    workspace = Workspace(Path(__file__).parents[3])
    policy = read_policy(workspace, ("integration",)).integration
    [system] = [one for one in policy.systems if one.pattern == "virtualization"]
    checks = smoke_test(workspace, policy, [system.name])
    assert {(check.status, check.reason) for check in checks} == {("pass", "")}
    assert sorted(check.id for check in checks) == sorted(planned(system))


def test_without_psycopg_only_the_postgres_source_is_skipped(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "pilotage.integration.virtualization.postgres", raising=False)
    monkeypatch.delattr("pilotage.integration.virtualization.postgres", raising=False)
    desk.invoices.update({"address": "postgresql://127.0.0.1/test"})
    rows = desk.probe()
    told = [(row["status"], row["reason"]) for id, row in rows.items() if id.startswith("reachable")]
    assert sorted(told) == [("pass", ""), ("pass", ""), ("skipped", "not_installed")]
    assert "pilotage[postgres]" in rows["reachable.invoices"]["evidence"]


def test_a_csv_row_of_another_length_far_down_is_a_broken_file(desk: Any) -> None:
    lines = "".join(f"{n},Name {n}\n" for n in range(30_000))
    desk.csv(f"id,name\n{lines}1,2,3\n")
    assert desk.failed()["reachable.suppliers"] == "broken_file"


@pytest.mark.parametrize(
    "text",
    [
        "id;name\n001;Alder, Birch\n002;1,5\n",
        "id\tname\n001\tAlder\n002\tBirch\n",
        "\ufeffid;name\n001;Alder\n002;Birch\n",
        'id,name\n001,"Al\nder, the ""old"""\n002,Birch\n\n',
        "id,name\r\n001,Alder\r\n\r\n002,Birch",
        "Suppliers of May\n\nid,name\n001,Alder\n002,Birch\n",
        "Suppliers of May\nid,name\n001,Alder\n002,Birch\n",
        "Suppliers\nof May\n \nid,name\n001,Alder\n002,Birch\n",
        '"Suppliers, May"\n\nid;name\n001;Alder\n002;Birch\n',
        "# Suppliers of May\nid,name\n001,Alder\n002,Birch\n",
        "\n\nid,name\n001,Alder\n\n002,Birch\n",
        "id,name,,\n001,Alder,,\n002,Birch,,\n",
        "id,name,note,note\n001,Alder,a,b\n002,Birch,a,b\n",
        "id;name;first, last\n001;Alder;x\n002;Birch;y\n",
        "id,name\n001,Alder\n" + "".join(f"a{n},b\n" for n in range(25_000)) + '002,"B, C"\n',
    ],
)
def test_a_csv_file_is_read_however_it_is_written(desk: Any, text: str) -> None:
    desk.csv(text)
    assert desk.failed() == {}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_rows_that_begin_with_a_sign_for_comments_are_rows(desk: Any, separator: str) -> None:
    rows = [("id", "name", "#"), *((f"#{n:03}", "Alder", "#5") for n in (1, 2, 3)), ("004", "Birch", "6")]
    desk.csv("".join(f"{separator.join(row)}\n" for row in rows))
    with opened(desk.folder) as layer:
        table = layer.add(Source(name="suppliers", address="suppliers.csv"), None, set())
        assert (table.rows, table.names) == (4, ("id", "name", "#"))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("note\nbuy milk; eggs\nb; c; d\n", "lines 1 to 2 have another number of values than line 3"),
        ("note\nbuy milk\nb; c; d\n", "lines 1 to 2"),
        ("note\nbuy milk; eggs\n\nb; c; d\n1;2;3\n", "lines 1 to 3"),
        ("\ufeffid\r\n1\r\n2\r\n3,4\r\n5,6\r\n", "lines 1 to 3"),
    ],
)
def test_rows_are_not_left_out_as_if_they_were_a_title(desk: Any, text: str, lines: str) -> None:
    source = Source(name="notes", address="notes.csv.gz")
    (desk.folder / "notes.csv.gz").write_bytes(gzip.compress(text.encode()))
    with opened(desk.folder) as layer, pytest.raises(Fault, match=lines) as told:
        layer.add(source, None, set())
    assert told.value.reason == "broken_file"


TORN = {
    "a short row": ("id,name,z\n001,Alder,q\n002,Birch\n003,Cedar,q\n", "line 3 has 2 values where line 1 has 3"),
    "no row as long as the first line": ("id,name\n001,Alder,q\n002,Birch,q\n", "line 2 has 3 values"),
    "two torn rows": ("id,name\n001,Alder\n002\n003,Cedar,q\n", "line 3 has 1 value where line 1 has 2"),
    "a short row between semicolons": ("id;name;z\n001;Alder;q\n002;Birch\n", "line 3 has 2 values"),
    "a name that stands there twice": ("id,id,name\n001,1,Alder\n", "several columns called 'id'"),
    "a remark below the rows": ("id,name\n001,Alder\n002,Birch\n# two rows\n", "line 4 has 1 value where line 1 has 2"),
}


@pytest.mark.parametrize("how", TORN)
def test_a_torn_csv_file_is_a_broken_one_and_not_a_table_of_other_columns(desk: Any, how: str) -> None:
    text, words = TORN[how]
    desk.csv(text)
    row = desk.probe()["reachable.suppliers"]
    assert row["reason"] == "broken_file"
    assert words in row["evidence"]
