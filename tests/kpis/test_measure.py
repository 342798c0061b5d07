"""Each KPI counts what its definition says, over what its definition says, and says so where it cannot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from pilotage.kpis import DEFINITIONS, Tables, exceedance, measure, measure_parts

Build = Callable[..., Tables]
T0 = datetime(2026, 7, 6, 8)


def run(number: int, **more: Any) -> dict[str, Any]:
    return {"interaction_id": f"i{number}", "phase": "pilot", "success": True, **more}


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_without_data_every_kpi_is_unknown_with_a_reason_and_never_zero(tables: Build, name: str) -> None:
    kpi = measure(tables(), name, "pilot")
    assert kpi.estimate is None
    assert kpi.reason


def test_success_is_counted_over_all_interactions_of_the_phase(tables: Build) -> None:
    rows = [run(1), run(2, success=False), run(3), run(4), run(5, phase="production", success=False)]
    kpi = measure(tables(interactions=rows), "task_success_rate", "pilot")
    assert (kpi.count, kpi.n, kpi.clusters, kpi.estimate) == (3, 4, 4, 0.75)


def test_trials_of_one_task_are_one_cluster(tables: Build) -> None:
    rows = [run(n, task_id=f"t{n % 2}", trial=n // 2) for n in range(6)]
    assert measure(tables(interactions=rows), "task_success_rate", "pilot").clusters == 2


def test_a_sub_agents_run_is_no_unit_of_its_own(tables: Build) -> None:
    rows = [run(1), run(2, success=False, parent_interaction="i1")]
    assert measure(tables(interactions=rows), "task_success_rate", "pilot").n == 1


def test_an_interaction_without_a_result_is_neither_success_nor_failure_but_widens_both_ends(tables: Build) -> None:
    rows = [run(n) for n in range(50)]
    whole = measure(tables(interactions=rows), "task_success_rate", "pilot")
    holes = measure(
        tables(interactions=[*rows, *(run(n, success=None) for n in range(50, 60))]), "task_success_rate", "pilot"
    )
    assert holes.estimate == whole.estimate == 1.0
    assert holes.low is not None
    assert whole.low is not None
    assert holes.low < whole.low < holes.high


def test_a_row_known_to_be_missing_counts_as_the_worst_case(tables: Build) -> None:
    rows = [run(n) for n in range(50)]
    whole = measure(tables(interactions=rows), "task_success_rate", "pilot")
    short = measure(tables(interactions=rows, missing={"interactions": 5}), "task_success_rate", "pilot")
    assert short.low is not None
    assert whole.low is not None
    assert short.low < whole.low


def test_time_outs_and_errors_are_both_failures_of_a_tool(tables: Build) -> None:
    calls = [
        {"interaction_id": "i1", "seq": n, "tool": tool, "status": status}
        for n, (tool, status) in enumerate([("book", "ok"), ("book", "error"), ("book", "timeout"), ("find", "ok")])
    ]
    data = tables(interactions=[run(1)], tool_calls=calls)
    assert measure(data, "tool_call_failure_rate", "pilot").count == 2
    parts = {kpi.dimension: kpi.estimate for kpi in measure_parts(data, "tool_call_failure_rate", "pilot", "tool")}
    assert parts == {"tool=book": pytest.approx(2 / 3), "tool=find": 0.0}
    assert measure(data, "tool_call_error_rate", "pilot").count == 1
    assert measure(data, "tool_call_timeout_rate", "pilot").count == 1
    timeouts = {k.dimension: k.count for k in measure_parts(data, "tool_call_timeout_rate", "pilot", "tool")}
    assert timeouts == {"tool=book": 1, "tool=find": 0}


def test_tokens_come_from_the_model_calls_where_the_interaction_has_none(tables: Build) -> None:
    calls = [{"call_id": str(n), "interaction_id": "i1", "input_tokens": 100, "output_tokens": 20} for n in range(3)]
    data = tables(interactions=[run(1), run(2)], model_calls=calls)
    kpi = measure(data, "tokens_per_interaction", "pilot")
    assert (kpi.estimate, kpi.n) == (360.0, 1)


def test_tokens_of_a_sub_agents_sub_agent_reach_the_run_at_the_root(tables: Build) -> None:
    chain = [run(1), *(run(n, parent_interaction=f"i{n - 1}") for n in (2, 3, 4))]
    rows = [{**row, "input_tokens": 10**n, "output_tokens": 0} for n, row in enumerate(chain)]
    kpi = measure(
        tables(interactions=[*rows, run(9, input_tokens=5, output_tokens=0)]), "tokens_per_interaction", "pilot"
    )
    assert (kpi.estimate, kpi.n) == (pytest.approx((1111 + 5) / 2), 2)


def test_a_sub_agent_with_a_trial_of_its_own_keeps_what_runs_below_it(tables: Build) -> None:
    rows = [
        run(1, task_id="t1", trial=1, input_tokens=1, output_tokens=0),
        run(2, task_id="t1", trial=2, parent_interaction="i1", input_tokens=10, output_tokens=0),
        run(3, parent_interaction="i2", input_tokens=100, output_tokens=0),
    ]
    found = measure(tables(interactions=rows), "tokens_per_interaction", "pilot")
    assert (found.estimate, found.n) == (pytest.approx((1 + 110) / 2), 2)


def test_an_unknown_use_deep_below_leaves_the_whole_run_unknown_and_a_ring_of_runs_ends(tables: Build) -> None:
    deep = [run(1, input_tokens=1, output_tokens=0), run(2, parent_interaction="i1", input_tokens=1, output_tokens=0),
            run(3, parent_interaction="i2")]  # fmt: skip
    assert measure(tables(interactions=deep), "tokens_per_interaction", "pilot").estimate is None
    ring = [run(1, input_tokens=7, output_tokens=0), run(2, parent_interaction="i3", input_tokens=1, output_tokens=0),
            run(3, parent_interaction="i2", input_tokens=1, output_tokens=0)]  # fmt: skip
    assert measure(tables(interactions=ring), "tokens_per_interaction", "pilot").estimate == 7


def test_only_the_uniform_human_labels_speak_for_the_hallucination_rate(tables: Build) -> None:
    label = {"metric": "hallucination", "stream": "uniform", "source": "human", "labeller": "a", "value": 0.0}
    labels = [
        {"interaction_id": "i1", **label},
        {"interaction_id": "i2", **label, "value": 1.0},
        {"interaction_id": "i3", **label, "value": 1.0, "stream": "guided"},
        {"interaction_id": "i4", **label, "value": 1.0, "source": "judge"},
        {"interaction_id": "i5", **label, "value": 1.0, "metric": "tone"},
    ]
    kpi = measure(tables(interactions=[run(n) for n in range(1, 6)], labels=labels), "hallucination_rate", "pilot")
    assert (kpi.count, kpi.n) == (1, 2)


def test_two_people_who_disagree_count_against_the_agent(tables: Build) -> None:
    label = {"interaction_id": "i1", "metric": "hallucination", "stream": "uniform", "source": "human"}
    labels = [{**label, "labeller": who, "value": value} for who, value in (("a", 0.0), ("b", 1.0))]
    kpi = measure(tables(interactions=[run(1)], labels=labels), "hallucination_rate", "pilot")
    assert (kpi.count, kpi.n) == (1, 1)


def test_success_as_people_judge_needs_every_labeller_and_only_uniform_labels_of_people(tables: Build) -> None:
    label = {"metric": "task_success", "stream": "uniform", "source": "human", "labeller": "a", "value": 1.0}
    labels = [
        {"interaction_id": "i1", **label},
        {"interaction_id": "i2", **label},
        {"interaction_id": "i2", **label, "labeller": "b", "value": 0.0},
        {"interaction_id": "i3", **label, "stream": "guided"},
        {"interaction_id": "i4", **label, "source": "judge"},
        {"interaction_id": "i5", **label, "metric": "hallucination"},
    ]
    data = tables(interactions=[run(n) for n in range(1, 6)], labels=labels)
    kpi = measure(data, "human_task_success_rate", "pilot")
    assert (kpi.count, kpi.n, kpi.better) == (1, 2, "higher")


def test_a_correction_is_negative_feedback(tables: Build) -> None:
    feedback = [
        {"interaction_id": f"i{n}", "kind": kind} for n, kind in enumerate(["positive", "correction", "negative"])
    ]
    kpi = measure(tables(interactions=[run(n) for n in range(3)], feedback=feedback), "negative_feedback_rate", "pilot")
    assert (kpi.count, kpi.n) == (2, 3)
    data = tables(interactions=[run(n) for n in range(3)], feedback=feedback)
    assert [measure(data, name, "pilot").count for name in ("rejection_rate", "correction_rate")] == [1, 1]


def test_an_open_case_takes_longer_than_any_other(tables: Build) -> None:
    case = {"phase": "baseline", "opened_at": T0}
    cases = [{"case_id": str(h), **case, "closed_at": T0 + timedelta(hours=h)} for h in (10, 20, 30)]
    kpi = measure(tables(cases=[*cases, {"case_id": "open", **case}]), "lead_time_h", "baseline")
    assert (kpi.estimate, kpi.n) == (25.0, 4)


def test_with_most_cases_open_the_lead_time_is_unknown_and_not_infinite(tables: Build) -> None:
    cases = [{"case_id": str(n), "phase": "baseline", "opened_at": T0, "closed_at": None} for n in range(3)]
    kpi = measure(tables(cases=cases), "lead_time_h", "baseline")
    assert kpi.estimate is None
    assert "not over yet" in kpi.reason


def test_a_run_that_names_no_task_counts_against_pass_hat_k(tables: Build) -> None:
    rows = [run(n, task_id=f"t{n // 3}", trial=n % 3) for n in range(90)]
    whole = measure(tables(interactions=rows), "pass_hat_k", "pilot", k=2)
    blank = [{**row, "task_id": None} if n < 9 else row for n, row in enumerate(rows)]
    part = measure(tables(interactions=blank), "pass_hat_k", "pilot", k=2)
    assert part.unmeasured == 9
    assert part.low is not None
    assert whole.low is not None
    assert part.low < whole.low - 0.1


def test_a_failure_under_a_task_of_its_own_counts_against_pass_hat_k(tables: Build) -> None:
    rows = [run(n, task_id=f"t{n // 2}", trial=n % 2, success=n % 4 > 0) for n in range(80)]
    split = [{**row, "task_id": f"own{n}"} if not row["success"] else row for n, row in enumerate(rows)]
    whole, part = (measure(tables(interactions=given), "pass_hat_k", "pilot", k=2) for given in (rows, split))
    assert whole.low is not None
    assert part.low is not None
    assert part.low <= whole.low


def test_where_runs_name_task_and_case_a_missing_task_is_a_lost_name(tables: Build) -> None:
    rows = [run(n, task_id=f"t{n // 2}", trial=n % 2, case_id=f"c{n}") for n in range(40)]
    blank = [{**row, "task_id": None} if n < 4 else row for n, row in enumerate(rows)]
    assert measure(tables(interactions=blank), "pass_hat_k", "pilot", k=2).unmeasured == 4


def test_a_try_of_its_own_hung_below_another_run_still_counts(tables: Build) -> None:
    rows = [run(1, task_id="t1", trial=1), run(2, task_id="t2", trial=1, success=False, parent_interaction="i1")]
    assert measure(tables(interactions=rows), "task_success_rate", "pilot").estimate == 0.5


def test_losing_the_names_of_the_tasks_narrows_no_interval(tables: Build) -> None:
    rows = [run(n, task_id=f"t{n // 4}", trial=n % 4, success=(n // 4) % 5 > 0) for n in range(120)]
    named = measure(tables(interactions=rows), "task_success_rate", "pilot")
    blank = measure(tables(interactions=[{**row, "task_id": None} for row in rows]), "task_success_rate", "pilot")
    assert blank.low is not None
    assert named.low is not None
    assert blank.low < named.low


def test_a_sub_agents_tokens_are_its_parents(tables: Build) -> None:
    rows = [
        run(1, input_tokens=100, output_tokens=0),
        run(2, parent_interaction="i1", input_tokens=50, output_tokens=0),
    ]
    kpi = measure(tables(interactions=rows), "tokens_per_interaction", "pilot")
    assert (kpi.estimate, kpi.n) == (150.0, 1)


def test_one_call_without_its_tokens_leaves_the_run_unmeasured(tables: Build) -> None:
    calls = [{"call_id": "1", "interaction_id": "i1", "input_tokens": 100, "output_tokens": 20},
             {"call_id": "2", "interaction_id": "i1"}]  # fmt: skip
    kpi = measure(tables(interactions=[run(1), run(2)], model_calls=calls), "tokens_per_interaction", "pilot")
    assert kpi.estimate is None


def test_weeks_begin_at_midnight_in_the_playbooks_time_zone(tables: Build) -> None:
    late_sunday = tables(interactions=[run(1, started_at=datetime(2026, 7, 5, 23, 30))])
    rome = Tables(late_sunday.connection, late_sunday.facts, "Europe/Rome")
    assert [kpi.dimension for kpi in measure_parts(rome, "task_success_rate", "pilot", "week")] == ["week=2026-07-06"]


def test_a_case_in_which_a_step_returns_is_reworked(tables: Build) -> None:
    cases = [{"case_id": c, "phase": "baseline", "opened_at": T0} for c in "ab"]
    steps = [("a", "read"), ("a", "post"), ("a", "read"), ("b", "read"), ("b", "post")]
    events = [{"case_id": c, "activity": step, "timestamp": T0} for c, step in steps]
    kpi = measure(tables(cases=cases, events=events), "rework_rate", "baseline")
    assert (kpi.count, kpi.n) == (1, 2)


def test_pass_hat_k_without_repeats_is_unknown(tables: Build) -> None:
    kpi = measure(tables(interactions=[run(n, task_id=str(n)) for n in range(5)]), "pass_hat_k", "pilot", k=2)
    assert kpi.estimate is None
    assert "2 times" in kpi.reason
    assert kpi.dimension == "k=2"


def test_pass_hat_2_of_one_success_in_two_is_zero(tables: Build) -> None:
    rows = [run(n, task_id="t", trial=n, success=n == 0) for n in range(2)]
    assert measure(tables(interactions=rows), "pass_hat_k", "pilot", k=2).estimate == 0.0


def test_a_value_on_the_limit_is_not_over_it(tables: Build) -> None:
    rows = [run(n, latency_s=float(n)) for n in range(1, 11)]
    assert exceedance(tables(interactions=rows), "latency_p95_s", "pilot", 8.0) == (2, 10)


def test_a_part_without_a_name_forms_no_part(tables: Build) -> None:
    rows = [run(1, segment="emea"), run(2, segment=None), run(3, segment="apac")]
    parts = measure_parts(tables(interactions=rows), "task_success_rate", "pilot", "segment")
    assert [kpi.dimension for kpi in parts] == ["segment=apac", "segment=emea"]
