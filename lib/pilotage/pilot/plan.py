"""The pilot's plan: what must be proved and when one looks, registered in the audit log before the pilot begins.

Limits, metrics and looks that are moved once the data are known prove nothing. So the plan's registration is compared
with the playbook of today, and with every later registration: what became easier is listed with its date.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pilotage import audit_log
from pilotage.audit_log import Entry
from pilotage.errors import PilotageError
from pilotage.kpis import DEFINITIONS, label_of
from pilotage.playbook import TIERS, PilotPolicy
from pilotage.verdict import limit_text
from pilotage.words import listed
from pilotage.workspace import Workspace

PLAN = "pilot plan"
Plan = Mapping[str, Any]


@dataclass(frozen=True)
class Easier:
    """One thing that became easier to clear: of which KPI (empty: all), in which respect, and what, with its date."""

    kpi: str
    respect: str
    what: str


@dataclass(frozen=True)
class Registered:
    """How the playbook's plan stands to those in the audit log.

    `first` is the plan that counts: the last before the pilot began, else the first there is; None without any.
    `in_time` says whether that was before. `easier` lists what has become easier since, `gone` the KPIs among them
    that were required and no longer are.
    """

    first: Entry | None
    in_time: bool
    easier: tuple[Easier, ...]
    gone: tuple[str, ...]

    def against(self, kpi: str, tier: str) -> list[str]:
        """What speaks against a go of this KPI at this tier."""
        mine = [change for change in self.easier if change.kpi in ("", kpi)]
        return [change.what for change in mine if change.respect == tier or change.respect not in TIERS]


def plan_of(policy: PilotPolicy) -> Plan:
    """What a registration keeps of pilot.yaml: confidence, looks, and each gate's limits; no reasons, no names."""
    return {
        "confidence": policy.confidence,
        "pass_k": policy.pass_k,
        "looks": {dataset: list(looks.at) for dataset, looks in sorted(policy.looks.items())},
        "judge": policy.judge,
        "gates": {
            name: {"required": gate.required, "limits": {tier: limit.value for tier, limit in gate.limits.items()}}
            for name, gate in sorted(policy.gates.items())
        },
    }


def register(workspace: Workspace, policy: PilotPolicy, by: str, at: datetime) -> Entry:
    """Append the plan to the audit log; PilotageError where the very same plan is its last one already."""
    before = plans(workspace)
    if before and before[-1].what == plan_of(policy):
        raise PilotageError(f"this very plan was registered on {before[-1].at[:10]}, by {before[-1].by}")
    return audit_log.append(workspace.log, PLAN, plan_of(policy), by, at)


def plans(workspace: Workspace) -> list[Entry]:
    """The registrations in the audit log; none where the log does not verify, which the decision page then says."""
    try:
        return [entry for entry in audit_log.read(workspace.log) if entry.kind == PLAN]
    except PilotageError:
        return []


def registered(entries: Sequence[Entry], policy: PilotPolicy, dataset: str, begun: datetime | None) -> Registered:
    """How the plan of today stands to the registrations, for a pilot that began at `begun` (UTC; None: not known)."""
    early = [entry for entry in entries if begun is not None and _moment(entry) < begun]
    first = early[-1] if early else next(iter(entries), None)
    if first is None:
        return Registered(None, False, (), ())
    steps = [(f"on {entry.at[:10]}", entry.what) for entry in entries if entry.seq > first.seq]
    steps.append((f"after {entries[-1].at[:10]}, and nobody registered that", plan_of(policy)))
    lasting = {(change.kpi, change.respect) for change in _easier(first.what, plan_of(policy), dataset, "")}
    changes = [change for change in _stepwise(first.what, steps, dataset) if (change.kpi, change.respect) in lasting]
    gone = tuple(name for name in _required(first.what) if name not in _required(plan_of(policy)))
    return Registered(first, bool(early), tuple(changes), gone)


def _moment(entry: Entry) -> datetime:
    return datetime.fromisoformat(entry.at).replace(tzinfo=None)


def _stepwise(plan: Plan, steps: Iterable[tuple[str, Plan]], dataset: str) -> Iterator[Easier]:
    """What each step made easier than the one before."""
    for when, after in steps:
        yield from _easier(plan, after, dataset, when)
        plan = after


def _easier(before: Plan, after: Plan, dataset: str, when: str) -> Iterator[Easier]:
    """What the plan `after` made easier to clear than `before` did."""
    if after["confidence"] < before["confidence"]:
        what = f"the confidence was lowered from {before['confidence']:g} to {after['confidence']:g} {when}"
        yield Easier("", "confidence", what)
    if before["looks"].get(dataset) and after["looks"].get(dataset) != before["looks"][dataset]:
        what = f"the looks were changed from {_looks(before, dataset)} to {_looks(after, dataset)} {when}"
        yield Easier("", "looks", what)
    if after["pass_k"] < before["pass_k"]:
        what = f"the tries in a row were lowered from {before['pass_k']} to {after['pass_k']} {when}"
        yield Easier("pass_hat_k", "pass_k", what)
    if after["judge"] != before["judge"]:
        what = f"the judge was changed from {before['judge'] or 'none'} to {after['judge'] or 'none'} {when}"
        yield from (Easier(name, "judge", what) for name in before["gates"] if _metric(name))
    for name, gate in before["gates"].items():
        yield from _easier_gate(name, gate, after["gates"].get(name), when)


def _easier_gate(name: str, before: Plan, after: Plan | None, when: str) -> Iterator[Easier]:
    """The same for one gate, which may be gone."""
    if before["required"] and not (after and after["required"]):
        yield Easier(name, "required", f"it was {'made advisory' if after else 'dropped'} {when}")
    if after is None or name not in DEFINITIONS:  # a later version may count something else
        return
    better, unit = DEFINITIONS[name].better, DEFINITIONS[name].unit
    for tier, limit in before["limits"].items():
        value = after["limits"][tier]
        if (value > limit) if better == "lower" else (value < limit):
            old, new = (limit_text(better, number, unit) for number in (limit, value))
            yield Easier(name, tier, f"its limit {tier} was loosened from {old} to {new} {when}")


def _metric(name: str) -> str | None:
    return DEFINITIONS[name].metric if name in DEFINITIONS else None


def _looks(plan: Plan, dataset: str) -> str:
    return ", ".join(f"{n:,}" for n in plan["looks"].get(dataset) or ()) or "none"


def _required(plan: Plan) -> list[str]:
    return [name for name, gate in plan["gates"].items() if gate["required"]]


def gone_text(name: str, known: Registered, tier: str) -> str:
    """Why a KPI that left the plan still holds the decision."""
    return f"“{label_of(name)}” was registered as required, and {listed(known.against(name, tier))}"
