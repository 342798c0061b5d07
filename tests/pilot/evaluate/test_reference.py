"""A whole evaluation against the stand-in's real server: whatever trouble it makes, every task is scored rightly."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from pilotage.agents.reference import known_accuracy, make_tasks, write_tasks

# With the time an attempt may take: a tool that is cut off makes the answer a wrong one, so a slow machine needs room.
TROUBLES = {
    "5% 429, 5% 500, 1% hangs": ("rate_429=0.05&rate_500=0.05&hang=0.01&retry_after_s=0.02", 1.5),
    "30% 500": ("rate_500=0.3", 30.0),
}


@pytest.mark.parametrize(("trouble", "timeout_s"), TROUBLES.values(), ids=TROUBLES)
def test_a_thousand_tasks_are_all_scored_and_the_accuracy_is_the_known_one(house, trouble, timeout_s):
    tasks = make_tasks(1000, seed=5)
    write_tasks(house.workspace.root / "tasks.jsonl", tasks)
    agent = f"reference?seed=7&error_rate=0.1&latency_s=0.01&jitter_s=0.005&{trouble}"
    account = house.evaluate(agent, concurrency=50, call_timeout_s=timeout_s, attempts=16)
    assert (account.planned, account.scored, account.errored, account.skipped) == (1000, 1000, 0, 0)
    assert account.correct == known_accuracy(tasks, trials=1, seed=7, error_rate=0.1)
    finals = Counter(line["task_id"] for line in house.lines() if line["final"])
    assert len(finals) == 1000
    assert set(finals.values()) == {1}
    assert account.attempts > 1000
    assert len(house.table("interactions")) == 1000


def test_a_run_that_is_tried_again_uses_no_tool_twice(house):
    tasks = make_tasks(120, seed=5, kinds=("owed", "total"))
    write_tasks(house.workspace.root / "tasks.jsonl", tasks)
    account = house.evaluate("reference?rate_500=0.3&latency_s=0.002", concurrency=20, attempts=20)
    assert account.scored == account.correct == 120
    assert any(row["attempts"] > 1 for row in house.table("interactions"))
    used = Counter((row["interaction_id"], row["tool"]) for row in house.table("tool_calls"))
    assert set(used.values()) == {1}


def test_resuming_after_a_stop_loses_and_doubles_nothing(house):
    tasks = make_tasks(200, seed=5)
    write_tasks(house.workspace.root / "tasks.jsonl", tasks)
    agent = "reference?error_rate=0.2&latency_s=0.02"

    async def stopped(at: int):
        stop = asyncio.Event()
        evaluation = asyncio.create_task(house.begin(agent, concurrency=10, resume=True, stop=stop))
        while not evaluation.done() and number_of_lines(house.log()) < at:
            await asyncio.sleep(0.005)
        stop.set()
        return await evaluation

    for at in (30, 120):
        assert asyncio.run(stopped(at)).interrupted
    account = house.evaluate(agent, concurrency=10, resume=True)
    assert (account.scored, account.skipped) == (200, 0)
    assert account.correct == known_accuracy(tasks, trials=1, seed=0, error_rate=0.2)


def number_of_lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0
