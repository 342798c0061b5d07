"""How the live guard came to be: who approved it, what is proposed, and when it is to be looked at again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pilotage import approvals, audit_log
from pilotage.approvals import LiveState, State
from pilotage.errors import PilotageError
from pilotage.guardrails.cycle import Due, due, last_review
from pilotage.page import Page, html
from pilotage.words import listed

STAGE = "guardrails"


@dataclass(frozen=True)
class Control:
    """The live file, and that of the people who approve it, beside their approved versions; proposals; next review."""

    live: LiveState
    governance: LiveState
    proposals: tuple[State, ...]
    due: Due


def control(page: Page) -> Control:
    """Read from the audit log and the proposals, which the page then depends on.

    A log that does not verify tells no proposal and no review; the decision page says so.
    """
    page.depend_on_approvals()
    try:
        entries, states = audit_log.read(page.workspace.log), tuple(approvals.replay(page.workspace, STAGE).values())
    except PilotageError:
        entries, states = (), ()
    next_review = due(page.playbook.guardrails, last_review(entries), page.as_of)
    live, governance = (approvals.live_state(page.workspace, name) for name in (STAGE, "governance"))
    return Control(live, governance, states, next_review)


def control_table(found: Control) -> html.Html:
    """The proposals, the newest first, with who agreed and who is missing."""
    rows = [
        (state.id, state.at[:10], state.by, state.status, listed(list(_given(state))) or "nobody", _missing(state))
        for state in reversed(found.proposals)
    ]
    header = ("Proposal", "Made on", "By", "Status", "Approved by", "Still missing")
    return html.table("Proposals to change the guardrails", header, rows)


def _given(state: State) -> Iterator[str]:
    yield from (f"{vote.by} ({role}, {vote.standing})" for role, vote in state.given.items())


def _missing(state: State) -> str:
    return listed(list(state.missing)) if state.status == "open" else ""


def control_told(found: Control) -> list[str]:
    """The state of the live file and the next review, a sentence each."""
    return [f"The live version: {found.live.why}.", f"The review: {found.due.why}."]
