"""How commands end: a user's mistake without a traceback, an interruption with 130, a stop signal like Ctrl-C."""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import typer

from pilotage.errors import PilotageError
from pilotage.workspace import Workspace, find_workspace

INTERRUPTED = 130


def spoken(command: Callable[..., int | None]) -> Callable[..., None]:
    """The command with its errors told on stderr: PilotageError exits with its code, an interruption with 130."""

    @functools.wraps(command)
    def told(**arguments: Any) -> None:
        try:
            code = command(**arguments)
            sys.stdout.flush()
        except PilotageError as fault:
            typer.echo(str(fault), err=True)
            code = fault.exit_code
        except KeyboardInterrupt:
            typer.echo("stopped; the same command goes on from here", err=True)
            code = INTERRUPTED
        except BrokenPipeError:
            # Whoever read our output has gone, as `head` does; what was done is done.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = 0
        raise typer.Exit(code or 0)

    return told


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


def inside(workspace: Workspace, path: Path) -> Path:
    """A path as given to --into: relative ones start at the workspace's root, wherever the command was typed."""
    return workspace.root / path
