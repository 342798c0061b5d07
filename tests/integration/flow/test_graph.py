"""The directly-follows graph is the one a plain loop finds, ties included."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.integration.flow.graph import edges
from pilotage.integration.flow.mined import mined
from pilotage.kpis import Tables

START = datetime(2026, 1, 1)
EVENTS = st.lists(
    st.tuples(st.sampled_from(["c1", "c2", "c3"]), st.sampled_from("abcd"), st.integers(0, 6)), max_size=40
).map(lambda rows: [(case, activity, START + timedelta(seconds=at)) for case, activity, at in rows])


def tables_of(events):
    columns = list(zip(*events, strict=True)) or [[], [], []]
    table = pa.table(
        {
            "case_id": pa.array(columns[0], pa.string()),
            "activity": pa.array(columns[1], pa.string()),
            "timestamp": pa.array(columns[2], pa.timestamp("us")),
            "phase": pa.array(["pilot"] * len(events), pa.string()),
            "row_number": pa.array(range(len(events)), pa.int64()),
        }
    )
    connection = duckdb.connect()
    connection.register("events", table)
    return Tables(connection, {})


def numbers(edges):
    """Every number of the edges by what it is of; waits in seconds, as near as floats are."""
    rows = (
        edges.items()
        if isinstance(edges, dict)
        else ((row[:2], row._asdict()) for row in edges.itertuples(index=False))
    )
    return {(*edge, name): told[name] for edge, told in rows for name in ("times", "p50_s", "p95_s", "mean_s")}


def of(expected):
    return pytest.approx(numbers(expected), abs=1e-6)


@settings(max_examples=40)
@given(EVENTS)
def test_the_edges_are_those_of_a_plain_loop_however_many_events_share_a_time(oracle, events):
    assert numbers(edges(tables_of(events))) == of(oracle(events))


def test_a_large_random_log_gives_the_same_edges_and_waits(oracle):
    draw = random.Random(4)
    events = [
        (f"case {draw.randrange(2500)}", draw.choice("abcdefgh"), START + timedelta(minutes=draw.randrange(400)))
        for _ in range(20_000)
    ]
    tables = tables_of(events)
    assert numbers(edges(tables, "pilot")) == of(oracle(events))
    assert numbers(mined(tables, "pilot").edges) == of(oracle(events))
    assert edges(tables, "baseline").empty


@settings(max_examples=15)
@given(EVENTS)
def test_steps_variants_rework_and_waits_agree_with_each_other(events):
    flow = mined(tables_of(events))
    assert flow.events == len(events)
    assert flow.steps == flow.events - flow.cases == flow.edges["times"].sum() == flow.waits["times"].sum()
    assert flow.activities["times"].sum() == len(events)
    assert flow.activities["starts"].sum() == flow.activities["ends"].sum() == flow.cases
    assert flow.variants["cases"].sum() == flow.cases
    assert flow.rework["repeats"].sum() == len(events) - flow.activities["cases"].sum()
    shares = flow.waits["share"].dropna()
    assert shares.empty or shares.sum() == pytest.approx(1)
