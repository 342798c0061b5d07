"""Items to review as a table that people fill in elsewhere: one row an item, CSV or XLSX."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pilotage.errors import PilotageError
from pilotage.kpis import Tables
from pilotage.oversight.queue.items import Claim
from pilotage.oversight.queue.store import Queue
from pilotage.oversight.queue.texts import check_answers, texts_of
from pilotage.playbook.oversight import ReviewQueue
from pilotage.records.hand_out import Layout, cell_text, check_new, write_sheet

DECISIONS = {
    "approve": "What the agent proposes is right.",
    "reject": "It is wrong; say the reason.",
    "correct": "It is wrong; say the reason, and write what would have been right.",
}


def layout_of(policy: ReviewQueue) -> Layout:
    """The columns of the table, with the playbook's reason codes to choose from."""
    columns = ("id", "action_type", "input", "answer", "decision", "reason", "correction", "dataset", "reviewer")
    widths = {"id": 16, "action_type": 16, "input": 45, "answer": 55, "decision": 11, "reason": 18, "correction": 45}
    choices = {"decision": DECISIONS, "reason": policy.reasons}
    return Layout("reviews", columns, ("decision", "reason", "correction"), widths, choices)


def hand_out(
    queue: Queue, tables: Tables, policy: ReviewQueue, path: Path, reviewer: str, number: int, now: datetime
) -> int:
    """Reserve up to so many more items for the reviewer, write them as a table, and say how many; 0 writes no file.

    Where no file can be written, nothing stays reserved.
    """
    layout = layout_of(policy)
    check_new(path, layout.title)
    check_answers(tables)
    claims = queue.hand_out(reviewer, number, now)
    try:
        _write(path, claims, tables, queue.dataset, layout)
    except BaseException:
        queue.withdraw(reviewer, now, [claim.item_id for claim in claims])
        raise
    return len(claims)


def hand_out_again(queue: Queue, tables: Tables, policy: ReviewQueue, path: Path, reviewer: str) -> int:
    """Write anew what is reserved for the reviewer and not decided, and say how many; 0 writes no file."""
    layout = layout_of(policy)
    check_new(path, layout.title)
    check_answers(tables)
    claims = queue.handed_out(reviewer)
    _write(path, claims, tables, queue.dataset, layout)
    return len(claims)


def _write(path: Path, claims: Sequence[Claim], tables: Tables, dataset: str, layout: Layout) -> None:
    """PilotageError where the dataset lacks a run: nobody could review it from the table."""
    texts = texts_of(tables, [claim.interaction_id for claim in claims])
    if gone := [claim.interaction_id for claim in claims if claim.interaction_id not in texts]:
        what = f"the dataset does not have {len(gone):,} of these runs any more, such as {gone[0]!r}"
        raise PilotageError(what, f"data/{dataset}", "put its rows back")
    rows = [
        (claim.item_id, claim.action_type, *texts[claim.interaction_id], "", "", "", dataset, claim.reviewer)
        for claim in claims
    ]
    if rows:
        write_sheet(path, [tuple(cell_text(cell) for cell in row) for row in rows], layout)
