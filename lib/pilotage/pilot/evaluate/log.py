"""`evaluation/attempts.jsonl`: what happened, one line per attempt, never changed; everything else is made from it.

The first line of each session tells the agent and the tasks. A line is handed to the system in one write, so a process
that is killed leaves whole lines; only a full disk or a lost machine can tear the last one, and that one is cut off.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from pilotage.errors import InputFaults, PilotageError

Line = dict[str, Any]
NAME = "attempts.jsonl"


class Log:
    """The log of one dataset, open for adding lines; nobody else can add any until it is closed."""

    def __init__(self, path: Path) -> None:
        """Opens the log, made if absent, and cuts off a torn last line; PilotageError where another one adds to it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            what, advice = "another evaluation is at work here", "wait for it to end, or stop it"
            raise PilotageError(what, str(path.parent.parent), advice) from None
        self._mend()

    def _mend(self) -> None:
        size = os.fstat(self._descriptor).st_size
        whole = _end_of_last_line(self._descriptor, size)
        if whole < size:
            os.ftruncate(self._descriptor, whole)

    def add(self, line: Mapping[str, Any]) -> None:
        """One line, in one write; OSError, and none of the line, where the disk takes less than all of it."""
        data = json.dumps(line, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        written = os.write(self._descriptor, data)
        if written != len(data):
            os.ftruncate(self._descriptor, os.fstat(self._descriptor).st_size - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))

    def close(self) -> None:
        """What was added is on the disk, and others may add."""
        os.fsync(self._descriptor)
        os.close(self._descriptor)


def _end_of_last_line(descriptor: int, size: int) -> int:
    """Where the last whole line ends; 0 where there is none."""
    end = size
    while end > 0:
        begin = max(0, end - 65536)
        found = os.pread(descriptor, end - begin, begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0


def read(path: Path) -> Iterator[Line]:
    """Each line in order, one at a time, none where there is no log; a torn last line counts as not written.

    InputFaults where any other line is not what was written.
    """
    return (line for _, line in placed(path))


def placed(path: Path) -> Iterator[tuple[int, Line]]:
    """What `read` gives, each line with the place in the file where it begins."""
    if not path.exists():
        return
    place = 0
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if not line.endswith(b"\n"):
                return
            yield place, _parsed(line, number, path)
            place += len(line)


def line_at(stream: BinaryIO, place: int) -> Line:
    """The line that begins at this place."""
    stream.seek(place)
    line: Line = json.loads(stream.readline())
    return line


def _parsed(line: bytes, number: int, path: Path) -> Line:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or not ("key" in told or "evaluation" in told):
        advice = "put back the file as it was written, or evaluate anew into another dataset"
        raise InputFaults(f"{path} is not the log that was written", [f"line {number}: was altered"], advice)
    return told
