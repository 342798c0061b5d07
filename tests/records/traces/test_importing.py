"""From files to a dataset that a run accepts: evaluations, refusals, replacing, hostile text, and anything at all."""

from __future__ import annotations

import json
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.errors import InputFaults, PilotageError
from pilotage.records.dataset import load_dataset
from pilotage.records.intake import intake
from pilotage.records.traces import import_otlp
from pilotage.records.traces.assemble import COLUMNS, Notes, assemble
from pilotage.records.traces.otlp import Unreadable, spans
from pilotage.records.traces.span import to_span
from pilotage.workspace import Workspace

AGENT = {"gen_ai.operation.name": "invoke_agent"}
JUDGED = "gen_ai.evaluation.result"


def judgement(metric="relevance", score=0.75):
    return JUDGED, {"gen_ai.evaluation.name": metric, "gen_ai.evaluation.score.value": score}


def test_the_dataset_is_taken_in_without_a_row_set_aside(importing, told_in, tmp_path):
    dataset = importing(told_in("GenAI"))
    workspace = Workspace(tmp_path)
    (tmp_path / "playbook").mkdir()
    assert load_dataset(workspace, "mine").tables["interactions"].constants == {"phase": "pilot"}
    facts = intake(workspace, "mine").checks["tables"]
    assert {name: (table["rows"], table["missing"], table["set_aside"]) for name, table in facts.items()} == {
        "interactions": (1, 0, 0),
        "model_calls": (4, 0, 0),
        "tool_calls": (2, 0, 0),
    }
    assert dataset.facts["runs"] == 1


def test_evaluations_of_every_run_become_labels_of_a_judge(importing, span):
    spans = [
        span("desk", "a", more=AGENT, events=[judgement(score=0.75)]),
        span("desk", "b", "", (5, 6), "u", more=AGENT),
        span(JUDGED, "e", "b", (7, 7), "u", scope="evaluator", more=judgement(score=1)[1]),
    ]
    rows = importing(spans).rows("labels")
    assert [(row["metric"], row["value"], row["source"], row["labeller"]) for row in rows] == [
        ("relevance", 0.75, "judge", "test"),
        ("relevance", 1.0, "judge", "evaluator"),
    ]
    assert {(row["stream"], row["inclusion_probability"]) for row in rows} == {("uniform", 1.0)}


def test_evaluations_in_logs_are_read_and_other_logs_told(importing, span, export, lines):
    run = span("desk", "a", more=AGENT)
    name, attributes = judgement()
    record = {
        "timeUnixNano": "1790000000000000000",
        "traceId": run["traceId"],
        "spanId": run["spanId"],
        "eventName": name,
        "attributes": [
            {"key": "gen_ai.evaluation.name", "value": {"stringValue": attributes["gen_ai.evaluation.name"]}},
            {"key": "gen_ai.evaluation.score.value", "value": {"doubleValue": 0.5}},
        ],
    }
    logs = {"resourceLogs": [{"scopeLogs": [{"scope": {"name": "judge"}, "logRecords": [record, {}]}]}]}
    dataset = importing(lines(logs, export([run]), {"resourceMetrics": []}))
    assert [(row["value"], row["labeller"]) for row in dataset.rows("labels")] == [(0.5, "judge")]
    assert "exports with logs or metrics: 2" in dataset.told


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([judgement()], "1 judgement of 1 of 2 runs"),
        ([judgement(), judgement(), judgement()], "3 judgements of 1 of 2 runs"),
        ([judgement(score="high"), judgement(score=True), judgement(metric=""), (JUDGED, {})], ""),
        ([judgement(score=float("nan"))], ""),
    ],
)
def test_incomplete_evaluations_are_left_out(importing, span, events, told):
    spans = [span("desk", "a", more=AGENT, events=events), span("desk", "b", "", (5, 6), "u", more=AGENT)]
    dataset = importing(spans)
    assert dataset.rows("labels") == []
    assert ("the evaluation 'relevance' was left out: " + told in dataset.told) == bool(told)


def test_where_nothing_is_recognised_it_is_said_what_was_seen(importing, span, tmp_path):
    with pytest.raises(PilotageError) as fault:
        importing([span("GET", "a", scope="http"), span("GET", "b", scope="http"), span("\x1b[31mred", "c")])
    assert "no run, model call or tool call was recognised" in str(fault.value)
    assert "3 spans of unknown kind: GET (http) 2 and ¤[31mred (test) 1" in str(fault.value)
    assert not (tmp_path / "data" / "mine").exists()


