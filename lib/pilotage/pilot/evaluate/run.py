"""Putting tasks to an agent and keeping what came of it: the whole evaluation, for the command and for notebooks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pilotage.agents import open_agent
from pilotage.agents.run import Agent
from pilotage.errors import PilotageError
from pilotage.hashes import sha256_file
from pilotage.pilot.evaluate.account import Account, tally
from pilotage.pilot.evaluate.carry_out import Crew
from pilotage.pilot.evaluate.dataset_file import check_free, dataset_yaml, write_dataset_yaml
from pilotage.pilot.evaluate.log import NAME, Log, read
from pilotage.pilot.evaluate.progress import Progress, progress_here
from pilotage.pilot.evaluate.session import INTERRUPTED, Session
from pilotage.pilot.evaluate.settings import Settings
from pilotage.pilot.evaluate.tables import write_tables
from pilotage.pilot.scorers import read_tasks
from pilotage.workspace import Workspace, find_workspace


async def run_tasks(
    tasks: Path | str,
    into: str,
    agent: Agent | str = "reference",
    settings: Settings | None = None,
    *,
    resume: bool = False,
    prompt: Path | None = None,
    tools: Sequence[str] = (),
    workspace: Workspace | None = None,
    progress: Progress | None = None,
    stop: asyncio.Event | None = None,
) -> Account:
    """Puts every task of the file to the agent and writes the dataset `data/<into>/`; what became of every run.

    The log `evaluation/attempts.jsonl` is written as the answers come, the tables and dataset.yaml in the end, also
    when `stop` is set or the call is cancelled. With `resume` only runs that have not ended, or have errored, are
    called. `agent` is what `pilotage evaluate --agent` takes, or an agent that is open; that one is left open.

    PilotageError, with all its faults, for input that cannot be followed; nothing was called then.
    """
    settings = settings or Settings()
    folder, path = (workspace or find_workspace()).dataset(into), Path(tasks)
    _check_place(folder, resume)
    given, tasks_hash = read_tasks(path), sha256_file(path)
    opened = open_agent(agent, **_described(prompt, tools, settings)) if isinstance(agent, str) else agent
    try:
        settings.check(settings.prices or opened.prices)
        log = Log(folder / "evaluation" / NAME)
        try:
            _check_place(folder, resume)
            session = Session(log, given, tasks_hash, opened, settings)
            return await _carried_out(session, folder, progress or progress_here(), stop or asyncio.Event())
        finally:
            log.close()
    finally:
        if opened is not agent:
            await opened.close()


def _check_place(folder: Path, resume: bool) -> None:
    """PilotageError where the folder is another dataset, or holds an evaluation that nobody asked to resume."""
    begun = next(read(folder / "evaluation" / NAME), None)
    if begun is None:
        check_free(folder)
    elif not resume:
        what = f"there is an evaluation of {begun['agent']['name']} already"
        raise PilotageError(what, str(folder), "go on with it by --resume, or name another dataset with --into")


def _described(prompt: Path | None, tools: Sequence[str], settings: Settings) -> dict[str, Any]:
    """What is said of the agent beside its name, in the keys of agent.yaml; None says nothing."""
    given = {"system_prompt": prompt and str(prompt.resolve()), "tools": tuple(tools) or None}
    return {**given, "timeout_s": settings.call_timeout_s}


async def _carried_out(session: Session, folder: Path, progress: Progress, stop: asyncio.Event) -> Account:
    """The session carried out, and its tables written, also when it is cancelled."""
    try:
        crew = await session.carry_out(progress, stop)
    except asyncio.CancelledError:
        write_dataset(folder)
        raise
    write_dataset(folder)
    return _account(crew, folder)


def write_dataset(folder: Path) -> None:
    """Makes the tables and dataset.yaml from the log; nothing where no run has ended."""
    path = folder / "evaluation" / NAME
    rows = write_tables(path, folder)
    if rows["interactions"]:
        head = next(read(path))
        write_dataset_yaml(folder, dataset_yaml(head, rows, max(line["at"] for line in read(path))))


def _account(crew: Crew, folder: Path) -> Account:
    """Counted from the log anew; RuntimeError where the runs do not add up, which would be a fault of this program."""
    counts = tally(read(folder / "evaluation" / NAME))
    if counts.planned != counts.ended + crew.skipped:
        raise RuntimeError(f"{counts.planned} planned, but {counts.ended} ended and {crew.skipped} skipped")
    stopped = crew.budget.closed if crew.skipped or crew.not_again else ""
    failed = tuple((kind, n, counts.details[kind]) for kind, n in counts.failed.most_common())
    return Account(
        folder.name, folder, counts.planned, counts.scored, counts.correct, counts.unjudged, counts.errored,
        crew.skipped, counts.attempts, counts.spent, counts.unpriced, stopped, stopped == INTERRUPTED,
        failed, crew.agent.simulated,
    )  # fmt: skip
