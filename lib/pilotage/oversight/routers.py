"""The router of a workspace: made of its playbook, its reviews and its audit log, for the agent's own process."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from datetime import UTC, date, datetime, time
from pathlib import Path
from threading import Lock, Thread
from time import monotonic, sleep
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
        self._lock, self._taking = Lock(), Lock()
        self._loaded, self._looked = Future[Router](), -math.inf
        self._made_of: object = None
        self._asked = self._taken = 0

    def router(self) -> Router:
        """The newest that is loaded; it waits only where there is none yet, or where the last could not be."""
        with self._lock:  # else each thread that comes while the first one loads would load another
            now = monotonic()
            if now - self._looked >= LOOK_EVERY_S:
                self._looked, self._asked = now, self._asked + 1
                work = Thread(target=self._look, args=(self._asked,), daemon=True)
                work.start()
                if not self._good():
                    work.join()
            return self._loaded.result()

    def _good(self) -> bool:
        return self._loaded.done() and self._loaded.exception() is None

    def _look(self, turn: int) -> None:
        """Load another router where something has changed. Any fault is told by the next call: nothing may act by what
        is no longer known to hold.
        """
        sleep(0.01)  # whoever's call began this goes first: two threads at once would slow its answer
        made = Future[Router]()
        try:
            workspace, day = find_workspace(), datetime.now(UTC).date()
            dataset = _only_dataset(workspace)
            if not self._changed((workspace, day, _marks(workspace, dataset)), turn):
                return
            made.set_result(load(workspace, dataset, day))
        except PilotageError as fault:
            made.set_exception(fault)
        except Exception as fault:
            made.set_exception(PilotageError(f"no router can be loaded: {type(fault).__name__}: {fault}"))
        self._take(made, turn)

    def _changed(self, made_of: object, turn: int) -> bool:
        with self._taking:
            if turn < self._taken or (made_of == self._made_of and self._good()):
                return False
            self._made_of = made_of
            return True

    def _take(self, made: Future[Router], turn: int) -> None:
        """Take it, unless one that was asked for later is there already."""
        with self._taking:
            if turn > self._taken:
                self._loaded, self._taken = made, turn


def _marks(workspace: Workspace, dataset: str) -> tuple[tuple[str, int, int], ...]:
    """Name, time and size of every file that the router depends on: cheap to ask for, and changed with any of them."""
    playbook = workspace.playbook
    files = [*playbook.glob("*.yaml"), *playbook.glob("proposals/*.json"), workspace.log]
    files += [Path(folder, name) for folder, _, names in os.walk(workspace.dataset(dataset)) for name in names]
    return tuple(mark for path in sorted(files) if not path.name.endswith("-shm") for mark in _mark(path))


def _mark(path: Path) -> list[tuple[str, int, int]]:
    """Nothing for a file that is not there: SQLite takes its own away at any moment, even since it was listed."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return []
    return [(str(path), stat.st_mtime_ns, stat.st_size)]


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