def test_files_that_are_not_there_are_all_named(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputFaults) as fault:
        import_otlp([tmp_path / "a", tmp_path / "folder", tmp_path / "b"], tmp_path / "data")
    assert [line.split("/")[-1] for line in fault.value.faults] == [
        "a: does not exist",
        "folder: is a folder; name its files",
        "b: does not exist",
    ]


def test_a_file_named_twice_is_read_once(tmp_path, lines, export, span):
    path = tmp_path / "t.jsonl"
    path.write_text(lines(export([span("desk", "a", more=AGENT)])))
    imported = import_otlp([path, tmp_path / "." / "t.jsonl"], tmp_path / "data")
    assert (imported.facts["spans"], imported.facts["files"]) == (1, 1)
    assert "was named twice and read once" in "\n".join(imported.told)


def test_a_folder_that_no_import_made_is_never_touched(importing, span, tmp_path):
    folder = tmp_path / "data" / "mine"
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("mine")
    for replace in (False, True):
        with pytest.raises(PilotageError, match="no import made"):
            importing([span("desk", "a", more=AGENT)], replace=replace)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_an_import_is_replaced_only_when_asked_and_other_files_stay(importing, span):
    one = [span("desk", "a", more=AGENT)]
    folder = importing([*one, span("find", "t", "a", more={"gen_ai.operation.name": "execute_tool"})]).folder
    with pytest.raises(PilotageError, match="was imported already"):
        importing(one)
    (folder / "labels.jsonl").write_text("{}")
    again = importing([*one, span("desk", "b", "", (5, 6), "u", more=AGENT)], replace=True)
    assert len(again.rows("interactions")) == 2
    names = {"dataset.yaml", "import.json", "interactions.parquet", "labels.jsonl"}
    assert {path.name for path in folder.iterdir()} == names


@pytest.mark.parametrize("change", ["edit", "remove"])
def test_an_import_that_was_edited_is_not_replaced(importing, span, change):
    one = [span("desk", "a", more=AGENT)]
    path = importing(one).folder / "dataset.yaml"
    path.unlink() if change == "remove" else path.write_text(
        path.read_text().replace("phase: pilot", "phase: baseline")
    )
    with pytest.raises(PilotageError, match=r"dataset\.yaml is gone or was edited"):
        importing(one, replace=True)


def test_a_damaged_record_of_the_import_protects_the_folder(importing, span):
    one = [span("desk", "a", more=AGENT)]
    folder = importing(one).folder
    for text in ("{", "[]", '{"written": {"../../victim": "0"}}', '{"written": []}'):
        (folder / "import.json").write_text(text)
        with pytest.raises(PilotageError, match="no import made"):
            importing(one, replace=True)


HOSTILE = [
    "'; DROP TABLE spans; --",
    "<script>alert(1)</script>",
    "\x00\ud800",
    "${jndi:x}",
    "{{7*7}}",
    "=cmd|' /C calc'!A0",
]


def test_hostile_text_is_kept_as_text(importing, span, tmp_path):
    spans = []
    for trace, text in enumerate(HOSTILE):
        given = {"gen_ai.agent.name": text, "gen_ai.conversation.id": text, "input.value": text, "output.value": text}
        tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": text}
        spans.append(span(text, "a", "", (trace, trace + 1), str(trace), text, more=AGENT | given))
        spans.append(span(text, "t", "a", (trace, trace + 1), str(trace), more=tool))
        spans.append(span(text, "x", "a", (trace, trace + 1), str(trace), text))
    dataset = importing(spans)
    stored = [text.replace("\x00", "\ufffd").replace("\ud800", "\ufffd") for text in HOSTILE]
    assert [row["input_text"] for row in dataset.rows("interactions")] == stored
    assert [row["tool"] for row in dataset.rows("tool_calls")] == stored
    (tmp_path / "playbook").mkdir()
    assert intake(Workspace(tmp_path), "mine").checks["tables"]["tool_calls"]["rows"] == len(HOSTILE)


@pytest.mark.parametrize("name", ["it's", "a: b", "yes", "# no", "ñ", '"'])
def test_any_name_of_a_dataset_can_be_read_back(importing, span, name, tmp_path):
    importing([span("desk", "a", more=AGENT)], name=name)
    assert load_dataset(Workspace(tmp_path), name).name == name


