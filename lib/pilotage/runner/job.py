"""What a run is asked to do, checked against the playbook, the dataset and the notebooks before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from pilotage.errors import InputFaults, PilotageError
from pilotage.forms import near
from pilotage.playbook import Page, Playbook, load_playbook
from pilotage.records import freshness
from pilotage.runner.keys import page_key
from pilotage.runner.notebook import Notebook, Parameter, read_notebook
from pilotage.runner.plan import DECISION, in_order, unknown_pages, wanted
from pilotage.runner.settings import Settings, read_settings
from pilotage.workspace import Workspace

SAMPLE = "sample"
T = TypeVar("T")


@dataclass(frozen=True)
class Request:
    """What the command line asks for; empty means the default."""

    dataset: str = ""
    pages: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    as_of: str = ""
    jobs: int = 2
    fresh: bool = False


@dataclass(frozen=True)
class Job:
    """A request that can be followed: the pages in order, which of them are wanted, and what each is given."""

    workspace: Workspace
    request: Request
    playbook: Playbook
    dataset: str
    pages: tuple[Page, ...]
    wanted: frozenset[str]
    notebooks: Mapping[str, Notebook]
    settings: Settings
    intake_due: str | None

    def parameters(self, stage: str, as_of: str) -> dict[str, Any]:
        """What the page's parameters cell is overridden with."""
        return {"dataset": self.dataset, "as_of": as_of, **self.settings.get(stage, {})}

    def key(self, stage: str, as_of: str, run: str) -> dict[str, Any]:
        """The page's key; the decision page names its run, so it belongs to that run alone."""
        key = page_key(stage, self.notebooks[stage].cells, self.parameters(stage, as_of))
        return {**key, "run": run} if stage == DECISION else key


def prepare(workspace: Workspace, request: Request) -> Job:
    """The job; PilotageError with every fault of the playbook, the command line, the dataset and the notebooks."""
    faults: list[PilotageError] = []
    dataset = attempt(lambda: choose_dataset(workspace, request.dataset), faults)
    due = dataset and attempt(lambda: intake_due(workspace, dataset), faults)
    playbook = attempt(lambda: load_playbook(workspace), faults)
    pages = in_order(playbook.pages) if playbook else ()
    read = {page.stage: attempt(lambda page=page: _notebook(workspace, page), faults) for page in pages}  # type: ignore[misc]
    notebooks: dict[str, Notebook] = {stage: notebook for stage, notebook in read.items() if notebook}
    declared: dict[str, Mapping[str, Parameter]] = {stage: notebook.parameters for stage, notebook in notebooks.items()}
    settings, wrong = read_settings(request.settings, [p for p in pages if p.stage in declared], declared)
    line = [*_line_faults(request), *unknown_pages(pages, request.pages), *wrong] if playbook else _line_faults(request)
    if line:
        faults.append(InputFaults("the command line cannot be followed", line))
    if faults or not playbook or not dataset:
        raise together(faults)
    return Job(workspace, request, playbook, dataset, pages, wanted(pages, request.pages), notebooks, settings, due)


def choose_dataset(workspace: Workspace, name: str) -> str:
    """The dataset asked for, else "sample", else the only one there is; PilotageError where that is no answer."""
    known = workspace.datasets()
    if name in known or (not name and SAMPLE in known):
        return name or SAMPLE
    if name:
        raise PilotageError(
            f"there is no dataset {name!r} under data/{near(name, known)}",
            next="a dataset is a folder with a dataset.yaml",
        )
    if len(known) == 1:
        return known[0]
    if known:
        raise PilotageError(f"there are several datasets: {', '.join(known)}", next="name one with --dataset")
    raise PilotageError("there is no dataset under data/", next="draft one: pilotage map FILE... --into data/NAME")


def intake_due(workspace: Workspace, dataset: str) -> str | None:
    """Why the dataset has to be taken in again; None while its tables are good. InputFaults when it cannot be."""
    reason = freshness.stale_reason(workspace, dataset)
    if reason is not None:
        from pilotage.records.dataset_checks import check_dataset
        from pilotage.records.expectations import load_expectations

        faults: list[PilotageError] = []
        attempt(lambda: check_dataset(workspace, dataset), faults)
        attempt(lambda: load_expectations(workspace), faults)
        if faults:
            raise together(faults)
    return reason


def resolve_day(checks: Mapping[str, Any], asked: str, today: date) -> str:
    """The day the run stands on: the one asked for, else the synthetic dataset's own, else today (YYYY-MM-DD)."""
    return asked or checks["dataset"].get("as_of") or today.isoformat()


class Several(PilotageError):
    """Errors of several inputs, each as it reads alone."""

    def __init__(self, several: Iterable[PilotageError]) -> None:
        self.several = list(several)
        super().__init__("\n".join(str(fault) for fault in self.several))


def together(faults: Iterable[PilotageError]) -> PilotageError:
    """The only error, or several as one."""
    listed = list(faults)
    return listed[0] if len(listed) == 1 else Several(listed)


def attempt(read: Callable[[], T], faults: list[PilotageError]) -> T | None:
    """What `read` gives; None where it raises a PilotageError, which joins the `faults`."""
    try:
        return read()
    except PilotageError as fault:
        faults.append(fault)
        return None


def _line_faults(request: Request) -> list[str]:
    faults = [] if request.jobs >= 1 else [f"--jobs should be at least 1 (got {request.jobs})"]
    try:
        if request.as_of and date.fromisoformat(request.as_of).isoformat() != request.as_of:
            raise ValueError
    except ValueError:
        faults.append(f"--as-of should be a day such as 2026-10-12 (got {request.as_of!r})")
    return faults


def _notebook(workspace: Workspace, page: Page) -> Notebook:
    return read_notebook(workspace.notebooks / f"{page.notebook}.ipynb")
