"""Rows that break the schema are set aside with file, line and reason; nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pilotage.records.dataset import TableSource
from pilotage.records.take_in import take_in

PHASE = {"phase": "pilot"}
ROME = "Europe/Rome"


def taken(folder: Path, table: str, text: str, zone: str | None = ROME, parents=None, **source):
    name = source.pop("name", f"{table}.csv")
    (folder / name).write_bytes(text.encode())
    fixed = source.pop("constants", PHASE)
    return take_in(table, TableSource(file=name, constants=fixed, **source), [folder / name], zone, parents or {})


def complaints(item) -> list[tuple[int, str]]:
    return [(row["line"], row["reason"]) for row in item.set_aside.to_pylist()]


RUN_FAULTS = [
    (
        "started_at",
        "2026-13-40",
        "started_at is not a time (ISO 8601; for another way declare time_format) (got '2026-13-40')",
    ),
    (
        "started_at",
        "yesterday",
        "started_at is not a time (ISO 8601; for another way declare time_format) (got 'yesterday')",
    ),
    ("started_at", "0001-01-01", "started_at is before 1970 or after 2199 (got '0001-01-01')"),
    (
        "started_at",
        "2026-01-01Z",
        "started_at is not a time (ISO 8601; for another way declare time_format) (got '2026-01-01Z')",
    ),
    ("latency_s", "-1", "latency_s is negative (got '-1')"),
    ("latency_s", "fast", "latency_s is not a number (got 'fast')"),
    ("latency_s", "1,5", "latency_s is not a number (got '1,5')"),
    ("latency_s", "0x1f", "latency_s is not a number (got '0x1f')"),
    ("latency_s", "NaN", "latency_s is not a finite number (got 'NaN')"),
    ("latency_s", "-inf", "latency_s is not a finite number (got '-inf')"),
    ("latency_s", "1e999", "latency_s is not a finite number (got '1e999')"),
    ("input_tokens", "2.5", "input_tokens is not a whole number (got '2.5')"),
    ("input_tokens", "-7", "input_tokens is negative (got '-7')"),
    ("input_tokens", "nan", "input_tokens is not a finite number (got 'nan')"),
    ("attempts", "0", "attempts is below 1 (got '0')"),
    ("confidence", "1.01", "confidence is above 1 (got '1.01')"),
    ("outcome", "answerd", "outcome is not one of answered, escalated, refused, error (got 'answerd')"),
    ("success", "maybe", "success is neither true nor false (got 'maybe')"),
]


@pytest.mark.parametrize(("column", "value", "reason"), RUN_FAULTS)
def test_a_bad_value_sets_its_row_aside_and_says_why(tmp_path, column, value, reason):
    item = taken(tmp_path, "interactions", f'interaction_id,{column}\nr1,\nr2,"{value}"\nr3,\n')
    assert complaints(item) == [(3, reason)]
    assert item.rows["interaction_id"].to_pylist() == ["r1", "r3"]
    assert item.set_aside["file"].to_pylist() == ["interactions.csv"]
    assert json.loads(item.set_aside["row"][0].as_py()) == {"interaction_id": "r2", column: value}
    assert item.missing == 1


def test_every_reason_of_a_row_is_given(tmp_path):
    item = taken(tmp_path, "interactions", "interaction_id,latency_s,success\nr1,-1,perhaps\n")
    assert complaints(item) == [
        (2, "latency_s is negative (got '-1'); success is neither true nor false (got 'perhaps')"),
    ]
    assert item.reasons == {"latency_s is negative": 1, "success is neither true nor false": 1}


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1.0), ("+1.5", 1.5), (".5", 0.5), ("2.", 2.0), ("1e3", 1000.0), (" 7 ", 7.0), ("", None)],
)
def test_numbers_are_read_as_people_write_them(tmp_path, text, value):
    item = taken(tmp_path, "interactions", f"interaction_id,latency_s\nr1,{text}\n")
    assert item.rows["latency_s"].to_pylist() == [value]


@pytest.mark.parametrize(
    ("text", "value"), [("1,5", 1.5), ("1.234,5", 1234.5), ("12", 12.0), ("1.234", 1234.0), (",5", 0.5)]
)
def test_with_a_decimal_comma_points_group_digits(tmp_path, text, value):
    item = taken(tmp_path, "interactions", f"interaction_id;latency_s\nr1;{text}\n", decimal=",")
    assert item.rows["latency_s"].to_pylist() == [value]


@pytest.mark.parametrize("text", ["0.5", "12.34", "1,2,3"])
def test_with_a_decimal_comma_a_point_that_groups_nothing_is_no_number(tmp_path, text):
    item = taken(tmp_path, "interactions", f"interaction_id;latency_s\nr1;{text}\n", decimal=",")
    assert complaints(item) == [(2, f"latency_s is not a number (got {text!r})")]


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("TRUE", True), ("Yes", True), ("0", False), ("no", False), ("1.0", True)]
)
def test_flags_are_read_as_people_write_them(tmp_path, text, value):
    item = taken(tmp_path, "interactions", f"interaction_id,success\nr1,{text}\n")
    assert item.rows["success"].to_pylist() == [value]


def test_whole_numbers_survive_a_detour_through_floats(tmp_path):
    item = taken(tmp_path, "interactions", "interaction_id,input_tokens\nr1,120.0\nr2,\n")
    assert item.rows["input_tokens"].to_pylist() == [120, None]


TIMES = [
    ("2026-03-02T10:00:00Z", "2026-03-02 10:00:00"),
    ("2026-03-02 10:00:00 UTC", "2026-03-02 10:00:00"),
    ("2026-03-02T10:00:00.123456+02:00", "2026-03-02 08:00:00.123456"),
    ("2026-03-02T10:00+0530", "2026-03-02 04:30:00"),
    ("2026-03-02 10:00", "2026-03-02 09:00:00"),
    ("2026-07-02 10:00", "2026-07-02 08:00:00"),
    ("2026-07-02", "2026-07-01 22:00:00"),
    ("2026-10-25 02:30", "2026-10-25 00:30:00"),  # clocks go back: twice; the first is summer time
    ("2026-03-29 02:30", "2026-03-29 01:00:00"),  # clocks go forward: never; the first instant after the gap
]


def test_mixed_zones_in_one_column_become_utc(tmp_path):
    lines = "\n".join(f"r{at},{text}" for at, (text, _) in enumerate(TIMES))
    item = taken(tmp_path, "interactions", f"interaction_id,started_at\n{lines}\n")
    assert not complaints(item)
    assert [str(value) for value in item.rows["started_at"].to_pylist()] == [utc for _, utc in TIMES]


def test_a_time_without_zone_is_set_aside_where_the_dataset_declares_none(tmp_path):
    text = "interaction_id,started_at\nr1,2026-03-02T10:00Z\nr2,2026-03-02T10:00\n"
    item = taken(tmp_path, "interactions", text, zone=None)
    assert complaints(item) == [
        (3, "started_at has no time zone and the dataset declares none (time_zone) (got '2026-03-02T10:00')"),
    ]


@pytest.mark.parametrize(
    ("form", "text", "utc"),
    [
        ("%d/%m/%Y %H:%M", "02/03/2026 10:00", "2026-03-02 09:00:00"),
        ("%Y-%m-%d %H:%M %z", "2026-03-02 10:00 -0100", "2026-03-02 11:00:00"),
        ("unix", "1772445600", "2026-03-02 10:00:00"),
        ("unix", "1772445600.25", "2026-03-02 10:00:00.250000"),
        ("unix ms", "1772445600250", "2026-03-02 10:00:00.250000"),
        ("unix ns", "1772445600250000999", "2026-03-02 10:00:00.250000"),
    ],
)
def test_other_ways_to_write_times_can_be_declared(tmp_path, form, text, utc):
    item = taken(tmp_path, "interactions", f"interaction_id,started_at\nr1,{text}\nr2,noon\n", time_format=form)
    assert [str(value) for value in item.rows["started_at"].to_pylist()] == [utc]
    assert complaints(item) == [(3, f"started_at is not a time written as {form} (got 'noon')")]


def test_a_case_closed_before_it_was_opened_is_set_aside(tmp_path):
    text = "case_id,opened_at,closed_at\nc1,2026-01-02,2026-01-03\nc2,2026-01-02,2026-01-01\nc3,2026-01-02,\n"
    assert complaints(taken(tmp_path, "cases", text)) == [(3, "closed_at is before opened_at")]


def test_negative_handling_time_is_set_aside(tmp_path):
    item = taken(tmp_path, "cases", "case_id,opened_at,handling_minutes\nc1,2026-01-02,-5\n")
    assert complaints(item) == [(2, "handling_minutes is negative (got '-5')")]


def test_a_required_value_that_is_empty_sets_its_row_aside(tmp_path):
    text = "case_id,activity,timestamp\nc1,,2026-01-01\n,post,2026-01-01\n"
    assert complaints(taken(tmp_path, "events", text)) == [(2, "activity is empty"), (3, "case_id is empty")]


def test_an_exact_repeat_is_dropped_and_another_row_of_the_same_id_is_set_aside(tmp_path):
    text = "interaction_id,success\nr1,1\nr2,0\nr1,yes\nr1,0\nr1,1\nr1,0\n"
    item = taken(tmp_path, "interactions", text)
    assert item.rows["interaction_id"].to_pylist() == ["r1", "r2"]
    assert item.exact_duplicates == 2
    assert complaints(item) == [
        (5, "interaction_id was there already (duplicate of line 2)"),
        (7, "interaction_id was there already (duplicate of line 2)"),
    ]
    assert item.missing == 2


def test_equal_events_are_two_events(tmp_path):
    row = "c1,call back,2026-01-01 10:00\n"
    item = taken(tmp_path, "events", f"case_id,activity,timestamp\n{row}{row}")
    assert (item.rows.num_rows, item.exact_duplicates, item.repeats) == (2, 0, 1)


CHILDREN = [
    ("tool_calls", "seq,tool,status", "1,look_up,ok"),
    ("feedback", "kind,at", "negative,2026-01-01"),
    (
        "labels",
        "metric,value,source,labeller,stream,inclusion_probability,labelled_at",
        "m,1,human,a,uniform,1,2026-01-01",
    ),
    (
        "reviews",
        "review_id,action_type,tier,reviewer,decision,seconds,stream,inclusion_probability,queued_at,decided_at",
        "v1,post,in the loop,a,approve,5,uniform,1,2026-01-01,2026-01-02",
    ),
    ("model_calls", "call_id,status", "k1,ok"),
]


@pytest.mark.parametrize(("table", "names", "row"), CHILDREN)
def test_a_row_without_its_interaction_is_set_aside(tmp_path, table, names, row):
    runs = taken(tmp_path, "interactions", "interaction_id\nr1\n")
    second = row.replace("v1", "v2").replace("k1", "k2")
    text = f"interaction_id,{names}\nr1,{row}\nr9,{second}\n"
    item = taken(tmp_path, table, text, parents={"interactions": runs}, constants={})
    assert complaints(item) == [(3, "interaction_id is not in interactions (got 'r9')")]
    assert item.rows["phase"].to_pylist() == ["pilot"]
    assert taken(tmp_path, table, text).rows.num_rows == 2  # without that table nothing can be said


def test_events_take_the_phase_of_their_case(tmp_path):
    cases = taken(tmp_path, "cases", "case_id,opened_at\nc1,2026-01-01\n")
    text = "case_id,activity,timestamp\nc1,open,2026-01-01\nc9,open,2026-01-01\n"
    item = taken(tmp_path, "events", text, parents={"cases": cases}, constants={})
    assert item.rows["phase"].to_pylist() == ["pilot", None]
    assert "phase" in item.columns


def test_json_lines_and_their_nan_go_the_same_way(tmp_path):
    text = '{"interaction_id": "r1", "latency_s": NaN}\n{"interaction_id": "r2", "latency_s": 1.5}\n{"interaction_id"\n'
    item = taken(tmp_path, "interactions", text, name="runs.jsonl")
    assert complaints(item)[0] == (1, "latency_s is not a finite number (got 'NaN')")
    assert complaints(item)[1][0] == 3
    assert (item.read, item.rows["latency_s"].to_pylist()) == (3, [1.5])


def test_a_model_call_of_no_run_is_kept(tmp_path):
    runs = taken(tmp_path, "interactions", "interaction_id\nr1\n")
    item = taken(tmp_path, "model_calls", "call_id,interaction_id,status\nk1,,ok\n", parents={"interactions": runs})
    assert item.rows.num_rows == 1


def test_values_are_translated_and_an_unknown_one_is_set_aside(tmp_path):
    way = {
        "outcome": {"from": "end", "map": {"0": "answered", "n/a": ""}},
        "latency_s": {"from": "ms", "times": "0.001"},
    }
    item = taken(tmp_path, "interactions", "interaction_id,end,ms\nr1,0,1500\nr2,n/a,\nr3,2,1\nr4,,2\n", values=way)
    assert complaints(item) == [(4, "outcome: the value of end is not in its map (got '2')")]
    assert item.rows["outcome"].to_pylist() == ["answered", None, None]
    assert item.rows["latency_s"].to_pylist() == [1.5, None, 0.002]


def test_texts_that_stand_for_an_empty_cell_can_be_named(tmp_path):
    item = taken(tmp_path, "interactions", "interaction_id,latency_s\nr1,NULL\n", empty=("NULL",))
    assert item.rows["latency_s"].to_pylist() == [None]


def test_hostile_and_long_texts_are_kept_as_they_are(tmp_path):
    texts = ["<script>alert(1)</script>", "=cmd()", "x" * 1_000_000, "  two blanks  "]
    lines = "".join(f"r{at},{text}\n" for at, text in enumerate(texts))
    item = taken(tmp_path, "interactions", f"interaction_id,input_text\n{lines}")
    assert item.rows["input_text"].to_pylist() == texts


def test_a_month_may_be_written_as_a_day_in_it(tmp_path):
    item = taken(tmp_path, "costs", "month,category,amount,kind\n2026-03-01,build,-5,actual\n2026-13,build,5,planned\n")
    assert item.rows["month"].to_pylist() == ["2026-03"]
    assert complaints(item) == [(3, "month is not a month (YYYY-MM) (got '2026-13')")]


def test_rows_of_several_files_name_their_file(tmp_path):
    (tmp_path / "a.csv").write_text("interaction_id,success\nr1,1\nr2,1\n")
    (tmp_path / "b.csv").write_text("success,interaction_id\n\n0,r2\n9,r4\n")
    source = TableSource(file="*.csv", constants=PHASE)
    item = take_in("interactions", source, [tmp_path / "a.csv", tmp_path / "b.csv"], ROME, {})
    assert [(row["file"], row["line"], row["reason"]) for row in item.set_aside.to_pylist()] == [
        ("b.csv", 3, "interaction_id was there already (duplicate of line 3 of a.csv)"),
        ("b.csv", 4, "success is neither true nor false (got '9')"),
    ]
    assert [rows for _, rows in item.sources] == [2, 2]


CELL = st.sampled_from(["1", "0", "", "x", "-1", "nan", "r1"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(CELL, min_size=2, max_size=4), max_size=12), declared=st.integers(0, 15))
def test_every_row_is_accepted_or_accounted_for(tmp_path, rows, declared):
    text = "interaction_id,success,latency_s\n" + "".join(",".join(row) + "\n" for row in rows if any(row))
    item = taken(tmp_path, "interactions", text, rows=declared, delimiter=",")
    assert item.read == sum(any(row) for row in rows)
    assert item.rows.num_rows + item.exact_duplicates + item.set_aside.num_rows == item.read
    assert item.missing == max(0, max(declared, item.read - item.exact_duplicates) - item.rows.num_rows)
    assert item.rows["interaction_id"].null_count == 0
