"""What is wrong with a workspace, found before anything runs: for `pilotage check`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path

from pilotage.errors import InputFaults, PilotageError
from pilotage.playbook import Page, Playbook, load_playbook
from pilotage.runner.job import attempt, choose_dataset, intake_due, together
from pilotage.runner.lock import only_run
from pilotage.runner.log import check_log
from pilotage.runner.notebook import read_notebook
from pilotage.runner.plan import in_order
from pilotage.runner.progress import Progress
from pilotage.runner.syntax import syntax_faults
from pilotage.runner.tables import lacking_rows, take_in
from pilotage.workspace import Workspace


def check(workspace: Workspace, progress: Progress, dataset: str = "") -> list[str]:
    """What was found to be in order; PilotageError with every fault of playbook, notebooks, datasets and audit log.

    Takes in each dataset (or the one named) where that is due, and tells which of its tables lack rows.
    """
    faults: list[PilotageError] = []
    book = attempt(lambda: load_playbook(workspace), faults)
    for page in in_order(book.pages) if book else ():
        attempt(lambda page=page: _check_notebook(workspace.notebooks / f"{page.notebook}.ipynb"), faults)  # type: ignore[misc]
    attempt(lambda: check_log(workspace), faults)
    names = workspace.datasets() if not dataset else [dataset]
    with progress:
        found = [attempt(lambda name=name: _taken_in(workspace, name, progress), faults) for name in names or [""]]  # type: ignore[misc]
    if faults or not book:
        raise together(_once(faults))
    return list(_in_order(book, names, all(found)))


def _taken_in(workspace: Workspace, name: str, progress: Progress) -> bool:
    """Whether the dataset has all its rows; no run may be reading its tables while they are made anew."""
    name = choose_dataset(workspace, name)
    due = intake_due(workspace, name)
    with only_run(workspace.reports) if due else nullcontext():
        checks = take_in(workspace, name, due, progress)
    return not any(lacking_rows(checks, ""))


def _check_notebook(path: Path) -> None:
    wrong = syntax_faults(read_notebook(path).cells)
    if wrong:
        raise InputFaults(f"{path.name} has code that is no Python", wrong)


def _once(faults: Iterable[PilotageError]) -> list[PilotageError]:
    """The faults one by one; those of the playbook's expectations come back with every dataset and are told once."""
    single = (one for fault in faults for one in getattr(fault, "several", [fault]))
    return list({str(one): one for one in single}.values())


def _in_order(book: Playbook, names: Iterable[str], whole: bool) -> Iterator[str]:
    pages: tuple[Page, ...] = in_order(book.pages)
    yield f"playbook: {book.agent.name}, asked for {book.tier}, {len(pages)} pages"
    for page in pages:
        yield f"  {page.notebook}" + (f" after {', '.join(page.needs)}" if page.needs else "")
    yield from (f"data/{name}: can be followed" for name in names)
    yield (
        "nothing to complain about"
        if whole
        else "nothing else to complain about: only the rows named above are lacking"
    )
