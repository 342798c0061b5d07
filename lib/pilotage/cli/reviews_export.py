"""`pilotage reviews export`: what people decided, as data to learn from."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pilotage.cli.opened import opened
from pilotage.cli.options import NamedDataset
from pilotage.cli.speak import spoken, tell

if TYPE_CHECKING:
    from pilotage.oversight.feedback.export import Exported

NEXT = {
    "tasks": "pilotage evaluate --tasks {file} --into data/NAME --agent AGENT    # before and after a change",
    "texts": "map it as the table `texts` of a dataset.yaml: page 03 and `pilotage guard tune` read it",
}


@spoken
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new .jsonl, or .csv for texts.")],
    as_: Annotated[
        Literal["finetune", "preferences", "tasks", "texts"], typer.Option("--as", help="What it is to be.")
    ],
    dataset: NamedDataset = "",
) -> None:
    """Write the reviews as examples to train on, as tasks to evaluate with, or as texts for the guard.

    finetune: chats with the approved or corrected answer, as OpenAI's fine-tuning reads them; preferences: corrected
    answers beside what the agent had said. tasks: past errors with the corrected answer expected, for `pilotage
    evaluate`. texts: what reviewers of the guard called harmless or an attack, for the table texts. Half of the tasks
    or cases, by the hash of their names, go to tasks and never to finetune or preferences, so that no agent is tested
    on what it was trained on. Planted errors are never written, nor what reviewers still differ on. Personal data is
    taken out.
    """
    from pilotage.oversight.feedback.export import export as write

    workspace, _, tables = opened(dataset, "interactions", "reviews")
    tell("\n".join(_said(file, as_, write(workspace, tables, as_, file))))


def _said(file: Path, kind: str, done: Exported) -> list[str]:
    """What was written, what was not and why, and what to do next."""
    lines = [f"written: {file}, {done.rows:,} rows" if done.rows else "nothing to write; no file was made"]
    lines += [f"  left out: {n:,} {why}" for why, n in sorted(done.left_out.items())]
    if done.rows:
        lines.append(
            f"mind: personal data was taken out of {done.redacted:,} reviewed texts. Names of people and what else only"
            " a reader can tell may still be there"
        )
        lines += [f"  {NEXT[kind].format(file=shlex.quote(str(file)))}"] if kind in NEXT else []
    return lines
