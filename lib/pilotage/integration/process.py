"""One system's probe in a process of its own: with a deadline, and nothing of it left running afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, Any

from pilotage.integration.checks import ending, secrets_of, shown
from pilotage.integration.offspring import below, kill
from pilotage.playbook.systems import AnySystem
from pilotage.words import plain
from pilotage.workspace import Workspace

MARK = "PILOTAGE_PROBE"  # in the environment of a probe and of all that it starts
GRACE_S = 3.0  # from being told to end to being killed: for taking probe topics away
LONGEST_LINE = 2**24  # bytes of what a probe tells at once: definitions can be long
LAST_WORDS = 600  # characters of what a crashed probe wrote last
ROW = {"id", "status", "reason", "evidence", "duration_s"}
KEYS = ROW | {"begin", "planned", "not_installed", "definitions", "fault"}

Say = Callable[[str, str], None]  # told the system and what happens there


@dataclass
class Told:
    """What a probe's process has said, and how it ended."""

    planned: list[str] = field(default_factory=list)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    running: str = ""
    not_installed: str = ""
    definitions: dict[str, Any] | None = None
    late: bool = False
    code: int = 0
    last_words: str = ""
    garbled: str = ""
    fault: str = ""

    def hear(self, raw: bytes) -> None:
        """Take up one line; one that no probe writes is kept for the report, and none counts after the deadline."""
        if self.late:  # the end itself makes checks fail
            return
        line = _object(raw)
        if line is None:
            said = plain(raw[:200].decode("utf-8", "replace").strip())
            self.garbled = self.garbled or f"it told something that is no check: {said}"
            return
        self.planned = line.get("planned", self.planned)
        self.not_installed = line.get("not_installed", self.not_installed)
        self.definitions = line.get("definitions", self.definitions)
        self.fault = line.get("fault", self.fault)
        self.running = line.get("begin", "")
        if "id" in line:
            self.rows.setdefault(line["id"], line)  # nothing that is told later makes a failure pass


class ProbeProcess:
    """The probe of one system, which `run` starts and `stop` ends."""

    def __init__(self, workspace: Workspace, system: AnySystem, token: str, say: Say, what: str = "checks") -> None:
        self.system, self.say = system, say
        command = [sys.executable, "-m", "pilotage.integration.probe"]
        self._command = [*command, str(workspace.root), system.name, what]
        self._environment = os.environ | {MARK: token}
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Lock()  # who stops it second waits until the first has killed all below it

    def run(self) -> Told:
        """Everything the process says until it has ended or its deadline comes."""
        told, began = Told(), time.monotonic()
        with tempfile.TemporaryFile() as noise, self._started(noise) as (process, channel):
            timer = threading.Timer(self.system.deadline_s, self._too_late, (told,))
            timer.start()
            try:
                while line := channel.readline(LONGEST_LINE):
                    told.hear(line)
                    if told.running:
                        self.say(self.system.name, f"{told.running}, {time.monotonic() - began:.0f} s")
                told.code = process.wait()
            finally:
                timer.cancel()
            words = told.garbled or _last_words(noise)
            told.last_words = shown(words, secrets_of(self.system), LAST_WORDS)
        return told

    @contextmanager
    def _started(self, noise: IO[bytes]) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
        """The process, and the channel on which it tells: one of its own, where nothing else prints."""
        reader, writer = os.pipe()
        try:
            process = self._process = subprocess.Popen(
                [*self._command, str(writer)], stdin=subprocess.PIPE, stdout=noise, stderr=noise,
                env=self._environment, start_new_session=True, pass_fds=(writer,),
            )  # fmt: skip
        finally:
            os.close(writer)
        with os.fdopen(reader, "rb") as channel:
            try:
                yield process, channel
            finally:
                self.stop()
                assert process.stdin is not None
                process.stdin.close()

    def _too_late(self, told: Told) -> None:
        told.late = True
        self.stop()

    def stop(self) -> None:
        """The process and all below it have ended when this returns: asked to first, so that it takes away what it
        made, then killed."""
        process = self._process
        with self._stopping:
            if process is None or process.poll() is not None:
                return
            left = below(process.pid)
            process.terminate()
            try:
                process.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                left += below(process.pid)
                process.kill()
                process.wait()
            kill(left)


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(raw)
    except ValueError:
        return None
    return line if isinstance(line, dict) and set(line) <= KEYS and ("id" not in line or set(line) == ROW) else None


def _last_words(noise: IO[bytes]) -> str:
    start = max(0, noise.seek(0, os.SEEK_END) - 4 * LAST_WORDS)
    noise.seek(start)
    words = noise.read().decode("utf-8", "replace").strip()
    return ending(f"…{words}" if start else words, LAST_WORDS - 1)


def reap(token: str) -> None:
    """Kill whatever a probe of this token started and left running, also what detached itself from it."""
    import psutil

    left = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == token:
                left.append(process)
    kill(left)
