"""Where load may be sent: only to systems that the playbook marks as staging, and only calls that it calls safe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pilotage.errors import InputFaults
from pilotage.forms import near
from pilotage.integration.keys import key_of, unfit
from pilotage.playbook.integration import IntegrationPolicy
from pilotage.playbook.systems import EMBEDDED, LoadTarget, WrapperSystem


@dataclass(frozen=True)
class Limits:
    """What production will ask, and how well the system must answer then."""

    requests_per_s: float
    p95_ms_max: float
    error_rate_max: float


@dataclass(frozen=True)
class Target:
    """A system that load may be sent to: its base address, the paths to get, and the token that goes with each."""

    system: str
    address: str
    paths: tuple[str, ...]
    limits: Limits
    token: str | None = field(default=None, repr=False)
    key_header: str | None = None  # that takes the token as it is; none: it is a bearer token

    def __post_init__(self) -> None:
        # A path such as //elsewhere or @elsewhere must not make another host of the address.
        for path in self.paths:
            assert urlsplit(self.address + path).netloc == urlsplit(self.address).netloc, path


def limits_of(load: LoadTarget) -> Limits:
    """The numbers of the playbook's limits."""
    return Limits(load.requests_per_s.value, load.p95_ms_max.value, load.error_rate_max.value)


def paths_of(system: WrapperSystem) -> tuple[str, ...]:
    """The paths of its safe calls; calls that are no GET are never sent as load."""
    return tuple(call.path for call in system.safe_calls if call.method == "GET" and call.body is None)


def chosen_for_load(policy: IntegrationPolicy, names: Sequence[str] = ()) -> list[WrapperSystem]:
    """The named systems, or all that have `load`; InputFaults, before anything is sent, for one that may get none."""
    known = [one.name for one in policy.systems]
    faults = [f"there is no system {name!r}{near(name, known)}" for name in names if name not in known]
    asked = [one for one in policy.systems if one.name in names or (not names and getattr(one, "load", None))]
    if not names and not asked:
        faults.append("no system has `load`: what production will ask of it")
    systems = [one for one in asked if isinstance(one, WrapperSystem)]
    faults += [f"{one.name}: only systems with the pattern wrapper can be put under load" for one in asked
               if not isinstance(one, WrapperSystem)]  # fmt: skip
    faults += [fault for one in systems for fault in _faults(one)]
    if faults:
        raise InputFaults("no load was sent to any system", faults, "correct playbook/integration.yaml or the name")
    return systems


def target_of(system: WrapperSystem) -> Target:
    """Where load for this system goes; InputFaults where none may. The embedded example has no address of its own."""
    if faults := list(_faults(system)):
        raise InputFaults("no load was sent to any system", faults, "correct playbook/integration.yaml")
    assert system.load is not None
    token = key_of(system.key_env) or None
    address, paths, limits = system.address.rstrip("/"), paths_of(system), limits_of(system.load)
    return Target(system.name, address, paths, limits, token, system.key_header)


def _faults(system: WrapperSystem) -> Iterator[str]:
    if system.load is None:
        yield f"{system.name}: load: is missing: what production will ask of it"
    if system.address != EMBEDDED and not system.staging:
        yield f"{system.name}: staging: is not true; load is never sent to what may be production"
    if not paths_of(system):
        yield f"{system.name}: safe_calls: names no GET, and only those are sent as load"
    if system.key_env and (wrong := unfit(system.key_env)):
        yield f"{system.name}: key_env: {wrong}"
