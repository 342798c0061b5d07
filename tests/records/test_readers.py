"""Every format gives the same text cells, and every row knows its line."""

from __future__ import annotations

import csv
import datetime
import gzip
import io
import json

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pilotage.errors import PilotageError
from pilotage.records.dataset import TableSource
from pilotage.records.readers import header, read


def read_bytes(folder, name, data, **settings):
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read(path, TableSource(file=name, **settings))


def rows_of(raw):
    return raw.cells.to_pylist()


def test_ids_keep_their_zeros_and_empty_cells_are_null(tmp_path):
    raw = read_bytes(tmp_path, "a.csv", 'id,n\n007,\n"008",""\n')
    assert rows_of(raw) == [{"id": "007", "n": None}, {"id": "008", "n": None}]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(tmp_path, delimiter):
    text = "id,amount,note\n1,2.5,a b\n2,3.5,c d\n".replace(",", delimiter)
    assert rows_of(read_bytes(tmp_path, "a.csv", text))[1] == {"id": "2", "amount": "3.5", "note": "c d"}


def test_a_semicolon_file_with_decimal_commas_is_split_at_semicolons(tmp_path):
    assert rows_of(read_bytes(tmp_path, "a.csv", "id;x\n1;2,5\n2;3,5\n"))[0] == {"id": "1", "x": "2,5"}


def test_an_unusual_delimiter_can_be_declared(tmp_path):
    assert rows_of(read_bytes(tmp_path, "a.csv", "id^x\n1^2\n", delimiter="^")) == [{"id": "1", "x": "2"}]


def test_gzip_is_unpacked_and_a_torn_archive_is_refused(tmp_path):
    packed = gzip.compress(b"id,x\n1,2\n")
    assert rows_of(read_bytes(tmp_path, "a.csv.gz", packed)) == [{"id": "1", "x": "2"}]
    with pytest.raises(PilotageError, match="is not a whole gzip file"):
        read_bytes(tmp_path, "b.csv.gz", packed[:-10])


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.xlsx", "a.parquet", "a.csv.gz"])
def test_an_empty_file_is_refused(tmp_path, name):
    with pytest.raises(PilotageError, match="is empty"):
        read_bytes(tmp_path, name, b"")


def test_a_wrong_encoding_names_the_byte_the_line_and_what_to_declare(tmp_path):
    data = "id,name\n1,Anna\n2,Jérôme\n".encode("cp1252")
    with pytest.raises(PilotageError, match=r"is not UTF-8 text: byte 19 \(line 3\) is 0xe9") as caught:
        read_bytes(tmp_path, "a.csv", data)
    assert "declare `encoding: cp1252`" in str(caught.value)
    assert rows_of(read_bytes(tmp_path, "a.csv", data, encoding="cp1252"))[1]["name"] == "Jérôme"


def test_utf16_is_recognised_by_its_mark_and_read_when_declared(tmp_path):
    data = "id,name\n1,Zoë\n".encode("utf-16")
    with pytest.raises(PilotageError) as caught:
        read_bytes(tmp_path, "a.csv", data)
    assert "declare `encoding: utf-16`" in str(caught.value)
    assert rows_of(read_bytes(tmp_path, "a.csv", data, encoding="utf-16")) == [{"id": "1", "name": "Zoë"}]


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path):
    read_bytes(tmp_path, "a.csv", b"\xef\xbb\xbfid,x\n1,2\n")
    assert header(tmp_path / "a.csv", TableSource(file="a.csv")) == ["id", "x"]


def test_a_row_with_too_many_or_too_few_cells_is_set_aside_alone(tmp_path):
    raw = read_bytes(tmp_path, "a.csv", "id,x\n1,2\n\n3\n4,5,6\n7,8\n")
    assert [row["id"] for row in rows_of(raw)] == ["1", "7"]
    assert raw.lines.tolist() == [2, 6]
    assert [(item.line, item.reason) for item in raw.broken] == [
        (4, "has 1 cells where the header has 2"),
        (5, "has 3 cells where the header has 2"),
    ]


def test_a_quote_that_never_closes_names_its_line(tmp_path):
    with pytest.raises(PilotageError, match="the quote opened in line 3 is never closed"):
        read_bytes(tmp_path, "a.csv", 'id,x\n1,2\n2,"torn\n3,4\n')


def test_an_inch_mark_inside_a_cell_is_no_quote(tmp_path):
    raw = read_bytes(tmp_path, "a.csv", 'id,x\n1,5" pipe\n2,"a\nb"\n3,c\n')
    assert [row["x"] for row in rows_of(raw)] == ['5" pipe', "a\nb", "c"]
    assert raw.lines.tolist() == [2, 3, 5]


