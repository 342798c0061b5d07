"""`pilotage run`: the run, its last lines, its exit code."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from shutil import get_terminal_size
from textwrap import wrap

from pilotage.cli.speak import LONGEST_LINE, stop_on_signals, tell, workspace_at
from pilotage.runner.job import Request
from pilotage.runner.progress import progress_on
from pilotage.runner.run import Outcome, run
from pilotage.words import listed, plain

CRASHED, TRIPPED = 1, 3
PARTIAL = "partial answer: {} not asked for; reports/latest stays as it was until a run of all pages"
TRIPS = {"not-yet": ("not yet", "no-go"), "no-go": ("no-go",), None: ()}


def run_playbook(path: Path | None, request: Request, fail_on: str | None) -> int:
    """Run, say the answer, and give the exit code; a crashed page outranks a tripped answer."""
    stop_on_signals()
    outcome = run(workspace_at(path), request, progress_on())
    tell("\n".join(last_lines(outcome)))
    if outcome.crashed:
        return CRASHED
    return TRIPPED if outcome.answer in TRIPS[fail_on] else 0


def last_lines(outcome: Outcome) -> list[str]:
    """The answer and its tier, why, and where to read on; before it what crashed and what nobody asked for."""
    crashed = [f"crashed: {stage}, see {_short(outcome.page(stage))}" for stage in outcome.crashed]
    partial = [PARTIAL.format(listed(list(outcome.not_asked)))] if outcome.not_asked else []
    reused = ["nothing has changed since the last run"] if outcome.reused else []
    answer = f"{outcome.answer}, {outcome.tier}" if outcome.tier else outcome.answer
    return [*reused, *crashed, *partial, "", answer, *_wrapped(plain(outcome.why, LONGEST_LINE)), _short(outcome.index)]


def _wrapped(text: str) -> list[str]:
    """The text in lines that fit the terminal; one line where nobody looks at it."""
    return wrap(text, get_terminal_size().columns) if sys.stdout.isatty() else [text]


def _short(path: Path) -> str:
    """The path as one would type it here."""
    short = os.path.relpath(path)
    return str(path) if short.startswith("..") else short
