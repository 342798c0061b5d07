"""Traces that three instrumentations really wrote of one small agent come out the same, to the token."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pilotage.records.traces import import_otlp

SHARED = Path(__file__).parents[3] / "shared" / "data" / "traces"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the real data in ../shared/data is not on this machine")
NAMES = ("otel_v2", "openinference", "langfuse")


@pytest.mark.parametrize("name", NAMES)
def test_a_real_file_has_one_run_four_calls_and_two_tool_calls(name: str, tmp_path: Path) -> None:
    facts = import_otlp([SHARED / name / "traces.jsonl"], tmp_path / name).facts
    counted = ("runs", "inner_runs", "model_calls", "failed", "input_tokens", "output_tokens", "tool_calls")
    assert [facts[key] for key in counted] == [1, 0, 4, 1, 171, 51, 2]


@pytest.mark.parametrize("name", NAMES)
def test_the_rows_of_a_real_file(name: str, tmp_path: Path) -> None:
    import_otlp([SHARED / name / "traces.jsonl"], tmp_path / name)
    run, calls, tools = (
        pq.read_table(tmp_path / name / f"{table}.parquet").to_pylist()
        for table in ("interactions", "model_calls", "tool_calls")
    )
    (key,) = [row["interaction_id"] for row in run]
    assert [(row["interaction_id"], row["turn"], row["status"]) for row in calls] == [
        (key, 1, "ok"),
        (key, 2, "ok"),
        (None, None, "ok"),
        (None, None, "error"),
    ]
    assert calls[3]["input_tokens"] is calls[3]["output_tokens"] is None
    told = [(row["interaction_id"], row["seq"], row["tool"], json.loads(row["arguments"])) for row in tools]
    assert told == [(key, 1, "get_order", {"order_id": 42}), (key, 2, "get_customer", {"customer_id": 7})]


def test_the_three_files_together_are_three_runs(tmp_path: Path) -> None:
    facts = import_otlp([SHARED / name / "traces.jsonl" for name in NAMES], tmp_path / "all").facts
    assert [facts[key] for key in ("runs", "model_calls", "failed", "input_tokens", "tool_calls")] == [3, 12, 3, 513, 6]
