"""The page's first screen: what was decided, by how much, how sure, on what it rests, and what it leaves open."""

from __future__ import annotations

from collections.abc import Sequence

from pilotage.kpis import DEFINITIONS, Kpi, label_of
from pilotage.page import Page, html
from pilotage.pilot.environment import LABELS, Environment
from pilotage.pilot.looks import Look
from pilotage.playbook import TIERS
from pilotage.verdict import Gate, compare, finding_of, overall
from pilotage.words import count, listed, number, sentence_case, span

Card = tuple[str, str, str]


def headline(page: Page, gates: Sequence[Gate]) -> str:
    """The answer with the tier that a go is for."""
    answer = overall(gates)
    return f"{answer}, {page.playbook.tier}" if answer == "go" else answer


def first_screen(
    page: Page, kpis: Sequence[Kpi], gates: Sequence[Gate], look: Look, segments: Sequence[Kpi], found: Environment
) -> html.Html:
    """Six cards: the limit that is nearest, how sure, what it rests on, the weakest part, production, the next tier."""
    own = [gate for gate in gates if gate.tier == page.playbook.tier and gate.required]
    shown = html.cards(
        [
            _nearest(kpis, own),
            ("Chance of a false go", *_sure(look, kpis, own)),
            ("It rests on", *_rests_on(kpis, look)),
            ("Weakest part", *_weakest(page, segments)),
            ("Production beyond the pilot", *_beyond(found)),
            ("A tier with less review", *_next_tier(page, gates)),
        ]
    )
    return html.Html((page.banner if page.synthetic else "") + shown)


def used(kpi: Kpi, limit: float) -> float | None:
    """How much of what the limit allows the range's worse end uses up: 1 at the limit, None where it has no end."""
    worse = kpi.high if kpi.better == "lower" else kpi.low
    if worse is None or (kpi.better == "lower" and limit == 0):
        return None
    if kpi.better == "lower":
        return worse / limit
    return (1 - worse) / (1 - limit) if kpi.unit == "share" and limit < 1 else limit / worse if worse else None


def _nearest(kpis: Sequence[Kpi], own: Sequence[Gate]) -> Card:
    """The required gate of this tier whose range comes nearest its limit, or is furthest beyond it."""
    known = {kpi.name: kpi for kpi in kpis}
    shares = {gate: used(known[gate.kpi], float(gate.limit)) for gate in own if gate.kpi in known and gate.limit}
    if not shares:
        return "Nearest its limit", "No limit", "The playbook requires no gate for this tier."
    gate = max(shares, key=lambda gate: float("inf") if shares[gate] is None else shares[gate] or 0.0)
    share, finding = shares[gate], "; ".join(finding_of(gate).split("; ")[:2])
    reach = "No bound yet" if share is None else _reach(share)
    return f"Nearest its limit: {label_of(gate.kpi).lower()}", reach, f"{sentence_case(finding)}."


def _reach(share: float) -> str:
    if share > 1:
        return "Beyond its limit" if share > 2 else f"{share - 1:.0%} beyond its limit"
    return f"{share:.0%} of the way to its limit"


def _sure(look: Look, kpis: Sequence[Kpi], own: Sequence[Gate]) -> tuple[str, str]:
    wrong = number(look.wrong, "share")
    if not any(kpi.estimate is not None for kpi in kpis for gate in own if gate.kpi == kpi.name):
        return "Nothing to be sure of", "No required figure of this tier was measured."
    if not look.at:
        return f"At most {wrong}", "at any look: so many agents that lie exactly at a limit ever get a go by luck."
    if not look.place:
        return "Nothing decided yet", f"The first look is at {look.at[0]:,} interactions; {look.come:,} have come in."
    looks = f"over all {count(len(look.at), 'registered looks')}" if len(look.at) > 1 else "at the one registered look"
    return f"At most {wrong}", f"{looks}, for an agent exactly at a limit. This is look {look.place}."


def _rests_on(kpis: Sequence[Kpi], look: Look) -> tuple[str, str]:
    known = {kpi.name: kpi for kpi in kpis}
    tasks, people = known["pass_hat_k"], known["hallucination_rate"]
    seen = look.at[look.place - 1] if look.at and look.place else look.come
    repeated = f"{tasks.n:,} tasks were tried more than once; " if tasks.n else ""
    return count(seen, "interactions"), f"{repeated}people read {people.n:,} answers for invented facts."


def _weakest(page: Page, segments: Sequence[Kpi]) -> tuple[str, str]:
    least = page.playbook.pilot.min_segment_n.value
    shown = [kpi for kpi in segments if kpi.n >= least and kpi.estimate is not None]
    if not shown:
        return "Not known", "No part of the business has enough interactions to say anything."
    worst = min(shown, key=lambda kpi: kpi.estimate or 0.0)
    name = (worst.dimension or "").partition("=")[2]
    between = span(worst.low, worst.high, worst.unit, page.currency)
    gate = page.playbook.pilot.gates.get("task_success_rate")
    alone = gate is not None and compare(worst, gate.limits[page.playbook.tier].value) != "go"
    remark = " Alone it would not clear the limit." if alone else ""
    return (
        f"{name}: {number(worst.estimate, worst.unit)}",
        f"{worst.label}, {between}, over {worst.n:,} interactions.{remark}",
    )


def _beyond(found: Environment) -> tuple[str, str]:
    covered = [aspect for aspect in found.aspects if aspect.state == "covered"]
    rest = [f"{LABELS[aspect.name].lower()} {aspect.state}" for aspect in found.aspects if aspect not in covered]
    value = f"{len(covered)} of {len(found.aspects)} aspects covered"
    return value, f"{sentence_case(listed(rest))}." if rest else "The pilot saw what production will bring."


def _next_tier(page: Page, gates: Sequence[Gate]) -> tuple[str, str]:
    """Which gates shut the tier above the one asked for."""
    place = TIERS.index(page.playbook.tier) + 1
    if place == len(TIERS):
        return "None", "The tier asked for has the least review there is."
    asked = [gate for gate in gates if gate.tier == TIERS[place] and gate.kpi in DEFINITIONS]
    shut = [label_of(gate.kpi) for gate in asked if gate.answer != "go"]
    if not shut:
        return f"{sentence_case(TIERS[place])}: open", "Every limit of that tier is cleared too."
    return (
        f"{sentence_case(TIERS[place])}: not open",
        f"{len(shut)} of {len(asked)} limits not cleared: {listed(shut)}.",
    )
