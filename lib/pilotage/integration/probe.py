"""`python -m pilotage.integration.probe WORKSPACE SYSTEM WHAT CHANNEL`: one system's probe, in a process to be killed.

Each line it writes is one JSON object: what it plans, the check that begins, or the check that ended. It ends when
its standard input does, so that it never outlives whoever started it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pilotage.integration.checks import Recorder, as_fault, secrets_of, shown
from pilotage.integration.offspring import adopt_orphans, kill_all_below
from pilotage.playbook import read_policy
from pilotage.workspace import Workspace

# What each pattern's extra brings.
NEEDED: Mapping[str, tuple[str, ...]] = {
    "wrapper": ("schemathesis", "starlette", "uvicorn"),
    "events": ("confluent_kafka", "jsonschema", "pika"),
    "virtualization": (),
    "mcp": ("mcp",),
    "a2a": ("a2a",),
}
LAST_SECONDS = 4.0  # for cleaning up, once it has been told to end


def main(root: str, name: str, what: str, channel_number: str) -> None:
    """Probe the system, or with `definitions` tell what it says of itself, for its pin; the channel is inherited.

    Nothing that the system's command started is left when it ends: on Linux not even what detached itself and emptied
    its environment.
    """
    adopt_orphans()
    try:
        _probe(root, name, what, channel_number)
    finally:
        kill_all_below()


def _probe(root: str, name: str, what: str, channel_number: str) -> None:
    channel = os.fdopen(int(channel_number), "w", encoding="utf-8")
    os.set_inheritable(channel.fileno(), False)
    _end_with_stdin()
    workspace = Workspace(Path(root))
    system = read_policy(workspace, ("integration",)).integration.system(name)
    assert system is not None, f"playbook/integration.yaml has no system {name!r}"

    def tell(line: dict[str, Any]) -> None:
        channel.write(json.dumps(line) + "\n")
        channel.flush()

    package = f"pilotage.integration.{system.pattern}"
    tell({"planned": import_module(package).planned(system)})
    if lacking := [name for name in NEEDED[system.pattern] if find_spec(name) is None]:
        tell({"not_installed": ", ".join(lacking)})
        return
    module = import_module(f"{package}.probe")
    if what == "definitions":
        try:
            tell({"definitions": module.definitions(system, workspace)})
        except Exception as error:
            fault = as_fault(error)
            tell({"fault": f"{fault.reason}: {shown(fault.evidence, secrets_of(system))}"})
        return
    module.probe(system, Recorder(tell, secrets_of(system)), workspace)


def _end_with_stdin() -> None:
    """Let SIGTERM unwind the stack, so that everything is cleaned up, and treat the end of stdin like it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    def watch() -> None:
        os.read(0, 1)
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(LAST_SECONDS)
        kill_all_below()
        os._exit(143)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
