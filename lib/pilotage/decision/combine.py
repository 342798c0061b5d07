"""Add the pages up: their required gates make one answer, and a page without a verdict is a gate that is not open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pilotage import audit_log
from pilotage.errors import PilotageError
from pilotage.kpis import Kpi, kpi_from_dict, label_of
from pilotage.page import Page
from pilotage.playbook import TIERS, Tier
from pilotage.verdict import Answer, Gate, finding_of, first_doubt, gate_from_dict, overall, would_be
from pilotage.words import listed

Side = Literal["technology", "quality", "organization"]
# No decision without these questions, whatever the plan of pages says.
NEEDED = ("baseline", "pilot", "guardrails", "oversight", "integration", "roi")
TECHNOLOGY = (
    "tool_call_failure_rate", "latency_p50_s", "latency_p95_s", "tokens_per_interaction", "guard_false_positive_rate",
    "guard_catch_rate", "guard_reviews_per_week", "guard_parts", "integration_checks", "integration_optional",
    "integration_approved", "patterns_fit", "load_p95_ms", "load_error_rate", "systems_under_load", "others_under_load",
    "n_plus_one_rate",
)  # fmt: skip
QUALITY = (
    "task_success_rate", "pass_hat_k", "hallucination_rate", "escalation_rate", "negative_feedback_rate",
    "found_error_rate", "reviewed_cases",
)  # fmt: skip
TIER_MEANS: Mapping[Tier, str] = {
    "in the loop": "a person approves every output",
    "on the loop": "the agent acts, and exceptions go to a person",
    "outside the loop": "the agent acts alone, and is audited afterwards",
}


@dataclass(frozen=True)
class Decision:
    """The whole playbook's answer. `tier` is the tier a go is for; None while there is no go.

    `gates` and `kpis` are those of all pages, in page order; `held_by` names the sides that hold a decision that is not
    go, the one with most gates first; `warnings` are data checks that failed.
    """

    answer: Answer
    tier: Tier | None
    why: str
    conditions: tuple[str, ...]
    gates: tuple[Gate, ...]
    kpis: tuple[Kpi, ...]
    held_by: tuple[Side, ...]
    facts: Mapping[str, Any]
    warnings: tuple[str, ...] = ()

    def gates_for(self, tier: Tier) -> tuple[Gate, ...]:
        """The gates that stand before this tier: its own and those that hold for every tier."""
        return tuple(gate for gate in self.gates if gate.tier in (None, tier))

    def kpi(self, name: str) -> Kpi | None:
        """The KPI over the whole; None where no page measured it."""
        return next((kpi for kpi in self.kpis if kpi.name == name and kpi.whole), None)


def decide(page: Page) -> Decision:
    """Read the evidence of every page the decision needs and add it up; a page without evidence holds the decision."""
    book = page.playbook
    wanted = list(dict.fromkeys([*NEEDED, *(other.stage for other in book.pages if other.stage != page.stage)]))
    found = {stage: page.upstream(stage) for stage in wanted}
    evidence = {stage: rows for stage, rows in found.items() if rows is not None}
    gates = (
        *_log_gate(page),
        *_examples_gate(page),
        *(_missing(stage) for stage in wanted if stage not in evidence),
        *(gate_from_dict(row) for rows in evidence.values() for row in rows["gates"]),
    )
    kpis = tuple(kpi_from_dict(row) for rows in evidence.values() for row in rows["kpis"])
    answer = overall(gates)
    deciding = [gate for gate in gates if gate.required and gate.answer == answer] if answer != "go" else []
    deciding.sort(key=lambda gate: (would_be(gate) != "no-go", gate.kpi == "playbook_examples"))
    facts = {name: value for rows in evidence.values() for name, value in rows["facts"].items()}
    tier = book.tier if answer == "go" else None
    warnings = tuple(dict.fromkeys(_failed_checks(evidence.values())))
    decision = Decision(answer, tier, "", (), gates, kpis, _held_by(deciding), facts, warnings)
    return replace(decision, why=_why(decision, deciding, book.tier), conditions=tuple(_conditions(page, decision)))


def _log_gate(page: Page) -> Iterator[Gate]:
    """A broken audit log holds every decision: nobody can tell any more who locked or approved what."""
    try:
        faults = audit_log.verify(page.workspace.log)
    except PilotageError as fault:
        faults = [fault.what]
    if faults:
        why = f"the audit log does not verify: {faults[0]}; see `pilotage log verify`"
        yield Gate("audit_log", "audit_log", None, True, "not yet", why, None)


def _examples_gate(page: Page) -> Iterator[Gate]:
    """What the shipped playbook only shows as an example decides nothing about real data."""
    book = page.playbook
    limits = [name for name in ("freshness_days", "rows_missing_max_share") if getattr(book, name).example]
    texts = ["the agent and its process"] if book.example else []
    texts += ["who is asked and who signs"] if book.decision.example else []
    if not page.synthetic and (limits or texts):
        why = f"still the shipped examples in playbook.yaml and decision.yaml: {listed([*texts, *limits])}"
        yield Gate("playbook_examples", "playbook_examples", None, True, "not yet", why, None)


def _failed_checks(pages: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for page in pages:
        yield from (f"{check['name']}: {check['detail']}" for check in page.get("checks", ()) if not check["passed"])


def _missing(stage: str) -> Gate:
    why = f"the page {stage!r} came to no verdict: it crashed, was not run, or is not among the playbook's pages"
    return Gate(f"page_{stage}", f"page_{stage}", None, True, "not yet", why, None)


def _held_by(deciding: list[Gate]) -> tuple[Side, ...]:
    """The sides the deciding gates are on: a page without a verdict is technology, money and baseline organization."""
    sides = Counter(_side(gate) for gate in deciding)
    return tuple(side for side, _ in sides.most_common())


def _side(gate: Gate) -> Side:
    if gate.kpi in TECHNOLOGY or gate.kpi.startswith("page_"):
        return "technology"
    return "quality" if gate.kpi in QUALITY else "organization"


def _why(decision: Decision, deciding: list[Gate], tier: Tier) -> str:
    if decision.answer == "go":
        required = sum(gate.required for gate in decision.gates)
        return f"All {required} required gates are open for production {tier}: {TIER_MEANS[tier]}."
    first, others = deciding[0], [label_of(gate.kpi) for gate in deciding[1:]]
    doubted = would_be(first)
    lead = f"{label_of(first.kpi)}: {finding_of(first)}."
    held = f" It would be {doubted}, but {first_doubt(first)}." if doubted != first.answer else ""
    named = [*others[:3], f"{len(others) - 3} more"] if len(others) > 4 else others
    return f"{lead}{held}{f' Also {decision.answer}: {listed(named)}.' if named else ''}"


def _conditions(page: Page, decision: Decision) -> Iterator[str]:
    """What stands beside the answer: it never opens a gate, and whoever signs has read it."""
    shut = [gate for gate in decision.gates if gate.required and gate.answer != "go"]
    yield from (f"{label_of(gate.kpi)}: {gate.why}." for gate in shut)
    if decision.answer == "go":
        yield from (
            f"{label_of(gate.kpi)} ({gate.answer}): {gate.why}." for gate in _advisory(decision, page.playbook.tier)
        )
    yield str(decision.facts.get("claim", "No baseline page: savings are not substantiated."))
    yield page.playbook.decision.stop_rule


def _advisory(decision: Decision, tier: Tier) -> list[Gate]:
    return [gate for gate in decision.gates_for(tier) if not gate.required and gate.answer != "go"]


def tier_above(tier: Tier) -> Tier | None:
    """The next tier, with less human review; None at the last."""
    index = TIERS.index(tier) + 1
    return TIERS[index] if index < len(TIERS) else None
