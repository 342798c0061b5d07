"""`pilotage evaluate`: the tasks put to the agent, what became of every run, and how to go on."""

from __future__ import annotations

import asyncio
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from pilotage.agents.run import Prices
from pilotage.cli.data import dataset_folder
from pilotage.cli.speak import INTERRUPTED, tell
from pilotage.errors import PilotageError
from pilotage.pilot.evaluate import Account, Settings, run_tasks
from pilotage.workspace import Workspace, find_workspace

INCOMPLETE = 1


@dataclass(frozen=True)
class Evaluation:
    """What the command line asks for."""

    tasks: Path | None
    into: Path
    agent: str
    settings: Settings
    resume: bool
    prompt: Path | None
    tools: tuple[str, ...]


def evaluate(asked: Evaluation) -> int:
    """Carry it out, say what became of it, and give the exit code."""
    workspace = find_workspace()
    account = asyncio.run(_evaluated(asked, workspace))
    tell("\n".join(account.lines(currency_of(workspace))))
    if account.interrupted:
        tell("stopped; what was finished is kept", sys.stderr)
        return INTERRUPTED
    return 0 if account.complete else INCOMPLETE


async def _evaluated(asked: Evaluation, workspace: Workspace) -> Account:
    """The evaluation, which a signal ends in good order; a further one does not disturb that."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, stop.set)
    name = dataset_folder(workspace, asked.into).name
    return await run_tasks(
        asked.tasks or _own_tasks(asked.agent, workspace),
        name,
        asked.agent,
        asked.settings,
        resume=asked.resume,
        prompt=asked.prompt,
        tools=asked.tools,
        workspace=workspace,
        stop=stop,
    )


def _own_tasks(agent: str, workspace: Workspace) -> Path:
    """The sample's tasks, which only the stand-in can answer; PilotageError for any other agent."""
    if agent.partition("?")[0] != "reference":
        raise PilotageError("an agent needs tasks of its own work", agent, "name a file of them: --tasks FILE")
    return workspace.dataset("sample") / "tasks.jsonl"


def prices(given_in: float | None, given_out: float | None) -> Prices | None:
    """Both prices, or None where neither is given; PilotageError where one is missing."""
    if given_in is None and given_out is None:
        return None
    if given_in is None or given_out is None:
        raise PilotageError("one price is missing", next="give both --price-in and --price-out, for a million tokens")
    return Prices(given_in, given_out)


def currency_of(workspace: Workspace) -> str:
    """The playbook's currency; empty text where the playbook cannot be read, which is not this command's matter."""
    from pilotage.forms import read_mapping

    facts, _ = read_mapping(workspace.playbook / "playbook.yaml")
    return str(facts.get("currency", ""))
