"""SQL logs: fingerprints leave nothing of the literals, and the rule for tool calls holds for statements."""

from __future__ import annotations

import csv
import io
import json
import math
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.errors import PilotageError
from pilotage.integration.calls.calls_shown import sql_finding, sql_table
from pilotage.integration.calls.postgres_log import Entry, from_text, is_csv, statements
from pilotage.integration.calls.sql_log import sql_log_findings
from pilotage.integration.calls.sql_text import statement

VALUES = st.one_of(
    st.integers(0, 10**9).map(str),
    st.floats(0, 1e6, allow_nan=False).map(lambda x: f"{x:.4f}"),
    st.text(st.characters(exclude_characters="'\\", exclude_categories=["Cs"])).map(lambda text: f"'{text}'"),
    st.text(st.sampled_from("ab'")).map(lambda text: "'{}'".format(text.replace("'", "''"))),
)
FINGERPRINTS = {
    "SELECT * FROM a WHERE id = 5": "select * from a where id = ?",
    "select  *\nfrom a -- it's\n where /* 'x' /* y */ */ id=6;": "select * from a where id = ?",
    "select x from t1 where y in (1, 2,3)": "select x from t1 where y in (?)",
    "select x from t1 where y in ('a')": "select x from t1 where y in (?)",
    "select x from t1 where y in (select 1)": "select x from t1 where y in ( select ? )",
    "select \"My Col\" from t where n = 'it''s'": 'select "My Col" from t where n = ?',
    "select $$it's$$, $q$a$$b$q$, e'a\\'b', 1.5e3, -4": "select ? , ? , ? , ? , ?",
    "select a-1 from t where b = $1 and c = :name": "select a - ? from t where b = ? and c = ?",
    "select 'torn": "select ?",
}


@pytest.mark.parametrize("text", FINGERPRINTS)
def test_a_fingerprint_keeps_the_names_and_drops_values_comments_and_spacing(text):
    assert statement(text).fingerprint == FINGERPRINTS[text]


@settings(max_examples=60)
@given(st.lists(VALUES, min_size=3, max_size=3), st.lists(VALUES, min_size=3, max_size=3))
def test_statements_that_differ_in_values_alone_have_one_fingerprint(first, second):
    texts = ["select a from t where b = {} and c in ({}, {})".format(*values) for values in (first, second)]
    one, other = map(statement, texts)
    assert one.fingerprint == other.fingerprint == "select a from t where b = ? and c in (?)"
    assert [value for _, value in one.literals] == [first[0], ", ".join(first[1:])]


@settings(max_examples=60)
@given(st.text(st.sampled_from("ab1 '\"$/*-?:;(),.\\\n")))
def test_any_text_has_a_fingerprint_that_is_its_own_fingerprint(text):
    once = statement(text).fingerprint
    assert statement(once).fingerprint == once


def test_a_long_torn_statement_takes_time_in_line_with_its_length(linear):
    for piece in ("'", '"', "/*", "(1,", "$a$"):
        assert linear(lambda n, piece=piece: statement("select " + piece * n), 2_000, 20_000)


def write(path, entries):
    path.write_text("".join(json.dumps(one) + "\n" for one in entries))
    return path


def asked(i, text, **more):
    return {"statement": text, "duration_ms": 20, "at": f"2026-01-01T00:00:{i:02}Z", "request": "q", **more}


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("select * from o where id = {i}", ["n_plus_one"]),
        ("select * from o where id = {i} and day = '{i}'", []),
        ("select * from o where id = 4 limit 10 offset {i}", []),
        ("select * from o where id = 4", ["duplicate"]),
        ("select * from o where id = $1", ["n_plus_one"]),
        ("select * from o where id = $1 and day = $2", []),
        ("select * from o where id in ({i})", ["n_plus_one"]),
    ],
)
def test_the_rule_holds_for_statements(tmp_path, policy, text, kinds):
    entries = [asked(i, text.format(i=i)) for i in range(6)]
    found = sql_log_findings(write(tmp_path / "sql.log.jsonl", entries), policy)
    assert list(found.found["kind"]) == kinds
    assert (found.statements, found.requests, found.guessed) == (6, 1, False)
    assert ("would go" in sql_finding(found)) == (kinds == ["n_plus_one"])
    assert ("<table" in sql_table(found)) == bool(kinds)


def test_statements_of_other_requests_are_not_added_up(tmp_path, policy):
    entries = [asked(i, f"select {i}", request=f"q{i}") for i in range(6)]
    assert sql_log_findings(write(tmp_path / "x.jsonl", entries), policy).found.empty


def test_without_requests_a_pause_begins_another_one(tmp_path, policy):
    entries = [asked(0, f"select {i}", request=None, at=f"2026-01-01T00:00:{2 * i:02}.5Z") for i in range(6)]
    found = sql_log_findings(write(tmp_path / "x.jsonl", entries), policy)
    assert found.found.empty
    assert found.guessed
    assert found.requests == 6
    assert "names no requests" in sql_table(found)


