"""How many more reviews, hours and planted errors, by when; and what less review saves against what it lets through."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from pilotage.oversight.evidence import evidence
from pilotage.oversight.forecast import forecast, trade
from pilotage.oversight.reviewed import Reviewed
from pilotage.playbook import OversightPolicy, read_policy
from pilotage.words import number

Made = Callable[..., Reviewed]
AS_OF = date(2026, 1, 12)  # seven days and 16 hours of reviews, one an hour


def test_what_is_proved_needs_nothing_more(made: Made, rows: Any, policy: OversightPolicy) -> None:
    ahead = forecast(made([*rows.planted(60, 60), *rows.stream(180)]), policy, rows.post, "on the loop", AS_OF)
    assert (ahead.more_reviews, ahead.more_planted, ahead.reviewer_hours, ahead.by) == (0, 0, 0.0, AS_OF)


def test_so_many_more_reviews_at_the_present_rate_do_prove_it_and_fewer_do_not(
    made: Made, rows: Any, policy: OversightPolicy
) -> None:
    found = [*rows.planted(60, 60), *rows.stream(60)]
    ahead = forecast(made(found), policy, rows.post, "outside the loop", AS_OF)
    assert ahead.more_reviews is not None
    proved = [
        evidence(made([*found, *rows.stream(more, first=60)]), policy, rows.post, "outside the loop").certified
        for more in (ahead.more_reviews - 1, ahead.more_reviews)
    ]
    assert proved == [False, True]
    assert ahead.per_week == 60 / 4
    assert ahead.by == AS_OF + timedelta(weeks=ahead.more_reviews / 15)
    decisions = ahead.more_reviews * 1.15 / (1 - 0.06)
    assert ahead.reviewer_hours == pytest.approx(decisions * 60 / 3600)
    assert ahead.why.startswith(f"about {ahead.more_reviews} more reviews, about")


def test_a_rate_beyond_the_limit_is_not_waited_for(made: Made, rows: Any, policy: OversightPolicy) -> None:
    found = made([*rows.planted(60, 60), *rows.stream(90, 15)])
    ahead, least = (
        forecast(found, policy, rows.post, "on the loop", AS_OF),
        evidence(found, policy, rows.post, "on the loop"),
    )
    assert (ahead.more_reviews, ahead.by, ahead.reviewer_hours) == (None, None, None)
    assert f"the present rate of 14.3% is not below {number(least.effective_limit, 'share')}" in ahead.why


def test_where_planted_errors_are_what_lacks_it_says_how_many(made: Made, rows: Any, policy: OversightPolicy) -> None:
    ahead = forecast(made(rows.stream(120)), policy, rows.post, "on the loop", AS_OF)
    assert ahead.more_planted > 0
    assert "more planted errors" in ahead.why
    enough = [*rows.planted(ahead.more_planted, ahead.more_planted), *rows.stream(120 + (ahead.more_reviews or 0))]
    assert evidence(made(enough), policy, rows.post, "on the loop").certified


def test_reviewers_who_find_nothing_leave_nothing_to_wait_for(made: Made, rows: Any, policy: OversightPolicy) -> None:
    ahead = forecast(made([*rows.planted(0, 60), *rows.stream(120)]), policy, rows.post, "on the loop", AS_OF)
    assert ahead.more_reviews is None
    assert "no number of reviews is enough" in ahead.why


def test_without_reviews_in_the_last_four_weeks_there_is_no_day(made: Made, rows: Any, policy: OversightPolicy) -> None:
    ahead = forecast(made(rows.stream(30)), policy, rows.post, "in the loop", date(2026, 6, 1))
    assert ahead.more_reviews == 20
    assert ahead.by is None
    assert "no day" in ahead.why


def test_less_review_saves_hours_and_lets_errors_through(made: Made, rows: Any, house: Any) -> None:
    book = read_policy(house.workspace, ("assumptions", "oversight"))
    found = made([*rows.planted(60, 60), *rows.stream(155, 5)])
    saved = trade(found, book.oversight, book.assumptions, rows.post, "in the loop", "on the loop", AS_OF)
    assert saved.hours_saved_per_week == pytest.approx(40 * 0.8 * 1.15 / 0.94 * 60 / 3600)
    assert saved.saved_per_week == pytest.approx(38 * saved.hours_saved_per_week)
    assert saved.missed_errors_per_week == pytest.approx(32 * saved.rate_high)
    assert saved.missed_cost_per_week == pytest.approx(120 * saved.missed_errors_per_week)
    assert saved.rate_high > 5 / 160


def test_what_nobody_measured_is_no_saving(made: Made, rows: Any, house: Any) -> None:
    book = read_policy(house.workspace, ("assumptions", "oversight"))
    none = trade(made([]), book.oversight, book.assumptions, rows.post, "in the loop", "on the loop", AS_OF)
    assert (none.hours_saved_per_week, none.missed_cost_per_week) == (None, None)
    assert "nothing of its uniform stream" in none.why
