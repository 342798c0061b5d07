"""What an evaluation costs beside the plainest loop that could do the same calls: `make bench-evaluate`.

Both call one server, in a process of its own, that answers after 100 ± 20 ms, 50 calls at a time; each in a fresh
process, in turns, and the best of the rounds counts: other work on the machine only ever adds. Exit 1 when a target is
missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

LATENCY_S, JITTER_S, AT_A_TIME = 0.1, 0.02, 50
WARM_UP = 100  # calls before the clock starts: connections, and modules that are loaded when first used
IMPORTS = """
import time
import pilotage.cli.evaluate, pilotage.pilot.evaluate, pilotage.agents.chat_run, pilotage.agents.tools
from openai import AsyncOpenAI, DefaultAioHttpClient
AsyncOpenAI(api_key="none", base_url="http://localhost/v1", http_client=DefaultAioHttpClient())
print(time.process_time())
"""


class Sampled:
    """A progress that shows nothing, and notes the memory in use meanwhile."""

    every_s = 0.5

    def __init__(self) -> None:
        self.most = resident()

    def show(self, standing: Any) -> None:
        self.most = max(self.most, resident())

    def close(self) -> None:
        self.most = max(self.most, resident())


class Measured:
    """Seconds of the wall and of this process, and the memory it took."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def result(self, memory: int, **more: Any) -> dict[str, Any]:
        wall, cpu = time.perf_counter() - self.wall, time.process_time() - self.cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return {"wall_s": wall, "cpu_s": cpu, "memory": memory, "peak": peak * 1024, **more}


def resident() -> int:
    """Bytes of memory in use."""
    with open("/proc/self/statm") as stream:
        return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def plain(address: str, tasks: Path, kept: Path) -> dict[str, Any]:
    """The plain loop: all calls gathered behind a semaphore, the client as its makers recommend it."""
    from openai import AsyncOpenAI, DefaultAioHttpClient

    from pilotage.pilot.scorers import read_tasks

    gate = asyncio.Semaphore(AT_A_TIME)
    http = DefaultAioHttpClient()
    async with AsyncOpenAI(api_key="none", base_url=address, max_retries=0, http_client=http) as client:

        async def ask(text: str) -> str | None:
            async with gate:
                messages: Any = [{"role": "user", "content": text}]
                reply = await client.chat.completions.create(model="reference-stand-in", messages=messages)
                return reply.choices[0].message.content

        await asyncio.gather(*(ask(f"What do {i} and 1 add up to?") for i in range(WARM_UP)))
        measured = Measured()
        answers = await asyncio.gather(*(ask(task.input) for task in read_tasks(tasks)))
        return measured.result(resident(), done=sum(answer is not None for answer in answers))


async def evaluate(address: str, tasks: Path, kept: Path) -> dict[str, Any]:
    """The evaluation: every call with its attempts, tokens, times and scores in the log; and then its tables."""
    from pilotage.agents.chat import Chat, ChatAgent
    from pilotage.agents.endpoint import Endpoint
    from pilotage.pilot.evaluate import run
    from pilotage.pilot.evaluate.settings import Settings
    from pilotage.workspace import Workspace

    agent, progress = ChatAgent(Endpoint(address), Chat("reference-stand-in")), Sampled()
    await asyncio.gather(*(agent.begin(f"What do {i} and 1 add up to?", 1).attempt() for i in range(WARM_UP)))
    found: dict[str, Any] = {}
    write: Callable[[Path], Any] = run.write_dataset

    def noted(folder: Path) -> Any:
        found.update(measured.result(progress.most))
        return write(folder)

    run.write_dataset = noted  # called once, when the last answer is in the log
    measured = Measured()
    settings = Settings(concurrency=AT_A_TIME)
    account = await run.run_tasks(tasks, "x", agent, settings, workspace=Workspace(kept), progress=progress)
    await agent.close()
    whole = measured.result(0)
    return {**found, "done": account.scored, "tables_cpu_s": whole["cpu_s"] - found["cpu_s"]}


