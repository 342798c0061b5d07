"""truth.yaml is right: a desk drawn thirty times as large comes close to every value that it states."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from pilotage.records.synthetic import VARIANTS, truth
from pilotage.records.synthetic.tables import tables_of
from pilotage.records.synthetic.truth import truth_of
from pilotage.records.synthetic.world import World, world_of

ROOT = Path(__file__).parents[2]
TIMES = 30


def enlarged(world: World) -> World:
    """The same rates with so many cases, tasks and labels that chance hardly matters."""
    process, agent, people = world.process, world.agent, world.people
    return replace(
        world,
        process=replace(
            process,
            cases_per_week=TIMES * process.cases_per_week,
            pilot_cases_per_week=TIMES * process.pilot_cases_per_week,
        ),
        agent=replace(agent, tasks=TIMES * agent.tasks),
        people=replace(
            people, labelled=10**9, production_labelled=10**9, rates=1.0, production_rates=1.0, seeded=5000, inbox=5000
        ),
    )


@pytest.fixture(scope="module")
def world() -> World:
    return enlarged(world_of("sample"))


@pytest.fixture(scope="module")
def drawn(world: World) -> dict[str, pd.DataFrame]:
    return tables_of(world, 1)


def units(drawn: dict[str, pd.DataFrame], name: str, phase: str) -> pd.DataFrame:
    """One row per unit of a KPI: value, segment, tool, cluster; worked out with pandas, apart from the house's SQL."""
    runs = drawn["interactions"].query("phase == @phase")
    runs = runs.assign(cluster=runs["task_id"].fillna(runs["case_id"]))
    top = runs[runs["parent_interaction"].isna()]
    cases = drawn["cases"].query("phase == @phase").assign(cluster=lambda t: t["case_id"])
    owner = runs[["interaction_id", "segment", "cluster"]]
    match name:
        case "task_success_rate":
            return top.assign(value=top["success"].astype(float))
        case "escalation_rate":
            return top.assign(value=top["outcome"] == "escalated")
        case "latency_p50_s" | "latency_p95_s":
            return top.assign(value=top["latency_s"])
        case "tokens_per_interaction":
            of = runs["parent_interaction"].fillna(runs["interaction_id"])
            spent = (runs["input_tokens"] + runs["output_tokens"]).groupby(of).sum()
            return top.assign(value=top["interaction_id"].map(spent))
        case "tool_call_failure_rate":
            return drawn["tool_calls"].merge(owner).assign(value=lambda t: t["status"] != "ok")
        case "hallucination_rate":
            asked = "metric == 'hallucination' and labeller == 'labeller-1' and stream == 'uniform'"
            return drawn["labels"].query(asked).merge(owner)
        case "negative_feedback_rate":
            return drawn["feedback"].merge(owner).assign(value=lambda t: t["kind"] != "positive")
        case "lead_time_h":
            return cases.assign(value=(cases["closed_at"] - cases["opened_at"]).dt.total_seconds() / 3600)
        case "rework_rate":
            twice = drawn["events"].groupby(["case_id", "activity"]).size().groupby("case_id").max() > 1
            return cases.assign(value=cases["case_id"].map(twice))
        case _:
            column = {"cost_per_case": "cost", "error_rate": "error"}.get(name, name)
            return cases.assign(value=cases[column].astype(float))


def measured(rows: pd.DataFrame, name: str, dimension: str | None) -> tuple[float, float]:
    """The estimate from the drawn rows and its standard error, which counts clusters and not rows."""
    if dimension:
        column, value = dimension.split("=")
        rows = rows[rows[column] == value]
    values = rows["value"].to_numpy(dtype=float)
    if name.startswith("latency") or name == "lead_time_h":
        q = 0.95 if name == "latency_p95_s" else 0.5
        estimate = float(np.quantile(values, q))
        near = np.quantile(values, [q - 0.01, q + 0.01])
        return estimate, float(np.ptp(near)) / 0.02 * math.sqrt(2 * q * (1 - q) / len(values))
    off = pd.Series(values - values.mean()).groupby(rows["cluster"].to_numpy()).sum()
    return float(values.mean()), float(np.sqrt((off**2).sum())) / len(values)


