"""The alarm rings where the e-detector does, on what was known then, and losing reviews does not silence it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from pilotage.oversight.alarm import Listening, alarm, listening
from pilotage.oversight.reviewed import Reviewed
from pilotage.playbook import OversightPolicy
from pilotage.statistics import alarms

Made = Callable[..., Reviewed]
HEARD = Listening(0.08, (0.16, 0.4, 0.8), 1000.0)
END = datetime(2027, 1, 1)


def test_it_rings_at_the_review_where_the_detector_does(made: Made, rows: Any) -> None:
    rng = np.random.default_rng(3)
    wrong = rng.random(400) < np.repeat([0.05, 0.4], 200)
    (first, *_) = alarms(wrong, HEARD.limit, HEARD.worse, HEARD.threshold)
    found = made([rows.review(n, bool(bad)) for n, bad in enumerate(wrong)])
    rung = alarm(found, rows.post, HEARD, rows.start - timedelta(hours=1), END)
    assert (rung.review, rung.units) == (f"r{first - 1:05}", first)
    assert rung.at == rows.start + timedelta(hours=first - 1)
    assert rung.level >= 1


def test_what_was_decided_before_the_promotion_or_after_the_moment_is_not_heard(made: Made, rows: Any) -> None:
    found = made([*rows.stream(0, 10), *rows.stream(50, first=10), *rows.stream(0, 10, first=60)])
    silent = alarm(found, rows.post, HEARD, rows.start + timedelta(hours=9), rows.start + timedelta(hours=59))
    assert (silent.at, silent.units, silent.errors) == (None, 50, 0)
    assert 0 < silent.level < 1


def test_a_second_reviewer_who_sees_the_error_rings_it_and_no_later_verdict_unrings_it(made: Made, rows: Any) -> None:
    def about(n: int, hour: int, wrong: bool, **more: Any) -> dict[str, Any]:
        return rows.review(hour, wrong, interaction_id=f"i{n:05}", unit=f"t{n:05}", reviewer="Sam", **more)

    seconds = [about(n, 100 + n, True) for n in range(10)]
    verdicts = [about(n, 200 + n, False, adjudicates=True) for n in range(10)]
    before, after = (
        alarm(made([*rows.stream(20), *more]), rows.post, HEARD, rows.start - timedelta(hours=1), END)
        for more in (seconds, [*seconds, *verdicts])
    )
    assert before.at is not None
    assert before.at >= rows.start + timedelta(hours=100)
    assert (before.at, before.review) == (after.at, after.review)


def test_reviews_that_are_not_there_may_have_been_the_errors_that_ring_it(made: Made, rows: Any) -> None:
    levels = [alarm(made(rows.stream(20), missing), rows.post, HEARD, rows.start, END).level for missing in range(4)]
    assert levels == sorted(set(levels))
    rung = alarm(made(rows.stream(20), 10), rows.post, HEARD, rows.start, END)
    assert (rung.at, rung.review, rung.units) == (rows.start, "", 0)


def test_it_listens_for_multiples_of_the_limit_that_are_rates(rows: Any, policy: OversightPolicy) -> None:
    assert listening(policy, rows.post, "on the loop").worse == (0.2, 0.5)
    assert listening(policy.model_copy(update={"worse_times": (2.0, 20.0)}), rows.post, "on the loop").worse == (0.2,)
    (halfway,) = listening(policy.model_copy(update={"worse_times": (20.0,)}), rows.post, "on the loop").worse
    assert halfway == pytest.approx(0.55)
