"""`pilotage import`: what it says, where it writes, and what it says of formats it does not read."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from pilotage.cli.app import app

ATTRIBUTES = [{"key": "gen_ai.operation.name", "value": {"stringValue": "invoke_agent"}}]
SPAN = {"traceId": "a" * 32, "spanId": "b" * 16, "name": "desk", "startTimeUnixNano": "1790000000000000000"}
SPAN |= {"endTimeUnixNano": "1790000001000000000", "attributes": ATTRIBUTES}
EXPORT = {"resourceSpans": [{"scopeSpans": [{"spans": [SPAN]}]}]}


def invoke(*arguments: str):
    return CliRunner().invoke(app, ["import", *arguments], prog_name="pilotage")


@pytest.fixture
def traces(tiny, monkeypatch):
    monkeypatch.chdir(tiny.root)
    path = tiny.root / "traces.jsonl"
    path.write_text(json.dumps(EXPORT) + "\n")
    return path


@pytest.mark.parametrize("into", ["mine", "data/mine"])
def test_import_says_what_was_found_and_how_to_go_on(traces, tiny, into):
    said = invoke("traces.jsonl", "--as", "otlp", "--into", into)
    assert said.exit_code == 0
    assert said.output.splitlines() == [
        "read: 1 span in 1 trace from 1 file",
        "found: 1 agent run, 0 model calls (0 failed; tokens not recorded), 0 tool calls",
        "",
        "written: data/mine/dataset.yaml; read it and correct it, then:",
        "  pilotage check --dataset mine",
        "  pilotage run --dataset mine",
    ]
    assert (tiny.root / "data/mine/interactions.parquet").is_file()


def test_import_replaces_only_when_asked(traces):
    assert invoke("traces.jsonl", "--into", "mine").exit_code == 0
    again = invoke("traces.jsonl", "--into", "mine")
    assert (again.exit_code, again.stdout) == (2, "")
    assert "was imported already\n  add --replace" in again.stderr
    assert invoke("traces.jsonl", "--into", "mine", "--replace").exit_code == 0


def test_import_leaves_a_dataset_of_another_kind_alone(traces, tiny):
    before = (tiny.root / "data/tiny/dataset.yaml").read_bytes()
    said = invoke("traces.jsonl", "--into", "tiny", "--replace")
    assert said.exit_code == 2
    assert "there is something here that no import made" in said.stderr
    assert (tiny.root / "data/tiny/dataset.yaml").read_bytes() == before


def test_import_writes_nowhere_but_under_data(traces):
    said = invoke("traces.jsonl", "--into", "../elsewhere")
    assert said.exit_code == 2
    assert "write --into data/elsewhere" in said.stderr


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ("csv", "tables are mapped, not imported: `pilotage map FILE... --into data/NAME`"),
        ("Parquet", "tables are mapped, not imported"),
        ("langfuse", "export them as OTLP in JSON, and write --as otlp"),
        ("mlflow", "export them as OTLP in JSON"),
        ("otpl", "did you mean 'otlp'?"),
        ("zipkin", "OTLP in JSON is what OpenTelemetry exporters and collectors write"),
    ],
)
def test_another_format_is_refused_with_the_way_to_go(traces, given, advice):
    said = invoke("traces.jsonl", "--as", given, "--into", "mine")
    assert (said.exit_code, said.stdout) == (2, "")
    assert advice in said.stderr


def test_broken_lines_are_told_without_a_traceback(traces):
    traces.write_text("{oops\n[1]\n" + json.dumps(EXPORT) + "\n")
    said = invoke("traces.jsonl", "--into", "mine")
    assert (said.exit_code, said.stdout) == (2, "")
    assert "traces.jsonl, line 1: is not JSON" in said.stderr
    assert "traces.jsonl, line 2: is not an OTLP export" in said.stderr
    assert "nothing was written" in said.stderr
