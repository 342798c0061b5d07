"""What runs outside the loop is audited afterwards: how many runs a period, when last, when next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from pilotage.oversight.audits import Audit, audits
from pilotage.oversight.audits_shown import audits_table
from pilotage.oversight.reviewed import Reviewed
from pilotage.oversight.tiers import Standing
from pilotage.playbook import OversightPolicy

Made = Callable[..., Reviewed]
SINCE = datetime(2026, 1, 14, 12)  # a Wednesday


def at(*days: date, stream: str = "uniform") -> list[tuple[date, str]]:
    return [(day, stream) for day in days]


@pytest.fixture
def audited(made: Made, rows: Any, policy: OversightPolicy) -> Callable[..., tuple[Audit, ...]]:
    """The audits of runs decided on these days, three asked for in a period."""

    def audited(
        runs: list[tuple[date, str]], as_of: date, cycle: str = "monthly", since: datetime = SINCE, tier: Any = None
    ) -> tuple[Audit, ...]:
        found = made([
            rows.review(n, False, stream=stream, decided_at=datetime(day.year, day.month, day.day, 13))
            for n, (day, stream) in enumerate(runs)
        ])  # fmt: skip
        asked = policy.audits.model_copy(update={"cycle": cycle, "interactions_min": 3})
        stands = Standing(
            rows.post, "limited", tier or "outside the loop", since, (), None, None, "in the loop", (), False, None, ""
        )
        return audits(found, policy.model_copy(update={"audits": asked}), {rows.post: stands}, as_of)

    return audited


MARCH = [date(2026, 3, day) for day in (3, 9, 17, 30)]


@pytest.mark.parametrize(
    ("runs", "as_of", "runs_now", "last", "due", "overdue"),
    [
        ([], date(2026, 2, 28), 0, None, date(2026, 2, 28), False),
        ([], date(2026, 3, 1), 0, None, date(2026, 2, 28), True),
        (at(*MARCH), date(2026, 3, 31), 4, MARCH[2], date(2026, 4, 30), False),
        (at(*MARCH), date(2026, 4, 30), 0, MARCH[2], date(2026, 4, 30), False),
        (at(*MARCH), date(2026, 5, 1), 0, MARCH[2], date(2026, 4, 30), True),
        (at(*MARCH), date(2026, 3, 10), 2, None, date(2026, 2, 28), True),
        (at(*MARCH, stream="guided"), date(2026, 3, 31), 0, None, date(2026, 2, 28), True),
        (at(*[SINCE.date() - timedelta(days=1)] * 5), date(2026, 1, 31), 0, None, date(2026, 2, 28), False),
        (at(*[SINCE.date()] * 3), date(2026, 1, 31), 3, SINCE.date(), date(2026, 2, 28), False),
    ],
)  # fmt: skip
def test_a_month_needs_its_runs_by_chance(
    audited: Any, runs: Any, as_of: date, runs_now: int, last: date | None, due: date, overdue: bool
) -> None:
    (one,) = audited(runs, as_of)
    assert (one.runs, one.last, one.due, one.overdue) == (runs_now, last, due, overdue)


def test_a_week_goes_from_monday_to_sunday(audited: Any) -> None:
    (one,) = audited(at(*[date(2026, 1, 25)] * 3), date(2026, 1, 26), "weekly")
    assert (one.begin, one.runs, one.last, one.due) == (date(2026, 1, 26), 0, date(2026, 1, 25), date(2026, 2, 1))
    (first,) = audited([], date(2026, 1, 20), "weekly", datetime(2026, 1, 12, 9))
    assert first.due == date(2026, 1, 18)
    assert first.overdue
    assert first.why == (
        "no audit was complete yet; the next was due by 2026-01-18; 0 runs of 3 were looked at since 2026-01-19"
    )


def test_only_what_is_outside_the_loop_is_audited(audited: Any) -> None:
    assert audited(at(*MARCH), date(2026, 5, 1), tier="on the loop") == ()
    assert "no audit is due" in audits_table(())
    assert "none yet" in audits_table(audited([], date(2026, 5, 1)))


def test_a_name_is_only_text(audited: Any) -> None:
    (one,) = audited([], date(2026, 5, 1))
    assert "<b>" not in audits_table([replace(one, action="<b>x")])
