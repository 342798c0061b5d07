"""The smoke test: every system's checks, those among them that could not be made."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import import_module
from typing import Any

from pilotage.errors import InputFaults, PilotageError
from pilotage.forms import near
from pilotage.integration.checks import Check, Status
from pilotage.integration.keys import unfit
from pilotage.integration.process import ProbeProcess, Say, Told, reap
from pilotage.playbook.integration import IntegrationPolicy
from pilotage.playbook.systems import AnySystem, OverHttp
from pilotage.workspace import Workspace

AT_ONCE = max(2, os.cpu_count() or 2)
EXTRAS = {"wrapper": "api", "events": "events", "virtualization": "postgres", "mcp": "mcp", "a2a": "a2a"}


class Stopped(KeyboardInterrupt):
    """Somebody stopped the smoke test; `checks` has what was finished, and the rest as skipped."""

    def __init__(self, checks: list[Check]) -> None:
        super().__init__()
        self.checks = checks


def smoke_test(
    workspace: Workspace, policy: IntegrationPolicy, names: Sequence[str] = (), say: Say = lambda *_: None
) -> list[Check]:
    """Every check of the named systems, all where none is named, in the order of the playbook.

    InputFaults for an unknown name, and for an environment variable that an entry names and that is not set. A probe
    that hangs or crashes fails its check, and the checks behind it are skipped: nothing is waited for without end.
    Stopped where somebody interrupts it.
    """
    return probed(workspace, chosen(policy, names), say)


def probed(workspace: Workspace, systems: Sequence[AnySystem], say: Say = lambda *_: None) -> list[Check]:
    """Every check of these systems; those of a system whose environment variables are not set are skipped."""
    token = uuid.uuid4().hex
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            probes = [ProbeProcess(workspace, system, token, say) for system in systems]
            ended = [pool.submit(checks_of, probe) for probe in probes]
            try:
                return [check for one in ended for check in one.result()]
            except BaseException as error:
                finished = [one.result() if _sound(one) else None for one in ended]
                pool.shutdown(wait=False, cancel_futures=True)
                for probe in probes:
                    probe.stop()
                if not isinstance(error, KeyboardInterrupt):
                    raise
                pairs = zip(systems, finished, strict=True)
                checks = [check for system, made in pairs for check in made or _not_reached(system)]
                raise Stopped(checks) from None
    finally:
        reap(token)


def definitions(workspace: Workspace, system: AnySystem) -> dict[str, Any]:
    """What the system says of itself, for its pin; PilotageError where it does not say it in time."""
    token = uuid.uuid4().hex
    try:
        found = ProbeProcess(workspace, system, token, lambda *_: None, "definitions").run()
    finally:
        reap(token)
    if found.definitions is None:
        lacking = f"pip install 'pilotage[{EXTRAS[system.pattern]}]'" if found.not_installed else ""
        why = lacking or found.fault or found.last_words or "it said nothing in time"
        raise PilotageError(f"{system.name} does not say what it is", why, "see `pilotage smoke-test` for the reason")
    return found.definitions


def chosen(policy: IntegrationPolicy, names: Sequence[str]) -> list[AnySystem]:
    """The systems of these names, or all; InputFaults for unknown names and unset environment variables."""
    known = [one.name for one in policy.systems]
    faults = [f"there is no system {name!r}{near(name, known)}" for name in names if name not in known]
    systems = [one for one in policy.systems if not names or one.name in names]
    faults += [f"{system.name}: {fault}" for system in systems for fault in unset(system)]
    if faults:
        raise InputFaults("playbook/integration.yaml cannot be probed", faults)
    return list(systems)


def unset(system: AnySystem) -> list[str]:
    """The environment variables that the system's entry names and that are not set, or hold a key that cannot be sent
    in a header, a fault each."""
    faults = [
        f"{key}: the environment variable {variable} is not set"
        for part in (system, *getattr(system, "sources", ()))
        for key in ("key_env", "user_env")
        if (variable := getattr(part, key)) and not os.environ.get(variable)
    ]
    if isinstance(system, OverHttp) and system.address and system.key_env and (wrong := unfit(system.key_env)):
        faults.append(f"key_env: {wrong}")
    return list(dict.fromkeys(faults))


def checks_of(probe: ProbeProcess) -> list[Check]:
    """The checks of one system, those that were planned and not made among them."""
    system = probe.system
    probe.say(system.name, "is probed")
    if lacking := unset(system):
        return [_check(system, id, "skipped", "not_configured", "; ".join(lacking)) for id in _planned(system)]
    told = probe.run()
    made = [_check(system, **row) for row in told.rows.values()]
    rest = [id for id in told.planned if id not in told.rows]
    if told.late or told.code or told.garbled:
        made.append(_broken_off(system, told))
        rest = [id for id in rest if id != made[-1].id]
    made += [_check(system, id, "skipped", *_unmade(system, told)) for id in rest]
    if not made:
        nothing = "its entry names nothing that could be checked"
        made = [_check(system, f"{system.pattern}.declared", "skipped", "nothing_declared", nothing)]
    bad = sum(check.status != "pass" for check in made)
    probe.say(system.name, f"{len(made) - bad} of {len(made)} checks passed")
    return made


def _planned(system: AnySystem) -> list[str]:
    return list(import_module(f"pilotage.integration.{system.pattern}").planned(system))


def _sound(future: Future[list[Check]]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _not_reached(system: AnySystem) -> list[Check]:
    return [_check(system, id, "skipped", "not_reached", "the smoke test was stopped") for id in _planned(system)]


def _broken_off(system: AnySystem, told: Told) -> Check:
    """The check at which the probe was stopped, or at which its process ended by itself."""
    at = told.running or next((id for id in told.planned if id not in told.rows), "probe")
    if told.late:
        return _check(system, at, "fail", "deadline", f"not done after {system.deadline_s:g} s")
    return _check(system, at, "fail", "probe_crashed", f"exit code {told.code}: {told.last_words}")


def _unmade(system: AnySystem, told: Told) -> tuple[str, str]:
    """Why planned checks were not made."""
    if told.not_installed:
        extra = EXTRAS[system.pattern]
        return "not_installed", f"{told.not_installed} is missing: pip install 'pilotage[{extra}]'"
    bad = [id for id, row in told.rows.items() if row["status"] != "pass"]
    return "not_reached", f"after {bad[-1]}" if bad else "the probe ended early"


def _check(system: AnySystem, id: str, status: Status, reason: str, evidence: str, duration_s: float = 0.0) -> Check:
    return Check(system.name, id, status, reason, evidence, duration_s, system.required)
