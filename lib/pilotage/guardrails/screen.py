"""The first screen of page 03: what is stopped and what it costs, where it is weakest, and who agreed to it."""

from __future__ import annotations

from pilotage.guardrails.control import Control
from pilotage.guardrails.measured import Measured
from pilotage.guardrails.parts import KINDS, Parts
from pilotage.guardrails.show import live_cost, proposed_cost
from pilotage.guardrails.tuned import Tuned
from pilotage.guardrails.tuning.drift import Drift
from pilotage.page import Page, html
from pilotage.words import count, number, sentence_case, span

Card = tuple[str, str]


def first_screen(
    page: Page, found: Measured, parts: Parts, tuned: Tuned, drift: Drift | None, control: Control
) -> html.Html:
    """Six cards."""
    shown = html.cards(
        [
            ("Harmless inputs stopped", *_rate(page, found, "guard_false_positive_rate")),
            ("Attacks stopped", *_rate(page, found, "guard_catch_rate")),
            ("Cost of 1,000 inputs", *_cost(page, found, tuned)),
            ("Weakest part", *_weakest(parts)),
            ("Do today's inputs still fit?", *_fit(drift)),
            ("Who agreed to it", *_agreed(control)),
        ]
    )
    return html.Html((page.banner if page.synthetic else "") + shown)


def _rate(page: Page, found: Measured, name: str) -> Card:
    kpi = found.kpi(name)
    if kpi.estimate is None:
        return "Not known", f"{sentence_case(kpi.reason)}."
    gate = page.playbook.guardrails.gates.get(name)  # type: ignore[call-overload]  # not every figure has a limit
    sense = "at most" if kpi.better == "lower" else "at least"
    limit = f" The limit is {sense} {number(gate.limits[page.playbook.tier].value, kpi.unit)}." if gate else ""
    between = span(kpi.low, kpi.high, kpi.unit)
    return number(kpi.estimate, kpi.unit), f"{between}, over {kpi.n:,} texts, {kpi.clusters:,} not made alike.{limit}"


def _cost(page: Page, found: Measured, tuned: Tuned) -> Card:
    if tuned.point is None:
        return "Not known", f"{sentence_case(tuned.why)}."
    live, proposed = (number(cost(found, tuned), "money", page.currency) for cost in (live_cost, proposed_cost))
    unsure = "" if tuned.point.settled else f" {sentence_case(tuned.point.why)}."
    return live, f"as it is live; {proposed} with a classifier and bands tuned on these texts.{unsure}"


def _weakest(parts: Parts) -> Card:
    shut = [part for part in parts.rows if part.answer == "no-go"]
    open_ = parts.of("not yet")
    if not shut:
        value = f"{count(len(open_), 'parts')} undecided" if open_ else "None"
        detail = "with too few texts to clear the limit alone, or too near it." if open_ else "Each clears its limit."
        return value, detail
    worst = max(shut, key=lambda part: abs((part.rate.estimate if part.rate else part.limit) - part.limit))
    rate = number(worst.rate.estimate if worst.rate else None, "share")
    return f"{worst.value}: {rate}", f"of {worst.n:,} texts ({KINDS[worst.kind]}) are stopped; {worst.why}."


def _fit(drift: Drift | None) -> Card:
    if drift is None:
        return "Not known", "Inputs of runs, or harmless texts to compare them with, were not recorded."
    value = {"drift": "No", "no sign": "No sign of change", "not yet": "Too few to tell"}[drift.answer]
    return value, f"{sentence_case(drift.why)}."


def _agreed(control: Control) -> Card:
    names = {"approved": "Approved", "changed": "Changed by hand", "never approved": "Nobody", "unknown": "Not known"}
    return names[control.live.status], f"{sentence_case(control.live.why)}. {sentence_case(control.due.why)}."
