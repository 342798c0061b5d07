"""Setting rows aside costs no more than accepting them, in one large file and in thousands of small ones."""

from __future__ import annotations

import json
import time

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.records.set_aside import as_json

CELL = st.none() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.fixed_dictionaries({"a": CELL, 'b\'s "quote"': CELL, "": CELL}), min_size=1, max_size=4))
def test_what_a_row_held_can_be_read_back_from_its_json(rows):
    found = [json.loads(text) for text in as_json(pa.Table.from_pylist(rows, schema=schema(rows[0]))).to_pylist()]
    assert found == [{name: value for name, value in row.items() if value is not None} for row in rows]


def schema(row):
    return pa.schema([(name, pa.string()) for name in row])


def seconds(take, text):
    begin = time.perf_counter()
    item = take("interactions", text)
    return time.perf_counter() - begin, item.set_aside.num_rows


def test_faulty_rows_take_about_as_long_as_good_ones(take):
    head = "interaction_id,started_at,latency_s,success\n"
    good = head + "".join(f"r{at},2026-03-02T10:00:00Z,1.5,1\n" for at in range(60_000))
    seconds(take, good)
    fine, none = seconds(take, good)
    faulty, all_rows = seconds(take, good.replace(",1.5,1", ",-1,perhaps"))
    assert (none, all_rows) == (0, 60_000)
    assert faulty < 8 * fine + 0.5, (faulty, fine)


def test_a_thousand_small_files_of_faulty_rows_are_taken_in_within_seconds(take):
    rows = {f"runs{at:04}.csv": f"interaction_id,latency_s\nr{at},-1\ns{at},1\n" for at in range(1_000)}
    begin = time.perf_counter()
    item = take("interactions", rows)
    assert time.perf_counter() - begin < 10
    assert (item.rows.num_rows, item.set_aside.num_rows) == (1_000, 1_000)
    assert item.set_aside.slice(7, 1).to_pylist() == [
        {
            "file": "runs0007.csv",
            "line": 2,
            "reason": "latency_s is negative (got '-1')",
            "row": '{"interaction_id": "r7", "latency_s": "-1"}',
        }
    ]
    assert all(count == 2 for _, count in item.sources)
