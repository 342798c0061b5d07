from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.integration.virtualization.layer import opened
from pilotage.integration.virtualization.point_in_time import TRUTH, Tally, truth
from pilotage.playbook.sources import PointInTime, Source

CHECK = "point_in_time.invoices.ratings.rating"
ASOF = (
    "SELECT number, rating AS value FROM invoices i ASOF LEFT JOIN ratings r"
    " ON i.supplier = r.supplier AND i.asked_at::TIMESTAMPTZ {sign} r.known_at {shift}"
)
LATEST = "SELECT number, last.value FROM invoices JOIN (SELECT supplier, arg_{which}(rating, known_at) AS value"
JOINED = " FROM ratings GROUP BY ALL) last USING (supplier)"
QUERIES = {
    "as it was known": (ASOF.format(sign=">=", shift=""), ""),
    "the latest rating whatever the time": (LATEST.format(which="max") + JOINED, "look_ahead"),
    "a rating of the month to come": (ASOF.format(sign=">=", shift="- INTERVAL 40 DAY"), "look_ahead"),
    "the first rating for ever": (LATEST.format(which="min") + JOINED, "point_in_time_wrong"),
    "something nobody ever said": ("SELECT number, 'Z' AS value FROM invoices", "point_in_time_wrong"),
    "a fact left out": (ASOF.format(sign=">=", shift="") + " WHERE number <> 'I3'", "point_in_time_wrong"),
    "a row for each rating": ("SELECT number, 'A' AS value FROM invoices, ratings", "point_in_time_wrong"),
    "two statements": ("SELECT 1; SELECT 2", "query_fails"),
    "a statement that writes": ("DROP TABLE invoices", "query_fails"),
    "a statement that writes a file": ("COPY invoices TO 'kept.csv'", "query_fails"),
    "no column of values": ("SELECT number, rating FROM invoices, ratings", "query_fails"),
    "no such column": ("SELECT nobody AS value, number FROM invoices", "query_fails"),
}


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_is_held_to_what_was_known_at_the_time(desk: Any, query: str) -> None:
    desk.point["query"], code = QUERIES[query]
    assert desk.failed() == ({CHECK: code} if code else {})


def test_the_evidence_names_a_fact_what_was_known_and_what_the_query_says(desk: Any) -> None:
    desk.point["query"] = LATEST.format(which="max") + JOINED
    evidence = desk.probe()[CHECK]["evidence"]
    assert evidence == (
        "a later value for 2 of 3 facts; number I1 at 2026-02-01 00:00 UTC: A was known, the query says B"
    )


def test_where_nothing_was_known_yet_a_query_may_say_nothing_and_must_not_say_what_came_later(desk: Any) -> None:
    desk.ratings([("001", 0, "A"), ("002", 130, "C")])
    desk.point["query"] = ASOF.format(sign=">=", shift="")
    assert desk.failed() == {}
    desk.point["query"] = LATEST.format(which="max") + JOINED
    assert desk.failed() == {CHECK: "look_ahead"}


def test_a_value_known_at_the_very_moment_counts_also_across_time_zones(desk: Any) -> None:
    at_ten_utc = 59 + 10 / 24  # the second invoice asks on the first of March at noon, two hours ahead of UTC
    desk.ratings([("001", 0, "A"), ("001", at_ten_utc, "B"), ("002", 0, "A")])
    desk.point["query"] = ASOF.format(sign=">=", shift="")
    assert desk.failed() == {}
    desk.point["query"] = ASOF.format(sign=">", shift="")
    assert desk.failed() == {CHECK: "point_in_time_wrong"}


POINT = PointInTime(facts="facts", at="at", entity="who", values="known", known_at="since", value="what")
TIMES = st.integers(0, 6)
FACTS = st.lists(st.tuples(st.sampled_from("ab"), st.none() | TIMES), min_size=1, max_size=8)
KNOWN = st.lists(st.tuples(st.sampled_from("abc"), TIMES, st.none() | st.sampled_from("XY")), max_size=8)


@settings(max_examples=25, deadline=None)
@given(facts=FACTS, known=KNOWN)
def test_the_truth_is_what_looking_through_all_values_finds(
    facts: list[tuple[str, int | None]], known: list[tuple[str, int, str | None]]
) -> None:
    expected = []
    for who, at in facts:
        then = [(since, what) for one, since, what in known if one == who and at is not None and since <= at]
        values = {what for since, what in then if since == max(then, key=lambda row: row[0])[0]}
        tied = len(values) > 1
        expected.append((bool(values), tied, None if tied or not values else values.pop()))
    with TemporaryDirectory() as folder, opened(Path(folder)) as layer:
        _write(Path(folder), facts, known)
        for name, address in (("facts", "facts.sqlite"), ("known", "known.parquet")):
            table = "facts" if name == "facts" else None
            layer.add(Source(name=name, address=address, table=table, key=("n",) if table else ()), None, set())
        tally = truth(layer, POINT)
        found = layer.ask(f'SELECT known, tied, CASE WHEN NOT tied THEN value END FROM {TRUTH} ORDER BY "key 0"')
    assert found == expected
    assert tally == Tally(len(facts), sum(not one[0] for one in expected), sum(one[1] for one in expected))


def _write(folder: Path, facts: list[tuple[str, int | None]], known: list[tuple[str, int, str | None]]) -> None:
    with closing(sqlite3.connect(folder / "facts.sqlite")) as ledger, ledger:
        ledger.execute("CREATE TABLE facts (n INTEGER, who TEXT, at TEXT)")
        rows = [(n, who, None if at is None else f"2026-01-01T0{at}:00:00") for n, (who, at) in enumerate(facts)]
        ledger.executemany("INSERT INTO facts VALUES (?, ?, ?)", rows)
    hours = pa.array([1_767_225_600 + since * 3600 for _, since, _ in known], pa.int64())
    columns = {
        "who": pa.array([who for who, _, _ in known], pa.string()),
        "since": hours.cast(pa.timestamp("s")),
        "what": pa.array([what for _, _, what in known], pa.string()),
    }
    pq.write_table(pa.table(columns), folder / "known.parquet")
