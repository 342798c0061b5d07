"""A server of our own in a process of its own: it tells its address, and never outlives whoever started it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Self

from pilotage.errors import PilotageError


class OwnServer:
    """`python -m MODULE OPTIONS`, running; `address` is the first line that it wrote. It ends with `stop`.

    `environment` is added to its environment: that is where a token goes, since command lines can be read by everybody.

    It also ends when this process does, in whatever way: its standard input is a pipe that the system closes then, and
    the module watches it (`when_stdin_ends`).
    """

    def __init__(self, module: str, *options: str, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, text=True,
            env={**os.environ, **(environment or {})},
        )  # fmt: skip
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()
        if not self.address:
            self.stop()
            raise PilotageError(f"the server {module} did not start", "", "see the lines above")

    @property
    def pid(self) -> int:
        """The number of the process, for whoever measures it."""
        return self._process.pid

    def stop(self) -> None:
        """The process has ended when this returns."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        self.stop()


def when_stdin_ends(call: Callable[[], object]) -> None:
    """Have this called, from another thread, once standard input ends."""

    def watch() -> None:
        sys.stdin.read()
        call()

    threading.Thread(target=watch, daemon=True).start()
