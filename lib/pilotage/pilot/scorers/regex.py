"""regex: a pattern is found in the answer, searched in a process of its own that is ended when it takes too long.

Python's `re` can take years over some patterns and cannot be stopped inside its own process. So every search runs in
one small child process, and a search that is not over after LIMIT_S ends that process: the score is then None.
"""

from __future__ import annotations

import atexit
import json
import re
import select
import subprocess
import sys
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pilotage.pilot.scorers.settings import Settings
from pilotage.words import plain

if TYPE_CHECKING:
    from pilotage.agents.run import ToolCall
    from pilotage.pilot.scorers.task import Task

LIMIT_S = 1.0  # of wall clock, for one pattern on one answer
STARTED_S = 20.0  # how long the child may take to start on a busy machine


@dataclass(frozen=True, slots=True)
class Regex:
    """The pattern is found somewhere in the answer; `whole` asks that it spans all of it but outer white space."""

    name: ClassVar[str] = "regex"
    pattern: str
    ignore_case: bool = False
    whole: bool = False

    @classmethod
    def read(cls, given: Any) -> Regex:
        """From a pattern, or {pattern, ignore_case, whole}; WrongSettings where Python cannot compile it."""
        settings = Settings(given, "pattern", ("pattern", "ignore_case", "whole"))
        pattern = settings.text("pattern")
        flags = settings.flag("ignore_case", False), settings.flag("whole", False)
        try:
            with warnings.catch_warnings(action="ignore"):  # what Python may read otherwise some day is no fault today
                re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as fault:
            settings.faults.append(f"pattern: is no regular expression: {fault}")
        settings.settle()
        return cls(pattern, *flags)

    def verdict(self, task: Task, answer: str, calls: Sequence[ToolCall]) -> tuple[bool | None, str]:
        """Passes when the pattern is found; None when the search took too long."""
        found = _SEARCHER.search(self.pattern, answer.strip() if self.whole else answer, self.ignore_case, self.whole)
        if found is None:
            return None, f"the pattern {plain(self.pattern, 80)!r} took longer than {LIMIT_S:g} s on this answer"
        return found, f"the pattern {plain(self.pattern, 80)!r} is {'' if found else 'not '}in the answer"


# Isolated and without site: it starts in about twenty milliseconds. The alarm ends it where nobody is left to do so.
_CHILD = f"""
import json, re, signal, sys
print("ready", flush=True)
for line in sys.stdin:
    pattern, text, flags, whole = json.loads(line)
    compiled = re.compile(pattern, flags)
    signal.setitimer(signal.ITIMER_REAL, {10 * LIMIT_S})
    found = compiled.fullmatch(text) if whole else compiled.search(text)
    signal.setitimer(signal.ITIMER_REAL, 0)
    print(int(bool(found)), flush=True)
"""


class _Searcher:
    """The child process, started at the first search and again after it had to be ended; one search at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def search(self, pattern: str, text: str, ignore_case: bool, whole: bool) -> bool | None:
        """Whether the pattern is found; None when the search was ended."""
        flags = int(re.IGNORECASE) if ignore_case else 0
        line = json.dumps([pattern, text, flags, whole]).encode() + b"\n"
        with self._lock:
            child = self._running()
            if child.stdin is None:
                return None
            try:
                child.stdin.write(line)
                child.stdin.flush()
            except BrokenPipeError:
                self.end()
                return None
            answer = self._line(child, LIMIT_S)
            if answer not in (b"0\n", b"1\n"):
                self.end()
                return None
            return answer == b"1\n"

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            command, pipe = [sys.executable, "-I", "-S", "-c", _CHILD], subprocess.PIPE
            # A session of its own: Ctrl-C is for the run, which may have answers left to score.
            self._child = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, start_new_session=True
            )
            self._line(self._child, STARTED_S)
        return self._child

    @staticmethod
    def _line(child: subprocess.Popen[bytes], limit_s: float) -> bytes:
        """The child's next line; empty when none comes in time."""
        if child.stdout is None:
            return b""
        waiting = select.poll()
        waiting.register(child.stdout, select.POLLIN)
        return child.stdout.readline() if waiting.poll(limit_s * 1000) else b""

    def end(self) -> None:
        """End the child, if there is one."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.communicate()


_SEARCHER = _Searcher()
atexit.register(_SEARCHER.end)
