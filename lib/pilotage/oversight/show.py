"""How page 04 words and draws what it found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pilotage import figures
from pilotage.kpis import label_of
from pilotage.oversight.overseen import CAUGHT, Acting, Overseen
from pilotage.page import Page, html
from pilotage.playbook import TIERS, Limit
from pilotage.statistics import anytime_rate
from pilotage.words import count, listed, number, span

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

MARGIN = 0.22  # of the width, right of the line, for the names of the limits
POINTS = 60  # of the line, however many reviews there are
TIER_COLOURS = dict(zip(TIERS, (figures.SOFT, figures.DOUBT, figures.BAD), strict=True))


def actions_table(page: Page) -> html.Html:
    """What the agent does, its risk class, the tier the playbook grants, and the limit of each tier."""
    policy = page.playbook.oversight
    rows = [
        (
            action.name, html.Html(html.sentence(action.what)), action.risk_class,
            action.tier if action.acts else "a person decides anyway",
            *(number(policy.limit(action, tier).value, "share") if action.acts else "" for tier in TIERS),
        )
        for action in policy.actions
    ]  # fmt: skip
    header = ("Action", "What happens", "Risk", "In the playbook", *(f"Errors {tier}, at most" for tier in TIERS))
    return html.table("What the agent does, and how often it may be wrong", header, rows, header[4:])


def limits_table(page: Page) -> html.Html:
    """Every limit of the page, of the actions that act, with its reason and who set it."""
    rows = [
        (name, number(limit.value, unit, page.currency), html.Html(html.sentence(limit.reason)), limit.set_by)
        for name, limit, unit in _limits(page)
    ]
    return html.table("The limits", ("What", "Limit", "Why", "Set by"), rows, ("Limit",))


def _limits(page: Page) -> Iterator[tuple[str, Limit[Any], str]]:
    """Each limit with its name and unit."""
    policy = page.playbook.oversight
    yield "Reviewed cases before an action goes live, at least", policy.reviews_min, ""
    for action in (one for one in policy.actions if one.acts):
        for tier in TIERS:
            yield f"{action.name}, wrong {tier}, at most", policy.limit(action, tier), "share"
        if action.amount_max:
            yield f"{action.name}, amount without a person, at most", action.amount_max, "money"
    yield "Reviews between two false alarms, at least", policy.run_length_min, ""
    for name, gate in policy.gates.items():
        unit = "share" if name == CAUGHT else ""
        yield from ((f"{label_of(name)}, {tier}, at least", gate.limits[tier], unit) for tier in TIERS)
    yield "Confidence below which a person is asked", policy.escalation.confidence_min, ""
    yield "Likeness to an error from which a person is asked", policy.escalation.similarity_min, "share"
    yield "Planted errors that each reviewer catches, at least", policy.reviewers.catch_min, "share"
    yield "Seconds in which nobody can read an item, below", policy.reviewers.seconds_min, "s"


def rules_text(page: Page) -> html.Html:
    """When a person is asked although the tier would let the agent act, and the rule for high risks."""
    policy = page.playbook.oversight
    asks, largest = policy.escalation, [one for one in policy.actions if one.amount_max]
    lines = [
        f"A person is asked where the confidence is below {asks.confidence_min.value:g}, where an input is at least "
        f"{number(asks.similarity_min.value, 'share')} like one that the agent got wrong, and where the guard found "
        f"something{' or personal data is at stake' if asks.personal_data else ''}.",
        *(
            f"{one.name}: an amount above {number(one.amount_max.value, 'money', page.currency)} goes to a person."
            for one in largest
            if one.amount_max
        ),
        "An action of high risk stays in the loop, unless a holder of the role "
        f"{policy.risk_acceptance.role} has signed for it, for at most {policy.risk_acceptance.longest_days} days.",
        f"An alarm puts an action back in the loop at once; it rings falsely about once in "
        f"{policy.run_length_min.value:,} reviews of an agent exactly at the limit.",
    ]
    return html.bullets(lines)


def reviewed_text(found: Overseen) -> html.Html:
    """What there is to judge by."""
    decisions, items = found.reviewed.decisions, found.reviewed.items
    if decisions.empty:
        return html.note("Nobody has reviewed anything yet.", "warning")
    uniform, planted = int((items["stream"] == "uniform").sum()), len(found.reviewed.planted)
    lines = [
        f"{count(len(decisions), 'decisions')} by {count(decisions['reviewer'].nunique(), 'people')}, from "
        f"{decisions['decided_at'].min():%Y-%m-%d} to {decisions['decided_at'].max():%Y-%m-%d}.",
        f"{count(uniform, 'runs')} were drawn by chance alone and say how often the agent is wrong; "
        f"{count(len(items) - uniform, 'others')} were picked by suspicion, find errors, and count in no rate.",
        f"{count(planted, 'known errors')} were mixed in, and say how many errors reviewers catch.",
    ]
    if found.reviewed.missing:
        lines.append(f"{count(found.reviewed.missing, 'reviews')} are missing: each counts as an error.")
    return html.bullets(lines)


def proved_table(found: Overseen) -> html.Html:
    """For each action and tier: what was found against the limit, and what it proves."""
    header = ("Action and tier", "Errors found", "Reviewed", "At most", "Limit as reviewers see it", "Proved")
    return html.table("What the reviews prove, however often one looks", header, list(_proved_rows(found)), header[1:5])


def _proved_rows(found: Overseen) -> Iterator[tuple[object, ...]]:
    for one in found.acting:
        for tier, proved in one.proved.items():
            high = proved.rate.high if proved.rate else None
            limit = number(proved.effective_limit, "share") if proved.effective_limit else "not known"
            yield (
                f"{one.name}, {tier}", number(proved.errors), number(proved.n), number(high, "share"), limit,
                html.badge(proved.answer),
            )  # fmt: skip


def way_table(page: Page, found: Overseen) -> html.Html:
    """Where each action stands, what the next tier still needs, and what it would save and risk each week."""
    header = ("Action", "Today", "Next tier", "Still needed", "It would save", "It would risk")
    return html.table("For each action", header, [_way(page, one) for one in found.acting])


def _way(page: Page, one: Acting) -> tuple[object, ...]:
    today = one.standing.tier or "not live yet"
    if one.next is None or one.forecast is None or one.trade is None:
        return (one.name, today, "none", "", "", "")
    needed = "a proposal, and its approval" if one.forecast.more_reviews == 0 else one.forecast.why
    if one.standing.tier is None:
        return (one.name, today, one.next, needed, "", "")
    return (one.name, today, one.next, html.Html(html.sentence(needed)), *_traded(page, one))


def _traded(page: Page, one: Acting) -> tuple[str, str]:
    assert one.trade is not None
    exchange = one.trade
    if exchange.hours_saved_per_week is None:
        return "not known", exchange.why
    money = number(exchange.saved_per_week, "money", page.currency)
    saves = f"{number(exchange.hours_saved_per_week)} h a week, {money}"
    if exchange.missed_errors_per_week is None:
        return saves, "not known"
    cost = number(exchange.missed_cost_per_week, "money", page.currency)
    return saves, f"up to {number(exchange.missed_errors_per_week)} errors a week unseen, {cost}"


def history_table(found: Overseen) -> html.Html:
    """Each step of each action's tier, oldest first."""
    rows = [
        (change.action, f"{change.at:%Y-%m-%d}", change.tier, html.Html(html.sentence(change.why)), change.ref)
        for one in found.acting
        for change in one.standing.changes
    ]
    if not rows:
        return html.note("No action is live yet.")
    return html.table("Every change of a tier, replayed", ("Action", "On", "Tier", "Why", "By"), rows)


