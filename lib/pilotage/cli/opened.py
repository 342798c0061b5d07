"""A dataset's tables, as commands outside a run open them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pilotage.cli.speak import workspace_at

if TYPE_CHECKING:
    from pilotage.kpis import Tables
    from pilotage.workspace import Workspace


def opened(dataset: str, *names: str) -> tuple[Workspace, str, Tables]:
    """The dataset's named tables, taken in first where that is due; no run may be reading them then."""
    from pilotage.kpis import Tables
    from pilotage.records.freshness import stale_reason
    from pilotage.records.intake import intake
    from pilotage.records.store import open_tables
    from pilotage.runner.job import choose_dataset
    from pilotage.runner.lock import only_run

    workspace = workspace_at(None)
    name = choose_dataset(workspace, named(dataset))
    if stale_reason(workspace, name) is not None:
        with only_run(workspace.reports):
            intake(workspace, name)
    facts = intake(workspace, name).checks["tables"]
    return workspace, name, Tables(open_tables(workspace, name, names), facts)


def named(dataset: str) -> str:
    """The name as given; PilotageError without one: commands that write into a dataset, or pay for it, assume none."""
    if dataset:
        return dataset
    from pilotage.errors import PilotageError

    raise PilotageError("which dataset is meant is not said", next="name it: --dataset NAME")
