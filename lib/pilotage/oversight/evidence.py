"""What the reviews prove of one action type at one tier, however often one looks.

Only the uniform stream counts, one run per task, and each review known to exist that is not there as an error. What
reviewers overlook, no review shows: with less than everybody watching, an error rate is proved against the limit times
the lower bound of the share of planted errors that reviewers find. Both bounds hold at every look. That together they
are wrong no more often than the playbook allows for one of them is shown by simulation in
tests/oversight/test_promotion_simulated.py: a catch rate that is bounded too high makes the limit only a little higher.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from pilotage.oversight.reviewed import Reviewed
from pilotage.playbook import TIERS, OversightPolicy, Tier
from pilotage.statistics import Interval, anytime_rate, log_evidence_above, log_evidence_below, one_trial_rate
from pilotage.verdict import Answer
from pilotage.words import apart, count, number

if TYPE_CHECKING:
    from pandas import DataFrame, Series


@dataclass(frozen=True)
class Evidence:
    """The reviews of one action type against the limit of one tier.

    `errors` of `n` units were wrong, `missing` of these errors being reviews that are not there. `caught` of `planted`
    errors were found; `catch` is the share that reviewers catch of what they review, with bounds, lowered where who
    reviews most met the fewest (`stand_for`); None where that is not known. `effective_limit` is what
    `errors` are held against: the limit itself in the loop, where a person sees each output anyway, else the limit
    times the low end of `catch`; None where that is unknown or 0. `rate` has the errors that reviewers saw, with
    bounds; None without units. `log_e` is the natural logarithm of the e-value that the rate is below the effective
    limit, `needed` what it must reach. `refuted`: the rate that reviewers saw is surely above the limit.
    """

    action: str
    tier: Tier
    limit: float
    errors: int
    n: int
    missing: int
    planted: int
    caught: int
    catch: Interval | None
    effective_limit: float | None
    rate: Interval | None
    log_e: float
    needed: float
    confidence: float
    reviews_min: int
    certified: bool
    refuted: bool
    why: str

    @property
    def answer(self) -> Answer:
        """What the tier's gate answers by these reviews alone."""
        return "go" if self.certified else "no-go" if self.refuted else "not yet"


def evidence(
    found: Reviewed,
    policy: OversightPolicy,
    action: str,
    tier: Tier,
    until: datetime | None = None,
    since: datetime | None = None,
) -> Evidence:
    """What the reviews decided by `until` prove, of units decided after `since`; both UTC, without zone; None: all.

    `since` cuts no planted errors: what reviewers catch is no matter of the agent's past. KeyError for an action type
    that the policy does not name.
    """
    seen = found if until is None else found.until(until)
    units = seen.certifying(action)
    if since is not None:
        units = units[units["decided_at"] > since]
    planted = seen.planted[seen.planted["action_type"] == action]
    return _weighed(policy, action, tier, units, planted, seen.missing)


def _weighed(
    policy: OversightPolicy, name: str, tier: Tier, units: DataFrame, planted: DataFrame, missing: int
) -> Evidence:
    action = policy.action(name)
    if action is None:
        raise KeyError(name)
    limit, tail = policy.limit(action, tier).value, policy.alpha
    n, wrong, errors = len(units), int(units["wrong"].sum()), min(int(units["wrong"].sum()) + missing, len(units))
    m, caught, catch = _catch(units, planted, 1 - 2 * tail, missing)
    effective = limit if tier == TIERS[0] else limit * catch.low if catch else None
    log_e = float(log_evidence_below(errors, n, effective)) if effective else -math.inf
    certified = log_e >= -math.log(tail) and n >= policy.reviews_min.value
    refuted = float(log_evidence_above(wrong, n, limit)) >= -math.log(tail)
    rate = one_trial_rate(wrong, n, 1 - 2 * tail, missing, anytime_rate) if n else None
    found = Evidence(
        name, tier, limit, errors, n, errors - wrong, m, caught, catch, effective or None, rate, log_e, -math.log(tail),
        policy.confidence, policy.reviews_min.value, certified, refuted, "",
    )  # fmt: skip
    return replace(found, why=_why(found))


def _catch(units: DataFrame, planted: DataFrame, confidence: float, missing: int) -> tuple[int, int, Interval | None]:
    """How many errors were planted, how many caught, and what that says of the reviews: None where it says nothing."""
    people, factor = stand_for(units["reviewer"], planted["reviewer"])
    met = planted[planted["reviewer"].isin(people)]
    m, caught = len(planted), int(planted["wrong"].sum())
    if met.empty:
        return m, caught, None
    found = anytime_rate(int(met["wrong"].sum()), len(met), confidence, missing)
    return m, caught, replace(found, estimate=found.estimate * factor, low=found.low * factor)


def stand_for(reviewed: Series, planted: Series) -> tuple[list[str], float]:
    """Whose planted errors speak for the reviews, and the factor by which their catch rate is lowered for that.

    Both hold the name of who decided. What people catch of planted errors is what they catch in reviews only as far as
    the same people do both: a person who reviews much and met few could miss everything. With a person's shares w of
    the reviews and q of the planted errors, the reviews' catch rate, the sum of w c, is at least min(w/q) times the sum
    of q c, over any set of people: the one that costs least is taken. It looks at no result. Nobody and 0 where those
    who were tested review nothing.
    """
    done, met = (names.value_counts(normalize=True) for names in (reviewed, planted))
    ratio = (done.reindex(met.index, fill_value=0.0) / met).sort_values(ascending=False, kind="stable")
    factors = met[ratio.index].cumsum() * ratio
    if factors.empty or factors.max() <= 0:
        return [], 0.0
    last = int(factors.to_numpy().argmax())
    return [str(name) for name in ratio.index[: last + 1]], min(float(factors.iloc[last]), 1.0)


def _why(of: Evidence) -> str:
    seen = f"{count(of.errors, 'errors')} in {count(of.n, 'reviews')}"
    seen += f" ({of.missing} of them reviews that are not there)" if of.missing else ""
    if not of.n:
        return "nothing of its uniform stream was reviewed"
    if of.refuted:
        return f"{seen}: surely more than the limit of {number(of.limit, 'share')}"
    if of.certified:
        return f"{seen}: surely below {_against(of)}"
    if of.n < of.reviews_min:
        return f"{seen}: the playbook asks for {of.reviews_min} at least"
    if of.effective_limit is None:
        return f"{seen}, but {_not_caught(of)}, so nobody knows how many errors reviewers miss"
    return f"{seen}: not yet surely below {_against(of)}"


def _caught(of: Evidence) -> str:
    return f"of {count(of.planted, 'planted errors')} reviewers found {of.caught}"


def _not_caught(of: Evidence) -> str:
    if not of.planted:
        return "no error was planted"
    return _caught(of) if of.catch else "who reviewed met no planted error"


def _against(of: Evidence) -> str:
    if of.effective_limit is None or of.effective_limit == of.limit or of.catch is None:
        return number(of.limit, "share")
    less, whole = apart(of.effective_limit, of.limit, "share")
    told = f"{_caught(of)}, surely {number(of.catch.low, 'share')}"
    return f"{less}, which is the limit of {whole} as far as reviewers see: {told}"
