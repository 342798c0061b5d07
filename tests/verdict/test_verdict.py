"""The three answers, in tables of cases; doubts and missing pages never open a gate."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.kpis import Kpi
from pilotage.verdict import (
    Gate,
    at_least,
    compare,
    finding_of,
    first_doubt,
    gate_from_dict,
    hold,
    judge,
    overall,
    with_pace,
    would_be,
)

ANSWERS = ("go", "no-go", "not yet")


def kpi(low: float | None, high: float | None, better: str = "lower", estimate: float | None = 0.05) -> Kpi:
    return Kpi("tool_call_failure_rate", "Tool calls that fail", "quality", "share", None, 5, 100, 100, estimate, low,
               high, 0.9, "test", better, n_eff=100.0)  # fmt: skip


def gate(answer: str, required: bool = True) -> Gate:
    return Gate("g", "k", None, required, answer, "because", 1.0)  # type: ignore[arg-type]  # one of ANSWERS


@pytest.mark.parametrize(
    ("low", "high", "better", "answer"),
    [
        (0.01, 0.04, "lower", "go"),
        (0.01, 0.05, "lower", "go"),  # on the limit is within it
        (0.01, 0.06, "lower", "not yet"),
        (0.05, 0.09, "lower", "not yet"),
        (0.06, 0.09, "lower", "no-go"),
        (0.01, None, "lower", "not yet"),
        (None, 0.04, "lower", "go"),
        (0.06, 0.09, "higher", "go"),
        (0.05, 0.09, "higher", "go"),
        (0.01, 0.09, "higher", "not yet"),
        (0.01, 0.04, "higher", "no-go"),
        (None, 0.09, "higher", "not yet"),
    ],
)
def test_the_interval_against_a_limit_of_five_per_cent(low: float, high: float, better: str, answer: str) -> None:
    assert compare(kpi(low, high, better), 0.05) == answer


def test_no_estimate_is_not_yet_and_says_why() -> None:
    nothing = replace(kpi(None, None, estimate=None), reason="the dataset has no table `tool_calls`", n=0)
    verdict = judge(nothing, 0.05, None, True)
    assert (verdict.answer, verdict.why) == ("not yet", "the dataset has no table `tool_calls`")


def test_one_leak_in_ten_is_no_go_and_the_sentence_says_at_least_how_much() -> None:
    verdict = judge(kpi(0.062, 0.15, estimate=0.10), 0.05, "in the loop", True)
    assert verdict.answer == "no-go"
    assert verdict.why == "measured 10%, at least 6.2% with 95% confidence; the limit is at most 5%"


def test_not_yet_says_how_many_more_of_what_would_settle_it() -> None:
    verdict = judge(kpi(0.0, 0.06, estimate=0.02), 0.05, "in the loop", True)
    assert verdict.unit == "tool calls"
    assert verdict.more_needed
    assert f"about {verdict.more_needed:,} more tool calls would settle it, if they go as those so far" in verdict.why


def test_a_measured_value_beyond_the_limit_is_not_helped_by_more_of_the_same() -> None:
    verdict = judge(kpi(0.04, 0.09, estimate=0.06), 0.05, "in the loop", True)
    assert verdict.more_needed is None
    assert "more of the same would not settle it" in verdict.why


def test_the_day_is_named_where_something_comes_in_each_week() -> None:
    waiting = replace(gate("not yet"), more_needed=100, unit="cases")
    assert with_pace(waiting, 50, date(2026, 10, 12)).why.endswith("by about 2026-10-26 at the present volume")
    assert with_pace(waiting, 50, None).why.endswith("2 more weeks at the pilot's volume")
    assert with_pace(waiting, 0, date(2026, 10, 12)) == waiting
    assert with_pace(replace(waiting, more_needed=10_000_000), 1, None).why == waiting.why


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (("go", "go"), "go"),
        (("go", "not yet"), "not yet"),
        (("not yet", "no-go"), "no-go"),
        (("go", "no-go"), "no-go"),
        ((), "not yet"),
    ],
)
def test_gates_add_up(answers: tuple[str, ...], expected: str) -> None:
    assert overall(map(gate, answers)) == expected


def test_advisory_gates_alone_decide_nothing() -> None:
    assert overall([gate("go", required=False)]) == "not yet"
    assert overall([gate("go"), gate("no-go", required=False)]) == "go"


@pytest.mark.parametrize(("answer", "undecide", "held"), [
    ("go", False, "not yet"), ("no-go", False, "no-go"), ("not yet", False, "not yet"),
    ("go", True, "not yet"), ("no-go", True, "not yet"),
])  # fmt: skip
def test_a_doubt_holds_a_go_and_leaves_a_no_go(answer: str, undecide: bool, held: str) -> None:
    assert hold(gate(answer), ["no new data since 2026-01-01"], undecide).answer == held


def test_every_doubt_is_named_also_where_the_answer_was_not_yet_already() -> None:
    why = hold(gate("not yet"), ["rows are missing", "a check failed"]).why
    assert why == "because; held back: rows are missing; a check failed"


def test_a_held_gate_still_says_what_was_found_and_what_it_would_be() -> None:
    held = hold(hold(gate("no-go"), ["its limit is an example"], undecide=True), ["rows are missing"])
    assert held.why == "because; held back: would be no-go, but its limit is an example; rows are missing"
    assert (held.answer, would_be(held), finding_of(held)) == ("not yet", "no-go", "because")


@given(st.sampled_from(ANSWERS), st.lists(st.text(min_size=1), max_size=3), st.booleans())
def test_doubts_never_open_a_gate(answer: str, doubts: list[str], undecide: bool) -> None:
    if answer != "go":
        assert hold(gate(answer), doubts, undecide).answer != "go"


@given(st.lists(st.sampled_from(ANSWERS), min_size=1), st.data())
def test_another_gate_never_turns_a_decision_into_go(answers: list[str], data: st.DataObject) -> None:
    more = data.draw(st.sampled_from(ANSWERS))
    before = overall(map(gate, answers))
    after = overall(map(gate, [*answers, more]))
    assert after != "go" or before == "go"


@pytest.mark.parametrize(("have", "answer", "more"), [(200, "go", None), (199, "not yet", 1), (8.2, "not yet", 192)])
def test_an_amount_of_evidence_is_enough_or_not_yet(have: float, answer: str, more: int | None) -> None:
    found = at_least("baseline_cases", have, 200, "cases")
    assert (found.answer, found.more_needed) == (answer, more)


def test_no_sentence_says_that_85_per_cent_is_not_at_least_85_per_cent() -> None:
    close = replace(kpi(0.84996, 0.95, "higher", 0.9), name="task_success_rate")
    assert "at least 84.996% with 95% confidence; the limit is at least 85%" in judge(close, 0.85, None, True).why


def test_missing_results_are_asked_for_before_more_of_the_same() -> None:
    gaps = replace(kpi(0.0, 0.06, estimate=0.02), unmeasured=12)
    assert "first supply the 12 tool calls that are missing" in judge(gaps, 0.05, None, True).why


def test_a_figure_that_is_drawn_is_not_called_measured_and_never_reads_never() -> None:
    months = replace(kpi(5.0, 120.0, estimate=9.0), name="payback_months", unit="months")
    why = judge(months, 18.0, None, True).why
    assert why.startswith("worked out as 9 months, perhaps never with 95% confidence; the limit is at most 18 months;")


def test_a_gate_survives_its_evidence() -> None:
    written = json.loads(json.dumps(gate("not yet").as_dict()))
    assert gate_from_dict(written) == gate("not yet")


@pytest.mark.parametrize(("n_eff", "said"), [(100.0, "of tasks not tried before would settle it"), (15.0, "about")])
def test_where_every_look_counts_only_tasks_not_tried_before_count(n_eff: float, said: str) -> None:
    row = replace(kpi(0.0, 0.16, estimate=0.01), method="anytime-valid", n=400, n_eff=n_eff)
    found = judge(row, 0.15, None, True)
    assert found.answer == "not yet"
    assert said in found.why
    assert "of tasks not tried before" in found.why


def test_the_first_doubt_is_the_one_that_is_told_first() -> None:
    assert first_doubt(hold(gate("go"), ["its limit moved", "it is old"])) == "its limit moved"
    assert first_doubt(gate("go")) == ""
