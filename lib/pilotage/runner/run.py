"""One run of the playbook, from the dataset as it is to the decision: nothing is done twice, nothing half."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pilotage import audit_log
from pilotage.errors import InputFaults
from pilotage.hashes import write_json_atomically
from pilotage.runner.export import export_run
from pilotage.runner.history import Run, last_run, new_folder, point_latest, runs
from pilotage.runner.job import Job, Request, prepare, resolve_day
from pilotage.runner.lock import only_run
from pilotage.runner.manifest import stale_reason
from pilotage.runner.plan import DECISION
from pilotage.runner.progress import Progress
from pilotage.runner.results import Decided, read_decision
from pilotage.runner.schedule import Schedule
from pilotage.runner.tables import take_in
from pilotage.workspace import Workspace

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Outcome:
    """What came out: the decision, where it stands, and the pages that crashed on the way."""

    folder: Path
    answer: str
    tier: str | None
    why: str
    crashed: tuple[str, ...]
    reused: bool
    not_asked: tuple[str, ...] = ()

    @property
    def index(self) -> Path:
        """The executive's page."""
        return self.folder / "index.html"

    def page(self, stage: str) -> Path:
        """The HTML of one page."""
        return self.folder / "pages" / f"{stage}.html"


def run(
    workspace: Workspace, request: Request, progress: Progress, clock: Clock = lambda: datetime.now(UTC)
) -> Outcome:
    """Bring the wanted pages up to date and give the decision.

    Raises PilotageError for input that cannot be followed; a page that crashes is in the outcome, never an exception.
    """
    job = prepare(workspace, request)
    today = clock().astimezone(UTC).date()
    refuse_future(job, today)
    with only_run(workspace.reports), progress:
        checks = take_in(workspace, job.dataset, job.intake_due, progress)
        as_of = resolve_day(checks, request.as_of, today)
        last = last_run(workspace.reports, job.dataset)
        if last and not request.fresh and up_to_date(job, last, as_of):
            export_run(job, last)
            _point(job, last)
            return outcome(last, reused=True)
        return _work(job, checks, as_of, last, progress, clock)


def refuse_future(job: Job, today: date) -> None:
    """InputFaults where --as-of names a day to come and the data is real: nobody has seen that day's rows."""
    asked = job.request.as_of
    if asked <= today.isoformat():
        return
    from pilotage.records.dataset import load_dataset

    if not load_dataset(job.workspace, job.dataset).synthetic:
        fault = f"--as-of {asked} is later than today, {today} in UTC; only a synthetic dataset may live on such a day"
        raise InputFaults("the command line cannot be followed", [fault])


def up_to_date(job: Job, run: Run, as_of: str) -> bool:
    """Whether the run is finished and every wanted page in it is up to date."""
    return run.finished_at is not None and all(
        stale_reason(job.workspace.root, run.folder, stage, job.key(stage, as_of, run.name)) is None
        for stage in job.wanted
    )


def outcome(run: Run, reused: bool = False) -> Outcome:
    """The outcome that a run's folder holds."""
    decided = read_decision(run.folder) or Decided("not yet", None, "its decision.json is gone or damaged")
    return Outcome(run.folder, decided.answer, decided.tier, decided.why, run.crashed, reused, run.not_asked)


def _work(job: Job, checks: dict[str, Any], as_of: str, last: Run | None, progress: Progress, clock: Clock) -> Outcome:
    """Resume the last run or begin a new one, run its pages, and close it; the link to it moves last."""
    run, previous = _begin(job, as_of, last, clock)
    run = replace(run, sources=checks["sources"])
    run.save()
    _copy_checks(job, run.folder)
    run = Schedule(job, run, previous, progress).work()
    if read_decision(run.folder) is None:
        write_json_atomically(run.folder / "decision.json", undecided(job, run, checks))
    shutil.rmtree(run.folder / "work", ignore_errors=True)
    export_run(job, run)
    run = replace(run, finished_at=_stamp(clock))
    run.save()
    _point(job, run)
    return outcome(run)


def _point(job: Job, run: Run) -> None:
    """Let reports/latest lead to the run, unless its answer is a partial one."""
    if not run.not_asked:
        point_latest(job.workspace.reports, run.folder)


def _begin(job: Job, as_of: str, last: Run | None, clock: Clock) -> tuple[Run, list[Run]]:
    """The run to work in, and the runs whose pages may be copied into it."""
    fresh = job.request.fresh
    if last and not fresh and last.finished_at is None and (last.as_of, last.parameters) == (as_of, job.settings):
        return last, list(_others(job, last.name))
    folder = new_folder(job.workspace.reports, job.dataset, clock())
    run = Run(folder, job.dataset, as_of, job.settings, started_at=_stamp(clock))
    return run, [] if fresh else list(_others(job, run.name))


def _others(job: Job, name: str) -> Iterator[Run]:
    """The other runs of the dataset, the newest first, back to one that finished with all its pages."""
    for other in reversed(runs(job.workspace.reports)):
        if other.dataset == job.dataset and other.name != name:
            yield other
            if other.finished_at and not other.not_asked:
                return


def _copy_checks(job: Job, folder: Path) -> None:
    """The run keeps what the intake said of its data, also after the next intake."""
    intake = job.workspace.intake(job.dataset)
    shutil.copyfile(intake / "checks.json", folder / "checks.json")
    shutil.rmtree(folder / "rejected", ignore_errors=True)
    if (intake / "rejected").is_dir():
        shutil.copytree(intake / "rejected", folder / "rejected")


def undecided(job: Job, run: Run, checks: dict[str, Any]) -> dict[str, Any]:
    """The decision of a run whose decision page crashed: not yet, at no tier."""
    return {
        "schema": 1, "answer": "not yet", "tier": None,
        "why": f"the decision page itself crashed ({run.pages[DECISION].error})",
        "conditions": [], "gates": [], "kpis": [], "run": run.name, "dataset": run.dataset,
        "synthetic": checks["dataset"]["synthetic"], "as_of": run.as_of, "baseline_grade": "none",
        "audit_log_head": audit_log.head(job.workspace.log),
    }  # fmt: skip


def _stamp(clock: Clock) -> str:
    return clock().astimezone(UTC).isoformat(timespec="seconds")
