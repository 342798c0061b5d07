"""All that page 04 found: what stands of the reviews, each action type's tier, what is proved and what is lacking."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from pilotage.approvals import LiveState, live_state
from pilotage.errors import PilotageError
from pilotage.forms import near
from pilotage.kpis import Kpi, Tables, label_of
from pilotage.oversight.agreement import Agreement, agreement
from pilotage.oversight.audits import Audit, audits
from pilotage.oversight.evidence import Evidence, evidence
from pilotage.oversight.fatigue import Fatigue, fatigue
from pilotage.oversight.forecast import Forecast, Trade, forecast, trade
from pilotage.oversight.pace import WEEKS, last_weeks
from pilotage.oversight.reviewed import Reviewed, reviewed
from pilotage.oversight.threshold import Threshold, threshold
from pilotage.oversight.tiers import Standing, standings
from pilotage.page import Page
from pilotage.playbook import TIERS, OversightPolicy, Tier
from pilotage.statistics import Interval, anytime_rate
from pilotage.verdict import ANYTIME
from pilotage.words import listed

ERRORS, CAUGHT, AGREED, HOURS = "found_error_rate", "reviewer_catch_rate", "reviewer_agreement", "reviewer_hours"


@dataclass(frozen=True)
class Acting:
    """One action type that acts: how it stands, what is proved at each tier, and the way to the next one.

    `next` is the tier with less review; None at the last, and then there is no forecast and no trade. The threshold is
    for it, or for the last.
    """

    name: str
    standing: Standing
    proved: dict[Tier, Evidence]
    next: Tier | None
    forecast: Forecast | None
    trade: Trade | None
    threshold: Threshold


@dataclass(frozen=True)
class Overseen:
    """The reviews, the action types that act, the reviewers, audits due, the figures, and how the policy stands."""

    reviewed: Reviewed
    acting: tuple[Acting, ...]
    unnamed: tuple[str, ...]
    agreement: Agreement
    fatigue: Fatigue
    audits: tuple[Audit, ...]
    kpis: tuple[Kpi, ...]
    live: LiveState
    governance: LiveState

    def kpi(self, name: str) -> Kpi:
        """The figure over the whole."""
        return next(kpi for kpi in self.kpis if kpi.name == name and kpi.whole)

    def worst(self, tier: Tier) -> Acting:
        """The action type that is furthest from being proved at this tier."""
        return min(self.acting, key=lambda one: (one.proved[tier].certified, one.proved[tier].log_e))


def overseen(page: Page, tables: Tables) -> Overseen:
    """Everything the page shows, from the tables reviews and interactions, the audit log and the proposals."""
    page.depend_on_approvals()
    policy, end = page.playbook.oversight, datetime.combine(page.as_of, time.max)
    found = reviewed(tables).until(end)
    stand = standings(page.workspace, found, policy, page.as_of)
    acting = tuple(_acting(page, found, one) for one in stand.values())
    known = {action.name for action in policy.actions}
    unnamed = tuple(sorted(set(found.decisions["action_type"]) - known))
    agreed, reviewers = agreement(found, policy), fatigue(found, policy)
    live, governance = (live_state(page.workspace, name) for name in ("oversight", "governance"))
    kpis = tuple(_kpis(policy, found, acting, agreed, page.playbook.tier, page.as_of))
    due = audits(found, policy, stand, page.as_of)
    return Overseen(found, acting, unnamed, agreed, reviewers, due, kpis, live, governance)


def in_detail(found: Overseen, action: str = "") -> Acting:
    """The action type of this name; with none given, the one nearest to less review. PilotageError for another."""
    names = [one.name for one in found.acting]
    if action and action not in names:
        what = f"there is no action type {action!r} that acts{near(action, names)}"
        raise PilotageError(what, "playbook/oversight.yaml", f"name one of {listed(names)}, or none")

    def lacking(one: Acting) -> float:
        more = one.forecast.more_reviews if one.forecast else None
        return math.inf if more is None else more

    return min(found.acting, key=lambda one: (one.name != action, lacking(one)))


def _acting(page: Page, found: Reviewed, stands: Standing) -> Acting:
    policy, name, since = page.playbook.oversight, stands.action, stands.counts_from
    proved = {tier: evidence(found, policy, name, tier, since=since) for tier in TIERS}
    above = _above(stands.tier)
    now, aim = stands.tier or TIERS[0], above or TIERS[-1]
    chosen = threshold(found, policy, name, aim, proved[aim].effective_limit, _runs_per_week(page, found, name))
    if above is None:
        return Acting(name, stands, proved, None, None, None, chosen)
    way = forecast(found, policy, name, above, page.as_of, since)
    exchange = trade(found, policy, page.playbook.assumptions, name, now, above, page.as_of)
    return Acting(name, stands, proved, above, way, exchange, chosen)


def _above(tier: Tier | None) -> Tier | None:
    """The next tier with less review; what is not live yet goes live in the loop."""
    place = TIERS.index(tier) + 1 if tier else 0
    return TIERS[place] if place < len(TIERS) else None


def _runs_per_week(page: Page, found: Reviewed, action: str) -> float | None:
    """The action's runs a week, from its uniform reviews of the last weeks; None where there is none."""
    recent = last_weeks(found.certifying(action), datetime.combine(page.as_of, time.max))
    return float((1 / recent["inclusion_probability"]).sum()) / WEEKS if len(recent) else None


