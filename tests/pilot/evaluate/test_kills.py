"""A real `pilotage evaluate` that is killed without warning: after --resume nothing is lost, and little called twice.

`pytest tests/pilot/evaluate/test_kills.py --kills 20` kills it twenty times.
"""

from __future__ import annotations

import random
import shutil
import signal
import time
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pilotage.agents.reference import known_accuracy, make_tasks, write_tasks

ROOT = Path(__file__).parents[3]
AT_A_TIME = 8
TIMES = {"started_at", "latency_s", "service_s", "duration_s", "labelled_at"}
# Each call leaves its mark in a file before it answers, so that calls are counted whatever happens to their caller.
AGENT = """
import asyncio, os

async def answer(text, trial):
    marks = os.open(os.environ["MARKS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(marks, f"{text} {trial}\\n".encode())
    os.close(marks)
    await asyncio.sleep(0.05)
    return {"output": "yes" if len(text) % 2 else "no", "usage": {"input_tokens": len(text), "output_tokens": 1}}
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "playbook", tmp_path / "playbook", ignore=shutil.ignore_patterns("audit_log.jsonl"))
    (tmp_path / "data").mkdir()
    (tmp_path / "counted.py").write_text(AGENT)
    monkeypatch.setenv("PILOTAGE_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("MARKS", str(tmp_path / "marks"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tables(folder: Path) -> dict[str, list[dict[str, object]]]:
    """Every table without its times and durations."""
    found = {}
    for path in sorted(folder.glob("*.parquet")):
        table = pq.read_table(path)
        found[path.name] = table.drop_columns([name for name in table.column_names if name in TIMES]).to_pylist()
    return found


def whole(start, line):
    """An evaluation left alone to its end."""
    process = start(*line)
    said, complained = process.communicate(timeout=120)
    assert process.returncode == 0, complained
    return said


def killed(start, line, times, longest_s):
    """The same, killed so many times; the number of times that it was still at work."""
    pauses, at_work = random.Random(20261122), 0
    for _ in range(times):
        process = start(*line, "--resume")
        time.sleep(pauses.uniform(0.3, longest_s))
        at_work += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=20)
    whole(start, [*line, "--resume"])
    return at_work


def command(agent, into):
    return f"evaluate --tasks tasks.jsonl --into {into} --trials 2 --concurrency {AT_A_TIME} --agent {agent}".split()


def test_after_kills_the_tables_are_those_of_an_undisturbed_run_and_few_calls_were_made_twice(
    root, start, pytestconfig
):
    kills = pytestconfig.getoption("--kills")
    tasks = make_tasks(100 * kills, seed=3, kinds=("sum",))
    write_tasks(root / "tasks.jsonl", tasks)
    whole(start, command("counted:answer", "undisturbed"))
    (root / "marks").unlink()
    at_work = killed(start, command("counted:answer", "disturbed"), kills, 2.0)
    assert at_work >= kills * 2 // 3
    calls = Counter((root / "marks").read_text().splitlines())
    assert len(calls) == 2 * len(tasks)
    assert calls.total() - len(calls) <= at_work * AT_A_TIME
    assert tables(root / "data/disturbed") == tables(root / "data/undisturbed")
    names = {path.name for path in (root / "data/disturbed").iterdir()}
    assert names == {"evaluation", "dataset.yaml", "interactions.parquet", "model_calls.parquet", "labels.parquet"}


def test_kills_change_nothing_that_the_stand_in_answers(root, start, pytestconfig):
    kills = (pytestconfig.getoption("--kills") + 2) // 3
    tasks = make_tasks(75 * kills, seed=3)
    write_tasks(root / "tasks.jsonl", tasks)
    agent = "reference?error_rate=0.1&latency_s=0.04"
    said = whole(start, command(agent, "undisturbed"))
    right = known_accuracy(tasks, trials=2, seed=0, error_rate=0.1)
    assert f"({right:,} of {2 * len(tasks):,})" in said
    killed(start, command(agent, "disturbed"), kills, 2.0)
    assert tables(root / "data/disturbed") == tables(root / "data/undisturbed")
