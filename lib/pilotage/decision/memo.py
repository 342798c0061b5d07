"""The executive's page: what was decided, what is asked of whom by when, the money, and the biggest doubt."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pilotage.decision.combine import TIER_MEANS, Decision, tier_above
from pilotage.kpis import DEFINITIONS, Kpi, label_of
from pilotage.page import Page, html
from pilotage.playbook import Tier
from pilotage.verdict import Gate, finding_of, first_doubt, limit_text, would_be
from pilotage.words import count, listed, number, sentence_case, span

ROWS = 7  # what fits one look
NO_DOUBT = "No gate is shut. Read below what this page cannot tell you."


def headline(decision: Decision, tier: Tier) -> str:
    """The answer with the tier it is for, as the verdict block shows it."""
    return f"{decision.answer}, {tier}" if decision.answer == "go" else decision.answer


def first_screen(page: Page, decision: Decision) -> html.Html:
    """Data checks that failed, if any, and six cards: what is asked next, error rate, human review, money, the
    biggest doubt, and who signs a go or what holds any other decision."""
    book = page.playbook
    roles = list(book.decision.signatures)
    last = ("Held by", listed(list(decision.held_by)).capitalize(), _held(decision, book.tier))
    if decision.answer == "go":
        last = ("To be signed by", count(len(roles), "roles"), f"{listed(roles)}.")
    warning = html.note(f"Data checks that failed: {'; '.join(decision.warnings)}.", "warning")
    cards = html.cards(
        [
            ("Asked next", *_asked_next(page, decision)),
            ("Error rate", *_error_rate(decision)),
            ("Human review", *_review(decision, book.tier)),
            ("Money", *_money(decision, page.currency)),
            ("Biggest doubt", *_doubt(decision, book.tier)),
            last,
        ]
    )
    return html.Html((warning if decision.warnings else "") + cards)


def _asked_next(page: Page, decision: Decision) -> tuple[str, str]:
    """The most urgent ask; the table below has them all."""
    wanted = page.playbook.decision.asks.after(decision.answer)
    first = min(wanted, key=lambda ask: ask.within_days)
    more = f" {len(wanted) - 1} more below." if len(wanted) > 1 else ""
    return f"By {_day(page, first.within_days)}", f"{first.who}: {first.what}{more}"


def _day(page: Page, days: int) -> str:
    return (page.as_of + timedelta(days=days)).isoformat()


def _error_rate(decision: Decision) -> tuple[str, str]:
    kpi = decision.kpi("task_success_rate")
    if kpi is None or kpi.estimate is None:
        return "Unknown", f"{sentence_case(kpi.reason) if kpi else 'No page measured it'}."
    worst = "without bound" if kpi.low is None else number(1 - kpi.low, "share")
    sure = number((1 + kpi.confidence) / 2, "share")
    wrong = number(1 - kpi.estimate, "share")
    return wrong, f"of {kpi.n:,} interactions in the pilot went wrong; at most {worst} with {sure} confidence."


def _review(decision: Decision, tier: Tier) -> tuple[str, str]:
    """The tier, what its reviews take, and when less review could be asked for."""
    hours, way = decision.kpi("reviewer_hours"), decision.facts.get("oversight_forecast")
    if hours is None or hours.estimate is None:
        return sentence_case(tier), f"{sentence_case(hours.reason) if hours else 'No page looked at the reviews'}."
    then = f" {sentence_case(str(way))}." if way else ""
    tiers = decision.facts.get("tiers", {})
    if isinstance(tiers, dict) and set(tiers.values()) != {tier}:
        then = f" Today: {listed([f'{name} is {at}' for name, at in tiers.items()])}.{then}"
    return sentence_case(tier), f"{number(hours.estimate)} reviewer hours a week.{then}"


def _money(decision: Decision, currency: str) -> tuple[str, str]:
    months, net = decision.kpi("payback_months"), decision.kpi("net_benefit_per_month")
    if months is None or months.estimate is None:
        return "Unknown", f"{sentence_case(months.reason) if months else 'No page worked it out'}."
    per_month = f" Net {span(net.low, net.high, 'money', currency)} a month." if net else ""
    paid = number(months.estimate, "months")
    value = "May never pay back" if paid == "never" else f"Paid back in {paid}"
    reach = span(months.low, months.high, "months")
    return value, f"{reach}, in nine of ten worlds that the figures allow.{per_month}"


def _doubt(decision: Decision, tier: Tier) -> tuple[str, str]:
    gate = biggest_doubt(decision, tier)
    if gate is None:
        return "None recorded", NO_DOUBT
    short = "; ".join(finding_of(gate).split("; ")[:2])  # what was measured and the limit; the rest stands below
    stands = "" if gate.tier in (None, tier) else f" It stands before production {gate.tier}, not before this one."
    held = f" Held back: {doubt}." if (doubt := first_doubt(gate)) else ""
    return label_of(gate.kpi), f"{sentence_case(short)}.{held}{stands}"


def biggest_doubt(decision: Decision, tier: Tier) -> Gate | None:
    """The gate that weighs most: required before advisory before the next tier's, and in each no-go before not yet."""
    above = tier_above(tier)
    own, beyond = decision.gates_for(tier), [gate for gate in decision.gates if gate.tier == above and above]
    ranked = [
        *(gate for gate in own if gate.required),
        *(gate for gate in own if not gate.required),
        *beyond,
    ]
    shut = [(_weight(gate, tier), place, gate) for place, gate in enumerate(ranked) if gate.answer != "go"]
    return min(shut, key=lambda row: row[:2])[2] if shut else None