def test_the_log_of_postgresql_is_read_with_statements_over_several_lines(tmp_path, policy):
    line = (
        "2026-01-01 10:00:00.{i}00 UTC [77] app@db LOG:  duration: 12.5 ms  {how}: select *\n\tfrom o where id = {i}\n"
    )
    hows = ["statement", "execute <unnamed>", "statement", "execute s1", "statement"]
    path = tmp_path / "postgresql.log"
    path.write_text("".join(line.format(i=i, how=how) for i, how in enumerate(hows)) + "2026-01-01 10:00:01 UTC [1] x")
    found = sql_log_findings(path, policy).found.iloc[0]
    assert (found["tool"], found["calls"]) == ("select * from o where id = ?", 5)
    assert found["total_s"] == pytest.approx(0.0625)


PREFIXES = {
    "%m [%p]": "{ms} UTC [77] ",
    "pgBadger's": "{s} UTC [77]: [3-1] user=a,db=b,app=c,client=d ",
    "RDS's": "{s} UTC:127.0.0.1(49576):a@b:[77]:",
    "the process first": "[77] {ms} UTC ",
    "in angle brackets": "<{ms} UTC [77]> ",
}
TEXT, AT = "select * from o where id = {i}", datetime(2026, 1, 1, 10)
HOWS = {  # what is logged of one statement, and whether when it begins
    "durations": [("duration: {ms} ms  statement: {text}", False)],
    "verbose durations": [("00000: duration: {ms} ms  statement: {text}", False)],
    "statements": [("statement: {text}", True)],
    "statements and durations": [("statement: {text}", True), ("duration: {ms} ms", False)],
    "each step of one with parameters": [
        ("duration: 0.1 ms  parse <unnamed>: {text}", True), ("duration: 0.1 ms  bind <unnamed>: {text}", True),
        ("execute <unnamed>: {text}", True), ("duration: {ms} ms", False),
    ],
}  # fmt: skip


def loop(how, took_s, between_s):
    """The entries of five queries of one session, one after the other: the time and the message of each."""
    at = AT
    for i in range(5):
        ended = at + timedelta(seconds=took_s)
        for message, begins in HOWS[how]:
            yield at if begins else ended, message.format(ms=took_s * 1000, text=TEXT.format(i=i))
        at = ended + timedelta(seconds=between_s)


def stamped(at):
    return {"s": f"{at:%Y-%m-%d %H:%M:%S}", "ms": at.isoformat(" ", "milliseconds")}


@pytest.mark.parametrize("took_s", [0.0125, 0.94, 2.3])
@pytest.mark.parametrize("between_s", [0.001, 0.99])
@pytest.mark.parametrize("prefix", PREFIXES)
def test_queries_in_a_loop_are_seen_whatever_stands_before_an_entry(tmp_path, policy, prefix, between_s, took_s):
    path = tmp_path / "postgresql.log"
    entries = loop("durations", took_s, between_s)
    path.write_text("".join(f"{PREFIXES[prefix].format(**stamped(at))}LOG:  {message}\n" for at, message in entries))
    found = sql_log_findings(path, policy)
    assert list(found.found["kind"]) == ["n_plus_one"]
    assert (found.statements, found.requests, found.unread) == (5, 1, 0)


# The code of a verbose entry stands in its message in the text alone; the other forms keep it apart.
@pytest.mark.parametrize(
    ("how", "form"),
    [(how, form) for how in HOWS for form in ("text", "csv", "json") if form == "text" or "verbose" not in how],
)
def test_every_form_of_postgresql_s_log_is_read(tmp_path, policy, how, form):
    entries = [(AT, "the database\nis ready"), *loop(how, 0.02, 0.01), (AT, "duration: 2 ms")]
    path = tmp_path / "postgresql.log"
    path.write_text("".join(FORMS[form](stamped(at)["ms"], message) for at, message in entries))
    found = sql_log_findings(path, policy)
    assert list(found.found["kind"]) == ["n_plus_one"]
    assert (found.statements, found.requests, found.unread) == (5, 1, 0)
    total_s = found.found["total_s"][0]
    assert total_s == pytest.approx(0.1) if how != "statements" else math.isnan(total_s)


def text_entry(at, message):
    return f"{at} UTC [77] LOG:  " + message.replace("\n", "\n\t") + "\n"


def csv_entry(at, message):
    file = io.StringIO()
    row = (f"{at} UTC", "a", "b", 77, "127.0.0.1:4", "6b03c8b6.738b", 1, "SELECT", f"{at} UTC", "3/4", 0, "LOG",
           "00000", message, *[None] * 9, "client backend", None, 0)  # fmt: skip
    csv.writer(file).writerow(row)
    return file.getvalue()


def json_entry(at, message):
    entry = {"timestamp": f"{at} UTC", "session_id": "6b", "error_severity": "LOG", "message": message}
    return json.dumps(entry, ensure_ascii=False) + "\n"