def in_a_process(arm: str, address: str, tasks: Path) -> dict[str, Any]:
    """What the arm measured of itself."""
    with tempfile.TemporaryDirectory() as kept:
        command = [sys.executable, __file__, "--arm", arm, "--address", address, "--tasks", str(tasks), "--kept", kept]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{arm} failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def import_cpu_s() -> float:
    """Seconds of this process's kind to load all that a call needs, Python's own start included."""
    return min(float(subprocess.check_output([sys.executable, "-c", IMPORTS])) for _ in range(3))


def write_tasks(folder: Path, n: int) -> Path:
    """A task file of one-turn questions."""
    from pilotage.agents.reference import make_tasks
    from pilotage.agents.reference import write_tasks as write

    path = folder / f"{n}.jsonl"
    write(path, make_tasks(n, 1, ("sum",)))
    return path


def measure(n: int, rounds: int) -> dict[str, Any]:
    """Both arms in turns; per arm the least CPU and wall over the rounds, which need not be of one round."""
    from pilotage.agents.reference import Behaviour, ServerProcess

    found: dict[str, list[dict[str, Any]]] = {"plain": [], "evaluate": []}
    server = ServerProcess(Behaviour(latency_s=LATENCY_S, jitter_s=JITTER_S))
    try:
        with tempfile.TemporaryDirectory() as folder:
            many, few = write_tasks(Path(folder), n), write_tasks(Path(folder), n // 10)
            for arm in [*found] * rounds:
                print(f"{arm} is at work ...", file=sys.stderr)
                found[arm].append(in_a_process(arm, server.address, many))
            small = in_a_process("evaluate", server.address, few)
    finally:
        server.stop()
    best = {arm: {key: min(one[key] for one in all_) for key in all_[0]} for arm, all_ in found.items()}
    growth = (best["evaluate"]["memory"] - small["memory"]) / (n - n // 10)
    return {**best, "growth": growth, "import_cpu_s": import_cpu_s()}


def report(found: dict[str, Any], n: int) -> bool:
    """Prints the table; whether all targets are met."""
    plain, ours = found["plain"], found["evaluate"]
    ideal = n * LATENCY_S / AT_A_TIME
    print(f"{n:,} one-turn tasks, server at 100 ± 20 ms, {AT_A_TIME} at a time\n")
    print(f"{'':34}{'plain loop':>12}{'evaluate':>12}")
    shown = (
        ("CPU per task, ms", "cpu_s", 1e3 / n),
        ("span, s", "wall_s", 1.0),
        ("peak memory, MiB", "peak", 1 / 2**20),
    )
    for name, key, unit in shown:
        print(f"{name:34}{plain[key] * unit:12.2f}{ours[key] * unit:12.2f}")
    print(f"{'tables at the end, CPU ms a task':34}{'':12}{ours['tables_cpu_s'] * 1e3 / n:12.2f}\n")
    rows = [
        ("CPU with its tables, × plain loop", (ours["cpu_s"] + ours["tables_cpu_s"]) / plain["cpu_s"], 1.25),
        ("span, × ideal", ours["wall_s"] / ideal, 1.3),
        ("memory growth, KiB a task", found["growth"] / 1024, 2.0),
        ("import, CPU s", found["import_cpu_s"], 1.5),
        ("tasks without a score", n - ours["done"], 0),
    ]
    for name, value, most in rows:
        print(f"{name:34}{value:12.2f}   at most {most:<6g}{'' if value <= most else '  MISSED'}")
    return all(value <= most for _, value, most in rows)


def main() -> int:
    """One arm in this process, or all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=10_000, help="tasks")
    parser.add_argument("--rounds", type=int, default=2)
    for hidden in ("--arm", "--address", "--tasks", "--kept"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.arm:
        arm = {"plain": plain, "evaluate": evaluate}[given.arm]
        print(json.dumps(asyncio.run(arm(given.address, Path(given.tasks), Path(given.kept)))))
        return 0
    return 0 if report(measure(given.n, given.rounds), given.n) else 1


if __name__ == "__main__":
    sys.exit(main())
