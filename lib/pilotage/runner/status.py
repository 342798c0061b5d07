"""What stands where, without running anything: for `pilotage status`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pilotage.playbook import Page
from pilotage.runner.history import Run, last_run
from pilotage.runner.job import Job, Request, prepare, resolve_day
from pilotage.runner.manifest import read_manifest, stale_reason
from pilotage.runner.plan import DECISION
from pilotage.runner.results import read_decision
from pilotage.runner.tables import read_checks
from pilotage.words import listed
from pilotage.workspace import Workspace

Kind = Literal["good", "may be stale", "stale", "no result"]
# Of what a page needs, what makes it stale too, the surest first.
BECAUSE: Mapping[Kind, str] = {"stale": "is", "no result": "has no result", "may be stale": "may be"}


@dataclass(frozen=True)
class Standing:
    """How a page of a run stands, and that in words."""

    kind: Kind
    words: str


def status_lines(workspace: Workspace, today: date, dataset: str = "") -> list[str]:
    """For each dataset (or the one named): its last run, the answer, and the state of each page."""
    names = [dataset] if dataset else workspace.datasets()
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
    as_of = _day(job, run, today)
    yield f"  reports/{run.name}: {_answer(job, run, as_of)}"
    standings = standings_of(job, run, as_of)
    yield from (f"  {page.notebook}: {standings[page.stage].words}" for page in job.pages)


def _day(job: Job, run: Run, today: date) -> str:
    """The day the next run would stand on; that of this run where the intake is gone or damaged."""
    try:
        return resolve_day(read_checks(job.workspace.intake(job.dataset)), "", today)
    except (OSError, ValueError, TypeError, KeyError):
        return run.as_of


def standings_of(job: Job, run: Run, as_of: str) -> dict[str, Standing]:
    """Each page of the run as `pilotage run` would find it, by stage; what is stale makes stale what needs it."""
    standings: dict[str, Standing] = {}
    for page in job.pages:
        alone = _alone(job, run, page.stage, as_of)
        standings[page.stage] = _after_needs(job, page, standings) if alone.kind == "good" else alone
    return standings


def _alone(job: Job, run: Run, stage: str, as_of: str) -> Standing:
    """The page by what it rests on itself."""
    state = run.pages.get(stage)
    if state is None:
        return Standing("no result", "not run yet")
    if not state.finished:
        return Standing("no result", f"{state.status} ({state.error})")
    reason = stale_reason(job.workspace.root, run.folder, stage, job.key(stage, as_of, run.name))
    tables = job.workspace.relative(job.workspace.intake(job.dataset))
    if job.intake_due and _reads(run, stage, tables) and (reason is None or tables in reason):
        return Standing("may be stale", "may be stale: its tables have changed")
    return Standing("stale", f"stale because {reason}") if reason else Standing("good", "up to date")


def _reads(run: Run, stage: str, tables: str) -> bool:
    """Whether the page opened any of the dataset's tables; every page opens what is said of the dataset."""
    manifest = read_manifest(run.folder, stage)
    opened = (*manifest.opened.files, *manifest.opened.parts) if manifest else ()
    return any(path.startswith(f"{tables}/") and not path.endswith("#dataset") for path in opened)


def _after_needs(job: Job, page: Page, standings: Mapping[str, Standing]) -> Standing:
    """The page by those before it: a page that comes out as before wakes none after it, but always a new decision."""
    decides = page.stage == DECISION
    before = [other for other in job.pages if other.stage in (standings if decides else page.needs)]
    worst = next((other for kind in BECAUSE for other in before if standings[other.stage].kind == kind), None)
    if worst is None:
        return Standing("good", "up to date")
    found = standings[worst.stage].kind
    kind: Kind = "stale" if decides and found != "may be stale" else "may be stale"
    return Standing(kind, f"{kind} because {worst.notebook} {BECAUSE[found]}")


def _answer(job: Job, run: Run, as_of: str) -> str:
    if run.finished_at is None:
        goes_on = (run.as_of, run.parameters) == (as_of, job.settings)
        return f"unfinished; `pilotage run` {'goes on from there' if goes_on else 'begins another'}"
    decided = read_decision(run.folder)
    if decided is None:
        return "its decision.json is gone or damaged; `pilotage run` makes a new one"
    partial = f", a partial answer: {listed(list(run.not_asked))} not asked for" if run.not_asked else ""
    return (f"{decided.answer} ({decided.tier})" if decided.tier else decided.answer) + partial