FORMS = {"text": text_entry, "csv": csv_entry, "json": json_entry}


def test_a_pause_of_a_session_begins_another_request_and_other_sessions_are_apart(tmp_path, policy):
    path = tmp_path / "postgresql.log"
    line = "2026-01-01 10:00:{at:02} UTC [{session}]: LOG:  duration: 20 ms  statement: " + TEXT + "\n"
    path.write_text("".join(line.format(at=3 * i, session=77, i=i) for i in range(6)))
    assert sql_log_findings(path, policy).found.empty
    path.write_text("".join(line.format(at=0, session=i, i=i) for i in range(6)))
    assert sql_log_findings(path, policy).found.empty


@pytest.mark.parametrize("content", ["", "\n\n", "hello\n", "{}\n[1]\n", '{"statement": 5}\n', "\0\xff"])
def test_a_log_without_statements_is_refused_in_words(tmp_path, policy, content):
    path = tmp_path / "x.log"
    path.write_text(content)
    with pytest.raises(PilotageError, match="holds no SQL statement"):
        sql_log_findings(path, policy)


@pytest.mark.parametrize("size", [200_000, 2_000])
@pytest.mark.parametrize("form", ["text", "csv", "json"])
def test_a_long_statement_may_stand_first(tmp_path, policy, form, size):
    first = (AT, f"duration: 2 ms  statement: select '{'x' * size}'")
    path = tmp_path / "postgresql.log"
    path.write_text("".join(FORMS[form](stamped(at)["ms"], told) for at, told in (first, *loop("durations", 0.02, 0))))
    found = sql_log_findings(path, policy)
    too_long = form == "csv" and size > 2**17  # for the reader of CSV, which then says so
    assert (found.statements, found.unread) == ((5, 1) if too_long else (6, 0))


def test_a_return_amid_the_first_line_of_a_log_is_no_error():
    row = csv_entry(stamped(AT)["ms"], "duration: 2 ms")
    assert is_csv(row)
    assert not is_csv("a\rb" + row)


@pytest.mark.parametrize("digits", ["9" * 30, "9" * 400, "1" + "0" * 12])
@pytest.mark.parametrize("form", ["text", "csv", "json"])
def test_a_duration_that_cannot_be_is_unknown_and_its_statement_counts(tmp_path, policy, form, digits):
    path, at = tmp_path / "postgresql.log", stamped(AT)["ms"]
    path.write_text(
        "".join(
            FORMS[form](at, told) for told in ("statement: select 1", f"duration: {digits} ms", "statement: select 2")
        )
        + FORMS[form](at, f"duration: {digits} ms  statement: select 3")
    )
    found = sql_log_findings(path, policy)
    assert (found.statements, found.requests, found.unread) == (3, 1, 0)


def test_a_statement_on_the_last_of_all_days_is_read(tmp_path, policy):
    entries = [asked(i, f"select {i}", at=f"9999-12-31T23:59:59.{i}", request=None, duration_ms=9e11) for i in range(6)]
    found = sql_log_findings(write(tmp_path / "x.jsonl", entries), policy)
    assert (found.statements, found.requests) == (6, 1)


@pytest.mark.parametrize("sign", ["\u2028", "\x85", "\x0c"])
@pytest.mark.parametrize("form", ["text", "csv", "json", "plain"])
def test_signs_that_end_a_line_elsewhere_end_none_in_a_log(tmp_path, policy, form, sign):
    path, text = tmp_path / "x.log", f"select '{sign}'"
    plain = json.dumps(asked(0, text), ensure_ascii=False) + "\r\n"
    one = FORMS[form](stamped(AT)["ms"], f"duration: 20 ms  statement: {text}") if form in FORMS else plain
    path.write_bytes(f"\ufeff\n{one * 5}".encode())
    found = sql_log_findings(path, policy)
    assert (found.statements, found.unread) == (5, 0)


def test_a_duration_of_many_digits_takes_time_in_line_with_them(linear):
    for message in ("duration: {}", "duration: 9.{}", "duration: {} ms statement", "duration: 0.{} ms"):
        told = message.format
        assert linear(lambda n, told=told: list(statements([Entry("", "", told("9" * n))])), 2_000, 20_000)


def test_a_statement_of_many_lines_takes_time_in_line_with_them(linear):
    first = text_entry(stamped(AT)["ms"], "statement: select").rstrip()
    assert linear(lambda n: list(from_text([first, *["\t" + "x" * 100] * n])), 10_000, 100_000)


def test_lines_that_are_no_statement_are_counted(tmp_path, policy):
    path = write(tmp_path / "x.jsonl", [asked(0, "select 1", at="once", duration_ms="long"), {"other": 1}])
    path.write_text(path.read_text() + "{torn\n")
    found = sql_log_findings(path, policy)
    assert (found.statements, found.unread) == (1, 2)
    with pytest.raises(PilotageError, match="cannot be read"):
        sql_log_findings(tmp_path / "absent", policy)
