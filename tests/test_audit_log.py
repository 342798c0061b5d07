"""The audit log: what was decided can be added to, and never quietly changed."""

from __future__ import annotations

import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage import audit_log
from pilotage.errors import InputFaults, PilotageError

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "audit_log.jsonl"
    for number in range(6):
        what = {"number": number, "note": "été", "deep": {"list": [1, None, True]}}
        audit_log.append(path, "lock", what, "Ann", NOON + timedelta(days=number))
    return path


def test_entries_come_back_as_they_were_written(log: Path) -> None:
    entries = audit_log.read(log)
    assert [entry.seq for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert entries[2].what == {"number": 2, "note": "été", "deep": {"list": [1, None, True]}}
    assert entries[0].previous is None
    assert [entry.previous for entry in entries[1:]] == [entry.hash for entry in entries[:-1]]
    assert audit_log.verify(log) == []
    assert audit_log.head(log) == entries[-1].hash


def test_without_a_log_there_is_no_entry_no_fault_and_no_head(tmp_path: Path) -> None:
    absent = tmp_path / "none.jsonl"
    assert (audit_log.read(absent), audit_log.verify(absent), audit_log.head(absent)) == ((), [], None)
    assert not absent.exists()


def test_times_are_kept_in_utc(tmp_path: Path) -> None:
    rome = datetime(2026, 6, 15, 14, tzinfo=timezone(timedelta(hours=2)))
    entry = audit_log.append(tmp_path / "log.jsonl", "lock", {}, "Ann", rome)
    assert entry.at == "2026-06-15T12:00:00+00:00"


@pytest.mark.parametrize(
    ("kind", "what", "by", "at"),
    [
        ("lock", {}, "Ann", datetime(2026, 6, 15)),
        ("", {}, "Ann", NOON),
        ("lock", {}, " ", NOON),
        ("lock", {"share": float("nan")}, "Ann", NOON),
        ("lock", {"when": NOON}, "Ann", NOON),
        ("lock", {"note": "\ud800"}, "Ann", NOON),
    ],
)
def test_what_cannot_be_recorded_leaves_no_trace(tmp_path: Path, kind: str, what: dict, by: str, at: datetime) -> None:
    path = tmp_path / "log.jsonl"
    with pytest.raises(PilotageError):
        audit_log.append(path, kind, what, by, at)
    assert not path.exists()


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_single_byte_changed_is_found(data: st.DataObject) -> None:
    raw = bytearray(RAW)
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != raw[place]))
    assert _faults(bytes(raw))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=3))
def test_any_bytes_put_in_are_found(place: int, extra: bytes) -> None:
    at = place % len(RAW)
    assert _faults(RAW[:at] + extra + RAW[at:])


@pytest.mark.parametrize("line", range(5))
def test_any_line_removed_but_the_last_is_found(line: int) -> None:
    lines = RAW.splitlines(keepends=True)
    assert _faults(b"".join(lines[:line] + lines[line + 1 :]))


@pytest.mark.parametrize("one", range(6))
@pytest.mark.parametrize("other", range(6))
def test_any_two_lines_swapped_are_found(one: int, other: int) -> None:
    lines = RAW.splitlines(keepends=True)
    lines[one], lines[other] = lines[other], lines[one]
    assert bool(_faults(b"".join(lines))) == (one != other)


def test_a_line_rewritten_with_a_fitting_hash_is_found_at_the_next() -> None:
    lines = RAW.splitlines(keepends=True)
    forged = {name: value for name, value in json.loads(lines[2]).items() if name != "hash"} | {"by": "Eve"}
    forged["hash"] = audit_log.sha256_json(forged)
    lines[2] = (audit_log.canonical_json(forged) + "\n").encode()
    assert _faults(b"".join(lines)) == ["line 4: does not follow the entry before it: one of the two was replaced"]


def test_a_tail_cut_off_shows_only_against_a_head_kept_elsewhere(log: Path) -> None:
    kept = audit_log.head(log)
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    assert audit_log.verify(log) == []
    assert audit_log.head(log) != kept


def test_all_faults_are_named_with_their_lines(log: Path) -> None:
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join([lines[0].replace("Ann", "Eve"), lines[1], "not JSON\n", lines[5], lines[4]]))
    assert audit_log.verify(log) == [
        "line 1: was altered: its hash does not fit its content",
        "line 3: was altered: it is no JSON",
        "line 4: is entry 6 after entry 3: 2 removed before it, or reordered",
        "line 5: is entry 5 after entry 6: reordered or repeated",
    ]


@pytest.mark.parametrize(
    ("cut", "told"),
    [
        (1, "line 6: has lost its line end: put it back"),
        (9, "line 6: is torn: remove this line and enter its decision again"),
    ],
)
def test_a_torn_last_line_is_named_and_nothing_follows_it(log: Path, cut: int, told: str) -> None:
    log.write_bytes(log.read_bytes()[:-cut])
    before = log.read_bytes()
    assert audit_log.verify(log) == [told]
    with pytest.raises(InputFaults, match="nothing was added") as refused:
        audit_log.append(log, "lock", {}, "Ann", NOON)
    assert "ask who changed it" not in str(refused.value)  # an interruption tore it, and its line says how to mend it
    assert log.read_bytes() == before


def test_a_broken_log_is_not_read_and_has_no_head(log: Path) -> None:
    log.write_text(log.read_text().replace("Ann", "Eve", 1))
    with pytest.raises(InputFaults, match="not the log that was written"):
        audit_log.read(log)
    assert audit_log.head(log) is None


def test_an_altered_log_is_somebodys_doing_also_where_its_last_line_is_torn(log: Path) -> None:
    log.write_text(log.read_text().replace("Ann", "Eve", 1)[:-9])
    with pytest.raises(InputFaults, match="ask who changed it"):
        audit_log.append(log, "lock", {}, "Ann", NOON)


def test_the_hashes_that_a_damaged_log_still_has_are_known(log: Path) -> None:
    whole = audit_log.known_hashes(log)
    assert len(whole) == 6
    assert audit_log.head(log) in whole
    log.write_text(log.read_text().replace("Ann", "Eve", 1))
    assert len(whole - audit_log.known_hashes(log)) == 1
    assert audit_log.known_hashes(log.with_name("none")) == frozenset()


def test_writers_at_once_keep_the_chain_whole(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with ThreadPoolExecutor(4) as pool:  # each opens the file anew, so the lock holds as between processes
        list(pool.map(_append_five, [path] * 4))
    assert audit_log.verify(path) == []
    assert len(audit_log.read(path)) == 20


def test_a_folder_in_its_place_is_a_plain_fault(tmp_path: Path) -> None:
    with pytest.raises(PilotageError, match="cannot be opened"):
        audit_log.append(tmp_path, "lock", {}, "Ann", NOON)


def _append_five(path: Path) -> None:
    for number in range(5):
        audit_log.append(path, "lock", {"number": number}, "Ann", NOON)


def _faults(raw: bytes) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        path.write_bytes(raw)
        return audit_log.verify(path)


def _sample() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        for number in range(6):
            audit_log.append(path, "lock", {"number": number, "note": "été"}, "Ann", NOON)
        return path.read_bytes()


RAW = _sample()
