"""`pilotage map`: a first dataset.yaml that loads again, whatever the files are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from pilotage.errors import InputFaults, PilotageError
from pilotage.forms import parse_mapping
from pilotage.records.dataset import parse_dataset
from pilotage.records.draft import draft_dataset

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "data"


def drafted(folder: Path, *names: str):
    draft = draft_dataset([folder / name for name in names], folder)
    document, faults = parse_mapping(draft.yaml_text, typed=False)
    assert not faults
    return draft, parse_dataset(document, folder.name)


def one(tmp_path, name, text, encoding="utf-8"):
    (tmp_path / name).write_bytes(text.encode(encoding))
    draft, dataset = drafted(tmp_path, name)
    [(table, source)] = dataset.tables.items()
    return draft, dataset, table, source


def test_an_italian_ticket_export_is_understood(tmp_path):
    head = "Numero Ticket;Aperto;Chiuso;Costo;Reparto\n"
    text = f"{head}T1;02/03/2026 10:00;25/03/2026 11:00;12,50;Nord\nT2;03/03/2026 10:00;;9,00;Sud\n"
    draft, dataset, table, source = one(tmp_path, "ticket.csv", text)
    assert table == "cases"
    assert source.columns == {
        "case_id": "Numero Ticket", "segment": "Reparto", "opened_at": "Aperto", "closed_at": "Chiuso", "cost": "Costo",
    }  # fmt: skip
    assert (source.decimal, source.time_format, source.rows) == (",", "%d/%m/%Y %H:%M", 2)
    assert dataset.time_zone == "UTC"
    assert "times of cases carry no zone and are taken as UTC: name their time_zone" in draft.undecided
    assert "cases has no handling_minutes: " in "\n".join(draft.undecided)
    assert "cases: 2 of 2 rows accepted" in draft.preview


def test_values_are_translated_where_their_meaning_is_known(tmp_path):
    text = "run_id,status,latency_ms,prompt_tokens\na,success,1200,5\nb,handed_over,900,NULL\nc,purple,10,7\n"
    draft, _, table, source = one(tmp_path, "runs.csv", text)
    assert table == "interactions"
    assert source.values["outcome"].map == {"success": "answered", "handed_over": "escalated"}
    assert (source.values["latency_s"].source, source.values["latency_s"].times) == ("latency_ms", 0.001)
    assert source.columns == {"interaction_id": "run_id", "input_tokens": "prompt_tokens"}
    assert source.empty == ("NULL",)
    assert "interactions.outcome: no meaning is known for 'purple'; rows with it are set aside" in draft.undecided
    assert "interactions: 2 of 3 rows accepted, 1 set aside" in draft.preview
    assert "set aside: outcome: the value of status is not in its map (1)" in draft.preview


def test_a_day_that_could_be_a_month_is_left_to_a_person(tmp_path):
    draft, *_ = one(tmp_path, "events.csv", "case,activity,date\nc1,open,02/03/2026\nc1,close,04/03/2026\n")
    assert "events.timestamp: day and month could also be the other way round" in draft.undecided


def test_unix_times_and_names_of_telemetry_are_understood(tmp_path):
    call = '{"traceId": "t1", "span_id": "s1", "startTimeUnixNano": "1772445600250000000"'
    text = f'{call}, "gen_ai.request.model": "m", "status": "OK"}}\n'
    _, _, table, source = one(tmp_path, "spans.jsonl", text)
    assert table == "model_calls"
    assert source.columns["started_at"] == "startTimeUnixNano"
    assert source.columns["model"] == "gen_ai.request.model"
    assert source.time_format == "unix ns"
    assert source.values["status"].map == {"OK": "ok"}


def test_an_old_encoding_is_declared(tmp_path):
    _, _, _, source = one(tmp_path, "events.csv", "case_id,activity,timestamp\nc1,prüfen,2026-01-01T00:00Z\n", "cp1252")
    assert source.encoding == "cp1252"


def test_what_is_required_and_not_there_is_said_and_not_invented(tmp_path):
    draft, _, table, source = one(tmp_path, "tool_calls.csv", "run_id,tool\nr1,search\n")
    assert (table, set(source.columns)) == ("tool_calls", {"interaction_id"})
    assert "tool_calls.seq is required, and nothing in tool_calls.csv gives it" in draft.undecided
    assert "# seq is required, and nothing in the file seems to give it" in draft.yaml_text


def test_names_that_yaml_could_misread_are_quoted(tmp_path):
    _, dataset, _, source = one(
        tmp_path, "events.csv", "case:concept:name,no,#x,time:timestamp\nc,a,b,2026-01-01T00:00Z\n"
    )
    assert source.columns["case_id"] == "case:concept:name"
    assert dataset.name == tmp_path.name


@pytest.mark.parametrize("sign", ["\x07", "\x1b[2J", "\u200b", "\ufffe", "\u2028", "\x85"])
def test_a_name_that_cannot_be_printed_stays_out_of_the_comments(tmp_path, sign):
    head = f'case_id,activity,timestamp,"odd{sign}name"'
    draft, _, table, _ = one(tmp_path, "events.csv", f"{head}\nc1,a,2026-01-01T00:00Z,{sign}\n")
    assert table == "events"
    assert sign not in draft.yaml_text
    assert "# not used: odd" in draft.yaml_text


def test_a_draft_that_cannot_be_read_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("pilotage.records.draft._head", lambda folder, seen: ["name: [a", "tables:"])
    (tmp_path / "events.csv").write_text("case_id,activity,timestamp\nc1,a,2026-01-01T00:00Z\n")
    with pytest.raises(InputFaults, match=r"line \d+, column \d+: "):
        draft_dataset([tmp_path / "events.csv"], tmp_path)


def test_nothing_is_written_and_the_draft_is_the_same_again(tmp_path):
    first, *_ = one(tmp_path, "events.csv", "case_id,activity,timestamp\nc1,a,2026-01-01T00:00Z\n")
    assert drafted(tmp_path, "events.csv")[0] == first
    assert [path.name for path in tmp_path.iterdir()] == ["events.csv"]


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        (["none.csv"], "does not exist"),
        (["a.docx"], "is of no known kind"),
        (["a.csv", "b.csv"], "both seem to be events"),
    ],
)
def test_files_that_cannot_be_drafted_are_refused(tmp_path, names, fault):
    for name in ("a.docx", "a.csv", "b.csv"):
        (tmp_path / name).write_text("case_id,activity,timestamp\nc1,a,2026-01-01\n")
    with pytest.raises(PilotageError, match=fault):
        draft_dataset([tmp_path / name for name in names], tmp_path)


def test_the_sample_is_recognised_table_by_table():
    folder = ROOT / "data" / "sample"
    draft, dataset = drafted(folder, *(path.name for path in sorted(folder.glob("*.csv"))))
    assert {source.file: table for table, source in dataset.tables.items()} == {
        f"{table}.csv": table for table in dataset.tables
    }
    assert len(dataset.tables) == 11
    assert "set aside" not in draft.preview


@pytest.mark.skipif(not REAL.is_dir(), reason="the real data beside the repository is not here")
def test_real_logs_are_recognised():
    files = ["airline/runs.csv", "airline/tool_calls.jsonl", "helpdesk/events.csv.gz"]
    draft, dataset = drafted(REAL, *files)
    assert {source.file: table for table, source in dataset.tables.items()} == dict(
        zip(files, ["interactions", "tool_calls", "events"], strict=True)
    )
    assert dataset.tables["interactions"].values["outcome"].map == {"0": "answered", "1": "escalated"}
    assert dataset.tables["tool_calls"].values["status"].map == {"0": "ok", "1": "error"}
    assert "set aside" not in draft.preview
    permit = drafted(REAL, "process/receipt_permit.csv.gz")[1].tables["events"]
    assert permit.columns == {
        "case_id": "case:concept:name", "activity": "concept:name", "timestamp": "time:timestamp",
        "resource": "org:resource",
    }  # fmt: skip
