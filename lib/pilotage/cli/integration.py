"""`pilotage smoke-test`, `pilotage pin` and `pilotage load-test`: do the systems around the agent hold?"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pilotage.cli.options import NamedDataset
from pilotage.cli.speak import spoken, stop_on_signals, tell, workspace_at

if TYPE_CHECKING:
    from pilotage.integration.checks import Check
    from pilotage.integration.pins import Definitions
    from pilotage.playbook.systems import AnySystem
    from pilotage.workspace import Workspace

Systems = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SYSTEM]...", help="Names from playbook/integration.yaml; default: all."),
]
NOT_PASSED = 3


@spoken
def smoke_test(
    systems: Systems = None,
    json: Annotated[bool, typer.Option("--json", help="Print every check as JSON, and nothing else.")] = False,
) -> int:
    """Probe the systems around the agent.

    Each in a process of its own with a deadline; one that is named counts as required. Nothing is written to a system
    unless its entry says probe_may_write; skipped is never passed. Exit 0: all required checks passed. 2: wrong
    configuration. 3: a required check failed or was skipped.
    """
    from pilotage.integration.smoke_test import Stopped
    from pilotage.integration.smoke_test import smoke_test as probe
    from pilotage.playbook import read_policy

    stop_on_signals()
    workspace = workspace_at(None)
    policy = read_policy(workspace, ("integration",)).integration
    stopped = None
    with Progress() as progress:
        try:
            checks = probe(workspace, policy, systems or (), progress.say)
        except Stopped as stop:
            checks, stopped = stop.checks, stop
    held = [check for check in checks if (check.required or systems) and check.status != "pass"]
    tell(_as_json(checks, not held) if json else "\n".join(_lines(checks)))
    if stopped:
        raise stopped
    return NOT_PASSED if held else 0


@spoken
def pin(
    systems: Annotated[list[str], typer.Argument(metavar="SYSTEM...", help="Systems of the patterns mcp or a2a.")],
    by: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who looked at it; default: the user's login name.")
    ] = None,
) -> None:
    """Pin what systems say: their tools, or their agent card.

    Look at what is printed: from then on every change of it fails the smoke test. The pins stand in playbook/pins/ and
    in the audit log. A system that does not answer is told at the end, and the others are pinned.
    """
    from datetime import UTC, datetime

    from pilotage.cli.records import named_person
    from pilotage.integration.pins import pin_path, write_pin

    workspace = workspace_at(None)
    person = named_person(by, "a pin needs the name of the person who looked at it")
    for system, told in _said_of_themselves(workspace, systems):
        before = _before(workspace, system)
        made = write_pin(workspace, system, told, person, datetime.now(UTC))
        tell("\n".join(_pinned(before, made.definitions)))
        for warning in told.get("warnings", ()):
            tell(f"mind: {warning}")
        path = workspace.relative(pin_path(workspace, system.name))
        tell(f"pinned: {system.name}, protocol {made.protocol_version}, in {path}")


@spoken
def load_test(
    systems: Systems = None,
    dataset: NamedDataset = "",
    seconds: Annotated[float, typer.Option(metavar="S", help="Seconds of the whole ramp.")] = 30.0,
) -> int:
    """Send production's load to systems marked as staging.

    Ramps up to the rate in playbook/integration.yaml and beyond, with the safe calls named there, and keeps the result
    beside the dataset for page 05. Exit 0: held. 2: wrong configuration, nothing was sent. 3: a limit was missed.
    """
    from pilotage.cli.load_test import load_test_now
    from pilotage.cli.opened import named

    stop_on_signals()
    return load_test_now(workspace_at(None), systems or (), named(dataset), seconds)


class Progress:
    """What is happening, on stderr: one line that changes on a terminal, else a line for each system."""

    def __init__(self) -> None:
        self._live, self._lock, self._now = sys.stderr.isatty(), threading.Lock(), dict[str, str]()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        if self._live:
            self._write("\r\x1b[2K")

    def say(self, system: str, what: str) -> None:
        """This happens at this system."""
        with self._lock:
            ended = what.endswith("passed")
            self._now.pop(system, None)
            if not ended:
                self._now[system] = what
            if self._live:
                line = "; ".join(f"{name}: {what}" for name, what in self._now.items())
                self._write(f"\r\x1b[2K{line[:110]}")
            elif ended:
                self._write(f"{system}: {what}\n")

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


def _as_json(checks: Sequence[Check], passed: bool) -> str:
    import json

    body = {"schema": 1, "passed": passed, "checks": [check.as_dict() for check in checks]}
    return json.dumps(body, indent=2, ensure_ascii=False)


def _lines(checks: Sequence[Check]) -> Iterator[str]:
    from pilotage.integration.checks import by_system
    from pilotage.words import count

    wide = max((len(check.id) for check in checks), default=0)
    for name, own in by_system(checks).items():
        yield f"{name}{'' if own[0].required else ' (not required)'}"
        for check in own:
            said = f"{check.reason}: {check.evidence}" if check.reason else check.evidence
            yield f"  {check.status.upper() if check.status != 'pass' else 'pass':8}{check.id:{wide}}  {said}"
    passed, failed, skipped = (sum(check.status == one for check in checks) for one in ("pass", "fail", "skipped"))
    yield f"{count(len(checks), 'checks')}: {passed} passed, {failed} failed, {skipped} skipped"
    if failed or skipped:
        yield "what a code means: playbook/integration.md"


def _said_of_themselves(workspace: Workspace, names: Sequence[str]) -> Iterator[tuple[AnySystem, dict[str, Any]]]:
    """What each of the systems says of itself; InputFaults for those that cannot be pinned: at once where their entries
    say so, after the others where they do not answer.
    """
    from pilotage.errors import InputFaults, PilotageError
    from pilotage.integration.smoke_test import chosen, definitions
    from pilotage.playbook import read_policy

    found = chosen(read_policy(workspace, ("integration",)).integration, names)
    faults = [
        f"{one.name} says nothing of itself that can be pinned; pin systems by MCP or A2A"
        for one in found
        if one.pattern not in ("mcp", "a2a")
    ]
    if faults:
        raise InputFaults("nothing was pinned", faults)
    for system in found:
        try:
            told = definitions(workspace, system)
        except PilotageError as error:
            faults.append(f"{error.what}: {error.where}")
        else:
            yield system, told
    if faults:
        raise InputFaults("these systems were not pinned", faults, "see `pilotage smoke-test` for the reasons")


def _before(workspace: Workspace, system: AnySystem) -> Definitions:
    """The definitions pinned so far; none where there is no sound pin."""
    from pilotage.integration.checks import Fault
    from pilotage.integration.pins import read_pin

    try:
        return read_pin(workspace, system).definitions
    except Fault:
        return {}


def _pinned(before: Definitions, after: Definitions) -> Iterator[str]:
    """What is pinned from now on: the whole the first time, then what changed."""
    import json

    from pilotage.integration.pins import differences

    if before:
        yield from differences(before, after) or ["nothing has changed since it was pinned last"]
        return
    for name, value in after.items():
        yield f"{name}:"
        yield from (f"  {line}" for line in json.dumps(value, indent=1, sort_keys=True).splitlines())
