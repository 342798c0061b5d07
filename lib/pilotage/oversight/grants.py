"""What people granted: every change of oversight.yaml that was approved and applied, as the audit log tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pilotage import approvals
from pilotage.approvals import Proposal
from pilotage.approvals.acceptance import Acceptance, acceptances
from pilotage.errors import PilotageError
from pilotage.forms import fill, parse_mapping
from pilotage.hashes import ABSENT
from pilotage.oversight.replaced import text_before
from pilotage.playbook import OversightPolicy
from pilotage.workspace import Workspace

POLICY = "oversight"


@dataclass(frozen=True)
class Grant:
    """A version of oversight.yaml applied at `at`, made at `made` (both UTC without zone).

    `policy` is its text as a model: None where the proposal's file is lost or altered, so that nobody knows what it
    granted. `evidence` is what the proposal recorded then. `high_before` names the action types whose risk the file
    that it replaced called high: all of its own where nobody can tell.
    """

    id: str
    at: datetime
    made: datetime
    policy: OversightPolicy | None
    evidence: Mapping[str, Any]
    high_before: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Granted:
    """All grants, in the order they were applied, and the risk acceptances; `fault` says why nothing can be known."""

    grants: tuple[Grant, ...]
    acceptances: tuple[Acceptance, ...]
    fault: str = ""


def granted(workspace: Workspace, until: datetime) -> Granted:
    """What was granted by this moment (UTC without zone); nothing, and why, where log or governance cannot be read."""
    try:
        states = approvals.replay(workspace, POLICY)
        accepted = acceptances(workspace)
    except PilotageError as fault:
        return Granted((), (), " ".join(str(fault).split()))
    applied = [(state.applied.seq, state, state.applied) for state in states.values() if state.applied]
    grants = [
        _grant(state.id, plain_utc(entry.at), plain_utc(state.at), state.intact)
        for _, state, entry in sorted(applied, key=lambda one: one[0])
    ]
    return Granted(tuple(grant for grant in grants if grant.at <= until), accepted)


def read_text(text: str) -> OversightPolicy:
    """The text of an oversight.yaml as its model; ValueError where it cannot be followed."""
    mapping, faults = parse_mapping(text)
    policy, faults = fill(OversightPolicy, mapping) if not faults else (None, faults)
    if policy is None or faults:
        raise ValueError("; ".join(faults))
    return policy


def plain_utc(moment: str | datetime) -> datetime:
    """A moment with its zone as UTC without zone, as the frames of the reviews have it."""
    aware = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return aware.astimezone(UTC).replace(tzinfo=None)


def _grant(id: str, at: datetime, made: datetime, intact: Proposal | None) -> Grant:
    try:
        policy = read_text(intact.text) if intact else None
    except ValueError:  # written under another version of the form: what it granted can no longer be told
        policy = None
    if intact is None or policy is None:
        return Grant(id, at, made, None, intact.evidence if intact else {})
    return Grant(id, at, made, policy, intact.evidence, _high_before(intact, policy))


def _high_before(proposal: Proposal, policy: OversightPolicy) -> frozenset[str]:
    if proposal.before == ABSENT:
        return frozenset()
    try:
        before = read_text(text_before(proposal) or "")
    except ValueError:
        return frozenset(action.name for action in policy.actions)
    return frozenset(action.name for action in before.actions if action.risk_class == "high")
