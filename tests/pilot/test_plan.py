"""The registered plan: what was made easier to clear after the registration, with its date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pilotage import audit_log
from pilotage.audit_log import Entry
from pilotage.errors import PilotageError
from pilotage.page import Page
from pilotage.pilot.plan import PLAN, Registered, plan_of, plans, register, registered
from pilotage.playbook import Looks, PilotPolicy
from pilotage.workspace import Workspace

NewPage = Callable[..., Page]
BEGUN = datetime(2026, 6, 22, 6, 0)


@pytest.fixture
def policy(page: NewPage) -> PilotPolicy:
    return page("pilot").playbook.pilot


def changed(policy: PilotPolicy, **more: Any) -> PilotPolicy:
    return policy.model_copy(update=more)


def with_gate(policy: PilotPolicy, name: str, **more: Any) -> PilotPolicy:
    gate = policy.gates[name].model_copy(update=more)  # type: ignore[index]
    return changed(policy, gates={**policy.gates, name: gate})


def loosened(policy: PilotPolicy, name: str, tier: str, value: float) -> PilotPolicy:
    limits = policy.gates[name].limits  # type: ignore[index]
    limit = limits[tier].model_copy(update={"value": value})  # type: ignore[index]
    return with_gate(policy, name, limits={**limits, tier: limit})


def entries(*plans: tuple[str, PilotPolicy]) -> list[Entry]:
    return [
        Entry(number, f"{day}T08:00:00+00:00", "Ann", PLAN, plan_of(policy), None, str(number))
        for number, (day, policy) in enumerate(plans, start=1)
    ]


def state(policy: PilotPolicy, *before: tuple[str, PilotPolicy]) -> Registered:
    return registered(entries(*before), policy, "sample", BEGUN)


def test_a_plan_registered_before_the_pilot_and_unchanged_speaks_against_nothing(policy: PilotPolicy) -> None:
    found = state(policy, ("2026-06-01", policy))
    assert found.in_time
    assert found.easier == ()
    assert found.gone == ()


def test_the_last_plan_before_the_pilot_counts(policy: PilotPolicy) -> None:
    stricter = changed(policy, confidence=0.99)
    found = state(policy, ("2026-06-01", stricter), ("2026-06-10", policy))
    assert found.first is not None
    assert found.first.seq == 2
    assert found.easier == ()


@pytest.mark.parametrize(
    ("kpi", "tier", "value", "words"),
    [
        ("task_success_rate", "in the loop", 0.80, "loosened from at least 85% to at least 80%"),
        ("tool_call_failure_rate", "in the loop", 0.10, "loosened from at most 5% to at most 10%"),
    ],
)
def test_a_loosened_limit_is_listed_with_the_date_of_its_registration(
    policy: PilotPolicy, kpi: str, tier: str, value: float, words: str
) -> None:
    easier = loosened(policy, kpi, tier, value)
    found = state(easier, ("2026-06-01", policy), ("2026-07-15", easier))
    assert found.against(kpi, "in the loop") == [f"its limit {tier} was {words} on 2026-07-15"]
    assert found.against("latency_p95_s", "in the loop") == []


def test_a_limit_that_nobody_registered_anew_is_dated_by_the_last_registration(policy: PilotPolicy) -> None:
    found = state(loosened(policy, "task_success_rate", "in the loop", 0.5), ("2026-06-01", policy))
    assert "after 2026-06-01, and nobody registered that" in found.against("task_success_rate", "in the loop")[0]


def test_a_tightened_limit_and_one_put_back_speak_against_nothing(policy: PilotPolicy) -> None:
    tighter = loosened(policy, "task_success_rate", "in the loop", 0.90)
    easier = loosened(policy, "task_success_rate", "in the loop", 0.80)
    assert state(tighter, ("2026-06-01", policy)).easier == ()
    assert state(policy, ("2026-06-01", policy), ("2026-07-01", easier)).easier == ()


def test_a_dropped_metric_and_one_made_advisory_are_gone(policy: PilotPolicy) -> None:
    without = changed(policy, gates={k: v for k, v in policy.gates.items() if k != "pass_hat_k"})
    assert state(without, ("2026-06-01", policy)).gone == ("pass_hat_k",)
    advisory = with_gate(policy, "pass_hat_k", required=False)
    found = state(advisory, ("2026-06-01", policy), ("2026-08-01", advisory))
    assert found.gone == ("pass_hat_k",)
    assert found.against("pass_hat_k", "in the loop") == ["it was made advisory on 2026-08-01"]


def test_less_confidence_speaks_against_every_gate(policy: PilotPolicy) -> None:
    found = state(changed(policy, confidence=0.9), ("2026-06-01", policy))
    assert all(found.against(name, "in the loop") for name in policy.gates)


def test_other_looks_than_those_registered_speak_against_every_gate(policy: PilotPolicy) -> None:
    looks = Looks(at=(100, 200), reason="r", set_by="s")
    found = state(changed(policy, looks={**policy.looks, "sample": looks}), ("2026-06-01", policy))
    assert "from 660, 1,320 to 100, 200" in found.against("task_success_rate", "in the loop")[0]
    added = changed(policy, looks={**policy.looks, "other": looks})
    assert registered(entries(("2026-06-01", policy)), added, "other", BEGUN).easier == ()


def test_another_judge_speaks_against_what_people_label_and_nothing_else(policy: PilotPolicy) -> None:
    found = state(changed(policy, judge="judge:b"), ("2026-06-01", policy))
    assert "from judge-a to judge:b" in found.against("hallucination_rate", "in the loop")[0]
    assert found.against("task_success_rate", "in the loop") == []


def test_the_loosened_limit_of_another_tier_does_not_hold_this_one(policy: PilotPolicy) -> None:
    found = state(loosened(policy, "task_success_rate", "outside the loop", 0.93), ("2026-06-01", policy))
    assert found.against("task_success_rate", "in the loop") == []
    assert found.against("task_success_rate", "outside the loop")


def test_a_registered_kpi_that_this_version_lacks_is_gone_and_no_crash(policy: PilotPolicy) -> None:
    (old,) = entries(("2026-06-01", policy))
    what = {**old.what, "gates": {**old.what["gates"], "charm_rate": {"required": True, "limits": {}}}}
    assert registered([replace(old, what=what)], policy, "sample", BEGUN).gone == ("charm_rate",)


def test_fewer_tries_in_a_row_speak_against_their_gate(policy: PilotPolicy) -> None:
    found = state(changed(policy, pass_k=1), ("2026-06-01", policy))
    assert "lowered from 2 to 1" in found.against("pass_hat_k", "in the loop")[0]


def test_a_plan_registered_after_the_pilot_began_is_late(policy: PilotPolicy) -> None:
    assert not state(policy, ("2026-07-01", policy)).in_time
    assert registered([], policy, "sample", BEGUN) == Registered(None, False, (), ())


def test_the_same_plan_is_registered_once(policy: PilotPolicy, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    at = datetime(2026, 6, 1, tzinfo=UTC)
    register(workspace, policy, "Ann", at)
    with pytest.raises(PilotageError, match="registered on 2026-06-01, by Ann"):
        register(workspace, policy, "Bob", at)
    register(workspace, changed(policy, confidence=0.99), "Bob", at)
    assert [entry.by for entry in plans(workspace)] == ["Ann", "Bob"]
    assert audit_log.verify(workspace.log) == []
