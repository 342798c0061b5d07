"""The audits afterwards of what runs outside the loop, week by week or month by month, as the playbook asks for them.

A period is a week from Monday or a calendar month. Its audit is complete with the last of the uniform runs asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from pilotage.oversight.reviewed import Reviewed
from pilotage.oversight.tiers import Standing
from pilotage.playbook import TIERS, OversightPolicy
from pilotage.words import count

if TYPE_CHECKING:
    from pandas import Series

OUTSIDE = TIERS[-1]


@dataclass(frozen=True)
class Audit:
    """How the audits of one action type outside the loop stand.

    `begin` is the first day of the present period, `runs` how many uniform runs were decided in it, `asked` how many an
    audit needs. `last` is the day on which the last complete audit was completed, None where none was since the action
    left the loop; `due` the last day for the next one. `overdue` once that day is past.
    """

    action: str
    begin: date
    runs: int
    asked: int
    last: date | None
    due: date
    overdue: bool
    why: str


def audits(
    found: Reviewed, policy: OversightPolicy, standings: Mapping[str, Standing], as_of: date
) -> tuple[Audit, ...]:
    """The audits at the end of the day `as_of` (UTC) of each action type outside the loop; () where none is.

    Only what was decided since an action stands there audits it. The first audit is due at the end of the first whole
    period, each further one at the end of the period after the last complete one.
    """
    seen = found.until(datetime.combine(as_of, time.max))
    return tuple(
        _audit(seen, policy, one.action, one.since.date(), one.since, as_of)
        for one in standings.values()
        if one.tier == OUTSIDE and one.since
    )


def _audit(seen: Reviewed, policy: OversightPolicy, action: str, first: date, since: datetime, as_of: date) -> Audit:
    asked, weekly = policy.audits.interactions_min, policy.audits.cycle == "weekly"
    items = seen.items[(seen.items["stream"] == "uniform") & (seen.items["action_type"] == action)]
    decided = items.loc[items["decided_at"] > since, "decided_at"]
    begins = decided.map(lambda at: _begin(at.date(), weekly))
    begin, last = _begin(as_of, weekly), _last(decided, begins, asked)
    opened = _begin(first, weekly)
    before = _begin(last, weekly) if last else opened if opened < first else opened - timedelta(days=1)
    due = _end(_end(before, weekly) + timedelta(days=1), weekly)
    runs, overdue = int((begins == begin).sum()), as_of > due
    return Audit(action, begin, runs, asked, last, due, overdue, _why(runs, asked, begin, last, due, overdue))


def _last(decided: Series[datetime], begins: Series[date], asked: int) -> date | None:
    """The day on which the latest period that has enough runs had them."""
    enough = [days.sort_values().iloc[asked - 1] for _, days in decided.groupby(begins) if len(days) >= asked]
    return max(enough).date() if enough else None


def _begin(day: date, weekly: bool) -> date:
    return day - timedelta(days=day.weekday()) if weekly else day.replace(day=1)


def _end(day: date, weekly: bool) -> date:
    """The last day of the period that the day is in."""
    begin = _begin(day, weekly)
    after = begin + timedelta(days=7) if weekly else (begin + timedelta(days=31)).replace(day=1)
    return after - timedelta(days=1)


def _why(runs: int, asked: int, begin: date, last: date | None, due: date, overdue: bool) -> str:
    past = f"the last audit was complete on {last}" if last else "no audit was complete yet"
    now = f"{count(runs, 'runs')} of {asked:,} were looked at since {begin}"
    return f"{past}; the next {'was' if overdue else 'is'} due by {due}; {now}"
