"""Results of `pilotage load-test`, kept with the dataset; one counts only for the playbook that it was measured by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pilotage.hashes import read_object, sha256_json, write_json_atomically
from pilotage.integration.load.result import LoadResult, result_from_dict
from pilotage.integration.load.target import limits_of, paths_of
from pilotage.playbook.systems import WrapperSystem, slug
from pilotage.workspace import Workspace

SCHEMA = 1


def load_path(workspace: Workspace, dataset: str, system: str) -> Path:
    """Where the system's result for this dataset is."""
    return workspace.dataset(dataset) / "load" / f"{slug(system)}.json"


def shown(address: str) -> str:
    """The address without user, password and query."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/") if parts.scheme else address


def write_result(path: Path, result: LoadResult, dataset: str, at: datetime) -> None:
    """Keep the result with its own hash, so that an edit shows; who means to forge it can reckon the hash anew."""
    facts = result.as_dict()
    steps = facts.pop("steps")
    body = {
        "schema": SCHEMA, "dataset": dataset, **facts, "address": shown(result.address),
        "measured_at": at.isoformat(timespec="seconds"), "steps": steps,
    }  # fmt: skip
    write_json_atomically(path, {**body, "sha256": sha256_json(body)})


def read_result(path: Path, system: WrapperSystem, dataset: str) -> tuple[LoadResult | None, str, str]:
    """The result, the day it was measured, and why it does not count; the result is None where it does not."""
    if not path.exists():
        return None, "", f"nobody has measured it: pilotage load-test {system.name!r} --dataset {dataset}"
    facts = read_object(path) or {}
    try:
        written = facts.pop("sha256")
        same = written == sha256_json(facts) and facts["schema"] == SCHEMA
        result, day = result_from_dict(facts), str(facts["measured_at"])[:10]
    except (KeyError, TypeError, ValueError):
        return None, "", f"{path.name} cannot be read: measure anew"
    if not same:
        return None, day, f"{path.name} was changed by hand: measure anew"
    why = _other_than(system, result, facts)
    if facts.get("dataset") != dataset:
        why = f"it was measured for the dataset {facts.get('dataset')!r}"
    return (None if why else result), day, why


def _other_than(system: WrapperSystem, result: LoadResult, facts: Mapping[str, Any]) -> str:
    """Why a result is not one of the entry as the playbook has it today; empty where it is."""
    assert system.load is not None
    now = asdict(limits_of(system.load))
    differs = [
        *(["name"] if result.system != system.name else []),
        *(["address"] if facts["address"] != shown(system.address) else []),
        *(["safe calls"] if result.paths != paths_of(system) else []),
        *(name for name, value in asdict(result.limits).items() if now[name] != value),
    ]
    return f"it was measured with another {', '.join(differs)} than the playbook has now" if differs else ""
