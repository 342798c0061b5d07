"""The processes below this one: found, and ended, also those that detached themselves from whoever started them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

PR_SET_CHILD_SUBREAPER = 36  # prctl(2)
KILLED_S = 3.0  # for what was killed to be gone
GONE_S = 0.5
ROUNDS = 5  # of looking for what others started while they were being killed


def adopt_orphans() -> None:
    """From now on what is orphaned below this process becomes its child: on Linux, elsewhere nothing happens."""
    if sys.platform == "linux":
        import ctypes

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def below(pid: int | None = None) -> list[psutil.Process]:
    """Every process that this one, or the one with the id, started, and those started by them, whatever they made of
    their environment."""
    import psutil

    with suppress(psutil.Error):
        return list(psutil.Process(pid).children(recursive=True))
    return []


def names(processes: Iterable[psutil.Process]) -> list[str]:
    """The programs that go on running: what was killed just now is given a moment to be gone."""
    import psutil

    found = []
    for process in psutil.wait_procs(list(processes), timeout=GONE_S)[1]:
        with suppress(psutil.Error):
            found += [process.name()] if process.status() != psutil.STATUS_ZOMBIE else []
    return sorted(found)


def kill(processes: Iterable[psutil.Process]) -> None:
    """They are killed, and gone as far as that can be waited for."""
    import psutil

    processes = list(processes)
    for process in processes:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(processes, timeout=KILLED_S)


def kill_all_below() -> None:
    """Nothing runs below this process any more."""
    for _ in range(ROUNDS):
        if not (left := below()):
            return
        kill(left)
