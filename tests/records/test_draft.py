"""`pilotage map`: a first dataset.yaml that loads again, whatever the files are called."""

from __future__ import annotations

import gzip
import re
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


GERMAN = "Vorgangsnummer;Eröffnet am;Erledigt am;Bearbeitungszeit (min);Fehler;Kosten (€);Abteilung"


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
@pytest.mark.parametrize("head", [GERMAN, GERMAN.replace("ö", "oe"), GERMAN.upper()])
def test_a_german_export_is_understood(tmp_path, head, encoding):
    rows = "V1;01.06.2026 08:00;02.06.2026 09:00;12,5;ja;10,00;Nord\nV2;13.06.2026 08:00;;15;nein;11,50;Süd\n"
    draft, _, table, source = one(tmp_path, "export.csv", f"{head}\n{rows}", encoding)
    theirs = head.split(";")
    assert (table, source.time_format, source.decimal) == ("cases", "%d.%m.%Y %H:%M", ",")
    assert source.columns == dict(
        zip(
            ["case_id", "opened_at", "closed_at", "handling_minutes", "cost", "segment"],
            theirs[:4] + theirs[5:],
            strict=True,
        )
    )
    assert source.values["error"].map == {"ja": "true", "nein": "false"}
    assert "cases: 2 of 2 rows accepted" in draft.preview


@pytest.mark.parametrize(
    ("head", "yes"),
    [
        ("N° dossier,Date d'ouverture,Date de clôture,Durée de traitement,Avec erreur", "oui"),
        ("Numero pratica,Data apertura,Data chiusura,Tempo di lavorazione,Errore", "sì"),
        ("Número de expediente,Fecha de apertura,Fecha de cierre,Tiempo de gestión,Con error", "sí"),
        ("Case ID,Opened,Closed,Handling time (min),Had error", "Yes"),
    ],
)
def test_usual_names_in_other_languages_are_understood(tmp_path, head, yes):
    draft, _, table, source = one(
        tmp_path, "export.csv", f"{head}\nA,01/06/2026,13/06/2026,5,{yes}\nB,13/06/2026,,6,no\n"
    )
    assert (table, source.time_format) == ("cases", "%d/%m/%Y")
    given = {**source.columns, **{name: way.source for name, way in source.values.items()}}
    assert {"case_id", "opened_at", "closed_at", "handling_minutes", "error"} <= set(given)
    assert "cases: 2 of 2 rows accepted" in draft.preview


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("01.06.2026 08:00", "%d.%m.%Y %H:%M"),
        ("01.06.2026, 08:00:01", "%d.%m.%Y, %H:%M:%S"),
        ("1.6.26", "%d.%m.%y"),
        ("01/06/2026", "%d/%m/%Y"),
        ("01-06-2026 08:00", "%d-%m-%Y %H:%M"),
        ("2026-06-01 08:00", None),
    ],
)
def test_days_are_recognised_however_they_are_written(tmp_path, text, form):
    _, _, _, source = one(tmp_path, "events.csv", f'case,activity,when\nc1,open,"{text}"\n')
    assert source.time_format == form


def test_a_date_is_read_by_all_of_its_column_and_not_by_the_first_rows(tmp_path):
    rows = "c1,open,01/02/2026\n" * 600 + "c1,open,01/13/2026\n"
    assert one(tmp_path, "events.csv", f"case,activity,when\n{rows}")[3].time_format == "%m/%d/%Y"


def test_times_written_in_two_ways_are_told(tmp_path):
    text = "Ticket,Opened,Closed\nA,01.06.2026,2026-06-02\nB,13.06.2026,2026-06-14\n"
    draft, *_ = one(tmp_path, "tickets.csv", text)
    assert "'Closed' of cases writes times in another way than time_format: write them alike" in draft.undecided


@pytest.mark.parametrize(("unit", "times"), [("h", 60), ("min", None), ("s", 1 / 60)])
def test_a_unit_in_the_name_is_turned_into_ours(tmp_path, unit, times):
    source = one(tmp_path, "tickets.csv", f"Ticket,Opened,Handling time ({unit})\nA,2026-06-01,5\n")[3]
    assert source.values["handling_minutes"].times == times if times else "handling_minutes" in source.columns


def test_a_required_column_without_a_name_is_looked_for_among_the_values(tmp_path):
    rows = "".join(f"T{day},{day:02}/06/2026,{day:02}/07/2026,yes\n" for day in range(5, 25))
    draft, _, table, source = one(tmp_path, "tickets.csv", f"Ticket,Da am,Weg am,Odd\n{rows}")
    assert (table, source.time_format) == ("cases", "%d/%m/%Y")
    found = "; looks like a time: 'Da am', 'Weg am'"
    assert f"cases.opened_at is required, and nothing in tickets.csv gives it{found}" in draft.undecided
    assert f"# opened_at is required, and nothing in the file seems to give it{found}" in draft.yaml_text
    assert f"cases has no closed_at: how long a case takes cannot be said{found}" in draft.undecided
    assert any(line.startswith("cases has no error: ") and line.endswith("'Odd'") for line in draft.undecided)
    assert "times of cases carry no zone and are taken as UTC: name their time_zone" in draft.undecided
    lines = draft.preview.splitlines()
    assert lines[0] == "cases: 20 rows read, none can be accepted before opened_at is mapped"
    assert lines[1].split() == ["case_id", "phase", "'Da", "am'", "'Weg", "am'"]
    assert len(lines) == 12


