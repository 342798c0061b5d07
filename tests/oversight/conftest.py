"""Reviews as `reviewed` reads them, from a few words each, and the shipped policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pandas import DataFrame

from pilotage.kpis import Tables
from pilotage.oversight.reviewed import Reviewed, reviewed
from pilotage.playbook import read_policy
from pilotage.playbook.oversight import OversightPolicy
from pilotage.workspace import Workspace

ROOT = Path(__file__).parent.parent.parent
BEGIN = datetime(2026, 9, 1, 8)
RUN = ("confidence", "input_text", "output_text", "task_id", "case_id")
DEFAULTS: dict[str, Any] = {
    "phase": "production", "action_type": "post invoice", "reviewer": "ada", "decision": "approve", "seconds": 40.0,
    "stream": "uniform", "inclusion_probability": 1.0, "tier": "in the loop",
}  # fmt: skip


@pytest.fixture(scope="session")
def policy() -> OversightPolicy:
    """The shipped oversight.yaml."""
    return read_policy(Workspace(ROOT), ("playbook", "assumptions", "oversight")).oversight


@pytest.fixture
def reviews(in_memory: Callable[..., Tables]) -> Callable[..., Reviewed]:
    """Builds reviews: reviews([{"decision": "reject", "run": "i1"}], missing=1), a minute apart, each on its own run.

    A decision may name `run`, `at` and what the run has (confidence, texts, task_id).
    """

    def build(rows: Iterable[dict[str, Any]], missing: int = 0) -> Reviewed:
        decisions, runs = [], {}
        for place, row in enumerate(rows):
            run, at = row.get("run", f"i{place:05}"), row.get("at", BEGIN + timedelta(minutes=place))
            known = {name: row[name] for name in RUN if name in row}
            runs.setdefault(run, {"interaction_id": run, "phase": "production", "started_at": BEGIN, **known})
            given = {name: value for name, value in row.items() if name not in {*RUN, "run", "at"}}
            times = {"queued_at": at, "decided_at": at}
            decisions.append({**DEFAULTS, "review_id": f"r{place:05}", "interaction_id": run, **times, **given})
        frames = {"reviews": DataFrame(decisions), "interactions": DataFrame(list(runs.values()))}
        return reviewed(in_memory(frames, missing={"reviews": missing}))

    return build
