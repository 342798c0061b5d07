"""What a run says while it works: bars for a person at a terminal, plain lines otherwise."""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from threading import Lock
from types import TracebackType
from typing import Any, Protocol, TextIO

from pilotage.redact import redact
from pilotage.runner.history import PageState
from pilotage.words import plain

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LONGEST_READ = 4000  # characters of it that are looked at
LONGEST_FAULT = 300  # characters of what a page said when it crashed


class Progress(Protocol):
    """Told by the run what happens; a page is named as its notebook is."""

    def __enter__(self) -> Progress: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def started(self, page: str, doing: str = "running") -> None:
        """The page begins to run; or whatever else is named so begins what it is `doing`."""

    def doing(self, page: str, doing: str, share: float | None = None) -> None:
        """What the page is at now, and what share of it all that is, where that is known."""

    def ended(self, page: str, how: str) -> None:
        """The page has ended, or will not run."""


def progress_on(stream: TextIO | None = None) -> Progress:
    """Bars where the stream is a terminal, else lines."""
    stream = stream or sys.stdout
    return Bars(stream) if stream.isatty() else Lines(stream)


def describe(state: PageState) -> str:
    """How a page ended, in a few words."""
    words = {"done": f"done in {state.seconds:.1f} s", "copied": "up to date", "not run": f"not run: {state.error}"}
    return words.get(state.status, f"crashed: {state.error}")


def one_line(text: str) -> str:
    """The first and the last line that say something, without colours or personal data, harmless, cut when long."""
    lines = [line.strip() for line in COLOUR.sub("", text).split("\n") if line.strip()] or ["no message"]
    ends = lines[0] if lines[0] == lines[-1] else f"{lines[0]} … {lines[-1]}"
    return plain(redact(ends[:_LONGEST_READ]), LONGEST_FAULT)


class Lines:
    """One line as each thing happens; nothing that moves. A reader who has gone, as `head` does, stops no run."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self._lock = stream, Lock()

    def __enter__(self) -> Lines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(BrokenPipeError):
            self.stream.flush()

    def say(self, text: str) -> None:
        """Tell one thing, on a line of its own; pages begin in threads, so one at a time."""
        with self._lock, suppress(BrokenPipeError):
            self.stream.write(f"{plain(text, None)}\n")
            self.stream.flush()

    def started(self, page: str, doing: str = "running") -> None:
        """The page begins to run; or whatever else is named so begins what it is `doing`."""
        self.say(f"{page}: {doing}")

    def doing(self, page: str, doing: str, share: float | None = None) -> None:
        """What moves is for the bars."""

    def ended(self, page: str, how: str) -> None:
        """The page has ended, or will not run."""
        self.say(f"{page}: {how}")


class Bars:
    """A bar for each page at work; what ended scrolls away above as a line."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        console = Console(file=stream, highlight=False, markup=False)
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(24))
        doing = TextColumn("{task.fields[doing]}", markup=False)
        self.bars = Progress(*columns, doing, TimeElapsedColumn(), console=console, transient=True)
        self.tasks: dict[str, Any] = {}

    def __enter__(self) -> Bars:
        self.bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bars.stop()

    def say(self, text: str) -> None:
        """Tell one thing, on a line of its own."""
        self.bars.console.print(plain(text, None), soft_wrap=True)

    def started(self, page: str, doing: str = "running") -> None:
        """The page begins to run; or whatever else is named so begins what it is `doing`."""
        self.tasks[page] = self.bars.add_task(plain(page), total=None, doing=plain(doing))

    def doing(self, page: str, doing: str, share: float | None = None) -> None:
        """What the page is at now; the bar only sways while nobody knows how much there is."""
        self.bars.update(self.tasks[page], completed=share or 0, total=share and 1, doing=plain(doing))

    def ended(self, page: str, how: str) -> None:
        """The page has ended, or will not run."""
        if page in self.tasks:
            self.bars.remove_task(self.tasks.pop(page))
        self.say(f"{page}: {how}")
