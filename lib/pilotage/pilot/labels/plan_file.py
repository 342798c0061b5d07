"""`data/<name>/labels/plan.jsonl`: every draw of runs to label, one line each, only ever added to."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pilotage.errors import InputFaults
from pilotage.hashes import canonical_json
from pilotage.kpis import Tables
from pilotage.pilot.labels import store
from pilotage.pilot.labels.questions import question_of
from pilotage.pilot.labels.sampling import Draw, Plan, extend, overtaken
from pilotage.workspace import Workspace

PHASE = "pilot"


def path_of(workspace: Workspace, dataset: str) -> Path:
    """Where the dataset's draws are kept."""
    return workspace.dataset(dataset) / "labels" / "plan.jsonl"


def read_plan(workspace: Workspace, dataset: str, metric: str) -> Plan:
    """The draws of the metric so far, none before the first; InputFaults naming every line that is no draw.

    A last line without its end is one that an interruption left: that draw did not happen.
    """
    path = path_of(workspace, dataset)
    lines = path.read_bytes().split(b"\n")[:-1] if path.is_file() else []
    draws, faults, salt = [], [], dataset
    for number, line in enumerate(lines, 1):
        try:
            given = json.loads(line)
            draw = _draw(given)
        except (ValueError, TypeError, KeyError, AttributeError):
            faults.append(f"line {number}: is no draw")
            continue
        if draw.metric == metric:
            draws.append(draw)
            salt = given["salt"]
    if faults:
        raise InputFaults(f"{workspace.relative(path)} was altered", faults, "put the file back as it was")
    return Plan(metric, salt, tuple(draws))


def metrics_drawn(workspace: Workspace, dataset: str) -> tuple[str, ...]:
    """The metrics for which runs were drawn, in the order of their first draw."""
    path = path_of(workspace, dataset)
    lines = path.read_bytes().split(b"\n")[:-1] if path.is_file() else []
    try:
        return tuple(dict.fromkeys(str(json.loads(line)["metric"]) for line in lines))
    except (ValueError, TypeError, KeyError):
        read_plan(workspace, dataset, "")  # says which lines
        raise


def draw_more(
    workspace: Workspace, dataset: str, metric: str, tables: Tables, at: datetime, uniform: int = 0, guided: int = 0
) -> Plan:
    """Draw so that the streams hold about so many runs in all, keep the draw, and give the plan with it.

    Labels made before get the chances that count from now on. A draw that changes nothing is not kept. PilotageError
    where nothing can be drawn.
    """
    scores = suspicion(tables, metric) if guided else {}
    path = path_of(workspace, dataset)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        plan = read_plan(workspace, dataset, metric)
        draw = extend(plan, units(tables), at, uniform, guided, scores)
        if draw.uniform or draw.chance != plan.chance or _moved(plan, draw):
            stream.seek(0)
            stream.truncate(stream.read().rfind(b"\n") + 1)
            stream.write((canonical_json(_row(draw, plan.salt)) + "\n").encode())
            stream.flush()
            os.fsync(stream.fileno())
            plan = Plan(metric, plan.salt, (*plan.draws, draw))
    bring_up_to_date(workspace, dataset, metric)
    return plan


def bring_up_to_date(workspace: Workspace, dataset: str, metric: str) -> None:
    """Let every label that stands carry the stream and the chance which the plan gives its run by now."""
    if not store.path_of(workspace, dataset).is_file():
        return
    with store.alone(workspace, dataset) as add:  # an answer that is changed meanwhile must not come back
        standing = store.standing(store.read(workspace, dataset))
        add(overtaken(read_plan(workspace, dataset, metric), standing))


def units(tables: Tables) -> list[str]:
    """The runs of the pilot that the KPIs count, a sub-agent's not among them, by their ids."""
    from pilotage.kpis.rows import RUNS

    runs = RUNS.replace("{alone}", "i.interaction_id").replace("{seen}", "true")
    sql = f"SELECT interaction_id FROM {runs} WHERE is_unit AND phase = ? ORDER BY interaction_id"
    return [str(name) for (name,) in tables.connection.execute(sql, [PHASE]).fetchall()]


def suspicion(tables: Tables, metric: str) -> dict[str, float]:
    """How much each run that judges scored is suspected of a fault, 0 to 1: the mean of their scores."""
    sql = """SELECT interaction_id, avg(greatest(0, least(1, value))) FROM labels
             WHERE source = 'judge' AND metric = ? GROUP BY interaction_id"""
    found = tables.connection.execute(sql, [metric]).fetchall()
    worse = question_of(metric).yes_is_a_fault
    return {str(name): float(score if worse else 1 - score) for name, score in found}


def _moved(plan: Plan, draw: Draw) -> bool:
    before = plan.guided
    return any(before.get(name) != chance for name, chance in draw.guided.items())


def _row(draw: Draw, salt: str) -> dict[str, Any]:
    return {
        "metric": draw.metric,
        "at": draw.at.astimezone(UTC).isoformat(),
        "salt": salt,
        "frame": draw.frame,
        "chance": draw.chance,
        "uniform": list(draw.uniform),
        "guided": dict(draw.guided),
    }


def _draw(given: Mapping[str, Any]) -> Draw:
    return Draw(
        str(given["metric"]),
        datetime.fromisoformat(given["at"]),
        int(given["frame"]),
        float(given["chance"]),
        tuple(map(str, given["uniform"])),
        {str(name): float(chance) for name, chance in given["guided"].items()},
    )
