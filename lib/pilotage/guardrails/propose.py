"""`pilotage guard tune`: what tuning would change becomes a proposal; the live policy stays as it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pilotage import approvals
from pilotage.approvals import Check, Proposal
from pilotage.errors import PilotageError
from pilotage.guardrails.classifier import save
from pilotage.guardrails.findings import STRICTNESS
from pilotage.guardrails.guard import load
from pilotage.guardrails.measured import Measured, measured
from pilotage.guardrails.show import live_cost, proposed_cost
from pilotage.guardrails.tuned import Tuned, tuned
from pilotage.guardrails.tuning.operating import OperatingPoint
from pilotage.guardrails.tuning.regression import Comparison, compare
from pilotage.kpis import Tables
from pilotage.playbook import Playbook, read_policy
from pilotage.playbook.edit import with_values
from pilotage.words import number
from pilotage.workspace import Workspace

NAMES = ("playbook", "assumptions", "pilot", "guardrails")
ADVICE = "page 03 says what each part lacks; collect it and tune again"


def propose_tuned(
    workspace: Workspace, dataset: str, tables: Tables, by: str, at: datetime, check: Check | None = None
) -> Proposal:
    """Adapt the classifier on the dataset, choose the bands that cost least, and propose both.

    The adapted classifier is written to data/<dataset>/guard/. PilotageError where there is too little to choose by, or
    nothing would change.
    """
    book = read_policy(workspace, NAMES)
    found = measured(load(workspace, book.guardrails), tables, book)
    made = tuned(found, tables, book)
    _check_worth(found, made)
    assert made.point is not None
    folder = workspace.dataset(dataset) / "guard"
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"draft-{at:%Y%m%dT%H%M%S}.npz"
    sha256 = save(made.model(found), draft)
    path = draft.replace(folder / f"model-{sha256[:12]}.npz")
    text = _text(workspace, book, made.point, workspace.relative(path), sha256, f"data/{dataset} as of {at:%Y-%m-%d}")
    evidence = evidence_of(found, made, sha256)
    return approvals.propose(workspace, "guardrails", text, _why(found, made, book), by, at, evidence, check)


def _check_worth(found: Measured, made: Tuned) -> None:
    """PilotageError unless the bands are settled, or surely cost less than the live guard, and do stop something."""
    live = live_cost(found, made)
    if made.point is None or live is None:
        raise PilotageError(f"there is too little to choose bands by: {made.why}", next=ADVICE)
    if not made.point.settled and made.point.cost_per_1000.high >= live:
        raise PilotageError(f"there is too little to choose bands by: {made.point.why}", next=ADVICE)
    if made.point.review_at > 1:
        raise PilotageError("stopping nothing would cost least, which is no guard", next="look at the assumed costs")


def _text(workspace: Workspace, book: Playbook, point: OperatingPoint, model: str, sha256: str, source: str) -> str:
    """The live file with the new bands and classifier; every other character as it is."""
    live = (workspace.playbook / "guardrails.yaml").read_bytes().decode("utf-8-sig")
    place = [setting.name for setting in book.guardrails.detectors].index("classifier")
    reason = f"Of all bands these cost least; by the score alone, per 1,000 inputs: {_money(point, book.currency)}."
    values: dict[tuple[str | int, ...], Any] = {
        ("bands", "review_at"): math.ceil(point.review_at * 1e4) / 1e4,  # never below the cap
        ("bands", "block_at"): math.ceil(point.block_at * 1e4) / 1e4,
        ("bands", "reason"): reason,
        ("bands", "source"): f"pilotage guard tune on {source}",
        ("detectors", place): {"name": "classifier", "model": model, "sha256": sha256},
    }
    if book.guardrails.bands.example:
        values["bands", "example"] = False  # whoever approves them has decided them
    return with_values(live, values)


def _money(point: OperatingPoint, currency: str) -> str:
    cost = point.cost_per_1000
    low, high = (number(end, "money", currency) for end in (cost.low, cost.high))
    return f"{number(cost.estimate, 'money', currency)}, between {low} and {high}"


def _why(found: Measured, made: Tuned, book: Playbook) -> str:
    before, after = (number(cost(found, made), "money", book.currency) for cost in (live_cost, proposed_cost))
    return f"a classifier adapted to these texts, and bands, that cost {after} per 1,000 inputs against {before} today"


def evidence_of(found: Measured, made: Tuned, sha256: str) -> Mapping[str, Any]:
    """The figures a reviewer needs: costs, shares, and which decisions flip on texts the classifier had not learnt."""
    assert made.point is not None
    assert made.costs is not None
    point = made.point
    attacks, harmless = compared(found, made)
    return {
        "classifier_sha256": sha256,
        "bands_before": found.guard.policy.bands.model_dump(include={"review_at", "block_at"}),
        "bands_after": {"review_at": point.review_at, "block_at": point.block_at},
        "cost_per_1000": {"before": live_cost(found, made), "after": proposed_cost(found, made)},
        "attacks_stopped": _stopped(attacks),
        "harmless_stopped": _stopped(harmless),
        "settled": point.settled,
        "how_sure": point.why,
        "reviews_per_week": _ends(point.reviews_per_week),
        "costs": asdict(made.costs),
        "flips": [_flips(attacks), _flips(harmless)],
    }  # fmt: skip


def _stopped(comparison: Comparison) -> dict[str, float]:
    """The share held up or blocked, before and after."""
    flips, n = comparison.flips, comparison.n
    return {"before": 1 - sum(flips[0]) / n, "after": 1 - sum(row[0] for row in flips) / n}


def _ends(interval: Any) -> dict[str, float]:
    return {"after": interval.estimate, "low": interval.low, "high": interval.high}


def _flips(comparison: Comparison) -> dict[str, Any]:
    change = comparison.change
    return {
        "texts": comparison.kind,
        "n": comparison.n,
        "before_after": [list(row) for row in comparison.flips],
        "change": None if change is None else change.estimate,
        "mcnemar_p": comparison.p_value,
        "regressions": list(comparison.regressions),
        "mended": len(comparison.mended),
        "answer": comparison.answer,
        "why": comparison.why,
    }


def compared(found: Measured, made: Tuned) -> tuple[Comparison, Comparison]:
    """The attacks, then the harmless texts, decided by the live guard and by the proposed one.

    The proposed decision on a text is by a classifier and by bands that were made without it.
    """
    texts = found.inputs.drop_duplicates("shape")
    before = [STRICTNESS.index(one) for one in texts["decision"]]
    after = [made.decisions[text] for text in texts["text"]]
    return compare(before, after, texts["attack"].to_numpy(bool), texts["text_id"].tolist())
