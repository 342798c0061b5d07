"""XES logs come in like any other file: times in UTC, lifecycle kept; torn and hostile ones are refused in words."""

from __future__ import annotations

import gzip
import sys

import pytest

from pilotage.errors import PilotageError
from pilotage.records.dataset import TableSource
from pilotage.records.draft import draft_dataset
from pilotage.records.intake import intake
from pilotage.records.readers import header, read
from pilotage.records.sources import kind_of
from pilotage.records.store import open_tables
from pilotage.records.take_in import take_in
from pilotage.workspace import Workspace

LOG = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
<global scope="trace"><string key="concept:name" value="__INVALID__"/></global>
<trace><string key="concept:name" value="case &amp; 1"/><string key="channel" value="mail"/>
{first}
<event><string key="concept:name" value="pay"/><date key="time:timestamp" value="2026-01-01T09:30:00Z"/></event>
</trace>{more}</log>"""
FIRST = """<event><string key="concept:name" value="ask"/><string key="org:resource" value="ann"/>
<string key="lifecycle:transition" value="start"/><int key="n" value="3"/>
<date key="time:timestamp" value="2026-01-01T10:00:00.123+02:00"/></event>"""
UNNAMED = """<trace><event><string key="concept:name" value="ask"/>
<date key="time:timestamp" value="2026-01-02T10:00:00+01:00"/></event></trace>"""
WHOLE = LOG.format(first=FIRST, more="")
ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(10))
BOMB = f'<!DOCTYPE log [{ENTITIES}]><log><trace><string key="concept:name" value="&e9;"/></trace></log>'


def given(folder, text, name="log.xes"):
    data = text if isinstance(text, bytes) else text.encode()
    path = folder / name
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") and data[:2] != b"\x1f\x8b" else data)
    return path


def rows(path):
    return read(path, TableSource(file=path.name)).cells.to_pylist()


@pytest.mark.parametrize("name", ["log.xes", "log.xes.gz", "LOG.XES.GZ"])
def test_every_event_is_a_row_with_its_case_and_its_lifecycle(tmp_path, name):
    path = given(tmp_path, gzip.compress(WHOLE.encode()) if name.lower().endswith(".gz") else WHOLE, name)
    first, second = rows(path)
    assert first["case:concept:name"] == second["case:concept:name"] == "case & 1"
    assert (first["concept:name"], first["lifecycle:transition"], first["n"], first["case:channel"]) == (
        "ask", "start", "3", "mail",
    )  # fmt: skip
    assert second["org:resource"] is None
    assert header(path, TableSource(file=name))[:3] == ["case:concept:name", "concept:name", "time:timestamp"]


def test_times_keep_their_zone_and_their_milliseconds(tmp_path):
    path = given(tmp_path, WHOLE)
    columns = {"case_id": "case:concept:name", "activity": "concept:name", "timestamp": "time:timestamp"}
    source = TableSource(file="log.xes", columns=columns, constants={"phase": "baseline"})
    times = take_in("events", source, [path], "Asia/Tokyo", {}).rows.column("timestamp").to_pylist()
    assert [str(time)[:23] for time in times] == ["2026-01-01 08:00:00.123", "2026-01-01 09:30:00"]


def test_times_without_a_zone_get_the_datasets_and_a_mixture_is_refused(tmp_path):
    bare = WHOLE.replace("+02:00", "").replace("00Z", "00")
    assert [row["time:timestamp"][19:] for row in rows(given(tmp_path, bare))] == [".123000", ".000000"]
    with pytest.raises(PilotageError, match="some of its times say their time zone and some do not"):
        rows(given(tmp_path, WHOLE.replace("+02:00", "")))


def test_a_trace_without_a_name_has_no_case(tmp_path):
    assert rows(given(tmp_path, LOG.format(first=FIRST, more=UNNAMED)))[2]["case:concept:name"] is None


def test_the_usual_names_are_drafted_as_events(tmp_path):
    draft = draft_dataset([given(tmp_path, WHOLE)], tmp_path)
    for name in ("case:concept:name", "concept:name", "time:timestamp", "org:resource", "lifecycle:transition"):
        assert f": '{name}'" in draft.yaml_text
    assert "events: 2 of 2 rows accepted" in draft.preview


BAD = {
    "torn XML": (WHOLE[:-40], "is not whole XML"),
    "no XML": ("case_id,activity\n1,ask\n", "is not whole XML"),
    "another document": ("<html><p/></html>", r"begins with <html> and not with <log>"),
    "entities without end": (BOMB, "declares a document type"),
    "an outside entity": (
        '<!DOCTYPE log [<!ENTITY x SYSTEM "file:///etc/hostname">]><log>&x;</log>', "declares a document type"
    ),
    "no events": ("<log><trace/></log>", "has no event"),
    "nested without end": ("<log>" + "<trace>" * 100_000, "is not whole XML"),
    "empty": ("", "is empty"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_log_that_is_none_is_refused_in_words(tmp_path, name):
    text, said = BAD[name]
    with pytest.raises(PilotageError, match=said):
        rows(given(tmp_path, text))


def test_a_torn_archive_is_refused(tmp_path):
    with pytest.raises(PilotageError, match="is not a whole gzip file"):
        rows(given(tmp_path, gzip.compress(WHOLE.encode())[:-30], "log.xes.gz"))


def test_a_date_at_the_edge_of_a_chunk_is_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr("pilotage.records.read_xes._CHUNK", 37)
    assert rows(given(tmp_path, WHOLE))[0]["time:timestamp"].endswith("+00:00")
    with pytest.raises(PilotageError, match="some of its times"):
        rows(given(tmp_path, WHOLE.replace("+02:00", "")))


def test_without_its_package_the_advice_is_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "rustxes", None)
    with pytest.raises(PilotageError) as caught:
        rows(given(tmp_path, WHOLE))
    assert "pip install 'pilotage[xes]'" in str(caught.value)


def test_only_packed_text_is_of_a_known_kind():
    assert (kind_of("a.xes"), kind_of("a.XES.gz"), kind_of("a.parquet.gz")) == ("xes", "xes", None)


STEPS = [
    ("ask", "start", 0),
    ("ask", "complete", 30),
    ("pay", "START", 40),
    ("pay", "suspend", 45),
    ("pay", "COMPLETE", 59),
]


def steps_of(folder, **phases):
    """The steps of each phase's one case with rows (activity, lifecycle, minute), with the minutes of begin and end."""
    workspace = Workspace(folder)
    workspace.dataset("desk").mkdir(parents=True)
    lines = [
        f"{phase},{phase},{activity},{lifecycle},2026-01-01T10:{minute:02}:00Z"
        for phase, rows in phases.items()
        for activity, lifecycle, minute in rows
    ]
    header = "case_id,phase,activity,lifecycle,timestamp"
    (workspace.dataset("desk") / "log.csv").write_text("\n".join([header, *lines]))
    (workspace.dataset("desk") / "dataset.yaml").write_text("name: desk\ntables:\n  events: {file: log.csv}\n")
    intake(workspace, "desk")
    with open_tables(workspace, "desk", ("events",)) as connection:
        return connection.sql(
            "SELECT activity, minute(began_at), minute(timestamp) FROM events ORDER BY row_number"
        ).fetchall()


