"""What is still to be reviewed until a tier is proved, and what the tier would save against what it would cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from pilotage.oversight.evidence import Evidence, evidence
from pilotage.oversight.pace import WEEKS, last_weeks, mean_seconds
from pilotage.oversight.reviewed import Reviewed
from pilotage.playbook import TIERS, Assumptions, OversightPolicy, Tier
from pilotage.statistics import anytime_rate, more_needed_anytime
from pilotage.words import count, number

LONGEST = timedelta(days=36525)  # a century: a later day reads as no day
MOST_PLANTED = 10_000


@dataclass(frozen=True)
class Forecast:
    """What is lacking until the tier is proved, if all goes on as it does.

    `more_reviews` uniform reviews (None where they would not do, `why` says the reason; 0 where it is proved),
    `more_planted` planted errors, `reviewer_hours` of both and of the overlap, `by` the day at the present pace (None
    where there is none). `per_week` is that pace: uniform reviews a week over the last four weeks.
    """

    action: str
    tier: Tier
    more_reviews: int | None
    more_planted: int
    reviewer_hours: float | None
    by: date | None
    per_week: float
    why: str


@dataclass(frozen=True)
class Trade:
    """What a tier with less review saves each week, against the errors nobody would then see; money in the currency.

    `missed_errors_per_week` is what reviewers catch of the actions that would go unreviewed, at the tier's error rate
    as high as it may be (`rate_high`). None in each where the past weeks or the error rate are unknown.
    """

    action: str
    tier: Tier
    hours_saved_per_week: float | None
    saved_per_week: float | None
    missed_errors_per_week: float | None
    missed_cost_per_week: float | None
    rate_high: float | None
    why: str


def forecast(
    found: Reviewed,
    policy: OversightPolicy,
    action: str,
    tier: Tier,
    as_of: date,
    since: datetime | None = None,
) -> Forecast:
    """What is lacking at the end of the day `as_of`, of evidence decided after `since`; KeyError as `evidence`."""
    end = datetime.combine(as_of, time.max)
    seen, shown = found.until(end), evidence(found, policy, action, tier, end, since)
    pace = len(last_weeks(seen.certifying(action), end)) / WEEKS
    if shown.certified:
        return Forecast(action, tier, 0, 0, 0.0, as_of, pace, "proved already")
    planted = _planted_lacking(shown, policy)
    more, why = _reviews_lacking(shown, policy, planted)
    if more is None:
        return Forecast(action, tier, None, planted, None, None, pace, why)
    hours = _hours(seen, policy, action, more, planted)
    by = _day(as_of, more, pace)
    return Forecast(action, tier, more, planted, hours, by, pace, _told(more, planted, hours, by, why))


def trade(
    found: Reviewed, policy: OversightPolicy, assumed: Assumptions, action: str, now: Tier, then: Tier, as_of: date
) -> Trade:
    """What moving the action type from tier `now` to `then` saves and risks, by the reviews of the last four weeks.

    KeyError as `evidence`. The money is the assumed cost of an hour and of an error, at their likely values.
    """
    end = datetime.combine(as_of, time.max)
    seen, shown = found.until(end), evidence(found, policy, action, then, end)
    units = last_weeks(seen.certifying(action), end)
    seconds = mean_seconds(seen, action)
    if not len(units) or seconds is None:
        why = f"nothing of its uniform stream was reviewed in the {WEEKS} weeks before {as_of}"
        return Trade(action, then, None, None, None, None, None, why)
    share = policy.queue.uniform_share
    actions = len(units) / WEEKS / share[now]
    fewer = actions * max(share[now] - share[then], 0.0)
    hours = fewer * _per_review(policy) * seconds / 3600
    missed, high = _missed(shown, fewer)
    saved, cost = hours * assumed.people_cost_per_hour.point, assumed.cost_per_error.point
    why = f"{number(fewer)} fewer reviews a week of {number(seconds, 's')} each"
    why += f"; at most {number(missed)} errors a week nobody would see" if missed is not None else ""
    return Trade(action, then, hours, saved, missed, None if missed is None else missed * cost, high, why)


def _missed(shown: Evidence, fewer: float) -> tuple[float | None, float | None]:
    """The errors that reviewers would have caught a week, at the highest rate that the reviews leave open."""
    if shown.rate is None:
        return None, None
    return fewer * shown.rate.high, shown.rate.high


def _planted_lacking(shown: Evidence, policy: OversightPolicy) -> int:
    """How many more planted errors until the reviewers' catch rate leaves room for the errors they see.

    0 in the loop, where their catch counts for nothing, and where the errors seen fit below the effective limit.
    """
    if shown.tier == TIERS[0]:
        return 0
    tail = policy.alpha
    share = shown.caught / shown.planted if shown.planted else 1.0
    rate = shown.errors / shown.n if shown.n else 0.0
    if not share or rate >= shown.limit * share:
        return 0

    def low(more: int) -> float:
        m = shown.planted + more
        return anytime_rate(share * m, m, 1 - 2 * tail).low if m else 0.0

    wanted = max((rate / shown.limit + share) / 2, share / 2)  # halfway between too little and all there is to know
    more = next((step for step in _steps() if low(step) >= wanted), MOST_PLANTED)
    return 0 if low(0) > rate / shown.limit and low(0) >= share / 2 else more


def _steps() -> list[int]:
    """0, 1, 2 ... and then by a tenth each, which is near enough for a forecast."""
    steps = [0]
    while steps[-1] < MOST_PLANTED:
        steps.append(steps[-1] + max(1, steps[-1] // 10))
    return steps


def _reviews_lacking(shown: Evidence, policy: OversightPolicy, planted: int) -> tuple[int | None, str]:
    """How many more uniform reviews, and why none would do."""
    tail = policy.alpha
    fewest = max(shown.reviews_min - shown.n, 0)
    limit = _limit_then(shown, planted, tail)
    if limit is None:
        caught = f"of {count(shown.planted, 'planted errors')} reviewers found {shown.caught}"
        return None, f"{caught}: as things stand no number of reviews is enough"
    if not shown.n:
        return (more_needed_anytime(0, 1, limit, confidence=1 - tail) or 0) + 1, "if no error happens"
    more = more_needed_anytime(shown.errors, shown.n, limit, confidence=1 - tail)
    if more is None:
        rate, least = number(shown.errors / shown.n, "share"), number(limit, "share")
        return None, f"the present rate of {rate} is not below {least}, so more reviews alone will not do"
    return max(more, fewest), ""


def _limit_then(shown: Evidence, planted: int, tail: float) -> float | None:
    """What errors will be held against once so many more errors are planted and caught as those before."""
    if shown.tier == TIERS[0] or not planted:
        return shown.effective_limit
    share = shown.caught / shown.planted if shown.planted else 1.0
    m = shown.planted + planted
    return shown.limit * anytime_rate(share * m, m, 1 - 2 * tail).low or None


def _hours(seen: Reviewed, policy: OversightPolicy, action: str, more: int, planted: int) -> float | None:
    """Reviewers' hours for the reviews with their overlap and planted errors; None where no second was measured."""
    seconds = mean_seconds(seen, action)
    if seconds is None:
        return None
    own = more * (1 + policy.queue.overlap_share)
    mixed_in = own * policy.queue.seeded_share / (1 - policy.queue.seeded_share)
    return (own + max(mixed_in, planted)) * seconds / 3600


def _per_review(policy: OversightPolicy) -> float:
    """Decisions for each uniform review: the overlap and the planted errors come with it."""
    return (1 + policy.queue.overlap_share) / (1 - policy.queue.seeded_share)


def _day(as_of: date, more: int, pace: float) -> date | None:
    weeks = more / pace if pace else math.inf
    return as_of + timedelta(weeks=weeks) if weeks < LONGEST.days / 7 else None


def _told(more: int, planted: int, hours: float | None, by: date | None, why: str) -> str:
    parts = [f"about {count(more, 'more reviews')}"]
    parts += [f"with {count(planted, 'more planted errors')}"] if planted else []
    parts += [f"about {_hour(hours)}"] if hours is not None else []
    parts += [f"by {by}" if by else f"no day, as none was reviewed in the last {WEEKS} weeks"]
    return ", ".join(parts) + (f", {why}" if why else "")


def _hour(hours: float) -> str:
    return "1 reviewer hour" if round(hours) == 1 else f"{number(round(hours) if hours >= 1 else hours)} reviewer hours"
