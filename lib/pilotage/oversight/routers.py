"""The router of a workspace: made of its playbook, its reviews and its audit log, for the agent's own process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from pilotage.errors import PilotageError
from pilotage.kpis import Tables
from pilotage.oversight.likeness import PastErrors
from pilotage.oversight.reviewed import Reviewed, reviewed
from pilotage.oversight.route import Routed, Router
from pilotage.playbook import read_policy
from pilotage.workspace import Workspace, find_workspace

SAMPLE = "sample"
_one_at_a_time = Lock()


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
    sample. The router is loaded at the first call and again at the first of each day (UTC), which takes seconds; what
    changes within the day counts from the next on, unless the process loads a router of its own with `load`. Threads
    may call it at once. PilotageError where no router can be loaded: then nothing was decided, and nothing may act.
    """
    return _router(datetime.now(UTC).date()).route(interaction, findings)


def past_errors(found: Reviewed) -> PastErrors:
    """The inputs that people found handled wrongly, beside those handled right; runs without a text are left out."""
    items = found.items.dropna(subset=["input_text"])
    wrong = items["wrong"].astype(bool)
    return PastErrors(items.loc[wrong, "input_text"], items.loc[~wrong, "input_text"])


def _router(day: date) -> Router:
    with _one_at_a_time:  # else each thread that comes while the first one loads would load another
        return _loaded(find_workspace(), day)


@lru_cache(maxsize=1)
def _loaded(workspace: Workspace, day: date) -> Router:
    return load(workspace, _only_dataset(workspace), day)


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
