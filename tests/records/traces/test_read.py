"""Files of exports in every form; a broken line is named, a torn last one only remarked."""

from __future__ import annotations

import gzip
import json
import re

import pytest

from pilotage.errors import InputFaults
from pilotage.records.traces.read import Trouble, exports

ONE, TWO = {"resourceSpans": []}, {"resourceSpans": [{"scopeSpans": []}]}


def read(tmp_path, content: bytes | str):
    path = tmp_path / "t.jsonl"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    trouble = Trouble()
    return list(exports(path, trouble)), trouble


LINES = f"{json.dumps(ONE)}\n{json.dumps(TWO)}\n"


@pytest.mark.parametrize(
    "content",
    [
        LINES,
        LINES.rstrip("\n"),
        LINES.replace("\n", "\r\n"),
        "\n" + LINES.replace("\n", "\n\n"),
        "\ufeff" + LINES,
        json.dumps([ONE, TWO]),
        json.dumps([ONE, TWO], indent=2),
        gzip.compress(LINES.encode(), mtime=0),
        gzip.compress(json.dumps([ONE, TWO], indent=2).encode(), mtime=0),
    ],
)
def test_lines_documents_and_arrays_are_read(tmp_path, content):
    found, trouble = read(tmp_path, content)
    assert [export for _, export in found] == [ONE, TWO]
    assert not trouble.faults
    assert not trouble.remarks


@pytest.mark.parametrize("content", [json.dumps(ONE), json.dumps(ONE, indent=2), json.dumps(ONE) + "\n"])
def test_a_single_export_is_read(tmp_path, content):
    assert [export for _, export in read(tmp_path, content)[0]] == [ONE]


def test_every_broken_line_is_named_with_its_number(tmp_path):
    found, trouble = read(tmp_path, f"{json.dumps(ONE)}\n{{oops\n{json.dumps(TWO)}\n\n\xff\n".encode("latin-1"))
    assert [line for line, _ in found] == [1, 3]
    assert [fault.split("t.jsonl, ")[1][:19] for fault in trouble.faults] == [
        "line 2: is not JSON",
        "line 5: is not UTF-",
    ]


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_torn_last_line_is_remarked_and_left_out(tmp_path, cut):
    found, trouble = read(tmp_path, LINES[: -1 - cut])
    assert [export for _, export in found] == [ONE]
    assert not trouble.faults
    assert "line 2: the last line is torn" in trouble.remarks[0]


def test_a_broken_last_line_that_was_ended_is_a_fault(tmp_path):
    assert "line 2" in read(tmp_path, LINES[:-5] + "\n")[1].faults[0]


def test_a_packed_file_that_ends_in_the_middle_is_remarked(tmp_path):
    packed = gzip.compress((json.dumps(ONE) + "\n").encode() * 5000)
    found, trouble = read(tmp_path, packed[: len(packed) // 2])
    assert not trouble.faults
    assert f"ends in the middle, after line {len(found):,}" in trouble.remarks[0].replace("the last", "")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "is empty"),
        ("{\n 1\n}", "line 2: is not JSON"),
        ("{", "is not JSON"),
        ("[" * 9999, "too deep|nested|is not JSON"),
    ],
)
def test_a_file_without_any_export_is_a_fault(tmp_path, content, why):
    found, trouble = read(tmp_path, content)
    assert not found
    assert re.search(why, trouble.faults[0])


def test_many_faults_are_counted_beyond_the_first_ones(tmp_path):
    told = read(tmp_path, "oops\n" * 1200)[1].told
    assert len(told) == 51
    assert told[-1] == "and 1,150 more"


def test_all_faults_of_all_files_are_told_at_once_and_nothing_is_written(importing, export, lines, tmp_path):
    good = lines(export([]))
    with pytest.raises(InputFaults) as fault:
        importing(good + "{oops\n" + good, good + '{"spans": []}\n"text"\n', lines({"resourceSpans": [1]}))
    told = [line.split("/")[-1] for line in fault.value.faults]
    assert told == [
        "traces0.jsonl, line 2: is not JSON: Expecting property name enclosed in double quotes (column 2)",
        "traces1.jsonl, line 2: is not an OTLP export in JSON (it has no resourceSpans)",
        "traces1.jsonl, line 3: is not an OTLP export in JSON (it has no resourceSpans)",
        "traces2.jsonl, line 1: is not OTLP: a text or number stands where an object should",
    ]
    assert not (tmp_path / "data" / "mine").exists()
