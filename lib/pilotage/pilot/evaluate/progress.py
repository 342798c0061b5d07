"""What an evaluation says while it works: a bar for a person, a line every few seconds otherwise."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, TextIO

from pilotage.words import number

LINE_S = 5.0  # between two lines
BAR_S = 0.25  # between two movements of a bar


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an evaluation is: runs planned and ended, those without a score, runs a second, places, money."""

    planned: int
    ended: int
    errored: int
    per_second: float
    places: int
    spent: float

    def __str__(self) -> str:
        parts = [f"{self.ended:,} of {self.planned:,} runs"]
        parts += [f"{self.errored:,} without a score"] if self.errored else []
        parts += [f"{number(self.per_second)} a second, {self.places} at a time"] if self.per_second else []
        parts += [f"spent {number(self.spent, 'money')}"] if self.spent else []
        return ", ".join([*parts, *self._left()])

    def _left(self) -> list[str]:
        if not self.per_second or self.ended == self.planned:
            return []
        seconds = (self.planned - self.ended) / self.per_second
        return [f"{number(seconds / 60)} min left" if seconds >= 90 else f"{seconds:.0f} s left"]


class Progress(Protocol):
    """Shows where an evaluation stands, every `every_s` seconds."""

    every_s: float

    def show(self, standing: Standing) -> None:
        """Where it stands now."""

    def close(self) -> None:
        """It has ended: what moves is taken away."""


class Lines:
    """A line now and then; a reader who has gone stops nothing."""

    every_s = LINE_S

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr

    def show(self, standing: Standing) -> None:
        """One line."""
        with suppress(OSError):
            self._stream.write(f"{standing}\n")
            self._stream.flush()

    def close(self) -> None:
        """Nothing moves."""


class Bar:
    """A bar in a terminal; one that was closed stops nothing."""

    every_s = BAR_S

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Rich

        columns = (BarColumn(24), TextColumn("{task.description}", markup=False))
        self._rich = Rich(*columns, console=Console(file=stream), transient=True, auto_refresh=False)
        self._task = self._rich.add_task("", total=None)
        self._rich.start()

    def show(self, standing: Standing) -> None:
        """The bar moves."""
        total, ended = standing.planned, standing.ended
        with suppress(OSError):
            self._rich.update(self._task, description=str(standing), total=total, completed=ended, refresh=True)

    def close(self) -> None:
        """The bar goes away."""
        with suppress(OSError):
            self._rich.stop()


class Widget:
    """A bar in a notebook; in an exported page its last state stands as text."""

    every_s = BAR_S

    def __init__(self) -> None:
        from IPython.display import display
        from ipywidgets import HTML, HBox, IntProgress

        self._bar, self._text = IntProgress(max=1), HTML()
        display(HBox([self._bar, self._text]))  # type: ignore[no-untyped-call]  # IPython types half of itself

    def show(self, standing: Standing) -> None:
        """The bar moves."""
        self._bar.max, self._bar.value, self._text.value = standing.planned, standing.ended, str(standing)

    def close(self) -> None:
        """The bar goes away, the text stays."""
        self._bar.layout.display = "none"


def progress_here(stream: TextIO | None = None) -> Progress:
    """A widget in a notebook, a bar where the stream (default: stderr) is a terminal, else lines."""
    stream = stream or sys.stderr
    if _in_notebook():
        with suppress(ImportError):
            return Widget()
    return Bar(stream) if stream.isatty() else Lines(stream)


def _in_notebook() -> bool:
    shell: Any = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return shell is not None and hasattr(shell, "kernel")


async def keep_showing(progress: Progress, standing: Callable[[float], Standing]) -> None:
    """Shows the standing again and again until cancelled; `standing` is told how many seconds have passed."""
    clock = asyncio.get_running_loop().time
    began = clock()
    while True:
        await asyncio.sleep(progress.every_s)
        progress.show(standing(clock() - began))
