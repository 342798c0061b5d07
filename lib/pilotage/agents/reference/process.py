"""The stand-in's server in a process of its own, so that what it computes is not taken for what the caller costs."""

from __future__ import annotations

from dataclasses import asdict

from pilotage.agents.own_server import OwnServer
from pilotage.agents.reference.behaviour import Behaviour


class ServerProcess(OwnServer):
    """The running stand-in; `address` is its base URL."""

    def __init__(self, behaviour: Behaviour, port: int = 0) -> None:
        options = [f"--{name}={value}" for name, value in asdict(behaviour).items()]
        super().__init__("pilotage.agents.reference", "--watch-stdin", f"--port={port}", *options)
