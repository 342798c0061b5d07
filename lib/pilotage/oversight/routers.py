"""The router of a workspace: made of its playbook, its reviews and its audit log, for the agent's own process."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from datetime import UTC, date, datetime, time
from pathlib import Path
from threading import Lock, Thread
from time import monotonic
from typing import Any

from pilotage.errors import PilotageError
from pilotage.kpis import Tables
from pilotage.oversight.likeness import PastErrors
from pilotage.oversight.reviewed import Reviewed, reviewed
from pilotage.oversight.route import Routed, Router
from pilotage.playbook import read_policy
from pilotage.workspace import Workspace, find_workspace

SAMPLE = "sample"
LOOK_EVERY_S = 60.0


def load(workspace: Workspace | Path | str, dataset: str, as_of: date) -> Router:
    """The router as of the end of this day (UTC), from the dataset's reviews and the workspace's playbook and log.

    The dataset is taken in first where that is due; that and the reading take seconds. PilotageError or InputFaults
    where there is no such dataset, or the playbook or dataset cannot be followed.
    """
    from pilotage.oversight.tiers import standings

    place = workspace if isinstance(workspace, Workspace) else _found(Path(workspace))
    policy = read_policy(place, ("oversight",)).oversight
    found = _reviews(place, dataset)
    stand = standings(place, found, policy, as_of)
    tiers = {name: standing.tier for name, standing in stand.items()}
    rung = frozenset(name for name, standing in stand.items() if standing.alarm and standing.alarm.at)
    return Router(policy, tiers, rung, past_errors(found.until(datetime.combine(as_of, time.max))), dataset)


def route(interaction: Mapping[str, Any], findings: Iterable[Any] | None) -> Routed:
    """What becomes of the action, by `Router.route` of the workspace that this process works in.

    That is the one named by PILOTAGE_WORKSPACE, else around the current folder, with its only dataset beside the
    sample. The router is loaded at the first call, which takes seconds, and anew beside the calls, which go on by the
    old one, once the day (UTC), the playbook, the audit log or the dataset's files have changed: looked for every
    minute, so that an alarm is obeyed minutes after it rang. Threads may call it at once. PilotageError where no router
    can be loaded: then nothing was decided, and nothing may act.
    """
    return _CURRENT.router().route(interaction, findings)


def past_errors(found: Reviewed) -> PastErrors:
    """The inputs that people found handled wrongly, beside those handled right; runs without a text are left out."""
    items = found.items.dropna(subset=["input_text"])
    wrong = items["wrong"].astype(bool)
    return PastErrors(items.loc[wrong, "input_text"], items.loc[~wrong, "input_text"])


class _Current:
    """The router of this process, made anew in the background when what it was made of has changed."""

    def __init__(self) -> None:
        self._lock, self._loaded, self._looked = Lock(), Future[Router](), -math.inf
        self._made_of: object = None

    def router(self) -> Router:
        """The newest that is loaded; it waits only where there is none yet, or where the last could not be."""
        with self._lock:  # else each thread that comes while the first one loads would load another
            now = monotonic()
            if now - self._looked >= LOOK_EVERY_S:
                self._looked = now
                self._look()
            return self._loaded.result()

    def _look(self) -> None:
        try:
            workspace = find_workspace()
            dataset, day = _only_dataset(workspace), datetime.now(UTC).date()
            made_of = (workspace, day, _marks(workspace, dataset))
        except (PilotageError, OSError) as fault:
            self._loaded = _failed(fault)
            return
        good = self._loaded.done() and self._loaded.exception() is None
        if good and made_of == self._made_of:
            return
        self._made_of = made_of
        work = Thread(target=self._load, args=(workspace, dataset, day), daemon=True)
        work.start()
        if not good:
            work.join()

    def _load(self, workspace: Workspace, dataset: str, day: date) -> None:
        try:
            made = Future[Router]()
            made.set_result(load(workspace, dataset, day))
        except Exception as fault:  # told by the next call: an old router must not outlive what it was made of
            made = _failed(fault)
        self._loaded = made


def _failed(fault: Exception) -> Future[Router]:
    failed = Future[Router]()
    failed.set_exception(fault)
    return failed


def _marks(workspace: Workspace, dataset: str) -> tuple[tuple[str, int, int], ...]:
    """Name, time and size of every file that the router depends on: cheap to ask for, and changed with any of them."""
    folder, playbook = workspace.dataset(dataset), workspace.playbook
    files = [*playbook.glob("*.yaml"), *playbook.glob("proposals/*.json"), workspace.log]
    files += [path for path in folder.rglob("*") if path.is_file()]
    stats = ((str(path), path.stat()) for path in sorted(files) if path.exists())
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)


def _only_dataset(workspace: Workspace) -> str:
    """The one dataset beside the sample, which is no evidence of any agent of the house's own; else the sample."""
    known = workspace.datasets()
    own = [name for name in known if name != SAMPLE] or known
    if len(own) != 1:
        what = f"there are several datasets: {', '.join(own)}" if own else "there is no dataset under data/"
        raise PilotageError(what, next="load a router by hand: oversight.load(workspace, dataset, as_of)")
    return own[0]


def _found(path: Path) -> Workspace:
    if not path.is_dir():  # else the nearest workspace above would be taken for it
        raise PilotageError("there is no such folder", str(path), "name a workspace")
    return find_workspace(path)


def _reviews(workspace: Workspace, dataset: str) -> Reviewed:
    from pilotage.records.intake import intake
    from pilotage.records.store import open_tables

    known = workspace.datasets()
    if dataset not in known:
        from pilotage.forms import near

        raise PilotageError(f"there is no dataset {dataset!r} under data/{near(dataset, known)}")
    facts = intake(workspace, dataset).checks["tables"]
    return reviewed(Tables(open_tables(workspace, dataset, ("interactions", "reviews")), facts))


_CURRENT = _Current()