def test_a_text_of_a_megabyte_and_a_nul_are_read(tmp_path):
    long = "x" * 1_000_000
    raw = read_bytes(tmp_path, "a.csv", f"id,x\n1,{long}\n2,a\0b\n")
    assert [row["x"] for row in rows_of(raw)] == [long, "a\ufffdb"]


CELLS = st.text(st.sampled_from('ab,;"\n 0é'), max_size=6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6))
def test_whatever_a_csv_writer_wrote_comes_back_with_its_lines(tmp_path, rows):
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(("a", "b"))
    writer.writerows(rows)
    text = stream.getvalue()
    raw = read_bytes(tmp_path, "a.csv", text, delimiter=",")
    reader = csv.reader(io.StringIO(text, newline=""))
    starts = [1, *(reader.line_num + 1 for _ in reader)][1:-1]
    assert [tuple(value or "" for value in row.values()) for row in rows_of(raw)] == rows
    assert raw.lines.tolist() == starts


def test_a_malformed_json_line_in_the_middle_is_set_aside_alone(tmp_path):
    raw = read_bytes(
        tmp_path, "a.jsonl", '{"id": "1"}\n{"id": \n\n[1]\n{"id": "007", "new": {"k": [1, null]}, "ok": true}\n'
    )
    assert rows_of(raw) == [
        {"id": "1", "new": None, "ok": None},
        {"id": "007", "new": '{"k":[1,null]}', "ok": "true"},
    ]
    assert raw.lines.tolist() == [1, 5]
    assert [(item.line, item.reason.split(":")[0]) for item in raw.broken] == [
        (2, "is not JSON"),
        (4, "is not a JSON object"),
    ]


def test_lone_surrogates_and_nul_are_replaced_and_not_lost(tmp_path):
    text = '{"id": 1, "t": "a"}\n{"id": 2, "t": "\\ud800b", "n": 1.50}\n{"id": 3, "t": "c\\u0000"}\n'
    raw = read_bytes(tmp_path, "a.jsonl", text)
    assert [row["t"] for row in rows_of(raw)] == ["a", "\ufffdb", "c\ufffd"]
    assert raw.lines.tolist() == [1, 2, 3]


def test_every_format_gives_the_same_cells(tmp_path):
    rows = [("007", 2.5, True, datetime.datetime(2026, 3, 2, 10)), ("8", 3.0, False, datetime.datetime(2026, 3, 2, 11))]
    expected = [("007", 2.5, "true", "2026-03-02 10:00:00"), ("8", 3.0, "false", "2026-03-02 11:00:00")]
    names = ["id", "n", "ok", "at"]
    book = openpyxl.Workbook()
    book.create_sheet("second")
    for row in [names, *rows]:
        book["second"].append(row)
    book.save(tmp_path / "a.xlsx")
    pd.DataFrame(rows, columns=names).to_parquet(tmp_path / "a.parquet")
    lines = [json.dumps(dict(zip(names, (*row[:3], str(row[3])), strict=True))) for row in rows]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    for source in (
        TableSource(file="a.xlsx", sheet="second"),
        TableSource(file="a.parquet"),
        TableSource(file="a.jsonl"),
    ):
        found = rows_of(read(tmp_path / source.file, source))
        seen = [(row["id"], float(row["n"]), row["ok"], row["at"].replace("T", " ")[:19]) for row in found]
        assert seen == expected, source.file


def test_a_sheet_that_does_not_exist_names_the_nearest(tmp_path):
    openpyxl.Workbook().save(tmp_path / "a.xlsx")
    with pytest.raises(PilotageError, match="has no sheet 'Shet'; did you mean 'Sheet'"):
        read(tmp_path / "a.xlsx", TableSource(file="a.xlsx", sheet="Shet"))


@pytest.mark.parametrize(("name", "word"), [("a.xlsx", "Excel workbook"), ("a.parquet", "Parquet file")])
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path, name, word):
    with pytest.raises(PilotageError, match=f"is not an? {word}"):
        read_bytes(tmp_path, name, b"id,x\n1,2\n")


