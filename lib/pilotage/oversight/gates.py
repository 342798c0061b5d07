"""The gates of page 04: enough reviews, errors below the limit of each tier, the tier granted, reviewers to believe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pilotage.approvals import approved_gate
from pilotage.kpis import Tables
from pilotage.oversight.overseen import AGREED, CAUGHT, ERRORS, Acting, Overseen
from pilotage.page import Page
from pilotage.playbook import TIERS, Tier
from pilotage.verdict import Gate, at_least, judge
from pilotage.words import listed

ADVICE = {
    CAUGHT: ("planted errors", "plant more errors in the queue"),
    AGREED: ("shared items", "let two people review more of the same items"),
}
REVIEWED, TIER, AWAKE, APPROVED = "reviewed_cases", "oversight_tier", "reviewers_awake", "oversight_approved"


def gates(page: Page, found: Overseen, tables: Tables) -> list[Gate]:
    """The gates of all tiers; those of the tier asked for are required where the playbook says so."""
    doubts = [*page.doubts(tables, fresh=("reviews",)), *_unnamed(found)]
    made = [_reviewed(page, found, doubts)]
    for tier in TIERS:
        asked = tier == page.playbook.tier
        made.append(_errors(page, found.worst(tier), tier, asked, doubts))
        made += [_tier(found, tier, asked)] if tier != TIERS[0] else []
        made += _reviewers(page, found, tier, asked, doubts)
    approved = approved_gate(APPROVED, found.live, found.governance, required=not page.synthetic)
    return [*made, _awake(found), approved]


def _unnamed(found: Overseen) -> Iterator[str]:
    if found.unnamed:
        yield f"`playbook/oversight.yaml` does not name what was reviewed as {listed(list(found.unnamed))}"


def _reviewed(page: Page, found: Overseen, doubts: list[str]) -> Gate:
    """Reviewed cases of the action type that has the fewest."""
    limit = page.playbook.oversight.reviews_min
    fewest = min(found.acting, key=lambda one: one.proved[TIERS[0]].n)
    gate = at_least(REVIEWED, fewest.proved[TIERS[0]].n, limit.value, "reviewed cases")
    return page.settle(gate, limit, doubts)


def _errors(page: Page, one: Acting, tier: Tier, required: bool, doubts: list[str]) -> Gate:
    """The action type that is furthest from being proved decides."""
    proved, action = one.proved[tier], page.playbook.oversight.action(one.name)
    assert action is not None
    why = f"{one.name}: {proved.why}"
    more = None
    if not proved.certified and one.forecast and one.forecast.tier == tier:
        why, more = f"{why}; {one.forecast.why}", one.forecast.more_reviews
    limit = page.playbook.oversight.limit(action, tier)
    gate = Gate(ERRORS, ERRORS, tier, required, proved.answer, why, limit.value, more or None, "reviews")
    return page.settle(gate, limit, doubts)


def _tier(found: Overseen, tier: Tier, required: bool) -> Gate:
    """Whether each action type has been granted the tier, by a proposal that the reviews carry."""
    short = [one for one in found.acting if one.standing.tier is None or _below(one.standing.tier, tier)]
    told = [f"{one.name} is {one.standing.tier or 'not live yet'}" for one in short]
    why = f"{listed(told)}; a proposal that the reviews prove and the roles approve grants more" if short else ""
    return Gate(TIER, TIER, tier, required, "not yet" if short else "go", why or f"all act {tier}", None)


def _below(have: Tier, wanted: Tier) -> bool:
    return TIERS.index(have) < TIERS.index(wanted)


def _reviewers(page: Page, found: Overseen, tier: Tier, asked: bool, doubts: list[str]) -> Iterator[Gate]:
    """The playbook's gates on the reviewers."""
    for name, gate in page.playbook.oversight.gates.items():
        limit = gate.limits[tier]
        judged = judge(found.kpi(name), limit.value, tier, gate.required and asked)
        yield page.settle(_counted(judged), limit, doubts)


def _counted(gate: Gate) -> Gate:
    """With what it was counted over, and what settles it: these figures hang on no assumption."""
    unit, advice = ADVICE[gate.kpi]
    head, found, _ = gate.why.partition("; it hangs on")
    return replace(gate, unit=unit, why=f"{head}; {advice}" if found else gate.why)


def _awake(found: Overseen) -> Gate:
    """Whether anybody approves what is wrong, or faster than anybody reads; advisory: the catch rate decides."""
    if not found.fatigue.reviewers:
        return Gate(AWAKE, AWAKE, None, False, "not yet", "there is no review yet to tell by", None)
    flagged = [f"{one.name}: {listed(list(one.flags))}" for one in found.fatigue.flagged]
    why = "; ".join(flagged) or "nobody stands out as approving unread"
    return Gate(AWAKE, AWAKE, None, False, "not yet" if flagged else "go", why, None)
