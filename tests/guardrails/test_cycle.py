"""The guard is looked at again every week or month, and a missed day is seen."""

from __future__ import annotations

from datetime import date

import pytest

from pilotage.audit_log import Entry
from pilotage.guardrails.cycle import due, last_review
from pilotage.playbook.guardrails import GuardrailsPolicy


def policy(cycle: str) -> GuardrailsPolicy:
    return GuardrailsPolicy.model_construct(review_cycle=cycle)


@pytest.mark.parametrize(
    ("cycle", "last", "on"),
    [
        ("weekly", "2026-10-05", "2026-10-12"),
        ("weekly", "2026-12-28", "2027-01-04"),
        ("monthly", "2026-09-12", "2026-10-12"),
        ("monthly", "2026-01-31", "2026-02-28"),
        ("monthly", "2028-01-31", "2028-02-29"),
        ("monthly", "2026-12-05", "2027-01-05"),
    ],
)
def test_the_next_review_is_a_week_or_a_month_later(cycle: str, last: str, on: str) -> None:
    assert due(policy(cycle), date.fromisoformat(last), date.fromisoformat(last)).on == date.fromisoformat(on)


@pytest.mark.parametrize(("day", "overdue"), [("2026-10-11", False), ("2026-10-12", False), ("2026-10-13", True)])
def test_it_is_overdue_from_the_day_after(day: str, overdue: bool) -> None:
    found = due(policy("weekly"), date(2026, 10, 5), date.fromisoformat(day))
    assert found.overdue is overdue
    assert ("overdue by 1 day" in found.why) is overdue


def test_without_any_review_the_first_is_due_now_and_not_late() -> None:
    found = due(policy("monthly"), None, date(2026, 10, 12))
    assert (found.last, found.on, found.overdue) == (None, date(2026, 10, 12), False)
    assert "first review is due now" in found.why


def entry(seq: int, kind: str, day: str, about: str = "guardrails") -> Entry:
    return Entry(seq, f"{day}T08:00:00+00:00", "Ada", kind, {"policy": about}, None, "x")


def test_proposing_and_deciding_on_guardrails_are_reviews_and_nothing_else_is() -> None:
    log = [
        entry(1, "proposal made", "2026-10-01"),
        entry(2, "proposal applied", "2026-10-03"),
        entry(3, "proposal applied", "2026-10-08", about="pilot"),
        entry(4, "plan registered", "2026-10-09"),
    ]
    assert last_review(log) == date(2026, 10, 3)
    assert last_review(log[:1]) == date(2026, 10, 1)
    assert last_review([]) is None
    assert last_review([entry(1, "proposal rejected", "2026-10-04")]) == date(2026, 10, 4)
