"""Where things are: the folder that holds an organisation's playbook, notebooks, data and reports."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pilotage.errors import PilotageError


@dataclass(frozen=True)
class Workspace:
    """The folder that `pilotage init` makes; every path the library reads or writes hangs below it."""

    root: Path

    @property
    def playbook(self) -> Path:
        """What the organisation decides and edits."""
        return self.root / "playbook"

    @property
    def notebooks(self) -> Path:
        """The pages."""
        return self.root / "notebooks"

    @property
    def data(self) -> Path:
        """The datasets, one folder each."""
        return self.root / "data"

    @property
    def reports(self) -> Path:
        """The runs; may be deleted at any time."""
        return self.root / "reports"

    @property
    def log(self) -> Path:
        """The audit log: append-only, hash-chained JSON lines."""
        return self.playbook / "audit_log.jsonl"

    def dataset(self, name: str) -> Path:
        """The folder of one dataset, with its dataset.yaml."""
        return self.data / name

    def datasets(self) -> list[str]:
        """The names of the datasets, in order; empty where there is none."""
        return sorted(path.parent.name for path in self.data.glob("*/dataset.yaml"))

    def intake(self, name: str) -> Path:
        """The canonical tables of a dataset and their checks; derived, so it lives with the reports."""
        return self.reports / ".intake" / name

    def relative(self, path: Path) -> str:
        """The path as evidence names it: relative to the root, with forward slashes, also where it leaves the root."""
        return Path(os.path.relpath(path, self.root)).as_posix()


def find_workspace(start: Path | None = None) -> Workspace:
    """The workspace named by PILOTAGE_WORKSPACE, else the nearest folder at or above `start` with a playbook."""
    named = os.environ.get("PILOTAGE_WORKSPACE")
    first = (start or Path(named or os.getcwd())).resolve()
    for folder in (first, *first.parents):
        if (folder / "playbook" / "playbook.yaml").is_file():
            return Workspace(folder)
    raise PilotageError(
        "no playbook here or above",
        str(first),
        "make one with `pilotage init my-agent`, or name the folder that has it",
    )
