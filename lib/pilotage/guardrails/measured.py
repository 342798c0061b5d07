"""What the live guard does to the dataset's texts and to the pilot's own inputs: each decided, and counted as KPIs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pilotage.guardrails.findings import DECIDES, Decision, Side, strictest
from pilotage.guardrails.guard import Guard
from pilotage.guardrails.input_side import TOGETHER, band_of
from pilotage.kpis import Kpi, Tables, fill_runs, measure
from pilotage.kpis.guarded import guarded, guarded_runs, shape
from pilotage.playbook import Playbook
from pilotage.playbook.guardrails import Bands

if TYPE_CHECKING:
    from pandas import DataFrame

PHASE = "pilot"
KPIS = ("guard_false_positive_rate", "guard_catch_rate", "guard_reviews_per_week")
ATTACKS = ("injection", "jailbreak")
DECIDED = ("decision", "score", "findings")


@dataclass(frozen=True)
class Measured:
    """The guard, its decision on each text, and the KPIs.

    `texts` has text_id, text, side, label, source, language, shape, attack, decision, score, findings, and seen: the
    classifier was adapted on that text, whose score is then the one it gave before it had learnt it. `runs` has
    interaction_id, text, decision, score and findings of what went into the pilot's runs, `answers` of what came out.
    `tables` know the relations `guarded` and `guarded_runs`.
    """

    guard: Guard
    texts: DataFrame
    runs: DataFrame
    answers: DataFrame
    tables: Tables
    kpis: tuple[Kpi, ...]

    @property
    def inputs(self) -> DataFrame:
        """The input texts that are harmless or an attack."""
        return self.texts[(self.texts["side"] == "input") & self.texts["label"].isin(["benign", *ATTACKS])]

    @property
    def outputs(self) -> DataFrame:
        """The output texts."""
        return self.texts[self.texts["side"] == "output"]

    def kpi(self, name: str) -> Kpi:
        """The KPI over the whole."""
        return next(kpi for kpi in self.kpis if kpi.name == name)


def measured(guard: Guard, tables: Tables, book: Playbook) -> Measured:
    """Put every text, and every distinct input and answer of the pilot's runs, to the guard."""
    texts, runs, answers = _texts(guard, tables), _runs(guard, tables, "input"), _runs(guard, tables, "output")
    known = guarded_runs(guarded(tables, texts.assign(seen=False), PHASE), runs[runs["live"].astype(bool)])
    # The interval that decides: its worse end is the one-sided bound at the playbook's confidence.
    kpis = [measure(known, name, PHASE, 2 * book.guardrails.confidence - 1) for name in KPIS]
    kpis = [_at_production(kpi, book, int(runs["live"].sum())) for kpi in kpis]
    return Measured(guard, texts, runs, answers, known, tuple(_with_target(book, kpi) for kpi in kpis))


def _texts(guard: Guard, tables: Tables) -> DataFrame:
    sql = """SELECT text_id, text, side, label, source, language FROM texts WHERE coalesce(phase, ?) = ?
             ORDER BY text_id"""
    frame = tables.frame(sql, [PHASE, PHASE])
    frame = frame.assign(shape=[shape(text) for text in frame["text"]], attack=frame["label"].isin(ATTACKS))
    return _decided(guard, frame)


def _runs(guard: Guard, tables: Tables, side: Side) -> DataFrame:
    """What the guard makes of what went into the pilot's runs, or came out; no row where that was not recorded.

    `live` says whether a run was for a case and not for an evaluation's task.
    """
    import pandas as pd

    if not tables.has("interactions", f"{side}_text"):
        return pd.DataFrame(columns=["interaction_id", "text", "live", *DECIDED], dtype=object)
    sql = f"""SELECT interaction_id, {side}_text AS text, case_id IS NOT NULL OR task_id IS NULL AS live FROM {{runs}}
              WHERE is_unit AND phase = ? AND {side}_text IS NOT NULL ORDER BY interaction_id"""
    runs = tables.frame(fill_runs(tables, sql), [PHASE])
    distinct = _decided(guard, runs[["text"]].drop_duplicates(ignore_index=True).assign(side=side))
    return runs.merge(distinct[["text", *DECIDED]], on="text")


def _decided(guard: Guard, frame: DataFrame) -> DataFrame:
    """The frame with decision, score, findings and seen; a text that the classifier knows goes by its score before."""
    decided = guard.check_table(frame)
    before = guard.inputs.model.held_out(frame["text"].tolist())
    shapes = [shape(text) for text in frame["text"]]
    learnt = {one: score for one, score in zip(shapes, before, strict=True) if score is not None}
    before = [learnt.get(one) if score is None else score for one, score in zip(shapes, before, strict=True)]
    seen = [score is not None and side == "input" for score, side in zip(before, frame["side"], strict=True)]
    rows = list(zip(seen, before, decided.to_dict("records"), strict=True))
    scores = [old if known else row["score"] for known, old, row in rows]
    decisions = [
        redecided(old, row["findings"], guard.policy.bands) if known else row["decision"] for known, old, row in rows
    ]
    return frame.assign(seen=seen, score=scores, decision=decisions, findings=decided["findings"].tolist())


def redecided(score: float | None, findings: Sequence[dict[str, Any]], bands: Bands) -> Decision:
    """The decision on an input with another score: its band, or what the rules found where that is stricter."""
    others = [DECIDES[one["action"]] for one in findings if one["rule"] != TOGETHER]
    return strictest([band_of(score, bands), *others])


def _at_production(kpi: Kpi, book: Playbook, live: int) -> Kpi:
    """The reviews a week at the volume that production will bring, since the pilot's own says little about it."""
    if kpi.name != "guard_reviews_per_week" or kpi.estimate is None:
        return kpi
    production = book.pilot.production
    if production is None or production.interactions_per_week is None:
        reason = "`playbook/pilot.yaml` does not say how many interactions a week production will bring"
        return replace(kpi, estimate=None, low=None, high=None, reason=reason)
    times = production.interactions_per_week.value * kpi.n / live
    estimate, low, high = (None if end is None else end * times for end in (kpi.estimate, kpi.low, kpi.high))
    return replace(kpi, estimate=estimate, low=low, high=high, method=f"{kpi.method}, at production's volume")


def _with_target(book: Playbook, kpi: Kpi) -> Kpi:
    gate = book.guardrails.gates.get(kpi.name)  # type: ignore[call-overload]  # a KPI without a gate has no target
    return replace(kpi, target=gate.limits[book.tier].value) if gate else kpi
