"""A dataset taken in once, before the pages: mapped, checked, stored as canonical tables, every row accounted for."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pilotage.errors import InputFaults, PilotageError
from pilotage.hashes import fingerprint, sha256_json, write_json_atomically
from pilotage.records import freshness
from pilotage.records.dataset import Dataset, title
from pilotage.records.dataset_checks import check_dataset
from pilotage.records.queue_file import LOG
from pilotage.records.schemas import TABLES
from pilotage.records.sources import OWN_LABELS, OWN_REVIEWS, matched
from pilotage.workspace import Workspace

Progress = Callable[[str], None]
OWN = (OWN_LABELS, OWN_REVIEWS, OWN_REVIEWS + LOG)  # what pilotage itself writes into the dataset's folder


@dataclass(frozen=True)
class Intake:
    """Where the canonical tables are, whether an earlier intake was still good, and checks.json as read."""

    folder: Path
    reused: bool
    checks: dict[str, Any]


def intake(workspace: Workspace, dataset: str, progress: Progress | None = None) -> Intake:
    """The dataset's canonical tables, made now unless those there are still good; `progress` hears one line a table.

    Writes `reports/.intake/<dataset>/` in one step: an interrupted intake leaves the earlier one. A dataset, playbook
    or file that cannot be followed raises InputFaults with every fault; rows that cannot are set aside and counted.
    """
    folder = workspace.intake(dataset)
    if freshness.stale_reason(workspace, dataset) is None:
        return Intake(folder, True, _read_checks(folder))
    mapping = check_dataset(workspace, dataset)
    try:
        with _alone(folder):
            if freshness.stale_reason(workspace, dataset) is None:
                return Intake(folder, True, _read_checks(folder))
            part = folder.with_name(f".{folder.name}.part")
            shutil.rmtree(part, ignore_errors=True)
            _take_in_all(workspace, dataset, mapping, part, progress or (lambda line: None))
            _replace(folder, part)
    except OSError as fault:
        raise PilotageError(
            f"cannot be written: {fault.strerror}", str(folder.parent), "check its permissions"
        ) from fault
    return Intake(folder, False, _read_checks(folder))


def _read_checks(folder: Path) -> dict[str, Any]:
    checks: dict[str, Any] = json.loads((folder / "checks.json").read_text(encoding="utf-8"))
    return checks


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One intake of a dataset at a time; a second waits and then finds the first one's result."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f".{folder.name}.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _replace(folder: Path, part: Path) -> None:
    """The finished folder in the place of the earlier one."""
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        os.rename(folder, old)
    os.rename(part, folder)
    shutil.rmtree(old, ignore_errors=True)


def _take_in_all(workspace: Workspace, name: str, mapping: Dataset, part: Path, progress: Progress) -> None:
    from pilotage.records.account import account, write_rejected, write_table
    from pilotage.records.expectations import expect, load_expectations

    own = load_expectations(workspace)
    patterns = sorted({*OWN, *(source.file for source in mapping.tables.values())})
    before = freshness.state(workspace, name, patterns)
    taken = _taken(workspace, name, mapping, progress)
    progress("checking expectations")
    expected = expect(taken, own)
    for table, item in taken.items():
        write_table(part, table, item)
        write_rejected(part, table, item)
    checks = account(workspace, name, mapping, taken, expected, before, part)
    write_json_atomically(part / "checks.json", {"schema": 1, "key": sha256_json(before), **checks})
    outputs = {path.relative_to(part).as_posix(): fingerprint(path) for path in sorted(part.rglob("*.*"))}
    write_json_atomically(part / freshness.MANIFEST, {"patterns": patterns, "state": before, "outputs": outputs})


def _taken(workspace: Workspace, name: str, mapping: Dataset, progress: Progress) -> dict[str, Any]:
    """Every table of the dataset, parents first; all files that cannot be read at once as InputFaults."""
    from pilotage.records.derive import cases_from_events
    from pilotage.records.take_in import take_in

    taken: dict[str, Any] = {}
    faults: list[str] = []
    for table in (table for table in TABLES if table in mapping.tables):
        source = mapping.tables[table]
        progress(f"reading {table}")
        try:
            taken[table] = take_in(
                table, source, matched(workspace.dataset(name), source.file), mapping.time_zone, taken
            )
        except PilotageError as fault:
            faults.append(
                f"tables.{table}.file: {fault.where}: {fault.what}" + (f" ({fault.next})" if fault.next else "")
            )
    if faults:
        raise InputFaults(title(name), faults)
    if "events" in taken and "cases" not in taken:
        taken["cases"] = cases_from_events(taken["events"])
    taken = _with_own(taken, name, mapping, workspace.dataset(name))
    return {table: taken[table] for table in TABLES if table in taken}


def _with_own(taken: Mapping[str, Any], name: str, mapping: Dataset, folder: Path) -> dict[str, Any]:
    """The tables with what pilotage itself keeps in the dataset's folder; InputFaults where that is damaged."""
    from pilotage.records.own_labels import with_own_labels
    from pilotage.records.own_reviews import with_own_reviews

    try:
        return with_own_reviews(with_own_labels(taken, mapping, folder), mapping, folder)
    except PilotageError as fault:
        advice = f" ({fault.next})" if fault.next else ""
        raise InputFaults(title(name), [f"{Path(fault.where).name}: {fault.what}{advice}"]) from fault