def test_rows_counted_in_the_file_are_not_what_the_source_counted(tmp_path):
    draft, *_ = one(tmp_path, "events.csv", "case_id,activity,timestamp\nc1,a,2026-01-01T00:00Z\n")
    assert "rows: 1   # counted in this file; put the number your source counted" in draft.yaml_text
    assert draft.undecided[0] == "whether the export is complete: `rows` was counted in the file itself"


def test_a_broken_line_is_named(tmp_path):
    good = '{"run_id": "a", "tool": "x", "seq": 0, "status": "ok"}\n'
    draft, _, _, source = one(tmp_path, "tool_calls.jsonl", good + '{"run_id"\n' + "[1]\n" * 4)
    assert "    # line 2 is not JSON: " in draft.yaml_text
    assert "    # 2 more lines are broken too" in draft.yaml_text
    assert "tool_calls.jsonl: line 3 is not a JSON object" in draft.undecided
    assert source.rows == 6


def test_a_file_without_a_known_column_says_what_would_be_needed(tmp_path):
    (tmp_path / "x.csv").write_text("Foo,Wann\na,01.06.2026\n")
    with pytest.raises(InputFaults, match=r"x\.csv: none of its columns is known here") as caught:
        draft_dataset([tmp_path / "x.csv"], tmp_path)
    assert caught.value.faults[:3] == [
        "it has: Foo, Wann", "looks like a time: 'Wann'", "cases would need case_id and opened_at",
    ]  # fmt: skip


PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR,;\n"


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [
        ("x.csv", PNG, "byte 0x00 at 9"),
        ("x.jsonl", PNG, "byte 0x00 at 9"),
        ("x.csv", gzip.compress(b"case_id,activity,timestamp\n", mtime=0), "byte 0x00 at "),
        ("x.csv.gz", gzip.compress(PNG, mtime=0), "byte 0x00 at 9"),
        ("x.csv", bytes(range(1, 256)) * 40, "byte 0x01 at 1"),
    ],
)
def test_a_file_that_is_no_text_says_so(tmp_path, name, data, what):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(PilotageError, match=re.escape(f"is not text ({what}")) as caught:
        draft_dataset([tmp_path / name], tmp_path)
    assert caught.value.where.endswith(name)


def test_utf_16_is_text(tmp_path):
    text = "case_id,activity,timestamp\nc1,prüfen,2026-01-01T00:00Z\n"
    assert one(tmp_path, "events.csv", text, "utf-16")[3].encoding == "utf-16"


def test_a_folder_names_its_files(tmp_path):
    with pytest.raises(PilotageError, match="is a folder") as caught:
        draft_dataset([tmp_path], tmp_path)
    assert caught.value.next.startswith("name files; it holds none of a known kind (.csv")
    for name in ("b.csv", "a.xlsx", "c.docx"):
        (tmp_path / name).write_text("")
    with pytest.raises(PilotageError) as caught:
        draft_dataset([tmp_path], tmp_path)
    assert caught.value.next == f"name its files: {tmp_path}/a.xlsx, {tmp_path}/b.csv"


def test_an_empty_file_says_what_to_do(tmp_path):
    (tmp_path / "x.csv").write_text("")
    with pytest.raises(PilotageError) as caught:
        draft_dataset([tmp_path / "x.csv"], tmp_path)
    assert caught.value.next.endswith("leave the table out of dataset.yaml if there is nothing to export")


def test_a_baseline_is_noticed(tmp_path):
    log = "case_id,activity,timestamp,phase\nc1,a,2026-01-01T00:00Z,"
    assert one(tmp_path, "events.csv", f"{log}baseline\n")[0].has_baseline
    assert not one(tmp_path, "events.csv", f"{log}pilot\n")[0].has_baseline


@pytest.mark.parametrize("name", ["case:phase", "case_phase", "Phase"])
def test_the_phase_of_a_case_is_taken_from_its_column(tmp_path, name):
    log = f"case:concept:name,concept:name,time:timestamp,{name}\nc1,a,2026-01-01T00:00Z,baseline\n"
    draft, _, table, source = one(tmp_path, "log.csv", f"{log}c2,a,2026-05-01T00:00Z,pilot\n")
    assert (table, source.columns["phase"], source.constants) == ("events", name, {})
    assert "not used" not in draft.yaml_text
    assert "phase" not in "\n".join(draft.undecided)


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
    monkeypatch.setattr("pilotage.records.draft_yaml._head", lambda folder, seen: ["name: [a", "tables:"])
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
        "resource": "org:resource", "lifecycle": "lifecycle:transition",
    }  # fmt: skip
