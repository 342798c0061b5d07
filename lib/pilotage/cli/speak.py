"""How commands speak and end: a user's mistake without a traceback, an interruption with 130, a signal like Ctrl-C."""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

import typer

from pilotage.errors import PilotageError
from pilotage.redact import redact
from pilotage.words import plain
from pilotage.workspace import Workspace, find_workspace

INTERRUPTED = 130
LONGEST_LINE = 1000  # characters of a line of a fault: a longer one quotes somebody's data


def spoken(command: Callable[..., int | None]) -> Callable[..., None]:
    """The command with its errors told on stderr: PilotageError exits with its code, an interruption with 130."""

    @functools.wraps(command)
    def told(**arguments: Any) -> None:
        try:
            code = command(**arguments)
        except PilotageError as fault:
            code = _tell_fault(fault)
        except KeyboardInterrupt:
            tell("stopped; what was finished is kept", sys.stderr)
            code = INTERRUPTED
        except OSError as fault:
            if fault.errno is None:  # not the system's answer, but a library's own trouble
                raise
            what = f"this cannot be read or written ({fault.strerror})"
            code = _tell_fault(PilotageError(what, os.fspath(fault.filename or "")))
        raise typer.Exit(code or 0)

    return told


def tell(text: str, stream: TextIO | None = None) -> None:
    """Print the text, control characters as ¤; nothing more once the reader, or the terminal, has gone."""
    stream = stream or sys.stdout
    try:
        typer.echo(plain(text, None), stream)
    except OSError:
        # What is still buffered goes there as well, else Python would complain when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _tell_fault(fault: PilotageError) -> int:
    tell("\n".join(plain(redact(line), LONGEST_LINE) for line in str(fault).split("\n")), sys.stderr)
    return fault.exit_code


def stop_on_signals() -> None:
    """Let SIGTERM and a closed terminal stop the run as Ctrl-C does; a second signal does not disturb the stopping."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def _stop(number: int, frame: FrameType | None) -> None:
    for every in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(every, signal.SIG_IGN)
    raise KeyboardInterrupt


def workspace_at(path: Path | None) -> Workspace:
    """The workspace at or above the path, else of the current folder; PilotageError when the path is no folder."""
    if path is not None and not path.is_dir():
        raise PilotageError("there is no such folder", str(path), "make it with `pilotage init`, or name another")
    return find_workspace(path)