@pytest.mark.parametrize(
    ("rows", "steps"),
    [
        (STEPS, [("ask", 0, 30), ("pay", 40, 59)]),
        ([*STEPS, ("file", "", 59)], [("ask", 0, 30), ("pay", 40, 59), ("file", None, 59)]),
        ([*STEPS[1:], ("pay", "complete", 59)], [("ask", None, 30), ("pay", 40, 59), ("pay", None, 59)]),
        ([("ask", "start", 0), ("pay", "start", 5)], [("ask", None, 0), ("pay", None, 5)]),
        ([("ask", "complete", 0), ("pay", "complete", 5)], [("ask", None, 0), ("pay", None, 5)]),
        ([("ask", "", 0), ("pay", "", 5)], [("ask", None, 0), ("pay", None, 5)]),
    ],
    ids=["begins and ends", "some without", "ends without begin", "begins alone", "ends alone", "none"],
)
def test_a_step_that_is_logged_at_its_begin_and_its_end_is_one_step(tmp_path, rows, steps):
    assert steps_of(tmp_path, baseline=rows) == steps


def test_each_phase_has_its_own_way_of_logging(tmp_path):
    ends = [("ask", "END", 3), ("pay", "END", 9)]
    assert steps_of(tmp_path, baseline=ends, pilot=STEPS) == [
        ("ask", None, 3), ("pay", None, 9), ("ask", 0, 30), ("pay", 40, 59),
    ]  # fmt: skip
