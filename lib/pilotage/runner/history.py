"""The run folders of a workspace: their names, their run.json, and which was a dataset's last."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from pilotage.hashes import read_object, write_json_atomically

NAME = re.compile(r"\d{8}T\d{6}Z-(?P<dataset>.+)", re.DOTALL)
STAMP = "%Y%m%dT%H%M%SZ"
NOT_ASKED = "it was not asked for"


@dataclass(frozen=True)
class PageState:
    """How a page ended, how many seconds it was executed, and why it did not end well."""

    status: Literal["done", "copied", "crashed", "not run"]
    seconds: float = 0.0
    error: str | None = None

    @property
    def finished(self) -> bool:
        """Whether its evidence is there."""
        return self.status in ("done", "copied")


@dataclass(frozen=True)
class Run:
    """A run folder and what its run.json says; `finished_at` is None until nothing more will change."""

    folder: Path
    dataset: str
    as_of: str
    parameters: Mapping[str, Mapping[str, Any]]
    started_at: str
    finished_at: str | None = None
    pages: Mapping[str, PageState] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The folder's name, which is the run's."""
        return self.folder.name

    @property
    def crashed(self) -> tuple[str, ...]:
        """The pages that crashed."""
        return tuple(stage for stage, state in self.pages.items() if state.status == "crashed")

    @property
    def not_asked(self) -> tuple[str, ...]:
        """The pages without a result because nobody asked for them; with any, the run's answer is a partial one."""
        return tuple(stage for stage, state in self.pages.items() if state.error == NOT_ASKED)

    def with_page(self, stage: str, state: PageState) -> Run:
        """The same run with this page's state."""
        return replace(self, pages={**self.pages, stage: state})

    def save(self) -> None:
        """Write run.json, atomically."""
        pages = {stage: vars(state) for stage, state in self.pages.items()}
        facts = {
            "schema": 1, "run": self.name, "dataset": self.dataset, "as_of": self.as_of, "parameters": self.parameters,
            "pages": pages, "started_at": self.started_at, "finished_at": self.finished_at, "sources": self.sources,
        }  # fmt: skip
        write_json_atomically(self.folder / "run.json", facts)


_RUN = TypeAdapter(Run)


def read_run(folder: Path) -> Run | None:
    """The run in the folder; None where run.json is missing or damaged."""
    try:
        return _RUN.validate_python({**(read_object(folder / "run.json") or {}), "folder": folder})
    except ValueError:
        return None


def runs(reports: Path) -> list[Run]:
    """Every readable run, the oldest first."""
    folders = sorted(path for path in reports.glob("*Z-*") if NAME.fullmatch(path.name))
    return [run for run in map(read_run, folders) if run]


def last_run(reports: Path, dataset: str) -> Run | None:
    """The newest run of the dataset, finished or not; None where there is none."""
    folders = sorted((path for path in reports.glob("*Z-*") if _is_of(path.name, dataset)), reverse=True)
    return next((run for run in map(read_run, folders) if run), None)


def new_folder(reports: Path, dataset: str, now: datetime) -> Path:
    """A folder `<UTC time>-<dataset>` that is not there yet, named a second later while the name is taken.

    It is made with its run.json, so that a run killed just then leaves no folder that nobody can explain.
    """
    while (folder := reports / f"{now.astimezone(UTC).strftime(STAMP)}-{dataset}").exists():
        now += timedelta(seconds=1)
    return folder


def point_latest(reports: Path, folder: Path) -> None:
    """Make reports/latest a relative link to the run, in one step."""
    link, fresh = reports / "latest", reports / ".latest.part"
    if link.is_symlink() and os.readlink(link) == folder.name:
        return
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(folder.name)
    os.replace(fresh, link)


def _is_of(name: str, dataset: str) -> bool:
    match = NAME.fullmatch(name)
    return bool(match) and match["dataset"] == dataset  # type: ignore[index]
