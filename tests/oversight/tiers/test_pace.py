"""How long a review takes, counted one way for all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from pilotage.oversight.forecast import forecast
from pilotage.oversight.pace import WEEKS, last_weeks, mean_seconds
from pilotage.oversight.reviewed import Reviewed
from pilotage.oversight.threshold import threshold
from pilotage.playbook import OversightPolicy

Made = Callable[..., Reviewed]


def test_planted_errors_do_not_make_a_review_longer(made: Made, rows: Any, policy: OversightPolicy) -> None:
    slow = [{**row, "seconds": 600.0} for row in rows.planted(20, 20)]
    found, plain = made([*slow, *rows.stream(60)]), made([*rows.planted(20, 20), *rows.stream(60)])
    assert mean_seconds(found, rows.post) == 60.0
    assert threshold(found, policy, rows.post, "on the loop", None).seconds == 60.0
    hours = [forecast(one, policy, rows.post, "on the loop", date(2026, 2, 1)).reviewer_hours for one in (found, plain)]
    assert hours[0] == pytest.approx(hours[1])


def test_without_a_measured_second_nothing_is_known(made: Made, rows: Any) -> None:
    assert mean_seconds(made([rows.review(0, False, seconds=float("nan"))]), rows.post) is None
    assert mean_seconds(made([]), rows.post) is None


def test_the_pace_is_that_of_the_last_weeks(made: Made, rows: Any) -> None:
    units = made(rows.stream(5)).certifying(rows.post)
    assert len(last_weeks(units, rows.start + timedelta(weeks=WEEKS, hours=1))) == 3
