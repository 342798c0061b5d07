"""One run at a time in a workspace."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pilotage.errors import PilotageError


@contextmanager
def only_run(reports: Path) -> Iterator[None]:
    """Hold `reports/.lock`; PilotageError when another run holds it (naming its pid) or nothing can be written there.

    The kernel drops the lock with the process, so a run that was killed never blocks the next one.
    """
    path = reports / ".lock"
    descriptor = _acquire(path)
    try:
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _acquire(path: Path) -> int:
    """An open, locked descriptor of the file that is at `path` now.

    The holder unlinks the file when it ends; a lock taken on the unlinked one guards nothing, so look again.
    """
    while True:
        descriptor = _open(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            where, advice = str(path.parent), "wait for it to end, or stop it"
            raise PilotageError(f"another run is at work here (pid {pid})", where, advice) from None
        if path.exists() and os.fstat(descriptor).st_ino == path.stat().st_ino:
            return descriptor
        os.close(descriptor)


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as fault:
        raise PilotageError(
            f"reports cannot be written ({fault.strerror})", str(path.parent), "make it a folder that you may write to"
        ) from None