def test_the_same_files_make_the_same_dataset(importing, told_in, tmp_path):
    story = told_in("Logfire")
    first = importing(story).folder
    kept = shutil.copytree(first, tmp_path / "kept")
    again = importing(story, replace=True).folder
    for path in sorted(kept.iterdir()):
        assert (again / path.name).read_bytes() == path.read_bytes(), path.name


def test_dataset_yaml_names_the_files_and_what_to_check(importing, told_in):
    folder = importing(told_in("GenAI")).folder
    assert (folder / "dataset.yaml").read_text().splitlines() == [
        "# Made by `pilotage import --as otlp` from traces0.jsonl.",
        "# Check what is marked, then run `pilotage check`.",
        "name: mine",
        "synthetic: false",
        "tables:",
        "  interactions:",
        "    file: interactions.parquet",
        "    rows: 1          # one for each run of the agent; a run whose own span was not exported counts as missing",
        "    constants:",
        "      phase: pilot          # check: traces do not say it; baseline, pilot or production",
        "    # Whether a run did its task, was refused or handed over, no trace says: label runs to have that decided.",
        "  model_calls:",
        "    file: model_calls.parquet",
        "    rows: 4          # one for each call, failed ones included",
        "  tool_calls:",
        "    file: tool_calls.parquet",
        "    rows: 2          # one for each call",
    ]
    record = json.loads((folder / "import.json").read_text())
    assert [source["file"] for source in record["sources"]] == ["traces0.jsonl"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        *("gen_ai.operation.name", "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.tool.name", "events"),
        *("langfuse.observation.usage_details", "langfuse.observation.type", "mlflow.spanType", "input.value"),
        *("gen_ai.usage.input_tokens", "logfire.span_type", "logfire.pending_parent_id", "gen_ai.prompt.0.role"),
        *("llm.input_messages.0.message", "llm.input_messages.0.message.role", "gen_ai.agent.name", "error.type"),
        *("gen_ai.evaluation.name", "gen_ai.evaluation.score.value", "gen_ai.conversation.id", "traceloop.span.kind"),
    ]
)
WORDS = st.sampled_from(["chat", "invoke_agent", "execute_tool", '"TOOL"', "workflow", "generation", "pending_span"])
VALUES = JSON.map(lambda value: {"stringValue": json.dumps(value)}) | WORDS.map(lambda word: {"stringValue": word})
SPANS = st.fixed_dictionaries(
    {"traceId": st.just("a" * 32), "spanId": st.sampled_from(["1" * 16, "2" * 16, "3" * 16, "4" * 16])},
    optional={
        "parentSpanId": st.sampled_from(["1" * 16, "2" * 16, "3" * 16, "9" * 16]),
        "name": JSON,
        "startTimeUnixNano": st.integers(0, 20) | JSON,
        "endTimeUnixNano": st.integers(0, 20) | JSON,
        "status": JSON | st.just({"code": 2}),
        "attributes": st.lists(
            st.fixed_dictionaries({"key": KEYS, "value": VALUES | JSON | st.dictionaries(st.just("intValue"), JSON)}),
            max_size=5,
        ),
        "events": st.lists(st.fixed_dictionaries({"name": st.just(JUDGED), "attributes": st.just([])}), max_size=1)
        | JSON,
    },
)


@settings(max_examples=200, deadline=None)
@given(st.lists(SPANS, max_size=6))
def test_anything_is_read_or_refused_and_every_row_fits_its_table(drawn):
    try:
        raws = list(spans({"resourceSpans": [{"scopeSpans": [{"spans": drawn}]}]}))
    except Unreadable:
        return
    rows = assemble([to_span(raw, at) for at, raw in enumerate(raws)], Notes()).rows
    ids = [row[0] for row in rows["interactions"]]
    assert len(set(ids)) == len(ids)
    for table, names in COLUMNS.items():
        for row in rows[table]:
            assert len(row) == len(names)
            values = dict(zip(names, row, strict=True))
            assert values.get("interaction_id") in (*ids, None)
            assert values.get("status", "ok") in ("ok", "error", "timeout")
            assert all(value is None or value >= 0 for name, value in values.items() if name.endswith(("_s", "tokens")))
            assert all(type(value) in (str, int, float, type(None)) for value in row)
