"""Every planned run is in one place only, and no missing score hides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.errors import InputFaults
from pilotage.pilot.evaluate.account import Account, success_of, tally

WHOLE = Account("x", Path("data/x"), 10, 10, 9, 0, 0, 0, 10, 0.0, 0, "", False, (), False)


def line(key="a", scores=(True,), fault=None, final=True, spent=0.0):
    told = [{"scorer": "exact", "passed": passed, "why": "because"} for passed in scores]
    fault = fault and {"kind": fault, "detail": f"{fault} it was", "retry_after_s": None}
    return {
        "key": key, "task_id": key, "trial": 1, "final": final, "fault": fault, "scores": told, "spent": spent,
    }  # fmt: skip


HEAD = {"evaluation": 1, "planned": 9}


@pytest.mark.parametrize(
    ("scores", "fault", "success"),
    [
        ((True,), None, True),
        ((True, True), None, True),
        ((True, False), None, False),
        ((True, None), None, None),
        ((False, None), None, None),
        ((), None, None),
        ((), "server", None),
    ],
)
def test_a_task_is_done_right_when_every_scorer_passed(scores, fault, success):
    assert success_of(line(scores=scores, fault=fault)) is success


def test_each_end_is_counted_once_in_its_place():
    lines = [
        HEAD, line("a"), line("b", (False,)), line("c", ()), line("d", (True, None)), line("e", (), "server"),
        line("f", (), "server", final=False), line("f", (), "timeout", spent=None), line("g", spent=0.5),
    ]  # fmt: skip
    counts = tally(lines)
    assert (counts.planned, counts.scored, counts.correct, counts.unjudged, counts.errored) == (9, 3, 2, 1, 3)
    assert (counts.attempts, counts.spent, counts.unpriced, counts.ended) == (8, 0.5, 1, 7)
    assert counts.failed == {"not scored": 1, "server": 1, "timeout": 1}
    assert counts.details["not scored"] == "because"
    assert counts.ends == dict.fromkeys("abcg", "") | {"d": "not scored", "e": "server", "f": "timeout"}


def test_of_a_run_that_errored_and_was_called_again_the_last_end_counts():
    first = [HEAD, line("a", (), "server"), line("b", (), "server"), line("c", (), "timeout")]
    counts = tally([*first, HEAD, line("a"), line("b", (), "timeout")])
    assert (counts.scored, counts.errored, counts.ended, counts.attempts) == (1, 2, 3, 5)
    assert (counts.failed, counts.details) == ({"timeout": 2}, {"timeout": "timeout it was"})


def test_what_errored_is_open_again_and_what_was_scored_is_not():
    counts = tally([HEAD, line("a"), line("b", (), "server"), line("c", ())])
    assert counts.reopen() == {"b"}
    assert (counts.ended, counts.errored, counts.failed, counts.attempts) == (2, 0, {}, 3)
    assert counts.ends == {"a": "", "c": ""}


def test_a_run_that_ended_twice_is_a_fault():
    with pytest.raises(InputFaults, match="not what was written") as told:
        tally([HEAD, line("a"), line("b"), line("a")])
    assert told.value.faults == ["task 'a', trial 1: has ended twice"]


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))
def test_the_accuracy_lies_between_its_bounds_which_meet_where_nothing_is_missing(right, wrong, errored, skipped):
    planned = right + wrong + errored + skipped
    if not planned:
        return
    account = replace(
        WHOLE, planned=planned, scored=right + wrong, correct=right, errored=errored, skipped=skipped, stopped="so"
    )
    assert 0 <= account.worst <= account.best <= 1
    if account.accuracy is not None:
        assert account.worst <= account.accuracy <= account.best
    if account.complete:
        assert account.worst == account.best
    assert account.best - account.worst == pytest.approx((errored + skipped) / planned)


def test_a_whole_evaluation_reads_without_bounds():
    assert WHOLE.lines("EUR") == [
        "planned 10 = scored 10 + errored 0 + skipped 0",
        "accuracy: 90% (9 of 10)",
        "written: data/x",
        "  pilotage run --dataset x",
    ]


def test_what_is_missing_is_said_with_the_bounds_the_cause_and_how_to_go_on():
    failed = (("server", 2, "it failed (500)"), ("not scored", 1, "\x1b[31mred"))
    account = replace(
        WHOLE, scored=5, correct=4, errored=3, skipped=2, attempts=21, failed=failed, stopped="the budget is used up",
        spent=1.25, unpriced=1,
    )  # fmt: skip
    assert account.lines("EUR") == [
        "2 runs ended without a score (server): it failed (500)",
        "1 run ended without a score (not scored): ¤[31mred",
        "2 runs skipped: the budget is used up",
        "planned 10 = scored 5 + errored 3 + skipped 2 (21 attempts)",
        "accuracy: 80% (4 of 5); of all 10 it lies between 40% and 90%, as those without a score are wrong or right",
        "spent: 1.25 EUR, and what 1 attempt cost is not known",
        "written: data/x",
        "  the same command with --resume calls what was skipped or errored",
        "  pilotage run --dataset x",
    ]


def test_where_nothing_was_scored_no_accuracy_is_made_up():
    account = replace(WHOLE, scored=0, correct=0, errored=10, failed=(("connection", 10, "refused"),))
    said = account.lines()
    assert "accuracy: not known, nothing was scored" in said
    assert "  the same command with --resume calls what errored" in said
    assert account.accuracy is None


def test_answers_left_to_people_are_named_as_such():
    account = replace(WHOLE, scored=6, correct=6, unjudged=4)
    assert account.lines()[0] == "planned 10 = scored 6 + left to people 4 + errored 0 + skipped 0"
    assert account.complete
