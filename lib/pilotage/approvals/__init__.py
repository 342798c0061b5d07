"""Change control: a file of the playbook changes by a proposal that the roles named in governance.yaml approve.

Proposals lie in playbook/proposals/, approvals in the audit log, signed with Ed25519 where the approver has a key.
How a proposal stands is replayed from the log each time. Signatures show who approved; they do not keep anybody who
can write into the workspace from editing a live file, which is why `live_state` says whether it is the approved one.
"""

from pilotage.approvals.change import approve, propose, reject
from pilotage.approvals.gate import approved_gate
from pilotage.approvals.keys import NewKey, new_key
from pilotage.approvals.live import LiveState, live_state
from pilotage.approvals.proposal import Check, Proposal
from pilotage.approvals.show import list_lines, proposal_lines
from pilotage.approvals.state import State, replay
from pilotage.approvals.votes import Vote

__all__ = [
    "Check",
    "LiveState",
    "NewKey",
    "Proposal",
    "State",
    "Vote",
    "approve",
    "approved_gate",
    "list_lines",
    "live_state",
    "new_key",
    "proposal_lines",
    "propose",
    "reject",
    "replay",
]
