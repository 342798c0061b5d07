"""Several reviewers in processes of their own, one of them killed: nothing is lost and nothing decided twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from pilotage.oversight.queue.items import NewItem
from pilotage.oversight.queue.store import open_queue
from pilotage.workspace import Workspace

T = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
REVIEWER = """
import sys, time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from pilotage.oversight.queue.store import open_queue
from pilotage.workspace import Workspace
root, who, ahead, pause = sys.argv[1:]

def now():
    return datetime.now(UTC) + timedelta(minutes=float(ahead))

with open_queue(Workspace(Path(root)), "desk", 60) as queue:
    print("ready", flush=True)
    sys.stdin.readline()
    while True:
        claim = queue.claim(who, now())
        if claim is None:
            break
        queue.decide(claim, "approve", "", "", 1.0, now())
        print(claim.item_id, flush=True)
        time.sleep(float(pause))
"""


def begin(desk: Workspace, who: str, ahead: float = 0, pause: float = 0) -> subprocess.Popen[str]:
    """A reviewer who has opened the queue and waits for the word to begin; their clock is so many minutes ahead."""
    command = [sys.executable, "-c", REVIEWER, str(desk.root), who, str(ahead), str(pause)]
    paths = os.pathsep.join(str(Path(path).resolve()) for path in sys.path if path)
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env={**os.environ, "PYTHONPATH": paths}
    )


def go(*reviewers: subprocess.Popen[str]) -> None:
    for one in reviewers:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in reviewers:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()


def filled(desk: Workspace, number: int) -> int:
    """The queue with so many items, every tenth for two people; says how many decisions that makes."""
    with open_queue(desk, "desk", 10) as queue:
        queue.add(
            NewItem(f"i{n}", f"r{n}", "post", "in the loop", "uniform", 1.0, T, copies=2 if n % 10 == 0 else 1)
            for n in range(number)
        )
        return queue.counts().wanted


def test_two_reviewers_decide_500_items_each_once_and_the_shared_ones_both(desk: Workspace) -> None:
    wanted = filled(desk, 500)
    people = [begin(desk, who, pause=0.001) for who in ("Ada", "Bob")]
    go(*people)
    said = [one.communicate(timeout=240) for one in people]
    assert [one.returncode for one in people] == [0, 0], said
    acknowledged = Counter(name for out, _ in said for name in out.split())
    with open_queue(desk, "desk", 10) as queue:
        decided = queue.decisions()
    assert (wanted, len(decided)) == (550, 550)
    assert Counter(one.item_id for one in decided) == acknowledged
    # How they share the rest is SQLite's busy wait's affair; a shared item alone shows that both were at work.
    assert all(acknowledged[f"i{n}"] == (2 if n % 10 == 0 else 1) for n in range(500))
    assert len({(one.item_id, one.reviewer) for one in decided}) == 550


def test_a_reviewer_killed_in_the_middle_loses_nothing_that_was_acknowledged(desk: Workspace) -> None:
    filled(desk, 120)
    ada, bob = begin(desk, "Ada", pause=0.01), begin(desk, "Bob", pause=0.01)
    go(ada, bob)
    assert ada.stdout is not None
    early = [ada.stdout.readline().strip() for _ in range(15)]
    os.kill(ada.pid, signal.SIGKILL)
    early += ada.communicate(timeout=240)[0].split()
    late, fault = bob.communicate(timeout=240)
    assert (ada.returncode, bob.returncode) == (-signal.SIGKILL, 0), fault
    # The lease of what Ada held when she was killed has run out by these clocks.
    last = begin(desk, "Bob", ahead=61), begin(desk, "Zoe", ahead=61)
    go(*last)
    rest = [one.communicate(timeout=240)[0].split() for one in last]
    with open_queue(desk, "desk", 10) as queue:
        decided, counts = queue.decisions(), queue.counts()
        assert queue._connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    by = Counter((one.item_id, one.reviewer) for one in decided)
    assert max(by.values()) == 1
    assert all((name, "Ada") in by for name in early)
    assert all((name, "Bob") in by for name in [*late.split(), *rest[0]])
    assert sum(who == "Ada" for _, who in by) - len(early) in (0, 1), "at most the one she was not told of"
    assert (counts.decided, counts.wanted, counts.open, counts.leased) == (132, 132, 0, 0)
    assert Counter(one.item_id for one in decided) == {f"i{n}": 2 if n % 10 == 0 else 1 for n in range(120)}


def test_reviewers_who_open_the_queue_at_once_make_one(desk: Workspace) -> None:
    people = [begin(desk, who) for who in ("Ada", "Bob", "Zoe")]
    go(*people)
    assert [one.communicate(timeout=240)[1] for one in people] == ["", "", ""]
    assert sorted(path.name for path in desk.dataset("desk").iterdir()) == [
        "dataset.yaml",
        "reviews.sqlite",
        "runs.csv",
    ]
