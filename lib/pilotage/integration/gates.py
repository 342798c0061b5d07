"""The gates of page 05: the systems hold, bear production's load, are approved; what should be one call is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pilotage.approvals import approved_gate
from pilotage.integration.checks import Check
from pilotage.integration.codes import meaning
from pilotage.integration.integrated import Integrated
from pilotage.integration.load import Outcome
from pilotage.integration.load.show import finding
from pilotage.integration.show import limits_in
from pilotage.kpis import Tables
from pilotage.page import Page
from pilotage.playbook import TIERS, Tier
from pilotage.playbook.systems import EMBEDDED, System
from pilotage.verdict import Answer, Gate, hold, judge
from pilotage.words import count, listed

CHECKS, OPTIONAL, APPROVED = "integration_checks", "integration_optional", "integration_approved"
FIT, LOAD, LOAD_OTHERS = "patterns_fit", "systems_under_load", "others_under_load"
ONE_CALL = "give the tools that are called in a loop a call that takes many at once"
NAMED = 3  # checks that a sentence names


def gates(page: Page, found: Integrated, tables: Tables) -> list[Gate]:
    """The gates of all tiers; those of the tier asked for are required where the playbook says so."""
    systems = page.playbook.integration.systems
    needed, others = ([one for one in systems if one.required == wanted] for wanted in (True, False))
    made = [hold(_checked(CHECKS, needed, found.checks), list(_unreal(page, needed)))]
    made += [hold(_checked(OPTIONAL, others, found.checks), list(_unreal(page, others)))] if others else []
    made += list(_loaded(page, found))
    if "n_plus_one_rate" in page.playbook.integration.gates:
        made += [_repeats(page, found, tier, page.doubts(tables)) for tier in TIERS]
    approved = approved_gate(APPROVED, found.live, found.governance, required=not page.synthetic)
    return [*made, _fit(page, found), approved]


def _unreal(page: Page, systems: Sequence[System]) -> Iterator[str]:
    """What of these systems is still the shipped example, and so decides nothing about real data."""
    if page.synthetic:
        return
    if names := [one.name for one in systems if one.address == EMBEDDED]:
        yield f"{listed(names)} {'is' if len(names) == 1 else 'are'} still the embedded example"
    if names := [one.name for one in systems if any(limit.example for _, limit in limits_in(one))]:
        yield f"limits of {listed(names)} are still examples"


def _checked(name: str, systems: Sequence[System], checks: Sequence[Check]) -> Gate:
    """Go where every system was probed and every check passed. A failed check holds a gate and decides nothing itself.

    What was not reached follows from what failed before it, and is counted without being named.
    """
    required = name == CHECKS
    own = [check for check in checks if check.required == required]
    bad = [check for check in own if check.status != "pass"]
    unseen = [one.name for one in systems if one.name not in {check.system for check in own}]
    named = [f"{one} was not probed" for one in unseen]
    named += [_said(systems, check) for check in bad if check.reason != "not_reached"]
    said = f"{len(own) - len(bad)} of {count(len(own), 'checks')} passed" if own else "no check was made"
    more = [f"{len(named) - NAMED} more"] if len(named) > NAMED else []
    why = f"{said}; {'; '.join([*named[:NAMED], *more])}" if own and named else said
    answer: Answer = "go" if own and not bad and not unseen else "not yet"
    return Gate(name, name, None, required, answer, why, None, len(bad) or None, "checks")


def _said(systems: Sequence[System], check: Check) -> str:
    """The check in words: "order API: nothing answers at the address (wrapper.reachable)"."""
    pattern = next((one.pattern for one in systems if one.name == check.system), "")
    clause = meaning(pattern, check.reason) if pattern else check.reason
    return f"{check.system}: {clause} ({check.id})"


def _repeats(page: Page, found: Integrated, tier: Tier, doubts: list[str]) -> Gate:
    policy = page.playbook.integration.gates["n_plus_one_rate"]
    limit, kpi = policy.limits[tier], found.kpi("n_plus_one_rate")
    gate = judge(kpi, limit.value, tier, policy.required and tier == page.playbook.tier)
    head, hangs, _ = gate.why.partition("; it hangs on")
    why = f"{head}; {ONE_CALL}" if hangs else gate.why
    return page.settle(replace(gate, unit="runs", why=why), limit, [*doubts, *page.gap(kpi)])


def _fit(page: Page, found: Integrated) -> Gate:
    """Advice only: whether each system is connected in the way that its changes and its consistency ask for."""
    pairs = zip(page.playbook.integration.systems, found.advice, strict=True)
    others = [system.name for system, advice in pairs if not advice.fits]
    why = "each system is connected as its changes and its consistency advise"
    if others:
        why = f"another way is advised for {listed(others)}"
    return Gate(FIT, FIT, None, False, "not yet" if others else "go", why, None)


def _loaded(page: Page, found: Integrated) -> Iterator[Gate]:
    """Whether the systems bear production's rate: those that the agent needs decide, all others are told."""
    needed = [one for one in found.load if one.system.required and not one.embedded]
    others = [one for one in found.load if one not in needed]
    for name, outcomes in ((LOAD, needed), (LOAD_OTHERS, others)):
        if outcomes:
            doubts = _unreal(page, [one.system for one in outcomes])
            yield hold(_borne(name, outcomes), list(doubts))


def _borne(name: str, outcomes: Sequence[Outcome]) -> Gate:
    answers = [_held(one) for one in outcomes]
    answer: Answer = "no-go" if "no-go" in answers else "not yet" if "not yet" in answers else "go"
    said = [
        f"{one.name} was not put under load: {one.why}" if one.result is None else finding(one.result)
        for one in outcomes
    ]
    return Gate(name, name, None, name == LOAD, answer, "; ".join(said), None)


def _held(one: Outcome) -> Answer:
    if one.result is None:
        return "not yet"
    return "go" if one.result.proved else "not yet" if one.result.held else "no-go"
