"""Whether a file of the playbook is the version that people approved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pilotage.approvals.proposal import live_hash
from pilotage.approvals.state import State, governance_of, replay
from pilotage.approvals.votes import Vote
from pilotage.errors import PilotageError
from pilotage.words import listed
from pilotage.workspace import Workspace


@dataclass(frozen=True, slots=True)
class LiveState:
    """How the live file stands to its last approved version.

    "approved": it is that version. "changed": somebody changed it since by hand. "never approved": no proposal for it
    was ever applied. "unknown": the audit log or governance.yaml cannot be followed; `why` says so.

    `sha256` is the live file's ("absent": none). `proposal`, `version`, `applied_at` (UTC) and `approvals` are those
    of the last version applied, empty before the first. `verified` is True where the file is approved and every
    approval's signature was verified just now. `example` is True while governance.yaml names the shipped people.
    """

    policy: str
    status: Literal["approved", "changed", "never approved", "unknown"]
    sha256: str
    proposal: str
    version: str
    applied_at: str
    approvals: tuple[Vote, ...]
    verified: bool
    example: bool
    why: str


def live_state(workspace: Workspace, policy: str) -> LiveState:
    """Whether the live file is the approved one, and by whom; PilotageError only for an unknown policy."""
    sha256 = live_hash(workspace, policy)
    try:
        example = governance_of(workspace).example
        states = replay(workspace, policy).values()
    except PilotageError as fault:
        return LiveState(policy, "unknown", sha256, "", "", "", (), False, True, " ".join(str(fault).split()))
    ended = [(state.applied.seq, state) for state in states if state.applied]
    begun = next((state.id for state in states if state.status == "approved" and state.after == sha256), "")
    unended = f"; an interruption left {begun} half applied: approving it again ends it" if begun else ""
    if not ended:
        why = f"no version of playbook/{policy}.yaml was ever approved{unended}"
        return LiveState(policy, "never approved", sha256, "", "", "", (), False, example, why)
    return _beside(sha256, max(ended, key=lambda pair: pair[0])[1], example, unended)


def _beside(sha256: str, last: State, example: bool, unended: str) -> LiveState:
    """The live file beside the version applied last."""
    name = f"playbook/{last.policy}.yaml"
    applied_at = last.applied.at if last.applied else ""
    approvals = tuple(last.given.values())
    same = sha256 == last.after
    told = [f"{vote.by} ({role}, {vote.standing})" for role, vote in last.given.items()]
    approved = f"{last.id}, approved by {listed(told)} and applied on {applied_at[:10]}"
    return LiveState(
        last.policy, "approved" if same else "changed", sha256, last.id, last.version, applied_at, approvals,
        same and all(vote.standing == "verified" for vote in approvals), example,
        f"{name} is {approved}" if same else f"{name} has changed by hand: it is no longer {approved}{unended}",
    )  # fmt: skip
