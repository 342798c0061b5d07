"""The dataset taken in before the pages, and a line for each table that lacks rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import monotonic
from typing import Any

from pilotage.redact import redact
from pilotage.runner.progress import Progress
from pilotage.words import plain
from pilotage.workspace import Workspace


def take_in(workspace: Workspace, dataset: str, due: str | None, progress: Progress) -> dict[str, Any]:
    """The checks of the dataset's tables, taken in now where that is `due`; tells each table that lacks rows."""
    name = f"data/{dataset}"
    if due:
        from pilotage.records.intake import intake

        began = monotonic()
        progress.started(name, f"taking in its tables ({due})")
        intake(workspace, dataset, lambda line: progress.doing(name, line))
        progress.ended(name, f"its tables are taken in ({monotonic() - began:.1f} s)")
    checks = read_checks(workspace.intake(dataset))
    for line in lacking_rows(checks, workspace.relative(workspace.intake(dataset))):
        progress.ended(name, line)
    return checks


def read_checks(folder: Path) -> dict[str, Any]:
    """The checks.json of an intake or a run."""
    checks: dict[str, Any] = json.loads((folder / "checks.json").read_text(encoding="utf-8"))
    return checks


def lacking_rows(checks: Mapping[str, Any], folder: str) -> Iterator[str]:
    """One line for each table with rows set aside or missing: how many of how many, why, and where to look."""
    for table, facts in checks["tables"].items():
        aside, known = facts["set_aside"], facts["rows"] + facts["missing"]
        absent = max(0, facts["missing"] - aside)
        parts = [f"{aside:,} of {known:,} rows set aside ({_why(facts['reasons'])})"] if aside else []
        parts += [f"{absent:,} of {known:,} rows that the source counted are not there"] if absent else []
        parts += [f"see {folder}/rejected/{table}.csv"] if aside else []
        if parts:
            yield f"{table}: {'; '.join(parts)}"


def _why(reasons: Mapping[str, int]) -> str:
    """The most frequent reason."""
    if not reasons:
        return "no reason given"
    most = max(reasons, key=lambda reason: reasons[reason])
    most = redact(most)
    return plain(most) if len(reasons) == 1 else f"mostly: {plain(most)}"
