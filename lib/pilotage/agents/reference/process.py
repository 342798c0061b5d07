"""The stand-in's server in a process of its own, so that what it computes is not taken for what the caller costs."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from typing import Self

from pilotage.agents.reference.behaviour import Behaviour
from pilotage.errors import PilotageError


class ServerProcess:
    """A running server; `address` is its base URL. It ends with `stop`, and when this process ends in whatever way."""

    def __init__(self, behaviour: Behaviour, port: int = 0) -> None:
        options = [f"--{name}={value}" for name, value in asdict(behaviour).items()]
        command = [sys.executable, "-m", "pilotage.agents.reference", "--watch-stdin", f"--port={port}", *options]
        # Its standard input is a pipe that the system closes when this process dies, were it by SIGKILL.
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, text=True
        )
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()
        if not self.address:
            self.stop()
            raise PilotageError("the reference stand-in's server did not start", "", "see the lines above")

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

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        self.stop()
