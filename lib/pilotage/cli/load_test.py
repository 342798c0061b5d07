"""`pilotage load-test`: a ramp of requests to the staging systems of the playbook, kept for page 05."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pilotage.cli.speak import tell
from pilotage.workspace import Workspace

if TYPE_CHECKING:
    from pilotage.integration.load import LoadResult
    from pilotage.playbook.systems import WrapperSystem

MISSED = 3
SECONDS = 30.0  # for one system's whole ramp


def load_test_now(workspace: Workspace, names: Sequence[str], dataset: str, seconds: float = SECONDS) -> int:
    """Put the named systems, or all that have `load`, under load one after the other, and keep what was measured.

    Each result goes to data/<dataset>/load/. Exit 0: all held at production's rate. 2: wrong configuration, or nothing
    answers. 3: at least one did not hold. Before anything is sent, every system was found to be one that may get load.
    """
    from datetime import UTC, datetime

    from pilotage.errors import PilotageError
    from pilotage.forms import near
    from pilotage.integration.load import chosen_for_load, load_path, write_result
    from pilotage.integration.load.show import finding, step_lines
    from pilotage.playbook import read_policy

    if dataset not in workspace.datasets():
        raise PilotageError(f"there is no dataset {dataset!r} under data/{near(dataset, workspace.datasets())}")
    results = []
    for system in chosen_for_load(read_policy(workspace, ("integration",)).integration, names):
        result, path = _measured(system, seconds), load_path(workspace, dataset, system.name)
        write_result(path, result, dataset, datetime.now(UTC))
        tell("\n  ".join([finding(result), *step_lines(result), f"written: {workspace.relative(path)}"]))
        results.append(result)
    return 0 if all(result.held for result in results) else MISSED


def _measured(system: WrapperSystem, seconds: float) -> LoadResult:
    """The system's ramp, told step by step."""
    from pilotage.integration.load import measure_embedded, run_load, target_of
    from pilotage.playbook.systems import EMBEDDED

    def say(line: str) -> None:
        tell(f"  {system.name}: {line}", sys.stderr)

    tell(f"{system.name}: about {seconds:g} s of load", sys.stderr)
    if system.address == EMBEDDED:
        return measure_embedded(system, seconds, say)
    return run_load(target_of(system), seconds, say)
