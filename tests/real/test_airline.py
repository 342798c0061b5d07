"""The playbook on real data: what the data cannot answer comes out as not yet, never as zero and never as a pass."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from pilotage.runner.job import Request
from pilotage.runner.progress import Lines
from pilotage.runner.run import run
from pilotage.workspace import Workspace

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the real data in ../shared/data is not on this machine")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, leave_one_system: Callable[[Workspace], None]) -> Path:
    """The report of one run of the shipped playbook on the airline desk."""
    home = tmp_path_factory.mktemp("real")
    (home / "shared").symlink_to(SHARED.parent)
    root = home / "house"
    for name in ("playbook", "notebooks"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("audit_log.jsonl"))
    shutil.copytree(ROOT / "tests/real/airline", root / "data/airline")
    leave_one_system(Workspace(root))
    outcome = run(Workspace(root), Request(dataset="airline", as_of="2026-10-12"), Lines(StringIO()))
    assert not outcome.crashed
    return outcome.folder


def evidence(report: Path, stage: str) -> dict[str, Any]:
    return json.loads((report / "evidence" / f"{stage}.json").read_text())


def whole(report: Path, stage: str) -> dict[str, dict[str, Any]]:
    kpis = evidence(report, stage)["kpis"]
    return {row["name"]: row for row in kpis if row["dimension"] is None or row["name"] == "pass_hat_k"}


def test_what_the_runs_show_is_measured(report: Path) -> None:
    found = whole(report, "pilot")
    success, tools = found["task_success_rate"], found["tool_call_failure_rate"]
    assert (success["n"], success["clusters"], success["count"]) == (200, 50, 84)
    assert tools["n"] == 1164
    assert found["pass_hat_k"]["clusters"] == 50
    assert found["escalation_rate"]["estimate"] is not None


def test_what_the_runs_do_not_show_is_not_yet_and_has_no_number(report: Path) -> None:
    silent = ("latency_p95_s", "tokens_per_interaction", "hallucination_rate", "negative_feedback_rate")
    found = whole(report, "pilot")
    assert {name: found[name]["estimate"] for name in silent} == dict.fromkeys(silent)
    assert all(found[name]["reason"] for name in silent)
    assert whole(report, "roi")["payback_months"]["estimate"] is None


def test_the_service_desk_is_a_baseline_with_lead_time_and_rework_but_no_cost(report: Path) -> None:
    found = whole(report, "baseline")
    assert found["lead_time_h"]["n"] == 4580
    assert found["rework_rate"]["n"] == 4580
    assert found["cost_per_case"]["estimate"] is found["handling_minutes"]["estimate"] is None
    assert evidence(report, "baseline")["facts"]["baseline_grade"] == "self-reported"


def test_no_gate_is_go_and_the_example_limits_are_named(report: Path) -> None:
    gates = [gate for stage in ("baseline", "pilot", "roi") for gate in evidence(report, stage)["gates"]]
    assert {gate["answer"] for gate in gates} == {"not yet"}
    assert all("example" in gate["why"] for gate in gates)


def test_the_decision_is_not_yet_and_synthetic_is_not_said_of_real_data(report: Path) -> None:
    decision = json.loads((report / "decision.json").read_text())
    assert (decision["answer"], decision["tier"], decision["synthetic"]) == ("not yet", None, False)
    assert "Synthetic data" not in (report / "index.html").read_text()


def test_the_calls_and_the_process_of_real_data_are_told_and_the_embedded_example_holds_the_decision(
    report: Path,
) -> None:
    found = evidence(report, "integration")
    rate = next(kpi for kpi in found["kpis"] if kpi["name"] == "n_plus_one_rate")
    assert (rate["count"], rate["n"]) == (38, 182)
    edges = (report / "tables" / "integration-edges.csv").read_text(encoding="utf-8").splitlines()
    assert len(edges) == 1 + 55
    gate = next(gate for gate in found["gates"] if gate["name"] == "integration_checks")
    assert (gate["answer"], gate["required"]) == ("not yet", True)
    assert "supplier view is still the embedded example" in gate["why"]
    decided = json.loads((report / "decision.json").read_text(encoding="utf-8"))
    assert any("supplier view is still the embedded example" in one for one in decided["conditions"])
