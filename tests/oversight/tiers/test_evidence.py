"""What reviews prove: the uniform stream, one run per task, as far as reviewers see, and nothing for what is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.oversight.evidence import evidence
from pilotage.oversight.reviewed import Reviewed
from pilotage.playbook import OversightPolicy
from pilotage.statistics import anytime_rate, log_evidence_below, reviews_needed

Made = Callable[..., Reviewed]


def test_a_person_who_sees_each_output_needs_no_planted_errors(made: Made, rows: Any, policy: OversightPolicy) -> None:
    shown = evidence(made(rows.stream(80, 5)), policy, rows.post, "in the loop")
    assert (shown.errors, shown.n, shown.effective_limit, shown.catch) == (5, 85, shown.limit, None)
    assert shown.certified
    assert shown.log_e == log_evidence_below(5, 85, 0.25)


def test_without_planted_errors_nothing_is_proved_where_less_is_watched(
    made: Made, rows: Any, policy: OversightPolicy
) -> None:
    shown = evidence(made(rows.stream(2000)), policy, rows.post, "on the loop")
    assert not shown.certified
    assert shown.effective_limit is None
    assert "no error was planted" in shown.why


def test_reviewers_who_catch_half_prove_only_half_of_the_limit(made: Made, rows: Any, policy: OversightPolicy) -> None:
    good, half = (
        evidence(made([*rows.planted(caught, 60), *rows.stream(300, 8)]), policy, rows.post, "on the loop")
        for caught in (60, 30)
    )
    assert good.certified
    assert not half.certified
    assert half.effective_limit == pytest.approx(0.1 * anytime_rate(30, 60, 0.9).low)


def test_who_catches_none_of_the_planted_errors_proves_nothing(made: Made, rows: Any, policy: OversightPolicy) -> None:
    shown = evidence(made([*rows.planted(0, 60), *rows.stream(2000)]), policy, rows.post, "on the loop")
    assert not shown.certified
    assert "reviewers found 0" in shown.why


def test_fewer_reviews_than_the_playbook_asks_for_prove_nothing(made: Made, rows: Any, policy: OversightPolicy) -> None:
    enough = policy.reviews_min.value
    assert enough > reviews_needed(0, 0.25)
    few, all_ = (evidence(made(rows.stream(n)), policy, rows.post, "in the loop") for n in (enough - 1, enough))
    assert (few.certified, all_.certified) == (False, True)
    assert f"asks for {enough}" in few.why


def test_what_was_picked_for_looking_wrong_or_is_a_second_run_of_a_task_does_not_count(
    made: Made, rows: Any, policy: OversightPolicy
) -> None:
    picked = [rows.review(n, True, stream="guided") for n in range(100, 120)]
    again = [rows.review(n, True, unit="t00001") for n in range(120, 140)]
    shown = evidence(made([*rows.stream(100), *picked, *again]), policy, rows.post, "in the loop")
    assert (shown.errors, shown.n) == (0, 100)


def test_reviews_that_are_not_there_count_as_errors_but_refute_nothing(
    made: Made, rows: Any, policy: OversightPolicy
) -> None:
    shown = evidence(made(rows.stream(100), missing=60), policy, rows.post, "in the loop")
    assert (shown.errors, shown.missing, shown.n) == (60, 60, 100)
    assert not shown.certified
    assert not shown.refuted
    assert evidence(made(rows.stream(40, 60)), policy, rows.post, "in the loop").refuted


def test_only_what_was_decided_in_time_and_after_the_alarm_counts(
    made: Made, rows: Any, policy: OversightPolicy
) -> None:
    found = made([*rows.planted(30, 30), *rows.stream(100)])
    until, since = (rows.start + timedelta(hours=n) for n in (79, 19))
    shown = evidence(found, policy, rows.post, "on the loop", until, since)
    assert (shown.n, shown.planted) == (60, 30)


def test_a_disagreement_that_came_later_was_not_known_then(made: Made, rows: Any, policy: OversightPolicy) -> None:
    late = rows.review(200, True, interaction_id="i00005", unit="t00005", reviewer="Sam")
    found = made([*rows.stream(60), late])
    now, then = (
        evidence(found, policy, rows.post, "in the loop", rows.start + timedelta(hours=hour)) for hour in (300, 100)
    )
    assert (now.errors, then.errors) == (1, 0)


def test_an_unknown_action_type_is_an_error(made: Made, policy: OversightPolicy) -> None:
    with pytest.raises(KeyError):
        evidence(made([]), policy, "fly", "in the loop")


def test_no_reviews_are_no_evidence(made: Made, rows: Any, policy: OversightPolicy) -> None:
    shown = evidence(made([]), policy, rows.post, "on the loop")
    assert (shown.n, shown.rate, shown.certified, shown.refuted) == (0, None, False, False)


@settings(max_examples=8)
@given(data=st.data(), wrong=st.lists(st.booleans(), min_size=55, max_size=70), caught=st.integers(0, 12))
def test_losing_reviews_never_adds_evidence(
    made: Made, rows: Any, policy: OversightPolicy, data: st.DataObject, wrong: list[bool], caught: int
) -> None:
    whole = [*rows.planted(caught, 12), *(rows.review(n, bad, unit=f"t{n // 2}") for n, bad in enumerate(wrong))]
    whole += [
        rows.review(100 + n, bad, interaction_id=f"i{n:05}", unit=f"t{n // 2}") for n, bad in enumerate(wrong[:9])
    ]
    lost = data.draw(st.sets(st.integers(0, len(whole) - 1), max_size=12))
    kept = [row for n, row in enumerate(whole) if n not in lost]
    for tier in ("in the loop", "on the loop"):
        before = evidence(made(whole), policy, rows.post, tier)
        after = evidence(made(kept, missing=len(lost)), policy, rows.post, tier)
        assert after.log_e <= max(before.log_e, 0) + 1e-9
        assert before.certified or not after.certified
