"""Propose, approve, reject: the only ways in which a file of the playbook changes under control."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pilotage import audit_log
from pilotage.approvals import proposal as files
from pilotage.approvals.live import live_state
from pilotage.approvals.proposal import Check, Proposal
from pilotage.approvals.state import State, content_of, governance_of, replay
from pilotage.approvals.votes import APPLIED, APPROVED, MADE, REJECTED, signed
from pilotage.errors import InputFaults, PilotageError
from pilotage.forms import near
from pilotage.hashes import write_text_atomically
from pilotage.playbook import GovernancePolicy, Person
from pilotage.playbook.governance import same_name
from pilotage.words import listed
from pilotage.workspace import Workspace

SHORTEST = 8  # hex digits of a version that name it


def propose(
    workspace: Workspace,
    policy: str,
    text: str,
    why: str,
    by: str,
    at: datetime,
    evidence: Mapping[str, Any] | None = None,
    check: Check | None = None,
) -> Proposal:
    """Write the proposal to put this text in the place of a playbook file, and tell the audit log; no more changes.

    `check` finds faults that the file's form cannot, such as examples of rules. A file that was changed by hand since
    it was approved, or never was approved, may be proposed as it stands; the difference is then that to the approved
    version, or the whole text.

    `by` is a person of governance.yaml, with a role or without, in whatever case and blanks: else nobody could tell
    later whether who approves is who proposed.

    InputFaults with every fault of the text. PilotageError for an unknown file or person, a file whose approvals
    governance.yaml does not name, no change, a change that is open already, an empty reason, a time without zone.
    """
    why, when = _reason(why), _moment(at)
    with _alone(workspace):
        files.live_path(workspace, policy)
        governance = governance_of(workspace)
        by = _proposer(governance, by)
        _demanded(governance, policy)
        if faults := files.faults_of(policy, text, check):
            raise InputFaults(f"the proposed playbook/{policy}.yaml cannot be followed", faults, "nothing was proposed")
        proposal = files.make(policy, _before(workspace, policy, text), text, why, by, when, evidence or {})
        _check_new(replay(workspace, policy).values(), proposal)
        if files.path_of(workspace, proposal.id).exists():
            raise PilotageError(f"there is a proposal {proposal.id} already", next="propose again")
        files.write(workspace, proposal)
        audit_log.append(workspace.log, MADE, content_of(proposal), by, at)
    return proposal


def approve(
    workspace: Workspace,
    id: str,
    version: str,
    by: str,
    at: datetime,
    key: Path | None = None,
    check: Check | None = None,
) -> State:
    """Append the approval, signed where a key is given; with the last role that was missing, the file is replaced.

    `check` is asked again, as in `propose`, before anything is written: what it looks at may have moved since.

    The state afterwards. Where an interruption came between the last approval and the end of the replacement, this
    ends it and appends no further approval. PilotageError, each with its reason: an unknown proposal or person, another
    version, no role, one's own proposal, a role or a person twice, what is applied, rejected, altered or stale, a key
    that does not fit, none where governance.yaml names one. InputFaults with every fault that `check` finds.
    """
    with _alone(workspace):
        state, governance = _named(workspace, id, version), governance_of(workspace)
        proposal = _open_proposal(workspace, state, check)
        person, roles = _voter(governance, state, by)
        _check_not_own(governance, state, person)
        if state.status == "open":
            _check_adds(state, person, roles)
            what = {**_about(state), "roles": roles, "demanded": list(_demanded(governance, state.policy))}
            audit_log.append(workspace.log, APPROVED, signed(APPROVED, what, person, _moment(at), key), person.name, at)
        if replay(workspace, state.policy)[id].status == "approved":
            _apply(workspace, proposal, person.name, at)
        return replay(workspace, state.policy)[id]


def reject(
    workspace: Workspace, id: str, version: str, by: str, why: str, at: datetime, key: Path | None = None
) -> State:
    """Append the rejection, which is final; the state afterwards.

    By anybody who holds one of the roles, whoever proposed it. PilotageError as `approve` has it; one that is altered
    or stale can be rejected.
    """
    why = _reason(why)
    with _alone(workspace):
        state = _named(workspace, id, version)
        _check_not_ended(state)
        person, roles = _voter(governance_of(workspace), state, by)
        what = {**_about(state), "roles": roles, "why": why}
        audit_log.append(workspace.log, REJECTED, signed(REJECTED, what, person, _moment(at), key), person.name, at)
        return replay(workspace, state.policy)[id]


def _before(workspace: Workspace, policy: str, text: str) -> str | None:
    """The text that the proposal starts from: the live one, or, where that is itself proposed, the approved one.

    None where nothing was approved that the live one could be held against: all of it is then new.
    """
    old = files.live_text(workspace, policy)
    if old != text:
        return old
    live = live_state(workspace, policy)
    if live.status == "approved":
        raise PilotageError(f"playbook/{policy}.yaml says this already: nothing would change")
    approved = files.read(workspace, live.proposal) if live.status == "changed" else None
    return approved.text if approved else None


def _check_new(states: Iterable[State], proposal: Proposal) -> None:
    for state in states:
        same = (state.before, state.after) == (proposal.before, proposal.after)
        if same and state.status in ("open", "approved"):
            told = f"{state.id} proposes the very same since {state.at[:10]}"
            raise PilotageError(told, next=f"look at it with `pilotage show {state.id}`")


def _named(workspace: Workspace, id: str, version: str) -> State:
    """The proposal of this id, if this is its version."""
    states = replay(workspace)
    if id not in states:
        raise PilotageError(f"there is no proposal {id!r}{near(id, states)}", next="list them with `pilotage show`")
    if len(version) < SHORTEST:
        raise PilotageError(f"a version is named by {SHORTEST} or more of its digits", next=f"see `pilotage show {id}`")
    if not states[id].version.startswith(version.lower()):
        what = f"{version[:64]!r} is not the version of {id}, which is {states[id].version[:12]}…"
        raise PilotageError(what, next=f"look at what you approve: `pilotage show {id}`")
    return states[id]


def _open_proposal(workspace: Workspace, state: State, check: Check | None) -> Proposal:
    """The proposal's own file, where it can still be approved and would do what it shows."""
    _check_not_ended(state)
    path, proposal = workspace.relative(files.path_of(workspace, state.id)), state.intact
    if proposal is None:
        raise PilotageError(
            "was altered or lost: it is not what the audit log says was proposed", path, "reject it, and propose again"
        )
    if state.status == "stale":
        what = f"playbook/{state.policy}.yaml has changed since {state.id} was made, so it is stale"
        raise PilotageError(what, next="propose again, from the file as it is now")
    old = files.live_text(workspace, state.policy)
    before = files.digest(old) if old is not None else "absent"
    if before == proposal.before and files.diff(state.policy, old or "", proposal.text) != proposal.diff:
        raise PilotageError("shows another change than it would make", path, "reject it, and ask who wrote it")
    if faults := files.faults_of(state.policy, proposal.text, check):
        todo = "nothing was approved; mend this and approve again, or reject it"
        raise InputFaults(f"{state.id} cannot be followed as things stand now", faults, todo)
    return proposal


