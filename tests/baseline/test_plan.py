"""The pilot's plan gives a good agent its chance, and no smaller plan does."""

from __future__ import annotations

import pytest

from pilotage.baseline import pilot_plan
from pilotage.playbook import TIERS, read_policy
from pilotage.statistics import chance_of_go
from pilotage.workspace import find_workspace

BOOK = read_policy(find_workspace(), ("playbook", "assumptions", "baseline", "pilot"))


def chance(tier: str, tasks: int) -> float:
    trials, icc = BOOK.baseline.plan.trials_per_task, BOOK.assumptions.expected_icc.point
    limit = 1 - BOOK.pilot.gates["task_success_rate"].limits[tier].value  # type: ignore[index]
    failures = 1 - BOOK.assumptions.good_agent_success_rate.point
    return chance_of_go(tasks * trials, limit, failures, BOOK.pilot.confidence, 1 + (trials - 1) * icc)


def test_in_the_loop_is_reached_with_the_power_wanted() -> None:
    plan = pilot_plan(BOOK, "in the loop", 100)
    assert plan.tasks
    assert plan.chance_of_go
    assert plan.chance_of_go >= BOOK.baseline.plan.power_wanted
    assert plan.interactions == plan.tasks * plan.trials_per_task
    assert chance("in the loop", plan.tasks // 2) < BOOK.baseline.plan.power_wanted


def test_an_agent_below_the_limit_has_no_plan_that_would_do() -> None:
    assert pilot_plan(BOOK, "outside the loop", 100).tasks is None


@pytest.mark.parametrize("tier", TIERS)
def test_labels_without_any_error_follow_the_rule_of_three(tier: str) -> None:
    limit = BOOK.pilot.gates["hallucination_rate"].limits[tier].value  # type: ignore[index]
    clean = pilot_plan(BOOK, tier, 100).labels_clean  # type: ignore[arg-type]
    assert clean
    assert (1 - limit) ** clean <= 1 - BOOK.pilot.confidence < (1 - limit) ** (clean - 1)


def test_without_a_known_volume_the_weeks_are_unknown() -> None:
    assert pilot_plan(BOOK, "in the loop", 0).weeks is None


def test_a_trickle_of_cases_lowers_the_chance_of_a_go() -> None:
    few, many = (pilot_plan(BOOK, "in the loop", volume).chance_of_go for volume in (10, 500))
    assert few is not None
    assert many is not None
    assert few < many