def remarks(found: Overseen) -> list[str]:
    """What the replay found odd, and the state of the live policy, a sentence each."""
    odd = [f"{one.name}: {remark}." for one in found.acting for remark in one.standing.remarks]
    return [*odd, f"The live version: {found.live.why}."]


def path_finding(one: Acting) -> str:
    """The figure's title."""
    tier = one.next or TIERS[-1]
    proved = one.proved[tier]
    if proved.rate is None:
        return f"{one.name}: nothing was reviewed yet."
    found = f"{one.name}: {number(proved.rate.estimate, 'share')} found wrong"
    if proved.effective_limit is None:
        return f"{found}; nobody knows how many errors reviewers miss."
    verdict = "proved" if proved.certified else "not yet proved"
    high = number(proved.rate.high, "share")
    return f"{found}, at most {high}; {tier} asks for {number(proved.effective_limit, 'share')}: {verdict}."


def path_figure(found: Overseen, one: Acting) -> Figure | None:
    """The share of errors that reviewers found, and how high it may be at most, as the reviews came in."""
    import numpy as np

    wrong = found.reviewed.certifying(one.name)["wrong"].to_numpy(int)
    if not len(wrong):
        return None
    figure, axes = figures.canvas(path_finding(one), height_in=3.4)
    at = np.unique(np.linspace(min(10, len(wrong)), len(wrong), POINTS).astype(int))
    errors, sure = np.cumsum(wrong)[at - 1], one.proved[TIERS[0]].confidence
    rates = [anytime_rate(int(k), int(n), 2 * sure - 1) for k, n in zip(errors, at, strict=True)]
    axes.fill_between(at, [r.low for r in rates], [r.high for r in rates], color=figures.SOFT, alpha=0.3, linewidth=0)
    axes.plot(at, [r.high for r in rates], color=figures.INK, linewidth=1.6, label="at most, at every look")
    axes.plot(at, [r.estimate for r in rates], color=figures.INK, linewidth=1, linestyle=":", label="found")
    _draw_limits(axes, one, int(at[-1]))
    # The first reviews prove nothing yet: drawn to scale, they would hide the rest.
    shown = [rates[-1].high, *(proved.effective_limit or 0 for tier, proved in one.proved.items() if tier != TIERS[0])]
    axes.set(xlabel="reviewed cases drawn by chance", ylim=(0, 2 * max(shown)), xlim=(at[0], at[-1] * (1 + MARGIN)))
    axes.yaxis.set_major_formatter(lambda value, _: number(value, "share"))
    axes.legend(frameon=False, fontsize=8, loc="upper right")
    return figure