def test_a_large_draw_comes_close_to_every_stated_value(world, drawn):
    stated = {(r["name"], r["phase"]): [] for r in truth_of(world)}
    for row in truth_of(world):
        stated[row["name"], row["phase"]].append((row["dimension"], row["value"]))
    elsewhere = {"pass_hat_k", "adoption_rate", "tokens_weekly_growth", "seeded_catch_rate",
                 "inputs_of_an_unseen_kind"}  # fmt: skip
    far, seen = [], 0
    for (name, phase), parts in stated.items():
        rows = units(drawn, name, phase) if name not in elsewhere else None
        for dimension, value in parts if rows is not None else ():
            estimate, error = measured(rows, name, dimension)
            seen += 1
            if abs(estimate - value) > 4 * error or error > 0.2 * value:
                far.append((name, phase, dimension, value, estimate, error))
    assert far == []
    assert seen > 100


def test_pass_hat_k_is_the_share_of_tasks_of_which_the_first_k_trials_all_succeed(world, drawn):
    runs = drawn["interactions"].dropna(subset=["task_id"])
    trials = runs.assign(success=runs["success"].astype(float)).pivot(
        index="task_id", columns="trial", values="success"
    )
    for row in truth_of(world):
        if row["name"] == "pass_hat_k":
            passed = trials[list(range(1, int(row["dimension"][2:]) + 1))].min(axis=1)
            assert passed.mean() == pytest.approx(row["value"], abs=4 * math.sqrt(0.25 / len(passed)) * 0.8)


def test_adoption_growth_and_catch_rates_are_as_stated(world, drawn):
    stated = {(row["name"], row["dimension"]): row["value"] for row in truth_of(world)}
    cases = drawn["cases"].query("phase == 'production'")
    assert cases["case_id"].isin(drawn["interactions"]["case_id"]).mean() == pytest.approx(
        stated["adoption_rate", None], abs=0.01
    )
    runs = drawn["interactions"].query("phase == 'pilot'")
    week = (runs["started_at"] - pd.Timestamp("2026-06-21T22:00")).dt.days // 7
    slope = np.polyfit(*zip(*runs.groupby(week)["input_tokens"].mean().map(math.log).items(), strict=True), 1)[0]
    assert math.expm1(slope) == pytest.approx(stated["tokens_weekly_growth", None], abs=0.002)
    planted = drawn["reviews"][drawn["reviews"]["seeded"]]
    caught = (planted["decision"] != "approve").groupby(planted["reviewer"]).mean()
    for reviewer, share in caught.items():
        assert share == pytest.approx(stated["seeded_catch_rate", f"reviewer={reviewer}"], abs=0.035)


def test_the_inbox_holds_as_many_unseen_kinds_as_stated(world, drawn):
    inbox = drawn["texts"].query("source == 'supplier inbox'")["text"]
    stated = next(row["value"] for row in truth_of(world) if row["name"] == "inputs_of_an_unseen_kind")
    assert inbox.str.startswith("Credit note").mean() == pytest.approx(stated, abs=0.02)
    assert not drawn["interactions"]["input_text"].str.startswith("Credit note").any()


def test_repeated_trials_of_a_task_resemble_each_other_as_stated(world, drawn):
    runs = drawn["interactions"].dropna(subset=["task_id"]).query("segment == 'apac'")
    trials = runs.assign(success=runs["success"].astype(float)).pivot(
        index="task_id", columns="trial", values="success"
    )
    correlation = trials.corr().to_numpy()[np.triu_indices(world.agent.trials, 1)].mean()
    assert correlation == pytest.approx(world.agent.icc, abs=0.06)


@pytest.mark.parametrize("variant", VARIANTS)
def test_rates_are_rates_and_no_value_is_stated_twice(variant):
    rows = truth(variant)
    keys = [(row["name"], row["phase"], row["dimension"]) for row in rows]
    assert len(keys) == len(set(keys))
    assert all(0 < row["value"] < 1 for row in rows if row["name"].endswith("_rate"))


def test_the_variants_truths_lie_on_the_side_of_the_limits_that_their_names_say():
    whole = {
        variant: {
            row["name"]: row["value"] for row in truth(variant) if row["phase"] == "pilot" and not row["dimension"]
        }
        for variant in VARIANTS
    }
    assert whole["go"]["task_success_rate"] > 0.97
    assert whole["no-go"]["task_success_rate"] < 0.75
    assert whole["no-go"]["tool_call_failure_rate"] > 0.1
    assert whole["not-yet"] == pytest.approx(whole["sample"], rel=0.01)


def test_truth_yaml_holds_what_truth_returns():
    stated = yaml.safe_load((ROOT / "data/sample/truth.yaml").read_text(encoding="utf-8"))
    assert stated == {"seed": 7, "variant": "sample", "values": truth("sample")}
