"""A server on standard input and output, read raw: nothing that it prints is passed over in silence."""

from __future__ import annotations

import json
import math
import os
import queue
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from pilotage.agents.mcp_tools import server_environment
from pilotage.integration.checks import Fault, ending

ANSWER_BYTES = 4 * 1024 * 1024  # of one line or one HTTP answer, at most
WAITING_BYTES = 512 * 1024  # of messages nobody has taken yet; above this the server is not read on
KEPT_NOISE = 3  # lines that are quoted
TAIL_CHARACTERS = 400  # of standard error that are quoted
TAIL_BYTES = 16_384  # of it that are kept
FRAME = re.compile(r"\s+at \S")  # a line of JavaScript's or Java's stack: the error stands above
END_S = 1.0  # from the end of its standard input to being killed
WRITE_S = 10.0  # for a message that waits for no answer
LOOK_S = 0.01  # between two looks whether the process has ended
TURN_MS = 50  # after which the reader looks whether the process has ended
PIECE = 65_536


class StdioPipe:
    """The process and its three streams. `noise` counts lines on standard output that are no message."""

    def __init__(self, command: Sequence[str], folder: Path, secrets: Sequence[str] = ()) -> None:
        program = sys.executable if command[0] in ("python", "python3") else command[0]
        try:
            self._process = subprocess.Popen(
                [program, *command[1:]], cwd=folder, start_new_session=True, env=server_environment(secrets), bufsize=0,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
        except OSError as error:
            raise Fault("cannot_start", f"{command[0]}: {error.strerror}") from None
        self._server = psutil.Process(self._process.pid)  # knows it from another that is given its id later
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._streams = (self._process.stdin, self._process.stdout, self._process.stderr)
        os.set_blocking(self._process.stdin.fileno(), False)
        self.noise, self.quoted, self._blocked = 0, list[str](), False
        self._until = math.inf  # then the reader ends, also where somebody still holds the streams open
        self._messages: queue.Queue[tuple[dict[str, Any] | Fault | None, int]] = queue.Queue()
        self._waiting, self._lock = 0, threading.Lock()
        self._last_words = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def broken(self) -> bool:
        """Whether nothing more is to be expected of it: it ended, or left a request without an answer."""
        return self._blocked or self._ended()

    def request(self, message: Mapping[str, Any], headers: Mapping[str, str], timeout_s: float) -> dict[str, Any]:
        """The answer to the message; Fault `crashed`, `answer_too_long` or `timed_out` where none comes."""
        until = time.monotonic() + timeout_s
        late = Fault("timed_out", f"no answer to {message['method']} within {timeout_s:g} s")
        self._write(message, until, late)
        while (left := until - time.monotonic()) > 0:
            found = self._next(left)
            if found is None:
                continue
            if "method" in found and "id" in found:
                self._write(refusal(found), until, late)
            elif found.get("id") == message["id"]:
                return found
        self._blocked = True
        raise late

    def notify(self, message: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        """The message is sent, and nothing awaited."""
        late = Fault("timed_out", f"standard input was not read within {WRITE_S:g} s")
        self._write(message, time.monotonic() + WRITE_S, late)

    def close(self) -> None:
        """The process and all that it started have ended, and what it printed until then was read."""
        started = self._below()
        with suppress(OSError):
            self._streams[0].close()
        if not self._blocked:
            self._ends_within(END_S)
        self._kill(started)
        self._until = time.monotonic() + END_S
        self._reader.join()
        for stream in self._streams:
            stream.close()

    def _ended(self) -> bool:
        """Whether it has ended. It is not reaped by asking: until `_kill`, nobody else can be given its id."""
        with suppress(psutil.NoSuchProcess):
            return bool(self._server.status() == psutil.STATUS_ZOMBIE)
        return True

    def _ends_within(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not (ended := self._ended()) and time.monotonic() < until:
            time.sleep(LOOK_S)
        return ended

    def _below(self) -> list[psutil.Process]:
        """What it started, also in sessions of their own; none once it was reaped, whoever has its id then."""
        with suppress(psutil.Error):
            return list(self._server.children(recursive=True))
        return []

    def _kill(self, started: Sequence[psutil.Process] = ()) -> int:
        """Its exit code, once it, its group and these others were killed; until it is reaped the group is its own."""
        if self._process.returncode is None and self._server.is_running():
            for process in [*started, *self._below()]:
                with suppress(psutil.Error):
                    process.kill()
            with suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
        return self._process.wait()

    def _write(self, message: Mapping[str, Any], until: float, late: Fault) -> None:
        """Send the message; a server that does not read its standard input is not waited for without end."""
        left = memoryview(json.dumps(message).encode() + b"\n")
        try:
            writable = select.poll()
            writable.register(self._streams[0], select.POLLOUT)
            while left:
                if time.monotonic() > until or not writable.poll(max(0, 1000 * (until - time.monotonic()))):
                    self._blocked = True
                    raise late
                with suppress(BlockingIOError):
                    left = left[os.write(self._streams[0].fileno(), left) :]
        except (OSError, ValueError):  # it reads no more, or was closed
            raise self._gone() from None

    def _next(self, timeout_s: float) -> dict[str, Any] | None:
        """The next message, none where nothing comes in time; Fault where nothing can come any more."""
        try:
            found, size = self._messages.get(timeout=timeout_s)
        except queue.Empty:
            return None
        with self._lock:
            self._waiting -= size
        if found is None:
            raise self._gone()
        if isinstance(found, Fault):
            self._blocked = True
            raise found
        return found

    def _gone(self) -> Fault:
        self._blocked = True
        if not self._ends_within(END_S):
            return Fault("connection_lost", "the server closed its standard input or output and goes on running")
        code = self._kill()
        self._until = time.monotonic() + END_S
        self._reader.join()
        cut = "…" if len(self._last_words) >= TAIL_BYTES else ""
        words = _telling(cut + self._last_words.decode("utf-8", "replace"))
        said = f"last on standard error: {words}" if words else "nothing on standard error"
        return Fault("crashed", f"exit code {code}, {said}")

    def _read(self) -> None:
        """Both streams, until they end, or the process has ended and nothing more is in them.

        Standard error is read all the time, so that a talkative server is never held up by a full pipe.
        """
        _, out, words = (stream.fileno() for stream in self._streams)
        line, open_ones = bytearray(), {out, words}
        while open_ones:
            ended = self._until < math.inf or self._ended()  # asked before the streams are
            full = self._waiting > WAITING_BYTES and not ended
            ready = _ready(open_ones - {out} if full else open_ones)
            for stream in ready:
                piece = os.read(stream, PIECE)
                if not piece:
                    open_ones.discard(stream)
                elif stream == words:
                    self._last_words += piece
                    del self._last_words[:-TAIL_BYTES]
                elif not self._split(line, piece):
                    open_ones.discard(stream)
            if time.monotonic() > self._until or (ended and not ready):
                break
        if not _is_cut_off(line):
            self._sort(bytes(line))
        self._put(None, 0)

    def _split(self, line: bytearray, piece: bytes) -> bool:
        """Take up what was read, line by line; whether to read on."""
        *whole, rest = piece.split(b"\n")
        for part in whole:
            self._sort(bytes(line + part))
            line.clear()
        line += rest
        if len(line) <= ANSWER_BYTES:
            return True
        self._put(Fault("answer_too_long", f"a line of more than {ANSWER_BYTES:,} bytes"), 0)
        line.clear()
        return False

    def _sort(self, line: bytes) -> None:
        """A line becomes a message or noise; a list of messages is what versions before 2025-06-18 may send."""
        if not line.strip():
            return
        try:
            found = json.loads(line)
            messages = found if isinstance(found, list) and found else [found]
            if not all(isinstance(one, dict) and one.get("jsonrpc") == "2.0" for one in messages):
                raise ValueError(line)
        except (ValueError, RecursionError):
            self.noise += 1
            if len(self.quoted) < KEPT_NOISE:
                self.quoted.append(line[:100].decode("utf-8", "replace").strip())
            return
        for one in messages:
            if "id" in one:  # nobody waits for notifications
                self._put(one, len(line))

    def _put(self, found: dict[str, Any] | Fault | None, size: int) -> None:
        with self._lock:
            self._waiting += size
        self._messages.put((found, size))


def refusal(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What a server asks of its client (roots, sampling) is not to be had here; a ping is answered."""
    error = {"code": -32601, "message": "not offered by this client"}
    answer = {"result": {}} if asked["method"] == "ping" else {"error": error}
    return {"jsonrpc": "2.0", "id": asked["id"], **answer}


def _is_cut_off(line: bytearray) -> bool:
    """Whether the last line is the beginning of a message that was not written to its end."""
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return line.lstrip().startswith(b"{")
    return False


def _telling(words: str) -> str:
    """The end of what was said, without the lines of a stack: they would hide the line that names the error."""
    told = "\n".join(line for line in words.splitlines() if not FRAME.match(line)).strip()
    return ending(told, TAIL_CHARACTERS)


def _ready(streams: set[int]) -> list[int]:
    """Those of which something can be read, or the end; none after a short while."""
    readable = select.poll()
    for stream in streams:
        readable.register(stream, select.POLLIN)
    return [stream for stream, _ in readable.poll(TURN_MS)]
