"""A judge is never shown without its agreement with people, and one that always says the same is named."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from pilotage.kpis import DEFINITIONS, Tables
from pilotage.page import Page
from pilotage.pilot.judge import agreement_kpis, agreement_table, agreements
from pilotage.records.synthetic import make_tables
from pilotage.records.synthetic.people import JUDGED

Build = Callable[..., Tables]
T0 = datetime(2026, 10, 1, 8)
JUDGE = "judge:m@12345678"


def runs(n: int, **more: Any) -> list[dict[str, Any]]:
    return [{"interaction_id": f"i{i}", "phase": "pilot", **more} for i in range(n)]


def labels(values: dict[int, float], source: str = "human", **more: Any) -> list[dict[str, Any]]:
    given = {
        "metric": "hallucination", "source": source, "labeller": JUDGE if source == "judge" else "a",
        "stream": "uniform", "inclusion_probability": 1.0, "labelled_at": T0, **more,
    }  # fmt: skip
    return [{"interaction_id": f"i{i}", "value": float(value), **given} for i, value in values.items()]


def test_the_figures_are_those_of_the_runs_that_both_labelled(tables: Build) -> None:
    # Of 20 runs both labelled: 6 yes by both, 2 missed, 3 invented, 9 no by both; kappa is (.75 - .51) / (1 - .51).
    people = {i: i < 8 for i in range(20)}
    judge = {i: i < 6 or 8 <= i < 11 for i in range(20)} | dict.fromkeys(range(20, 30), False)
    (one,) = agreements(tables(interactions=runs(30), labels=labels(people) + labels(judge, "judge")), "pilot")
    assert (one.metric, one.judge, one.runs, one.n, one.positive) == ("hallucination", JUDGE, 30, 20, 8)
    assert one.kappa is not None
    assert one.sensitivity is not None
    assert one.specificity is not None
    assert one.kappa.estimate == pytest.approx((0.75 - 0.51) / 0.49)
    assert (one.sensitivity.estimate, one.specificity.estimate) == (0.75, 0.75)
    assert one.sensitivity.low == pytest.approx(0.3491, abs=1e-4)  # Clopper-Pearson of 6 of 8


def test_one_person_who_found_an_invented_fact_is_enough_and_all_must_see_success(tables: Build) -> None:
    first, second = {0: True, 1: False}, {0: False, 1: False}
    data = [
        *labels(first), *labels(second, labeller="b"), *labels({0: True, 1: False}, "judge"),
        *labels(first, metric="task_success"), *labels(second, labeller="b", metric="task_success"),
        *labels({0: True, 1: False}, "judge", metric="task_success"),
    ]  # fmt: skip
    found = {one.metric: one.positive for one in agreements(tables(interactions=runs(2), labels=data), "pilot")}
    assert found == {"hallucination": 1, "task_success": 0}


def test_a_metric_without_a_kpi_goes_by_majority(tables: Build) -> None:
    data = [
        *(
            label
            for who, said in (("a", 1), ("b", 1), ("c", 0))
            for label in labels({0: said}, labeller=who, metric="tone's")
        ),
        *labels({0: True}, "judge", metric="tone's"),
    ]
    (one,) = agreements(tables(interactions=runs(1), labels=data), "pilot")
    assert (one.metric, one.n, one.positive) == ("tone's", 1, 1)


def test_guided_labels_and_other_phases_count_for_nothing(tables: Build) -> None:
    data = [*labels({0: True}, stream="guided"), *labels({1: True}), *labels({0: True, 1: False, 2: True}, "judge")]
    rows = [*runs(2), {"interaction_id": "i2", "phase": "production"}]
    (one,) = agreements(tables(interactions=rows, labels=data), "pilot")
    assert (one.runs, one.n) == (2, 1)


def test_of_two_labels_of_one_judge_on_one_run_the_later_counts(tables: Build) -> None:
    data = [
        *labels({0: True}),
        *labels({0: False}, "judge"),
        *labels({0: True}, "judge", labelled_at=T0.replace(hour=9)),
    ]
    (one,) = agreements(tables(interactions=runs(1), labels=data), "pilot")
    assert (one.runs, one.always) == (1, "yes")


@pytest.mark.parametrize(("says", "always"), [(True, "yes"), (False, "no")])
def test_a_judge_that_always_says_the_same_is_named(tables: Build, page: Any, says: bool, always: str) -> None:
    data = labels({i: i % 3 == 0 for i in range(60)}) + labels(dict.fromkeys(range(60), says), "judge")
    built = tables(interactions=runs(60), labels=data)
    (one,) = agreements(built, "pilot")
    assert one.always == always
    assert one.kappa is not None
    assert one.kappa.estimate == pytest.approx(0)
    assert f"always says {always}: carries no information" in agreement_table(page("pilot"), built)


def test_runs_of_one_task_are_no_independent_evidence_of_agreement(tables: Build) -> None:
    data = labels({i: i // 10 % 2 for i in range(100)}) + labels({i: i // 10 % 3 == 0 for i in range(100)}, "judge")
    tasks = [row | {"task_id": f"t{i // 10}", "trial": i % 10} for i, row in enumerate(runs(100))]
    (apart,) = agreements(tables(interactions=runs(100), labels=data), "pilot")
    (together,) = agreements(tables(interactions=tasks, labels=data), "pilot")
    assert (apart.clusters, together.clusters) == (100, 10)
    assert apart.kappa is not None
    assert together.kappa is not None
    assert together.kappa.high - together.kappa.low > 1.5 * (apart.kappa.high - apart.kappa.low)


def test_a_judge_that_nobody_compared_is_shown_as_such_and_has_no_figure(tables: Build, page: Any) -> None:
    built = tables(interactions=runs(3), labels=labels({0: True, 1: False}, "judge"))
    (one,) = agreements(built, "pilot")
    assert (one.n, one.kappa) == (0, None)
    assert "not compared with people: counts for nothing" in agreement_table(page("pilot"), built)
    assert {kpi.estimate for kpi in agreement_kpis([one])} == {None}
    assert all(kpi.reason for kpi in agreement_kpis([one]))


def test_without_a_judge_the_table_says_so(tables: Build, page: Callable[..., Page]) -> None:
    assert "No judge was asked" in agreement_table(
        page("pilot"), tables(interactions=runs(1), labels=labels({0: True}))
    )
    assert agreements(tables(), "pilot") == []


def test_evidence_holds_no_nan_and_names_the_judge_as_a_part(tables: Build) -> None:
    data = labels(dict.fromkeys(range(5), False)) + labels(dict.fromkeys(range(5), False), "judge")
    rows = agreement_kpis(agreements(tables(interactions=runs(5), labels=data), "pilot"))
    assert [row.name for row in rows] == ["judge_kappa", "judge_sensitivity", "judge_specificity"]
    assert not any(isinstance(value, float) and math.isnan(value) for row in rows for value in row.as_dict().values())
    assert {row.dimension for row in rows} == {f"judge=hallucination, {JUDGE}"}
    assert not any(row.whole for row in rows)


def test_a_hostile_name_of_a_judge_stays_text(tables: Build, page: Callable[..., Page]) -> None:
    data = labels({0: True}, "judge", labeller="judge:<script>alert(1)</script>")
    assert "<script>" not in agreement_table(page("pilot"), tables(interactions=runs(1), labels=data))


def test_the_metrics_of_the_labels_are_known_by_their_kpis() -> None:
    named = {name: definition.metric for name, definition in DEFINITIONS.items() if definition.metric}
    assert named == {"hallucination_rate": "hallucination", "human_task_success_rate": "task_success"}


def test_on_the_sample_the_judge_is_as_good_as_the_sample_was_made(in_memory: Build) -> None:
    found = {one.metric: one for one in agreements(in_memory(make_tables(7)), "pilot")}
    assert found.keys() == JUDGED.keys()
    for metric, (yes_if_no, yes_if_yes) in JUDGED.items():
        one = found[metric]
        assert one.sensitivity is not None
        assert one.specificity is not None
        assert one.sensitivity.low <= yes_if_yes <= one.sensitivity.high
        assert one.specificity.low <= 1 - yes_if_no <= one.specificity.high
        assert one.n == 480
