"""The kernels of one run: where they listen, and how all of them end at once."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from pilotage.hashes import sha256_json

# A UNIX socket's path holds 107 bytes; a long TMPDIR would leave too few for the kernel's own part.
LONGEST_FOLDER = 70

# ipykernel loads its debugger at once, half of what its start costs; nobody can attach one to a kernel of a run.
START = """
import sys
if sys.path[0] == "":
    del sys.path[0]  # a page's folder must not hide a module; IPython adds it again, as it does for ipykernel_launcher
sys.modules["debugpy"] = None
import ipykernel.debugger
del sys.modules["debugpy"]  # a page may import it
from ipykernel import kernelapp
kernelapp.launch_new_instance()
"""


class Kernels:
    """Starts kernels in one private folder and ends every one of them, whatever its page is doing.

    Sockets instead of TCP ports: nothing on the machine can connect but this user. Whoever makes it holds the lock on
    `reports`, so that a folder that names these reports is that of a run that was killed, and is removed.
    """

    def __init__(self, reports: Path) -> None:
        facts, usual = reports.stat(), tempfile.gettempdir()
        place = usual if len(usual) < LONGEST_FOLDER else "/tmp"
        prefix = f"pilotage-{sha256_json([facts.st_dev, facts.st_ino])[:8]}-"
        for left in Path(place).glob(f"{prefix}*"):
            shutil.rmtree(left, ignore_errors=True)
        self.folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
        self.stopped = False
        self._lock = threading.Lock()
        self._alive: dict[int, Any] = {}
        self._count = 0

    def __enter__(self) -> Kernels:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def manager(self) -> Any:
        """A kernel manager for the running interpreter's own kernel, whatever kernels the user has installed."""
        from jupyter_client.kernelspec import KernelSpecManager
        from jupyter_client.manager import AsyncKernelManager

        with self._lock:
            self._count += 1
            base = self.folder / f"k{self._count}"
        manager: Any = AsyncKernelManager(
            kernel_name="python3",
            kernel_spec_manager=KernelSpecManager(kernel_dirs=[]),
            connection_file=f"{base}.json",
            transport="ipc",
            ip=str(base),
        )
        manager.kernel_spec.argv = [sys.executable, "-c", START, "-f", "{connection_file}"]
        return manager

    def started(self, manager: Any) -> None:
        """Take charge of a kernel that now has a process; it ends at once when the run was stopped meanwhile."""
        with self._lock:
            self._alive[id(manager)] = manager
            stopped = self.stopped
        if stopped:
            self.end(manager)

    def end(self, manager: Any) -> None:
        """Kill the kernel's process group: the kernel and whatever its page started."""
        with self._lock:
            if self._alive.pop(id(manager), None) is None:
                return
        pid = getattr(manager.provisioner, "pid", None)
        if pid:
            try:
                os.killpg(pid, signal.SIGKILL)
            except ProcessLookupError:
                return

    def stop(self) -> None:
        """Kill every kernel, and any that is only starting as soon as it has a process."""
        with self._lock:
            self.stopped = True
            alive = list(self._alive.values())
        for manager in alive:
            self.end(manager)