@pytest.mark.parametrize("text", ['[\n {"id":\n 1}\n]\n', "{}\n{}\n", '"id"\n'])
def test_json_that_is_not_one_object_a_line_says_what_to_do(tmp_path, text):
    with pytest.raises(PilotageError, match="has no line that is a JSON object"):
        read_bytes(tmp_path, "a.json", text)


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_line_ends_of_every_system_are_counted(tmp_path, end):
    raw = read_bytes(tmp_path, "a.csv", end.join(["id,x", "1,2", "", "3,4", ""]))
    assert [row["id"] for row in rows_of(raw)] == ["1", "3"]
    assert raw.lines.tolist() == [2, 4]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_header_is_read_from_the_beginning_of_a_large_file(tmp_path, encoding, packed):
    data = ("id;näme\r\n" + "1;Zoë, again\r\n" * 200_000 + "2;end\r\n").encode(encoding)
    name = "a.csv.gz" if packed else "a.csv"
    (tmp_path / name).write_bytes(gzip.compress(data, 1) if packed else data)
    declared = None if encoding == "utf-8-sig" else encoding
    source = TableSource(file=name, encoding=declared)
    assert header(tmp_path / name, source) == ["id", "näme"]
    assert read(tmp_path / name, source).cells.num_rows == 200_001


def test_of_a_large_file_only_the_beginning_is_read_for_its_header(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_bytes(b"id,x\n" + b"1,2\n" * 1_000_000)
    (tmp_path / "a.jsonl").write_bytes(b'{"id": 1, "x": 2}\n' * 200_000)
    from pilotage.records import encodings

    sizes = []
    whole = encodings._read_bytes
    monkeypatch.setattr(encodings, "_read_bytes", lambda path, head: sizes.append(head) or whole(path, head))
    for name in ("a.csv", "a.jsonl"):
        assert header(tmp_path / name, TableSource(file=name), frozenset({"id"})) == ["id", "x"]
    assert sizes == [1 << 20, 1 << 20]


def test_a_sign_torn_by_the_end_of_the_beginning_is_no_fault(tmp_path):
    for shift in range(4):
        (tmp_path / "a.csv").write_text("x" * shift + "\n" + "é€😀\n" * 120_000, encoding="utf-8")
        assert header(tmp_path / "a.csv", TableSource(file="a.csv"))


def test_a_wrong_byte_behind_the_beginning_is_found_when_all_is_read(tmp_path):
    data = b"id,x\n" + b"1,2\n" * 300_000 + b"1,\xe9\n"
    (tmp_path / "a.csv").write_bytes(data)
    assert header(tmp_path / "a.csv", TableSource(file="a.csv")) == ["id", "x"]
    with pytest.raises(PilotageError, match=r"is not UTF-8 text: byte 1200008 \(line 300002\) is 0xe9") as caught:
        read(tmp_path / "a.csv", TableSource(file="a.csv"))
    assert "declare `encoding: cp1252`" in str(caught.value)


def test_a_header_longer_than_the_beginning_is_read_to_its_end(tmp_path):
    names = [f"column {at} {'x' * 100}" for at in range(15_000)]
    (tmp_path / "a.csv").write_text(",".join(names) + "\n", encoding="utf-8")
    assert header(tmp_path / "a.csv", TableSource(file="a.csv")) == names


def test_a_key_that_json_lines_name_late_is_looked_for_to_the_end(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"id": 1}\n' * 200_000 + '{"id": 2, "error": "x"}\n')
    source = TableSource(file="a.jsonl")
    assert header(tmp_path / "a.jsonl", source) == ["id"]
    assert header(tmp_path / "a.jsonl", source, frozenset({"error"})) == ["id", "error"]


@pytest.mark.parametrize("tail", ["", "\r\n", "\r\n\r\n  \r\n\t\r\n"])
def test_a_file_as_windows_programs_leave_it_is_read(tmp_path, tail):
    text = f"\ufeff id , amount due \r\n007,1\r\n\r\n8,2\r\n{tail}"
    raw = read_bytes(tmp_path, "a.csv", text)
    assert rows_of(raw) == [{"id": "007", "amount due": "1"}, {"id": "8", "amount due": "2"}]
    assert (raw.lines.tolist(), raw.broken) == ([2, 4], ())


def test_a_workbook_with_blank_rows_and_spaces_in_its_header_is_read(tmp_path):
    book = openpyxl.Workbook()
    for row in [(" id ", "amount due "), ("007", 1), (None, None), ("8", 2), (None, ""), (None, None)]:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    raw = read(tmp_path / "a.xlsx", TableSource(file="a.xlsx"))
    assert rows_of(raw) == [{"id": "007", "amount due": "1"}, {"id": "8", "amount due": "2"}]
    assert raw.lines.tolist() == [2, 4]


def test_json_lines_with_a_mark_and_windows_line_ends_are_read(tmp_path):
    raw = read_bytes(tmp_path, "a.jsonl", '\ufeff{"id": "1"}\r\n\r\n{"id": "2"}\r\n \r\n')
    assert (rows_of(raw), raw.lines.tolist(), raw.broken) == ([{"id": "1"}, {"id": "2"}], [1, 3], ())
