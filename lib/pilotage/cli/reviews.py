"""`pilotage reviews`: draw runs for people to review, hand them out as a table, take them back, say how far it is."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pilotage.cli.opened import named, opened
from pilotage.cli.options import Dataset, NamedDataset
from pilotage.cli.reviews_export import export
from pilotage.cli.speak import spoken, tell, workspace_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pilotage.kpis import Tables
    from pilotage.playbook import OversightPolicy, Tier
    from pilotage.workspace import Workspace

reviews = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Reviews: what people decided on the agent's actions."
)
reviews.command()(export)
Reviewer = Annotated[str, typer.Option("--by", metavar="NAME", help="Who reviews.")]


@reviews.command()
@spoken
def draw(dataset: NamedDataset = "") -> None:
    """Put the runs that people should review into the queue.

    How many, oversight.yaml says. Drawing again adds what has come in since and takes nothing back.
    """
    from datetime import UTC, datetime

    from pilotage.oversight.queue.draw import draw as add
    from pilotage.oversight.queue.store import open_queue
    from pilotage.oversight.queue.texts import check_answers
    from pilotage.words import count

    workspace, name, tables = opened(dataset, "interactions", "reviews", "labels", "cases")
    check_answers(tables)
    policy, now = _policy(workspace), datetime.now(UTC)
    with open_queue(workspace, name, policy.queue.lease_minutes) as queue:
        done = add(queue, tables, policy, _tier_of(workspace, tables, policy, now), now)
    new = done.uniform + done.guided + done.planted + done.adjudications
    tell(
        f"{count(new, 'items')} added: {done.uniform:,} by chance alone, {done.guided:,} by suspicion, "
        f"{done.planted:,} known errors planted, {done.adjudications:,} to settle what reviewers differ on"
    )
    tell("\n".join([*(f"mind: {remark}" for remark in done.remarks), _next(name)]))


@reviews.command()
@spoken
def sheet(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new .xlsx or .csv.")],
    by: Reviewer,
    dataset: NamedDataset = "",
    n: Annotated[int, typer.Option("--n", min=1, metavar="N", help="So many items at most.")] = 25,
    again: Annotated[
        bool, typer.Option("--again", help="Write what is reserved for this reviewer already, and reserve no more.")
    ] = False,
) -> None:
    """Write items for one person to review as a table, one row an item.

    They are reserved for this reviewer until they are imported or withdrawn.
    """
    from datetime import UTC, datetime

    from pilotage.oversight.queue.items import person
    from pilotage.oversight.queue.sheet import hand_out, hand_out_again
    from pilotage.oversight.queue.sitting import check_drawn
    from pilotage.oversight.queue.store import open_queue

    workspace, name, tables = opened(dataset, "interactions")
    check_drawn(workspace, name)
    policy, who = _policy(workspace).queue, person(by)
    with open_queue(workspace, name, policy.lease_minutes) as queue:
        if again:
            rows = hand_out_again(queue, tables, policy, file, who)
        else:
            rows = hand_out(queue, tables, policy, file, who, n, datetime.now(UTC))
    _tell_sheet(file, rows, name, who, again)


@reviews.command("import")
@spoken
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A table that was handed out and filled in.")],
    dataset: NamedDataset = "",
) -> None:
    """Take the decisions of a filled-in table back.

    All faults are told with their row, and then nothing is written. The same file twice adds nothing.
    """
    from datetime import UTC, datetime

    from pilotage.oversight.queue.store import open_queue
    from pilotage.oversight.queue.take_back import take_back
    from pilotage.words import count

    workspace, name = _named(dataset)
    policy = _policy(workspace).queue
    with open_queue(workspace, name, policy.lease_minutes) as queue:
        done = take_back(queue, policy, file, datetime.now(UTC))
    lines = [f"{count(done.added, 'decisions')} by {done.reviewer} added, {done.known:,} known already"]
    if done.left_open:
        lines.append(f"{count(done.left_open, 'blank rows')} reserved for {done.reviewer} still")
        lines.append("mind: those of them that were drawn by chance count as missing until they are decided")
    tell("\n".join(lines))


@reviews.command()
@spoken
def withdraw(by: Reviewer, dataset: NamedDataset = "") -> None:
    """Put back into the queue what is reserved for one person and not decided.

    Their table cannot be imported then.
    """
    from datetime import UTC, datetime

    from pilotage.oversight.queue.items import person
    from pilotage.oversight.queue.sitting import check_drawn
    from pilotage.oversight.queue.store import open_queue
    from pilotage.words import count

    workspace, name = _named(dataset)
    check_drawn(workspace, name)
    with open_queue(workspace, name, _policy(workspace).queue.lease_minutes) as queue:
        back = queue.withdraw(by, datetime.now(UTC))
    tell(f"{count(back, 'items')} of {person(by)} put back into the queue")
    if back:
        tell("mind: until somebody decides them, those drawn by chance count as reviews that are missing")


@reviews.command()
@spoken
def status(dataset: Dataset = "") -> None:
    """Say how many items are open, being decided, handed out, decided and put back, by stream and by reviewer."""
    from pilotage.oversight.queue.opening import path_of
    from pilotage.oversight.queue.status import status_lines
    from pilotage.runner.job import choose_dataset

    workspace = workspace_at(None)
    name = choose_dataset(workspace, dataset)
    tell("\n".join(status_lines(path_of(workspace, name), name)))


def _policy(workspace: Workspace) -> OversightPolicy:
    from pilotage.playbook import read_policy

    return read_policy(workspace, ("oversight",)).oversight


def _named(dataset: str) -> tuple[Workspace, str]:
    from pilotage.runner.job import choose_dataset

    workspace = workspace_at(None)
    return workspace, choose_dataset(workspace, named(dataset))


def _tier_of(workspace: Workspace, tables: Tables, policy: OversightPolicy, now: datetime) -> Callable[[str], Tier]:
    """The tier that each action type has now; in the loop where it is not live yet, or needs none."""
    from pilotage.oversight.reviewed import reviewed
    from pilotage.oversight.tiers import standings

    tiers = {name: one.tier for name, one in standings(workspace, reviewed(tables), policy, now.date()).items()}
    return lambda action: tiers.get(action) or "in the loop"


def _next(dataset: str) -> str:
    return (
        "review them in the notebook 04_oversight (`make lab`), or in a table:\n"
        f"  pilotage reviews sheet reviews.xlsx --dataset {shlex.quote(dataset)} --by NAME"
    )


def _tell_sheet(file: Path, rows: int, dataset: str, who: str, again: bool) -> None:
    from pilotage.words import count

    if not rows:
        tell(f"nothing is {'reserved' if again else 'left'} for {who} to review; no file was written")
        return
    tell(
        f"written: {file}, {count(rows, 'rows')}, reserved for {who}\n"
        "mind: it holds what people asked and what the agent answered, without the personal data that was recognized.\n"
        "      Give it to nobody else, and delete it once it has been imported\n"
        f"  pilotage reviews import {shlex.quote(str(file))} --dataset {shlex.quote(dataset)}"
        "    # once the decisions are filled in"
    )
