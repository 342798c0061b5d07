"""Proposals as people read them in a terminal; whatever somebody wrote stays on its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pilotage.approvals.proposal import path_of
from pilotage.approvals.state import State, governance_of, replay
from pilotage.approvals.votes import Vote
from pilotage.errors import PilotageError
from pilotage.forms import near
from pilotage.playbook import GovernancePolicy
from pilotage.playbook.governance import same_name
from pilotage.words import LONGEST, listed, plain
from pilotage.workspace import Workspace

MOST_FIGURES = 40  # lines of evidence that are shown; all of it is in the proposal's file
_MOST_ITEMS = 6  # entries of a list in one of them


def list_lines(workspace: Workspace) -> list[str]:
    """One line for each proposal, the newest first, and one for each file that no proposal of the log explains."""
    states = replay(workspace)
    lines = [_line(state) for state in reversed(states.values())]
    found = sorted(path.stem for path in (workspace.playbook / "proposals").glob("*.json"))
    lines += [
        f"{_one(name)}  not in the audit log: interrupted, or written by hand; propose it again"
        for name in found
        if name not in states
    ]
    return lines or ["no change was proposed yet; `pilotage propose` makes a proposal"]


def proposal_lines(workspace: Workspace, id: str) -> list[str]:
    """One proposal whole: how it stands, its version, evidence, approvals and diff, and how to approve it.

    PilotageError for an id that is not in the audit log.
    """
    states = replay(workspace)
    if id not in states:
        raise PilotageError(f"there is no proposal {id!r}{near(id, states)}", next="list them with `pilotage show`")
    state, governance = states[id], governance_of(workspace)
    return [
        f"{state.id}: {_status(state)}",
        f"  changes  playbook/{state.policy}.yaml",
        f"  version  {state.version}",
        f"  made     {state.at[:10]} by {_one(state.by)}",
        *_content(workspace, state),
        *_approvals(state, governance),
        *_next(state),
    ]


def _line(state: State) -> str:
    return f"{state.id}  {state.at[:10]}  {_status(state)}"


def _status(state: State) -> str:
    """How the proposal stands, in words."""
    if state.status == "applied" and state.applied:
        doubt = "" if all(vote.standing == "verified" for vote in state.given.values()) else "; not all are verified"
        by = listed([_one(vote.by) for vote in state.given.values()])
        return f"applied on {state.applied.at[:10]}, approved by {by}{doubt}"
    if state.status == "rejected" and state.rejection:
        one = state.rejection
        return f"rejected on {one.at[:10]} by {_one(one.by)} ({one.standing}): {_one(one.why)}"
    return {
        "altered": "its file was altered or lost; nobody can approve it",
        "stale": "stale: the file has changed since; propose again",
        "approved": "approved, and interrupted before it was applied; approve it again to end it",
    }.get(state.status, f"open, waits for {listed(list(state.missing)) or 'roles that governance.yaml does not name'}")


def _content(workspace: Workspace, state: State) -> Iterator[str]:
    """Why, the evidence and the diff, as the proposal's file has them; nothing of a file that was altered."""
    proposal = state.intact
    if proposal is None:
        file = workspace.relative(path_of(workspace, state.id))
        yield f"  file     {file} is not what was proposed, and is not shown"
        return
    yield f"  why      {_one(proposal.why)}"
    figures = list(_figures(proposal.evidence)) if proposal.evidence else []
    if figures:
        width = min(max(len(name) for name, _ in figures[:MOST_FIGURES]), LONGEST // 4)
        yield "evidence"
        yield from (f"  {name:{width}}  {value}" for name, value in figures[:MOST_FIGURES])
    if len(figures) > MOST_FIGURES:
        yield f"  and {len(figures) - MOST_FIGURES:,} more in {workspace.relative(path_of(workspace, state.id))}"
    yield "diff"
    yield from (f"  {plain(line, None)}" for line in proposal.diff.split("\n"))


def _figures(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Each figure of the evidence with its name, dots between the parts."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _figures(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        for number, item in enumerate(value[:_MOST_ITEMS], 1):
            yield from _figures(item, f"{name}[{number}]")
        if len(value) > _MOST_ITEMS:
            yield _one(name), f"and {len(value) - _MOST_ITEMS:,} more"
    else:
        yield _one(name), _value(value)


def _value(value: Any) -> str:
    if isinstance(value, list):
        more = f" and {len(value) - _MOST_ITEMS:,} more" if len(value) > _MOST_ITEMS else ""
        return ", ".join(map(_value, value[:_MOST_ITEMS])) + more or "none"
    if value is None or isinstance(value, bool):
        return "unknown" if value is None else "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else "none" if value == {} else _one(value)


def _approvals(state: State, governance: GovernancePolicy) -> Iterator[str]:
    """Who fills which role, who could fill those that are missing, and what does not count."""
    yield "approvals"
    width = max((len(role) for role in state.demanded), default=0)
    for role in state.demanded:
        vote = state.given.get(role)
        yield f"  {role:{width}}  {_vote(vote) if vote else _missing(state, role, governance)}"
    for vote in state.forged:
        yield f"  forged, entry {vote.seq} of the audit log: {_one(vote.by)}, {vote.at[:10]}; {vote.remark}"
    for vote in state.unsigned:
        told = "it does not count without this person's key"
        yield f"  unsigned, entry {vote.seq} of the audit log: {_one(vote.by)}, {vote.at[:10]}; {told}"


def _vote(vote: Vote) -> str:
    return f"{_one(vote.by)}, {vote.at[:10]}, {vote.standing}{f': {vote.remark}' if vote.remark else ''}"


def _missing(state: State, role: str, governance: GovernancePolicy) -> str:
    """Who may still stand for the role: neither the proposer nor anybody who has approved."""
    if state.status in ("applied", "rejected"):
        return "not given"
    taken = {same_name(state.by), *(same_name(vote.by) for vote in state.given.values())}
    free = [_one(name) for name in governance.holders(role) if same_name(name) not in taken]
    return f"missing; may be given by {listed(free)}" if free else "missing, and nobody who holds it is free to give it"


def _next(state: State) -> Sequence[str]:
    if state.status not in ("open", "approved"):
        return ()
    command = f"{state.id} --version {state.version[:12]} --by NAME --key FILE"
    return (
        "next",
        f"  pilotage approve {command}    # no --key for whom governance.yaml names none",
        f"  pilotage reject {command} --why TEXT",
    )


def _one(value: object) -> str:
    """The value on one line."""
    return " ".join(plain(value).split())
