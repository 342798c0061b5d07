"""`pilotage evaluate`: the tasks put to the agent, what became of every run, and how to go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pilotage.cli.calling import carry_out, settings_of
from pilotage.cli.options import Attempts, Budget, CallTimeout, Concurrency, PriceIn, PriceOut, Rpm, Tpm
from pilotage.cli.speak import spoken
from pilotage.errors import PilotageError
from pilotage.workspace import Workspace, find_workspace

if TYPE_CHECKING:
    from pilotage.pilot.evaluate import Account

Into = Annotated[Path, typer.Option(metavar="data/NAME", help="The dataset to make, or with --resume to go on with.")]
TasksFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Tasks with known answers: JSON lines or CSV; default: those of the sample's stand-in."
    ),
]
Agent = Annotated[
    str,
    typer.Option(
        metavar="WHAT",
        help="reference (a stand-in), chat:MODEL@BASE_URL, http(s)://..., a2a:https://..., "
        "module:function, local:PATH.gguf or an agent.yaml.",
    ),
]
Trials = Annotated[int | None, typer.Option(metavar="K", help="Times that each task is put; default: 1.")]
Timeout = Annotated[
    float | None, typer.Option(metavar="S", help="Seconds for one run with all its attempts; default: 600.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Call only what was skipped or errored.")]
SystemPrompt = Annotated[Path | None, typer.Option(metavar="FILE", help="The system prompt, for chat and local.")]
Tools = Annotated[
    list[str] | None, typer.Option(metavar="MODULE:FUNCTION", help="A tool, for chat and local; repeatable.")
]


@spoken
def evaluate(
    into: Into,
    tasks: TasksFile = None,
    agent: Agent = "reference",
    trials: Trials = None,
    concurrency: Concurrency = None,
    rpm: Rpm = None,
    tpm: Tpm = None,
    budget: Budget = None,
    price_in: PriceIn = None,
    price_out: PriceOut = None,
    timeout: Timeout = None,
    call_timeout: CallTimeout = None,
    attempts: Attempts = None,
    resume: Resume = False,
    prompt: SystemPrompt = None,
    tools: Tools = None,
) -> int:
    """Put tasks to an agent and make a dataset of its runs.

    Every planned run ends up scored, errored or skipped. Exit 0: all were scored. 1: some errored or were skipped.
    2: wrong input. 130: interrupted; go on with --resume.
    """
    from pilotage.cli.data import dataset_folder
    from pilotage.pilot.evaluate import run_tasks

    settings = settings_of(
        price_in, price_out, trials=trials, concurrency=concurrency, rpm=rpm, tpm=tpm, budget=budget,
        timeout_s=timeout, call_timeout_s=call_timeout, attempts=attempts,
    )  # fmt: skip
    workspace = find_workspace()
    file, name = tasks or _own_tasks(agent, workspace), dataset_folder(workspace, into).name

    def put(stop: asyncio.Event) -> Awaitable[Account]:
        return run_tasks(
            file, name, agent, settings, resume=resume, prompt=prompt, tools=tuple(tools or ()), workspace=workspace,
            stop=stop,
        )  # fmt: skip

    return carry_out(put, workspace)


def _own_tasks(agent: str, workspace: Workspace) -> Path:
    """The sample's tasks, which only the stand-in can answer; PilotageError for any other agent."""
    if agent.partition("?")[0] != "reference":
        raise PilotageError("an agent needs tasks of its own work", agent, "name a file of them: --tasks FILE")
    return workspace.dataset("sample") / "tasks.jsonl"
