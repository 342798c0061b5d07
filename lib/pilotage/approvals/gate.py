"""The gate on change control: is what is live, and are the people who may approve it, what was approved?"""

from __future__ import annotations

from pilotage.approvals.live import LiveState
from pilotage.verdict import Answer, Gate
from pilotage.words import listed


def approved_gate(name: str, live: LiveState, governance: LiveState, required: bool) -> Gate:
    """Go where the live file of the policy and governance.yaml are their approved versions; else not yet, and why."""
    doubts = [state.why for state in (live, governance) if state.status != "approved"]
    if live.example:
        doubts.append("the people in playbook/governance.yaml are still examples")
    unsigned = [vote.by for vote in live.approvals if vote.standing != "verified"]
    why = "; ".join(doubts) or live.why
    if unsigned and not doubts:
        why += f"; no key proves the approval by {listed(unsigned)}"
    answer: Answer = "not yet" if doubts else "go"
    return Gate(name, name, None, required, answer, why, None)
