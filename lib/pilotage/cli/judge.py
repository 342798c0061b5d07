"""`pilotage judge`: a language model labels the pilot's answers, and what became of every run."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pilotage.cli.calling import carry_out, settings_of
from pilotage.cli.options import Attempts, Budget, CallTimeout, Concurrency, NamedDataset, PriceIn, PriceOut, Rpm, Tpm
from pilotage.cli.speak import spoken

if TYPE_CHECKING:
    from pilotage.kpis import Tables
    from pilotage.pilot.judge.account import Judged
    from pilotage.pilot.judge.run import Judging
    from pilotage.workspace import Workspace

Who = Annotated[
    str, typer.Option(metavar="WHAT", help="Who judges: chat:MODEL@BASE_URL, module:function or an agent.yaml.")
]
Question = Annotated[
    Path | None, typer.Option(metavar="FILE", help="What it is asked; default: playbook/prompts/judge_METRIC.md.")
]


@spoken
def judge(
    agent: Who,
    dataset: NamedDataset = "",
    metric: Annotated[str, typer.Option(metavar="METRIC", help="What is judged.")] = "hallucination",
    prompt: Question = None,
    n: Annotated[
        int | None, typer.Option("--n", min=1, metavar="N", help="So many runs in all; default: every one.")
    ] = None,
    concurrency: Concurrency = None,
    rpm: Rpm = None,
    tpm: Tpm = None,
    budget: Budget = None,
    price_in: PriceIn = None,
    price_out: PriceOut = None,
    attempts: Attempts = None,
    call_timeout: CallTimeout = None,
    resume: Annotated[bool, typer.Option("--resume", help="Ask only about runs that have no answer.")] = False,
) -> int:
    """Let a language model label the pilot's answers.

    Its labels decide nothing alone: page 02 shows how far it agrees with people, and only then may it make their
    figures steadier. Exit 0: every run was judged. 1: some were not. 2: wrong input. 130: interrupted.
    """
    from pilotage.pilot.judge.prompt import default_prompt, read_prompt
    from pilotage.pilot.judge.run import Judging

    settings = settings_of(
        price_in, price_out, concurrency=concurrency, rpm=rpm, tpm=tpm, budget=budget, attempts=attempts,
        call_timeout_s=call_timeout,
    )  # fmt: skip
    workspace, name, tables, synthetic = _opened(dataset)
    text = read_prompt(prompt or default_prompt(workspace, metric))
    asked = Judging(workspace, name, metric, text, settings, n, resume)
    return carry_out(lambda stop: _asked(asked, agent, tables, synthetic, stop), workspace)


async def _asked(asked: Judging, agent: str, tables: Tables, synthetic: bool, stop: asyncio.Event) -> Judged:
    from pilotage.pilot.judge.asking import open_judge
    from pilotage.pilot.judge.run import judge_runs

    opened = open_judge(agent, asked.settings.call_timeout_s)
    try:
        return await judge_runs(asked, tables, opened, synthetic, stop=stop)
    finally:
        await opened.close()


def _opened(dataset: str) -> tuple[Workspace, str, Tables, bool]:
    """The dataset's tables, taken in first where that is due, and whether it was made and not recorded."""
    from pilotage.cli.opened import opened
    from pilotage.hashes import part_of

    workspace, name, tables = opened(dataset, "interactions", "labels")
    return workspace, name, tables, bool(part_of(workspace.intake(name) / "checks.json", "dataset.synthetic"))
