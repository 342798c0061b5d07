"""The first screen of page 04, and what it leaves to the decision page."""

from __future__ import annotations

from pilotage.oversight.overseen import AGREED, CAUGHT, ERRORS, HOURS, Acting, Overseen, in_detail
from pilotage.oversight.show import errors_said
from pilotage.page import Page, html
from pilotage.words import count, listed, number, sentence_case, span

Card = tuple[str, str]


def first_screen(page: Page, found: Overseen) -> html.Html:
    """Six cards: the tier, what it costs, the way to the next one, the errors, the reviewers, who agreed."""
    nearest = in_detail(found)
    shown = html.cards(
        [
            ("Tier today", *_today(found)),
            ("Reviewers' time", *_time(page, found)),
            ("Way to less review", *_way(nearest)),
            ("Actions found wrong", *_errors(found, page)),
            ("Can reviews be believed?", *_believed(found)),
            ("Who agreed to it", *_agreed(found)),
        ]
    )
    return html.Html((page.banner if page.synthetic else "") + shown)


def left(page: Page, found: Overseen) -> dict[str, object]:
    """The facts that the decision page and `pilotage oversight verify` read."""
    nearest = in_detail(found)
    return {
        "tiers": {one.name: one.standing.tier or "not live" for one in found.acting},
        "oversight_forecast": f"{nearest.name} {nearest.next}: {_still(nearest)}" if nearest.next else "",
        "oversight_tier": listed([f"{one.name} {one.standing.tier or 'not live'}" for one in found.acting]),
        "reviewers_awake": len(found.fatigue.flagged) if found.fatigue.reviewers else None,
        "reviewed_cases": min(one.proved[page.playbook.tier].n for one in found.acting),
    }


def _still(one: Acting) -> str:
    if one.forecast is None:
        return "no tier has less review"
    return "a proposal and its approval" if one.forecast.more_reviews == 0 else one.forecast.why


def _today(found: Overseen) -> Card:
    tiers = [one.standing.tier or "not live yet" for one in found.acting]
    value = tiers[0] if len(set(tiers)) == 1 else f"{len(set(tiers))} tiers"
    since = [f"{one.name} since {one.standing.since:%Y-%m-%d}" for one in found.acting if one.standing.since]
    return sentence_case(value), f"{sentence_case(listed(since))}." if since else "Nothing is live."


def _time(page: Page, found: Overseen) -> Card:
    hours = found.kpi(HOURS)
    if hours.estimate is None:
        return "Not known", f"{sentence_case(hours.reason)}."
    cost = hours.estimate * page.playbook.assumptions.people_cost_per_hour.point
    return f"{number(hours.estimate)} h a week", f"over {hours.method}, {number(cost, 'money', page.currency)} a week."


def _way(one: Acting) -> Card:
    if one.next is None or one.forecast is None:
        return "Nothing", "The agent acts with the least review there is."
    more = one.forecast.more_reviews
    value = "Out of reach" if more is None else "Proved" if more == 0 else f"{count(more, 'more reviews')}"
    return value, f"{sentence_case(one.name)} {one.next}: {_still(one)}."


def _errors(found: Overseen, page: Page) -> Card:
    one, kpi = found.worst(page.playbook.tier), found.kpi(ERRORS)
    value = "Not known" if kpi.estimate is None else number(kpi.estimate, "share")
    return value, f"{sentence_case(one.name)}: {errors_said(one)}, over {count(kpi.n, 'cases')} drawn by chance."


def _believed(found: Overseen) -> Card:
    catch, agreed = found.kpi(CAUGHT), found.kpi(AGREED)
    if catch.estimate is None:
        return "Not known", f"{sentence_case(catch.reason)}."
    named = [one.name for one in found.fatigue.flagged]
    doubt = f"{listed(named)} should not review for now." if named else "Nobody stands out as approving unread."
    between = span(catch.low, catch.high, "share")
    alike = "" if agreed.estimate is None else f" Two people agree beyond chance at {number(agreed.estimate)}."
    return (
        f"{number(catch.estimate, 'share')} caught",
        f"of {count(catch.n, 'planted errors')} ({between}).{alike} {doubt}",
    )


def _agreed(found: Overseen) -> Card:
    names = {"approved": "Approved", "changed": "Changed by hand", "never approved": "Nobody", "unknown": "Not known"}
    return names[found.live.status], f"{sentence_case(found.live.why)}."
