"""Scoring an answer: whatever a scorer makes of it, the run goes on, and no run's score depends on another's."""

from __future__ import annotations

import asyncio
import time

from pilotage.pilot.evaluate.scoring import scores
from pilotage.pilot.scorers import SCORERS, Task


def task(*entries):
    return Task("t", "q", None, tuple(SCORERS[name](settings) for name, settings in entries))


def test_a_scorer_that_an_answer_is_too_much_for_scores_nothing_and_ends_nothing(monkeypatch):
    def deep(self, task, answer, calls):
        raise RecursionError("maximum recursion depth exceeded")

    monkeypatch.setattr("pilotage.pilot.scorers.json_fields.JsonFields.verdict", deep)
    fields, exact = asyncio.run(scores(task(("json_fields", {"a": 1}), ("exact", "x")), "x", ()))
    assert (fields.passed, fields.why) == (None, "scoring failed with RecursionError: maximum recursion depth exceeded")
    assert exact.passed is True


def test_json_nested_as_deep_as_python_goes_ends_nothing():
    for depth in range(900, 1000, 3):
        (found,) = asyncio.run(scores(task(("json_fields", {"a": 1})), '{"a":' + "[" * depth + "]" * depth + "}", ()))
        assert found.passed is not True


def test_the_wait_for_slow_patterns_of_others_takes_no_score(monkeypatch):
    monkeypatch.setattr("pilotage.pilot.evaluate.scoring.LIMIT_S", 0.2)

    def one_by_one(self, task, answer, calls):
        time.sleep(0.5)
        return True, "found"

    monkeypatch.setattr("pilotage.pilot.scorers.regex.Regex.verdict", one_by_one)
    (found,) = asyncio.run(scores(task(("regex", "a")), "a", ()))
    assert found.passed is True
