"""What stands where, without running anything: for `pilotage status` and `pilotage check`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from pilotage.errors import PilotageError
from pilotage.runner.history import Run, last_run
from pilotage.runner.job import Job, Request, datasets, prepare, read_checks, resolve_day, together
from pilotage.runner.manifest import stale_reason
from pilotage.runner.results import read_decision
from pilotage.workspace import Workspace


def status_lines(workspace: Workspace, today: date, dataset: str = "") -> list[str]:
    """For each dataset (or the one named): its last run, the answer, and the state of each page."""
    names = [dataset] if dataset else datasets(workspace)
    jobs = [prepare(workspace, Request(dataset=name)) for name in names or [""]]
    return [line for job in jobs for line in _dataset(job, today)]


def _dataset(job: Job, today: date) -> Iterator[str]:
    yield f"data/{job.dataset}"
    if job.intake_due:
        yield f"  tables: {job.intake_due}"
    run = last_run(job.workspace.reports, job.dataset)
    if run is None:
        yield "  no run yet"
        return
    yield f"  reports/{run.name}: {_answer(run)}"
    as_of = _day(run, today)
    yield from (f"  {page.notebook}: {page_state(job, run, page.stage, as_of)}" for page in job.pages)


def _day(run: Run, today: date) -> str:
    """The day the next run would stand on; that of this run where its checks are gone or damaged."""
    try:
        return resolve_day(read_checks(run.folder), "", today)
    except (OSError, ValueError, TypeError, KeyError):
        return run.as_of


def page_state(job: Job, run: Run, stage: str, as_of: str) -> str:
    """One page of a run in a few words: up to date, stale because of something, crashed, not run or missing."""
    state = run.pages.get(stage)
    if state is None:
        return "missing"
    if not state.finished:
        return f"{state.status} ({state.error})"
    parameters = {"dataset": job.dataset, "as_of": as_of, **run.parameters.get(stage, {})}
    key = {**job.key(stage, as_of, run.name), "parameters": parameters}
    reason = stale_reason(job.workspace.root, run.folder, stage, key)
    return f"stale because {reason}" if reason else "up to date"


def _answer(run: Run) -> str:
    if run.finished_at is None:
        return "unfinished; `pilotage run` goes on from there"
    decided = read_decision(run.folder)
    if decided is None:
        return "its decision.json is gone or damaged; `pilotage run` makes a new one"
    return f"{decided.answer} ({decided.tier})" if decided.tier else decided.answer


def check(workspace: Workspace, dataset: str = "") -> list[str]:
    """What was found to be in order; PilotageError with every fault of the playbook, the datasets and the notebooks."""
    names = [dataset] if dataset else datasets(workspace) or [""]
    jobs: list[Job] = []
    faults: dict[str, PilotageError] = {}
    for name in names:
        try:
            jobs.append(prepare(workspace, Request(dataset=name)))
        except PilotageError as fault:
            # The playbook's faults come back with every dataset; they are told once.
            faults.update({str(one): one for one in getattr(fault, "several", [fault])})
    if faults:
        raise together(faults.values())
    return list(_in_order(jobs))


def _in_order(jobs: list[Job]) -> Iterator[str]:
    book = jobs[0].playbook
    yield f"playbook: {book.agent.name}, asked for {book.tier}, {len(book.pages)} pages"
    for page in jobs[0].pages:
        yield f"  {page.notebook}" + (f" after {', '.join(page.needs)}" if page.needs else "")
    yield from (f"data/{job.dataset}: can be followed" for job in jobs)
    yield "nothing to complain about"
