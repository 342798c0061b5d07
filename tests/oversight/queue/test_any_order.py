"""Whatever reviewers do in whatever order, and wherever the clock goes, the queue's promises hold."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.errors import PilotageError
from pilotage.oversight.queue.items import Claim, Listed, NewItem
from pilotage.oversight.queue.store import Queue, open_queue
from pilotage.workspace import Workspace

T = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
COPIES = (1, 2, 1, 2)
PEOPLE = ("Ada", "Bob", "Zoe")
DEEDS = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE), st.sampled_from(("claim", "decide", "release", "list", "withdraw", "wait", "back"))
    ),
    max_size=25,
)


def deed(
    queue: Queue, who: str, what: str, at: datetime, held: dict[str, Claim], kept: Counter[tuple[str, str]]
) -> None:
    """One deed; what the queue acknowledged is counted in `kept`."""
    if what == "claim" and (found := queue.claim(who, at)):
        held[who] = found
    elif what == "decide" and who in held:
        queue.decide(held[who], "approve", "", "", 1.0, at)
        kept[held[who].item_id, who] += 1
    elif what == "release" and who in held:
        queue.release(held[who], at)
    elif what == "withdraw":
        queue.withdraw(who, at)
    elif what == "list" and (sheet := queue.hand_out(who, 2, at)):
        queue.decide_listed(who, [Listed(sheet[0].item_id, "approve")], at)
        kept[sheet[0].item_id, who] += 1


@given(DEEDS)
@settings(max_examples=40, deadline=None)
def test_nothing_acknowledged_is_lost_nothing_is_decided_too_often_and_every_item_stays_reachable(deeds) -> None:
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root, "data", "desk")
        folder.mkdir(parents=True)
        (folder / "dataset.yaml").write_text("name: desk\ntables:\n  interactions: {file: runs.csv}\n")
        with open_queue(Workspace(Path(root)), "desk", 10) as queue:
            check(queue, deeds)


def check(queue: Queue, deeds: list[tuple[str, str]]) -> None:
    """Do the deeds, then let everybody finish."""
    items = [
        NewItem(f"i{n}", f"r{n}", "post", "in the loop", "uniform", 1.0, T, copies=copies)
        for n, copies in enumerate(COPIES)
    ]
    queue.add(items)
    held: dict[str, Claim] = {}
    kept: Counter[tuple[str, str]] = Counter()
    at = T
    for who, what in deeds:
        at += {"wait": timedelta(minutes=6), "back": -timedelta(minutes=30)}.get(what, timedelta(seconds=5))
        try:
            deed(queue, who, what, at, held, kept)
        except PilotageError:
            continue
        found = Counter((one.item_id, one.reviewer) for one in queue.decisions())
        assert found == kept
        counts = queue.counts()
        assert counts.open + counts.leased + counts.listed + counts.decided == counts.wanted == sum(COPIES)
    at += timedelta(minutes=11)
    for who in PEOPLE:
        queue.withdraw(who, at)
        while claim := queue.claim(who, at):
            queue.decide(claim, "approve", "", "", 1.0, at)
    found = Counter(one.item_id for one in queue.decisions())
    assert found == {f"i{n}": copies for n, copies in enumerate(COPIES)}
    assert all(one.decided_at >= one.queued_at for one in queue.decisions())
