"""`pilotage judge`: a language model labels the pilot's answers, and what became of every run."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pilotage.cli.speak import INTERRUPTED, spoken, tell

if TYPE_CHECKING:
    from pilotage.kpis import Tables
    from pilotage.pilot.judge.account import Judged
    from pilotage.pilot.judge.run import Judging
    from pilotage.workspace import Workspace

INCOMPLETE = 1


@spoken
def judge(
    agent: Annotated[
        str, typer.Option(metavar="WHAT", help="Who judges: chat:MODEL@BASE_URL, module:function or an agent.yaml.")
    ],
    dataset: Annotated[
        str, typer.Option(metavar="NAME", help="The folder under data/; default: sample, else the only one.")
    ] = "",
    metric: Annotated[str, typer.Option(metavar="METRIC", help="What is judged.")] = "hallucination",
    prompt: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What it is asked; default: playbook/prompts/judge_METRIC.md.")
    ] = None,
    n: Annotated[
        int | None, typer.Option("--n", min=1, metavar="N", help="So many runs in all; default: every one.")
    ] = None,
    concurrency: Annotated[int | None, typer.Option(metavar="N", help="Runs at a time, at most; default: 8.")] = None,
    rpm: Annotated[float | None, typer.Option(metavar="R", help="Requests a minute, at most.")] = None,
    tpm: Annotated[float | None, typer.Option(metavar="T", help="Tokens a minute, at most.")] = None,
    budget: Annotated[float | None, typer.Option(metavar="MONEY", help="Money for all, at most; needs prices.")] = None,
    price_in: Annotated[float | None, typer.Option(metavar="MONEY", help="A million tokens read.")] = None,
    price_out: Annotated[float | None, typer.Option(metavar="MONEY", help="A million tokens written.")] = None,
    attempts: Annotated[int | None, typer.Option(metavar="N", help="Attempts of one run, at most; default: 6.")] = None,
    call_timeout: Annotated[float | None, typer.Option(metavar="S", help="Seconds for one attempt.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Ask only about runs that have not ended yet.")] = False,
) -> int:
    """Let a language model label the pilot's answers.

    Its labels decide nothing alone: page 02 shows how far it agrees with people, and only then may it make their
    figures steadier. Exit 0: every run was judged. 1: some were not. 2: wrong input. 130: interrupted.
    """
    from pilotage.cli.evaluate import prices
    from pilotage.pilot.evaluate import Settings
    from pilotage.pilot.judge.prompt import default_prompt, read_prompt
    from pilotage.pilot.judge.run import Judging

    said = {
        "concurrency": concurrency, "rpm": rpm, "tpm": tpm, "budget": budget, "attempts": attempts,
        "call_timeout_s": call_timeout, "prices": prices(price_in, price_out),
    }  # fmt: skip
    settings = Settings(**{name: value for name, value in said.items() if value is not None})  # type: ignore[arg-type]
    workspace, name, tables, synthetic = _opened(dataset)
    text = read_prompt(prompt or default_prompt(workspace, metric))
    return _judged(Judging(workspace, name, metric, text, settings, n, resume), agent, tables, synthetic)


def _judged(asked: Judging, agent: str, tables: Tables, synthetic: bool) -> int:
    from pilotage.cli.evaluate import currency_of

    account = asyncio.run(_asked(asked, agent, tables, synthetic))
    tell("\n".join(account.lines(currency_of(asked.workspace))))
    if account.interrupted:
        tell("stopped; what was finished is kept", sys.stderr)
        return INTERRUPTED
    return 0 if account.complete else INCOMPLETE


async def _asked(asked: Judging, agent: str, tables: Tables, synthetic: bool) -> Judged:
    """The judging, which a signal ends in good order; a further one does not disturb that."""
    from pilotage.pilot.judge.asking import open_judge
    from pilotage.pilot.judge.run import judge_runs

    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, stop.set)
    opened = open_judge(agent, asked.settings.call_timeout_s)
    try:
        return await judge_runs(asked, tables, opened, synthetic, stop=stop)
    finally:
        await opened.close()


def _opened(dataset: str) -> tuple[Workspace, str, Tables, bool]:
    """The dataset's tables, taken in first where that is due, and whether it was made and not recorded."""
    from pilotage.cli.labels import opened
    from pilotage.hashes import part_of

    workspace, name, tables = opened(dataset)
    return workspace, name, tables, bool(part_of(workspace.intake(name) / "checks.json", "dataset.synthetic"))