def _check_not_ended(state: State) -> None:
    if state.status == "applied" and state.applied:
        raise PilotageError(f"{state.id} was applied on {state.applied.at[:10]} already")
    if state.status == "rejected" and state.rejection:
        raise PilotageError(
            f"{state.id} was rejected on {state.rejection.at[:10]}, which is final", next="propose again"
        )


def _proposer(governance: GovernancePolicy, by: str) -> str:
    """The person's name as governance.yaml has it."""
    by = _person_text(by)
    person = governance.called(by)
    if person is None:
        names = listed([one.name for one in governance.people])
        told = f"playbook/governance.yaml names nobody called {by!r}; it names {names or 'nobody'}"
        raise PilotageError(told, next="name yourself: --by NAME; who only proposes stands there with roles: []")
    return person.name


def _voter(governance: GovernancePolicy, state: State, by: str) -> tuple[Person, list[str]]:
    """The person, and the roles held of those that are demanded."""
    by, demanded = _person_text(by), _demanded(governance, state.policy)
    person = governance.called(by)
    if person is None:
        told = near(by, [one.name for one in governance.people])
        raise PilotageError(
            f"playbook/governance.yaml names nobody called {by!r}{told}", next="name yourself: --by NAME"
        )
    roles = [role for role in demanded if role in person.roles]
    if not roles:
        what = f"{person.name} holds none of the roles that decide on playbook/{state.policy}.yaml"
        raise PilotageError(f"{what}: {listed(list(demanded))}")
    return person, roles


def _check_not_own(governance: GovernancePolicy, state: State, person: Person) -> None:
    if same_name(person.name) == same_name(state.by):
        raise PilotageError(f"{person.name} made {state.id}, and nobody approves a proposal of their own")
    if state.status == "open" and governance.called(state.by) is None:
        what = f"{state.id} was made by {state.by!r}, whom governance.yaml does not name: it may be anybody's own"
        raise PilotageError(what, next="reject it, and let somebody who is named propose it again")


def _check_adds(state: State, person: Person, roles: list[str]) -> None:
    """PilotageError where the approval would fill no role."""
    mine = next((vote for vote in state.given.values() if vote.by == person.name), None)
    if mine:
        others = [role for role in roles if role in state.missing]
        what = f"{person.name} approved {state.id} on {mine.at[:10]} already"
        raise PilotageError(f"{what}; {listed(others)} needs another person" if others else what)
    if not state.fills(person.name, roles):
        given = [f"{role} by {state.given[role].by}" for role in roles if role in state.given]
        raise PilotageError(f"given already: {listed(given)}; missing: {listed(list(state.missing))}")


def _apply(workspace: Workspace, proposal: Proposal, by: str, at: datetime) -> None:
    """Replace the live file, then tell the log; each step is left out where an interruption left it done."""
    if files.live_hash(workspace, proposal.policy) != proposal.after:
        write_text_atomically(files.live_path(workspace, proposal.policy), proposal.text)
    audit_log.append(workspace.log, APPLIED, content_of(proposal), by, at)


def _demanded(governance: GovernancePolicy, policy: str) -> tuple[str, ...]:
    if policy not in governance.changes:
        what = f"playbook/governance.yaml does not say who approves a change of {policy}"
        raise PilotageError(what, next=f"propose governance with a line for {policy} under changes")
    return governance.changes[policy].approvals


def _about(state: State) -> dict[str, Any]:
    return {"proposal": state.id, "version": state.version, "policy": state.policy}


def _person_text(by: str) -> str:
    if not by.strip():
        raise PilotageError("a proposal and an approval need the name of a person", next="name yourself: --by NAME")
    return by.strip()


def _reason(why: str) -> str:
    if not why.strip():
        raise PilotageError("a change needs its reason", next="say why: --why TEXT")
    return why.strip()


def _moment(at: datetime) -> str:
    """The time as the audit log keeps it."""
    if at.utcoffset() is None:
        raise PilotageError("the time of a proposal needs a time zone", next="pass an aware datetime")
    return at.astimezone(UTC).isoformat()


@contextmanager
def _alone(workspace: Workspace) -> Iterator[None]:
    """One change at a time: the folder of proposals, locked. The kernel drops the lock with the process."""
    folder = workspace.playbook / "proposals"
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