def _weight(gate: Gate, tier: Tier) -> tuple[bool, bool, bool]:
    return (gate.tier not in (None, tier), not gate.required, would_be(gate) != "no-go")


def _held(decision: Decision, tier: Tier) -> str:
    required = [gate for gate in decision.gates if gate.required]
    shut = sum(gate.answer != "go" for gate in required)
    return f"{shut} of {count(len(required), 'required gates')} not open for production {tier}: {TIER_MEANS[tier]}."


def asks(page: Page, decision: Decision) -> html.Html:
    """What is asked of whom by when, as the playbook has it for this answer; the earliest day first."""
    wanted = page.playbook.decision.asks.after(decision.answer)
    rows = [
        (ask.who, html.Html(html.sentence(ask.what)), _day(page, ask.within_days))
        for ask in sorted(wanted, key=lambda ask: ask.within_days)
    ]
    return html.table("What is asked of whom", ("Who", "What", "By"), rows)


def kpi_rows(page: Page, decision: Decision) -> html.Html:
    """The gates of the tier asked for: limit, estimate, interval, what it rests on, answer."""
    rows = [_row(page, decision, gate) for gate in decision.gates_for(page.playbook.tier)]
    header = ("Gate", "Answer", "Limit", "Measured", "Between", "Counted over")
    return html.table("The gates", header, rows, numeric=("Limit", "Measured", "Between", "Counted over"))


def _row(page: Page, decision: Decision, gate: Gate) -> tuple[object, ...]:
    name = label_of(gate.kpi) if gate.required else f"{label_of(gate.kpi)} (advisory)"
    kpi = decision.kpi(gate.kpi)
    answer = html.badge(gate.answer)
    if kpi is None:
        found = decision.facts.get(gate.kpi)
        value = "unknown" if found is None else found if isinstance(found, str) else number(found)
        return (name, answer, _at_least(gate.limit), value, "", "")
    limit = limit_text(kpi.better, float(gate.limit or 0), kpi.unit, page.currency)
    if kpi.estimate is None:
        return (name, answer, limit, "unknown", "", "")
    between = "" if kpi.low == kpi.high else span(kpi.low, kpi.high, kpi.unit, page.currency)
    over = f"{kpi.n:,} {gate.unit}" if gate.unit else ""
    return (name, answer, limit, number(kpi.estimate, kpi.unit, page.currency), between, over)


def _at_least(limit: float | str | None) -> str:
    return "" if limit is None else f"at least {limit if isinstance(limit, str) else number(limit)}"


def next_tier(page: Page, decision: Decision) -> html.Html:
    """What the tier with less review would need beyond what is there; nothing at the last tier."""
    above = tier_above(page.playbook.tier)
    if above is None:
        return html.Html("")
    gates = [gate for gate in decision.gates if gate.tier == above]
    shut = [gate for gate in gates if gate.answer != "go"]
    if not gates:
        return html.paragraph(f"No page has looked at production {above}.")
    if not shut:
        return html.paragraph(f"The gates for production {above} are open too: it may be asked for.")
    caption = f"What production {above} would still need: {TIER_MEANS[above]}"
    return html.table(caption, ("Gate", "Why", "Answer"), list(_reasons(shut)))


def _reasons(gates: list[Gate]) -> Iterator[tuple[object, ...]]:
    for gate in gates:
        yield (label_of(gate.kpi), html.Html(html.sentence(gate.why)), html.badge(gate.answer))


def plotted(decision: Decision, tier: Tier) -> tuple[list[Kpi], dict[str, Gate]]:
    """The measured KPIs with a gate at the tier, for the figure, and their gates by name."""
    gates = {gate.kpi: gate for gate in decision.gates_for(tier) if gate.kpi in DEFINITIONS}
    kpis = [kpi for name in gates if (kpi := decision.kpi(name)) is not None]
    return kpis[:ROWS], gates


def finding(decision: Decision, tier: Tier) -> str:
    """The figure's title: how many required gates are open."""
    required = [gate for gate in decision.gates_for(tier) if gate.required]
    open_gates = sum(gate.answer == "go" for gate in required)
    return f"{open_gates} of {len(required)} required gates are open for production {tier}."


def stop_and_sign(page: Page) -> html.Html:
    """The stop rule, the next look and who signs."""
    policy = page.playbook.decision
    look = _day(page, policy.next_look_days)
    lines = [
        f"Stop rule: {policy.stop_rule}",
        f"Next look: {look}.",
        f"To be signed by: {', '.join(policy.signatures)}.",
    ]
    return html.bullets(lines)
