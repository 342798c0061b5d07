"""`pilotage labels`: draw runs for people to label, hand them out as a table, take them back, say how far it is."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from pilotage.cli.opened import opened
from pilotage.cli.options import NamedDataset
from pilotage.cli.speak import spoken, tell, workspace_at

labels = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Labels: what people judged of the agent's answers."
)
Metric = Annotated[str, typer.Option(metavar="METRIC", help="What is judged.")]
METRIC = "hallucination"


@labels.command()
@spoken
def draw(
    dataset: NamedDataset = "",
    metric: Metric = METRIC,
    n: Annotated[int, typer.Option("--n", min=0, metavar="N", help="About so many in all by chance alone.")] = 0,
    guided: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="About so many in all by a judge's suspicion: for finding faults."),
    ] = 0,
) -> None:
    """Draw the pilot's runs that people should label.

    Drawing again adds runs and takes none back; without numbers, runs that have come in since are drawn as before.
    """
    from datetime import UTC, datetime

    from pilotage.errors import PilotageError
    from pilotage.pilot.labels.overview import drawn
    from pilotage.pilot.labels.plan_file import draw_more, read_plan
    from pilotage.pilot.labels.sitting import check_answers

    workspace, name, tables = opened(dataset, "interactions", "labels")
    check_answers(tables)
    before = read_plan(workspace, name, metric)
    if not (n or guided or before.draws):
        raise PilotageError("nothing says how many runs to draw", next="name a number: --n 150, --guided 30, or both")
    plan = draw_more(workspace, name, metric, tables, datetime.now(UTC), n, guided)
    added = len(plan.items) - len(before.items)
    tell(f"{drawn(plan)} New now: {added:,}.\n{_next(name, metric)}")


@labels.command()
@spoken
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new .xlsx or .csv.")],
    labeller: Annotated[str, typer.Option(metavar="NAME", help="Who is going to label.")],
    dataset: NamedDataset = "",
    metric: Metric = METRIC,
    question: Annotated[str, typer.Option(metavar="TEXT", help="Word the question anew.")] = "",
) -> None:
    """Write what is left for one person to label as a table, one row a run."""
    from pilotage.pilot.labels.questions import question_of
    from pilotage.pilot.labels.sheet import LAYOUT, rows_of
    from pilotage.pilot.labels.sitting import open_sitting
    from pilotage.records.hand_out import write_sheet

    workspace, name, tables = opened(dataset, "interactions", "labels")
    sitting = open_sitting(workspace, name, tables, metric, question_of(metric, question), labeller)
    rows = rows_of(sitting)
    if not rows:
        tell(f"nothing is left for {sitting.labeller} to label; no file was written")
        return
    write_sheet(file, rows, LAYOUT)
    back = f"pilotage labels import {shlex.quote(str(file))} --dataset {shlex.quote(name)}"
    tell(
        f"written: {file}, {len(rows):,} rows: {sitting.question.text}\n"
        "mind: it holds what people asked and what the agent answered, because labellers must read it. It may hold\n"
        "      personal data: give it to nobody else, and delete it once it has been imported\n"
        f"  {back}    # once the values are filled in"
    )


@labels.command("import")
@spoken
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A table that was exported and filled in.")],
    dataset: NamedDataset = "",
    correct: Annotated[
        bool, typer.Option("--correct", help="Where this person has decided otherwise since, the file is right.")
    ] = False,
) -> None:
    """Take the decisions of a filled-in table back.

    All faults are told with their row, and then nothing is written. The same file twice adds nothing.
    """
    from datetime import UTC, datetime

    from pilotage.pilot.labels.take_back import take_back
    from pilotage.runner.job import choose_dataset

    workspace = workspace_at(None)
    done = take_back(workspace, choose_dataset(workspace, dataset), file, datetime.now(UTC), correct)
    lines = [f"{done.added:,} labels of {done.metric} by {done.labeller} added, {done.known:,} known already"]
    lines += [f"{done.left_open:,} rows are blank and stay open"] if done.left_open else []
    lines += [f"mind: {done.open_with_remark:,} of them have a remark but no value"] if done.open_with_remark else []
    tell("\n".join(lines))


@labels.command()
@spoken
def status(dataset: NamedDataset = "") -> None:
    """Say for each metric what was drawn, who labelled how much, whether they agree, and how many are still needed."""
    from pilotage.pilot.labels.overview import status_lines

    workspace, name, tables = opened(dataset, "interactions", "labels")
    tell("\n".join(status_lines(workspace, name, tables)))


def _next(dataset: str, metric: str) -> str:
    options = f"--dataset {shlex.quote(dataset)} --metric {shlex.quote(metric)}"
    return (
        "label them in the notebook 02_pilot (`make lab`), or in a table:\n"
        f"  pilotage labels export labels.xlsx {options} --labeller NAME"
    )
