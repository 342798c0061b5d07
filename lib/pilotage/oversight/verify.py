"""Whether page 04, the playbook and a replay of log, proposals and reviews tell the same tiers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pilotage.oversight.grants import POLICY
from pilotage.oversight.reviewed import Reviewed
from pilotage.oversight.tiers import Standing, standings
from pilotage.playbook import TIERS, read_policy
from pilotage.words import plain
from pilotage.workspace import Workspace

NOT_LIVE = "not live"
PAGE = ("latest", "evidence", f"{POLICY}.json")


@dataclass(frozen=True)
class Verified:
    """What a replay finds: the lines to print, and each difference in a sentence; none where all agree."""

    lines: tuple[str, ...]
    differences: tuple[str, ...]


def verify_tiers(workspace: Workspace, dataset: str, found: Reviewed, as_of: date) -> Verified:
    """Replay all that is known at the end of the day `as_of`, and compare it with page 04 and the live playbook.

    A page that is not there, cannot be read or is of another dataset is a difference: nothing confirms nothing.
    PlaybookFaults where oversight.yaml cannot be followed.
    """
    policy = read_policy(workspace, (POLICY,)).oversight
    now = standings(workspace, found, policy, as_of)
    shown, fault = page_tiers(workspace, dataset)
    differences = [*([fault] if fault else _beside_page(now, shown)), *_beside_file(now), *_unreadable(now)]
    lines = [line for standing in now.values() for line in _told(standing)]
    return Verified(tuple(map(plain_line, lines)), tuple(map(plain_line, differences)))


def tier_name(standing: Standing) -> str:
    """The tier as page 04 writes it."""
    return standing.tier or NOT_LIVE


def page_tiers(workspace: Workspace, dataset: str) -> tuple[Mapping[str, Any], str]:
    """The tiers that page 04 of the last run wrote, by action type; else empty, and why."""
    path = workspace.reports.joinpath(*PAGE)
    where = workspace.relative(path)
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        tiers, of = told["facts"]["tiers"], told.get("dataset", dataset)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}, f"{where} tells no tiers: `pilotage run` writes it"
    if not isinstance(tiers, dict):
        return {}, f"{where} tells no tiers: `pilotage run` writes it"
    if of != dataset:
        return {}, f"{where} is of the dataset {of}, not of {dataset}: `pilotage run --dataset {dataset}` writes it"
    return tiers, ""


def plain_line(text: str) -> str:
    """The text on one line, indented as it is, and without control characters."""
    return ("  " if text.startswith("  ") else "") + plain(" ".join(text.split()), None)


def _told(standing: Standing) -> Iterator[str]:
    since = f" since {standing.since:%Y-%m-%d}" if standing.since else ""
    yield f"{standing.action} ({standing.risk_class} risk): {tier_name(standing)}{since}"
    for step in standing.changes:
        yield f"  {step.at:%Y-%m-%d %H:%M} UTC: {step.tier}: {step.why} [{step.ref}]"
    yield from (f"  mind: {remark}" for remark in standing.remarks)


def _beside_page(now: Mapping[str, Standing], shown: Mapping[str, Any]) -> Iterator[str]:
    for name, standing in now.items():
        if name not in shown:
            yield f"{name}: page 04 tells no tier, the replay {tier_name(standing)}"
        elif shown[name] != tier_name(standing):
            yield f"{name}: page 04 tells {shown[name]}, the replay {tier_name(standing)}"
    yield from (f"{name}: page 04 tells {shown[name]}, the playbook has no such action" for name in shown.keys() - now)


def _beside_file(now: Mapping[str, Standing]) -> Iterator[str]:
    """What is not live yet is granted nothing but in the loop."""
    for name, standing in now.items():
        if standing.granted != (standing.tier or TIERS[0]):
            yield f"{name}: playbook/oversight.yaml grants {standing.granted}, the replay {tier_name(standing)}"


def _unreadable(now: Mapping[str, Standing]) -> Iterator[str]:
    """A log that cannot be read agrees with nothing."""
    if any(standing.fault for standing in now.values()):
        yield f"what people granted cannot be read, so everything is {TIERS[0]} at most"
