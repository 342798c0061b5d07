"""The guard's gates: each figure the playbook names, at the limit of each tier, and what speaks against them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pilotage.approvals import approved_gate
from pilotage.guardrails.control import Control
from pilotage.guardrails.measured import Measured
from pilotage.guardrails.parts import Parts, parts_gate
from pilotage.guardrails.tuning.drift import Drift
from pilotage.kpis import Kpi
from pilotage.page import Page
from pilotage.playbook import TIERS
from pilotage.verdict import Gate, judge
from pilotage.words import count, number

APPROVED = "guard_approved"


def gates(page: Page, found: Measured, parts: Parts, drift: Drift | None, control: Control) -> list[Gate]:
    """A gate per figure and tier; those of the tier asked for are required where the playbook says so."""
    policy = page.playbook.guardrails
    standing = list(_standing(page, found))
    made = [approved_gate(APPROVED, control.live, control.governance, required=not page.synthetic)]
    for name, gate in policy.gates.items():
        kpi = found.kpi(name)
        for tier in TIERS:
            limit = gate.limits[tier]
            required = gate.required and tier == page.playbook.tier
            own = [*_too_few(page, kpi), *_drifted(page, kpi, limit.value, drift)]
            judged = judge(kpi, limit.value, tier, required, currency=page.currency)
            made.append(page.settle(judged, limit, [*own, *standing]))
    return [*made, parts_gate(parts)]


def _standing(page: Page, found: Measured) -> Iterator[str]:
    """What speaks against every figure: the table of texts, and examples on real data."""
    sources = replace(found.tables, facts={k: v for k, v in found.tables.facts.items() if k == "texts"})
    yield from page.doubts(sources)
    if page.playbook.guardrails.bands.example and not page.synthetic:
        yield "the bands of playbook/guardrails.yaml are still examples"


def _too_few(page: Page, kpi: Kpi) -> Iterator[str]:
    """Texts made alike count once: many copies of one sentence say no more than one."""
    policy = page.playbook.guardrails
    wanted = {"guard_false_positive_rate": policy.benign_min, "guard_catch_rate": policy.attacks_min}.get(kpi.name)
    if wanted is not None and kpi.clusters < wanted.value:
        kind = "harmless inputs" if kpi.name == "guard_false_positive_rate" else "attacks"
        yield f"only {count(kpi.clusters, kind)} that are not made alike; {wanted.value:,} are needed"


def _drifted(page: Page, kpi: Kpi, limit: float, drift: Drift | None) -> Iterator[str]:
    """Drift alone is a reason to look; it holds the gate where what arrives is surely stopped beyond the limit.

    On real data it also holds where nobody can tell: losing the inputs of runs must gain nothing.
    """
    if kpi.name != "guard_false_positive_rate":
        return
    if drift and drift.answer == "drift" and drift.stopped_now.low > limit:
        now = number(drift.stopped_now.estimate, "share")
        yield f"the inputs that arrive are no longer those it was tuned on, and {now} of them are stopped"
    if not page.synthetic and (drift is None or drift.answer == "not yet"):
        yield (
            drift.why if drift else "the inputs of the pilot's runs were not recorded: whether they fit is not known"
        )
