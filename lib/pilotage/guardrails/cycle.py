"""When the guard is to be looked at again."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from pilotage.approvals.votes import APPLIED, APPROVED, MADE, REJECTED
from pilotage.audit_log import Entry
from pilotage.playbook.guardrails import GuardrailsPolicy

POLICY = "guardrails"
LOOKED_AT = frozenset({MADE, APPROVED, REJECTED, APPLIED})


@dataclass(frozen=True)
class Due:
    """The next review: by which day, whether that day has passed, and why in a sentence. `last` None: never yet."""

    cycle: Literal["weekly", "monthly"]
    last: date | None
    on: date
    overdue: bool
    why: str


def due(policy: GuardrailsPolicy, last_review: date | None, as_of: date) -> Due:
    """When the playbook's cycle asks for the next review; without any so far it is due on the day itself.

    Monthly means the same day of the next month, or its last day where it has no such day.
    """
    cycle = policy.review_cycle
    if last_review is None:
        why = "no change of the guardrails was ever proposed or decided: the first review is due now"
        return Due(cycle, None, as_of, False, why)
    on = last_review + timedelta(days=7) if cycle == "weekly" else _month_later(last_review)
    late = (as_of - on).days
    state = f"overdue by {late} day{'s' * (late > 1)}" if late > 0 else f"the next is due by {on.isoformat()}"
    return Due(cycle, last_review, on, late > 0, f"reviewed {cycle}, last on {last_review.isoformat()}: {state}")


def last_review(entries: Iterable[Entry]) -> date | None:
    """The day (UTC) of the last entry of the audit log by which people proposed or decided on guardrails; or None."""
    days = [date.fromisoformat(e.at[:10]) for e in entries if e.kind in LOOKED_AT and e.what.get("policy") == POLICY]
    return max(days, default=None)


def _month_later(day: date) -> date:
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return day.replace(year=year, month=month, day=min(day.day, monthrange(year, month)[1]))