def _kpis(
    policy: OversightPolicy, found: Reviewed, acting: tuple[Acting, ...], agreed: Agreement, tier: Tier, as_of: date
) -> Iterator[Kpi]:
    sure = 2 * policy.confidence - 1
    for one in acting:
        yield _rate(ERRORS, one.proved[tier].rate, one.proved[tier].errors, sure, f"action_type={one.name}", found)
    worst = min(acting, key=lambda one: one.proved[tier].log_e)
    yield _rate(ERRORS, worst.proved[tier].rate, worst.proved[tier].errors, sure, None, found)
    planted = found.planted[found.planted["action_type"].isin([one.name for one in acting])]
    caught = int(planted["wrong"].sum())
    catch = anytime_rate(caught, len(planted), sure, found.missing) if len(planted) else None
    yield _rate(CAUGHT, catch, caught, sure, None, found)
    yield _agreed(agreed, sure)
    yield _hours(found, as_of)


def _rate(name: str, rate: Interval | None, count: int, sure: float, part: str | None, found: Reviewed) -> Kpi:
    better = "lower" if name == ERRORS else "higher"
    if rate is None:
        why = "no review was drawn by chance" if name == ERRORS else "no error was planted among the reviews"
        return Kpi(
            name, label_of(name), "quality", "share", part, None, 0, 0, None, None, None, sure, "none", better,
            reason=why, unmeasured=found.missing,
        )  # fmt: skip
    n = int(rate.n_eff or 0)
    return Kpi(
        name, label_of(name), "quality", "share", part, count, n, n, rate.estimate, rate.low, rate.high, sure, ANYTIME,
        better, n_eff=float(n), unmeasured=found.missing,
    )  # fmt: skip


def _agreed(agreed: Agreement, sure: float) -> Kpi:
    """Krippendorff's alpha; not known where nobody shared an item, or where all said one and the same."""
    alpha = agreed.alpha
    head = (AGREED, label_of(AGREED), "quality", "", None, None, agreed.items, agreed.items)
    if alpha is None or math.isnan(alpha.estimate):
        why = "no item was decided by two people" if alpha is None else "all said the same of every item"
        return Kpi(*head, None, None, None, sure, "none", "higher", reason=why)
    low = alpha.low if math.isfinite(alpha.low) else None
    return Kpi(*head, alpha.estimate, low, alpha.high, sure, alpha.method, "higher", n_eff=alpha.n_eff)


def _hours(found: Reviewed, as_of: date) -> Kpi:
    """Reviewers' hours a week over the last weeks, all decisions counted; a decision without a time has none."""
    recent = last_weeks(found.decisions, datetime.combine(as_of, time.max))["seconds"]
    timed = recent.dropna()
    head = (HOURS, label_of(HOURS), "efficiency", "h", None, None, len(timed), len(timed))
    if timed.empty:
        return Kpi(*head, None, None, None, 0.9, "none", "lower", reason=_no_hours(found, len(recent)))
    hours = float(timed.mean()) * len(recent) / 3600 / WEEKS
    return Kpi(*head, hours, hours, hours, 0.9, f"the last {WEEKS} weeks", "lower")


def _no_hours(found: Reviewed, recent: int) -> str:
    if found.decisions.empty:
        return "there are no reviews"
    return f"no review of the last {WEEKS} weeks has a time" if recent else f"no review in the last {WEEKS} weeks"
