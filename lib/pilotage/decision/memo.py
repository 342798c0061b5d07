"""The executive's page: what was decided, what is asked of whom by when, the money, and the biggest doubt."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pilotage.decision.combine import Decision, tier_above
from pilotage.kpis import Kpi, label_of
from pilotage.page import Page, html
from pilotage.playbook import Tier
from pilotage.verdict import Gate
from pilotage.words import number, span

ROWS = 7  # what fits one look
NO_DOUBT = "No doubt on record. Read what this page cannot tell you."


def headline(decision: Decision, tier: Tier) -> str:
    """The answer with the tier it is for, as the verdict block shows it."""
    return f"{decision.answer}, {tier}" if decision.answer == "go" else decision.answer


def first_screen(page: Page, decision: Decision) -> html.Html:
    """Six cards: what is asked next, error rate, money, the biggest doubt, what holds the decision, approvals."""
    book = page.playbook
    return html.cards(
        [
            ("Asked next", *_asked_next(page, decision)),
            ("Error rate", *_error_rate(decision)),
            ("Money", *_money(decision, page.currency)),
            ("Biggest doubt", *_doubt(decision, book.tier)),
            ("Held by", (decision.holder or "nothing").capitalize(), _held(decision)),
            (
                "Approvals",
                f"0 of {len(book.decision.signatures)}",
                f"Still to sign: {', '.join(book.decision.signatures)}.",
            ),
        ]
    )


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
        return "Unknown", kpi.reason.capitalize() + "." if kpi else "No page measured it."
    worst = "without bound" if kpi.low is None else number(1 - kpi.low, "share")
    sure = f"{(1 + kpi.confidence) / 2:.0%}"
    return number(
        1 - kpi.estimate, "share"
    ), f"of the pilot's tasks went wrong; at most {worst} with {sure} confidence."


def _money(decision: Decision, currency: str) -> tuple[str, str]:
    months, net = decision.kpi("payback_months"), decision.kpi("net_benefit_per_month")
    if months is None or months.estimate is None:
        return "Unknown", months.reason.capitalize() + "." if months else "No page worked it out."
    per_month = f" Net {span(net.low, net.high, 'money', currency)} a month." if net else ""
    late = months.high is None or months.high >= 120
    value = "May never pay back" if late else f"Paid back in {number(months.estimate)} months"
    return value, f"{_months_span(months)}, in nine of ten drawn worlds.{per_month}"


def _months_span(months: Kpi) -> str:
    late = months.high is None or months.high >= 120
    return f"From {number(months.low)} months to {'never' if late else f'{number(months.high)} months'}"


def _doubt(decision: Decision, tier: Tier) -> tuple[str, str]:
    gate = biggest_doubt(decision, tier)
    if gate is None:
        return "None recorded", NO_DOUBT
    short = "; ".join(gate.why.split("; ")[:2])  # what was measured and the limit; the table below has the rest
    stands = "" if gate.tier in (None, tier) else f" Stands before production {gate.tier}."
    return label_of(gate.kpi), f"{short[:1].upper()}{short[1:]}.{stands}"


def biggest_doubt(decision: Decision, tier: Tier) -> Gate | None:
    """The first required gate that is not open; else an advisory one; else what keeps the next tier shut."""
    above = tier_above(tier)
    gates = [*decision.gates_for(tier), *(decision.gates_for(above) if above else ())]
    for answer in ("no-go", "not yet"):
        for required in (True, False):
            shut = [gate for gate in gates if gate.answer == answer and gate.required == required]
            if shut:
                return shut[0]
    return None


def _held(decision: Decision) -> str:
    shut = [gate for gate in decision.gates if gate.required and gate.answer != "go"]
    if not shut:
        return "Neither technology nor quality nor organization holds the decision."
    return f"{len(shut)} of {sum(gate.required for gate in decision.gates)} required gates are not open."


def asks(page: Page, decision: Decision) -> html.Html:
    """What is asked of whom by when, as the playbook has it for this answer."""
    rows = [
        (ask.who, html.Html(html.sentence(ask.what)), _day(page, ask.within_days))
        for ask in page.playbook.decision.asks.after(decision.answer)
    ]
    return html.table("What is asked of whom", ("Who", "What", "By"), rows)


def kpi_rows(page: Page, decision: Decision) -> html.Html:
    """The gates of the tier asked for: limit, estimate, interval, what it rests on, answer."""
    rows = [_row(page, decision, gate) for gate in decision.gates_for(page.playbook.tier)]
    header = ("Gate", "Limit", "Measured", "Between", "Counted over", "Answer")
    return html.table("The gates", header, rows, numeric=("Limit", "Measured", "Between", "Counted over"))


def _row(page: Page, decision: Decision, gate: Gate) -> tuple[object, ...]:
    kpi = decision.kpi(gate.kpi)
    name = label_of(gate.kpi) if gate.required else f"{label_of(gate.kpi)} (advisory)"
    if kpi is None or kpi.estimate is None:
        known = decision.facts.get(gate.kpi)
        return (
            name,
            _plain(gate.limit),
            "unknown" if known is None else _plain(known),
            "",
            "",
            html.badge(gate.answer),
        )
    limit = number(gate.limit, kpi.unit, page.currency) if isinstance(gate.limit, float | int) else _plain(gate.limit)
    interval = span(kpi.low, kpi.high, kpi.unit, page.currency)
    over = f"{kpi.n:,} {gate.unit}" if gate.unit else ""
    return (name, limit, number(kpi.estimate, kpi.unit, page.currency), interval, over, html.badge(gate.answer))


def _plain(limit: float | str | None) -> str:
    return limit if isinstance(limit, str) else number(limit) if limit is not None else ""


def next_tier(page: Page, decision: Decision) -> html.Html:
    """What the tier with less review would need beyond what is there; nothing at the last tier."""
    above = tier_above(page.playbook.tier)
    if above is None:
        return html.Html("")
    shut = [gate for gate in decision.gates if gate.tier == above and gate.answer != "go"]
    if not shut:
        return html.paragraph(f"The gates for production {above} are open too: it may be asked for.")
    rows = [(label_of(gate.kpi), gate.why, html.badge(gate.answer)) for gate in shut]
    return html.table(f"What production {above} would still need", ("Gate", "Why", "Answer"), list(_uncut(rows)))


def _uncut(rows: list[tuple[str, str, html.Html]]) -> Iterator[tuple[object, ...]]:
    yield from ((name, html.Html(html.sentence(why)), answer) for name, why, answer in rows)


def plotted(decision: Decision, tier: Tier) -> tuple[list[Kpi], dict[str, float]]:
    """The measured KPIs of the required gates with their limits, for the figure."""
    limits = {g.kpi: float(g.limit) for g in decision.gates_for(tier) if isinstance(g.limit, float | int)}
    kpis = [kpi for name in limits if (kpi := decision.kpi(name)) is not None]
    return kpis[:ROWS], limits


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
