"""Whether an action type may move to a tier with less review: asked where it is proposed, approved and replayed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pilotage.approvals.acceptance import Acceptance, covered_until
from pilotage.oversight.alarm import alarm, listening
from pilotage.oversight.evidence import evidence
from pilotage.oversight.reviewed import Reviewed
from pilotage.playbook import TIERS, OversightPolicy, Tier
from pilotage.words import count


@dataclass(frozen=True)
class Start:
    """Where an action type stands before a promotion.

    `tier` is None before it goes live. Only units decided after `counts_from`, its last alarm, are evidence; None: all.
    `high` where any version of the playbook calls it a high risk. `listens_from` is its first promotion since then: its
    alarm listens from there, however often it was demoted by proposals; None where there was none.
    """

    action: str
    tier: Tier | None
    counts_from: datetime | None
    high: bool
    listens_from: datetime | None = None


def refusals(
    found: Reviewed,
    policy: OversightPolicy,
    accepted: Sequence[Acceptance],
    start: Start,
    wanted: Tier,
    at: datetime,
) -> Iterator[str]:
    """Each reason why this version of the playbook cannot grant the tier at this moment (UTC without zone).

    None where the evidence certifies it: by the version's own limits, on what was decided by then.
    """
    if start.tier is None:
        yield f"it is not live yet: {count(policy.reviews_min.value, 'reviews')} come first"
    elif TIERS.index(wanted) > TIERS.index(start.tier) + 1:
        yield f"one tier at a time: it is {start.tier}"
    if start.high and cover(policy, accepted, start.action, wanted, at) is None:
        role = policy.risk_acceptance.role
        yield f"its risk is high, and no signed acceptance by a holder of the role {role} covers it {wanted}"
    since_when = counts_from(found, policy, start, wanted, at)
    if found.missing and since_when:
        told = count(found.missing, "reviews")
        yield f"{told} that are known to exist are not there, and each could have rung another alarm since the last"
    shown = evidence(found, policy, start.action, wanted, at, since_when)
    if not shown.certified:
        since = f" (since its alarm on {since_when:%Y-%m-%d})" if since_when else ""
        yield f"not proved{since}: {shown.why}"


def counts_from(found: Reviewed, policy: OversightPolicy, start: Start, wanted: Tier, at: datetime) -> datetime | None:
    """After which moment units are evidence for the tier: the last alarm, be it one that nobody heard while demoted."""
    if start.listens_from is None or policy.action(start.action) is None:
        return start.counts_from
    rung = alarm(found, start.action, listening(policy, start.action, wanted), start.listens_from, at)
    return rung.at or start.counts_from


def cover(
    policy: OversightPolicy, accepted: Sequence[Acceptance], action: str, tier: Tier, at: datetime
) -> tuple[datetime, int] | None:
    """Until when signed acceptances cover this tier without a gap (UTC without zone), and the last one's number."""
    rule = policy.risk_acceptance
    found = covered_until(accepted, action, tier, at.replace(tzinfo=UTC), rule.role, rule.longest_days)
    return None if found is None else (found[0].replace(tzinfo=None), found[1])
