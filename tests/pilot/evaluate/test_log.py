"""The log: whole lines, one writer, and a torn end that hurts nobody."""

from __future__ import annotations

import os

import pytest

from pilotage.errors import InputFaults, PilotageError
from pilotage.pilot.evaluate.log import Log, read


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x/evaluation/attempts.jsonl"


def written(path, *lines):
    log = Log(path)
    for line in lines:
        log.add(line)
    log.close()


def test_lines_come_back_in_order(path):
    written(path, {"evaluation": 1}, {"key": "a", "text": "ünï\n\ud800"})
    written(path, {"key": "b"})
    assert list(read(path)) == [{"evaluation": 1}, {"key": "a", "text": "ünï\n\ud800"}, {"key": "b"}]


def test_where_there_is_no_log_there_are_no_lines(path):
    assert list(read(path)) == []


def test_a_line_is_handed_over_in_one_write(path, monkeypatch):
    log, sizes, write = Log(path), [], os.write
    monkeypatch.setattr(os, "write", lambda to, data: sizes.append(len(data)) or write(to, data))
    log.add({"key": "a", "text": "x" * 200_000})
    log.close()
    assert sizes == [path.stat().st_size]


@pytest.mark.parametrize("torn", [b'{"key": "c', b'{"key": "c"}', b"\xff\xfe", b"x" * 200_000])
def test_a_torn_last_line_counts_as_not_written_and_the_next_one_starts_fresh(path, torn):
    written(path, {"key": "a"}, {"key": "b"})
    with path.open("ab") as stream:
        stream.write(torn)
    assert [line["key"] for line in read(path)] == ["a", "b"]
    written(path, {"key": "d"})
    assert [line["key"] for line in read(path)] == ["a", "b", "d"]


def test_a_log_that_is_one_torn_line_is_empty(path):
    written(path)
    path.write_bytes(b"{")
    assert list(read(path)) == []
    written(path, {"key": "a"})
    assert [line["key"] for line in read(path)] == ["a"]


@pytest.mark.parametrize("line", [b"{\n", b"[]\n", b"{}\n", b"\xff\n", b"\n", b"[" * 100_000 + b"\n"])
def test_any_other_line_that_was_not_written_so_is_named(path, line):
    written(path, {"key": "a"})
    with path.open("ab") as stream:
        stream.write(line)
    with pytest.raises(InputFaults, match="is not the log") as told:
        list(read(path))
    assert told.value.faults == ["line 2: was altered"]


def test_a_second_writer_is_refused_until_the_first_has_closed(path):
    log = Log(path)
    with pytest.raises(PilotageError, match="another evaluation is at work here"):
        Log(path)
    log.close()
    Log(path).close()


def test_a_full_disk_is_told_and_no_half_line_stays(path, monkeypatch):
    log, write = Log(path), os.write
    log.add({"key": "a"})
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda to, data: write(to, data[:5]))
        with pytest.raises(OSError, match="No space left"):
            log.add({"key": "b"})
    log.add({"key": "c"})  # there is room again
    log.close()
    assert [line["key"] for line in read(path)] == ["a", "c"]
