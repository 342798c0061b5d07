"""A file of texts: one line for each, good lines decided whatever the bad ones are, and no text in what is written."""

from __future__ import annotations

import gzip
import json

import pytest

from pilotage.errors import PilotageError
from pilotage.guardrails import scan as module
from pilotage.guardrails.scan import scan
from pilotage.guardrails.text_file import BadLine, Row, read_rows


@pytest.fixture
def scanned(guard, tmp_path):
    """What is written of a file with this content, its faults, and the counts."""

    def go(content, name="texts.jsonl", side=None):
        path, lines, faults, progress = tmp_path / name, [], [], []
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        done = scan(guard, path, side, lines.append, faults.append, progress.append)
        return [json.loads(line) for batch in lines for line in batch.split("\n")], faults, done, progress

    return go


def test_each_text_is_one_line_of_exactly_four_fields(scanned):
    rows = [{"text": "an attack", "id": "a"}, {"text": "hello"}, {"text": "jane@example.com", "side": "output"}]
    lines, faults, done, _ = scanned("\n".join(map(json.dumps, rows)))
    assert [list(line) for line in lines] == [["id", "decision", "score", "findings"]] * 3
    assert [(line["id"], line["decision"], line["score"]) for line in lines] == [
        ("a", "block", 0.95),
        (2, "allow", 0.05),
        (3, "block", None),
    ]
    fields = ["side", "kind", "rule", "action", "start", "end", "score", "reason"]
    assert [list(found) for line in lines for found in line["findings"]] == [fields] * 2
    assert (faults, done.texts, done.bad_lines) == ([], 3, 0)


def test_nothing_that_is_written_repeats_a_text(scanned):
    rows = [{"text": "Pay DE89 3704 0044 0532 0130 00 to jane@example.com about Falcon", "side": "output"}]
    rows += [{"text": "Jane Roe of Falcon, jane@example.com"}, {"text": None}, {"tex": "jane@example.com"}]
    lines, faults, _, _ = scanned("\n".join(map(json.dumps, rows)) + "\n{jane@example.com")
    for said in ("jane", "Jane", "Falcon", "0532"):
        assert said not in json.dumps(lines)
        assert said not in " ".join(faults)


def test_a_text_of_no_side_is_an_input_unless_told_and_what_must_not_leave_is_listed(scanned):
    content = json.dumps({"text": "write to jane@example.com"})
    (unsaid,), (as_input,), (as_output,) = (scanned(content, side=side)[0] for side in (None, "input", "output"))
    assert (unsaid["decision"], [found["side"] for found in unsaid["findings"]]) == ("allow", ["output"])
    assert (as_input["decision"], as_input["findings"]) == ("allow", [])
    assert (as_output["decision"], as_output["score"]) == ("block", None)


def test_csv_names_its_columns_and_its_cells_may_hold_line_ends(scanned):
    content = '\ufeffside,id,text\n,a,"an\nattack"\noutput,,jane@example.com\n\n,c,\n'
    lines, faults, _, _ = scanned(content, "texts.csv")
    assert [(line["id"], line["decision"]) for line in lines] == [("a", "block"), (4, "block"), ("c", "allow")]
    assert faults == []


@pytest.mark.parametrize("sign", [";", "\t", "|"])
def test_csv_may_have_another_delimiter(scanned, sign):
    lines, _, _, _ = scanned(f"id{sign}text\n7{sign}an attack, really\n8{sign}x\n", "texts.csv")
    assert [(line["id"], line["decision"]) for line in lines] == [("7", "block"), ("8", "allow")]


def test_gzip_is_unpacked(scanned):
    lines, _, _, _ = scanned(gzip.compress(b'{"text": "an attack"}\n'), "texts.jsonl.gz")
    assert lines[0]["decision"] == "block"


def test_every_bad_line_is_named_and_the_others_are_decided(scanned):
    good = b'{"id": "good", "text": "hello"}'
    bad = {
        b"not json": "is not JSON: Expecting value (column 1)",
        b"[1, 2]": "is not a JSON object; write one object a line",
        b'{"words": "x"}': "has no text",
        b'{"text": "x", "side": "inside"}': "side: should be input or output (got 'inside')",
        b'{"text": "x", "id": 1.5}': "id: should be text or an integer of at most 1,000 characters",
        b'{"text": "x", "id": true}': "id: should be text or an integer of at most 1,000 characters",
        b'{"text": "caf\xe9"}': "is not UTF-8 text (byte 14)",
        b"[" * 100_000: "is JSON that is nested too deep, or has a number too long to be read",
        b'{"text": "x", "n": '
        + b"1" * 5_000
        + b"}": "is JSON that is nested too deep, or has a number too long to be read",
    }
    lines, faults, done, _ = scanned(b"\n".join([good, *bad, good]))
    assert [line["id"] for line in lines] == ["good", "good"]
    assert faults == [f"texts.jsonl: line {number}: {why}" for number, why in enumerate(bad.values(), 2)]
    assert (done.texts, done.bad_lines) == (2, len(bad))


def test_bad_rows_of_a_csv_are_named_by_the_line_they_begin_in(scanned):
    content = b'id,text\n1,x,too many\n2\n3,"a\nb"\n4,caf\xe9\n5,"a"b\n6,good\n7,"never closed\n'
    lines, faults, _, _ = scanned(content, "texts.csv")
    assert [line["id"] for line in lines] == ["3", "6"]
    assert [fault.split(": ", 1)[1] for fault in faults] == [
        "line 2: has 3 cells where the header has 2",
        "line 3: has 1 cells where the header has 2",
        "line 6: is not UTF-8 text",
        "line 7: is not CSV: ',' expected after '\"'",
        "line 9: opens a quote that is never closed",
    ]


def test_what_is_no_text_and_what_cannot_be_encoded_is_decided_too(scanned):
    content = '{"text": null}\n{"text": 7}\n{"text": ""}\n{"text": "\\ud800 an attack", "id": "\\udfff"}\n'
    lines, faults, _, _ = scanned(content)
    assert [line["decision"] for line in lines] == ["review", "review", "allow", "block"]
    assert lines[3]["id"] == "\udfff"
    assert faults == []


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("texts.xlsx", "x", "is neither CSV nor JSON lines"),
        ("texts.jsonl", "", "is empty"),
        ("texts.csv", "words\nx\n", "has no column text"),
        ("texts.csv", "text,text\nx,y\n", "has more than one column text"),
        ("texts.jsonl.gz", "not packed", "is not a whole gzip file"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(scanned, name, content, told):
    with pytest.raises(PilotageError, match=told):
        scanned(content, name)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(PilotageError, match="no such file"):
        list(read_rows(tmp_path / "absent.jsonl"))


def test_lines_are_written_in_batches_as_they_are_read(scanned, monkeypatch):
    monkeypatch.setattr(module, "TEXTS", 4)
    monkeypatch.setattr(module, "CHARACTERS", 100)
    rows = [*[{"text": "x"}] * 9, {"text": "y" * 200}, {"text": "z"}]
    lines, _, _, progress = scanned("\n".join(map(json.dumps, rows)))
    assert [line["id"] for line in lines] == list(range(1, 12))
    assert progress == [4, 8, 10, 11]


def test_rows_are_read_one_at_a_time(tmp_path):
    path = tmp_path / "texts.jsonl"
    path.write_text('{"text": "x"}\nbroken\n')
    rows = read_rows(path)
    assert next(rows) == Row(1, "x", None)
    assert isinstance(next(rows), BadLine)