def _draw_limits(axes: Axes, one: Acting, last: int) -> None:
    for tier, proved in one.proved.items():
        if proved.effective_limit is not None and proved.effective_limit < axes.get_ylim()[1]:
            colour = TIER_COLOURS[tier]
            axes.axhline(proved.effective_limit, color=colour, linewidth=1, linestyle="--")
            axes.annotate(
                tier, (last * (1 + MARGIN), proved.effective_limit), (-2, 3), textcoords="offset points", ha="right",
                fontsize=8, color=colour,
            )  # fmt: skip


def path_alt(one: Acting) -> str:
    """The figure in words."""
    limits = [
        f"{tier} {number(proved.effective_limit, 'share')}" for tier, proved in one.proved.items()
        if proved.effective_limit
    ]  # fmt: skip
    said = f" Limits as reviewers see them: {listed(limits)}." if limits else ""
    return f"{path_finding(one)} The line falls as reviews come in.{said}"


def items_table(found: Overseen) -> DataFrame:
    """What stands of each reviewed run, without its texts."""
    return found.reviewed.items.drop(columns=["input_text", "output_text", "correction", "reason"])


def errors_said(one: Acting) -> str:
    """The errors found and how many there may be, for a card."""
    rate = one.proved[TIERS[0]].rate
    return "no review yet" if rate is None else f"{span(rate.low, rate.high, 'share')} of what was reviewed"
