"""The bands that would cost least, from scores that the classifier gave to texts it had not learnt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pilotage.errors import PilotageError
from pilotage.guardrails.classifier import Model, adapt, cross_fitted, shipped
from pilotage.guardrails.detectors import Detector
from pilotage.guardrails.examples import from_reviews
from pilotage.guardrails.findings import STRICTNESS
from pilotage.guardrails.measured import Measured, redecided
from pilotage.guardrails.tuning.costs import Costs
from pilotage.guardrails.tuning.operating import OperatingPoint, operating_point
from pilotage.guardrails.tuning.sliders import Sliders
from pilotage.guardrails.tuning.sliders import sliders as tuning_sliders
from pilotage.guardrails.tuning.tuner import Tuner, tuner
from pilotage.kpis import Tables
from pilotage.kpis.guarded import shape
from pilotage.page import Page
from pilotage.playbook import Playbook
from pilotage.playbook.guardrails import Bands

if TYPE_CHECKING:
    from pandas import DataFrame

NO_BANDS = Bands(review_at=1, block_at=1.01, reason="none", source="none", set_by="nobody", example=False)
SEED = 0  # fixed, so that nobody can look for lucky bands


@dataclass(frozen=True)
class Tuned:
    """What tuning would change; without a `point`, `why` says what is missing.

    `examples` has text, attack, weight, source, text_id (empty: from the review log), floor (what rules decide whatever
    the score: 0 allow, 1 review, 2 block) and score: the probability given by a classifier that was adapted on the
    other examples. Texts made alike are one example. `cap` is the largest share of harmless texts that the score may
    stop, so that with what rules stop the playbook's limit is kept.
    """

    examples: DataFrame
    cap: float
    made: Tuner | None = None
    costs: Costs | None = None
    point: OperatingPoint | None = None
    why: str = ""

    @cached_property
    def decisions(self) -> dict[str, int]:
        """For each example's text what the proposed guard decides, by bands chosen without it: 0, 1 or 2."""
        assert self.made is not None
        assert self.costs is not None
        bands = self.made.held_out_bands(self.costs, self.cap)[0]
        floors = self.examples["floor"].to_numpy()
        return dict(zip(self.examples["text"], np.maximum(bands, floors).tolist(), strict=True))

    def model(self, found: Measured) -> Model:
        """The classifier adapted on all the examples, which keeps their held-out scores."""
        texts, labels = self.examples["text"].tolist(), self.examples["attack"].astype(int).tolist()
        weights, held_out = (self.examples[name].to_numpy() for name in ("weight", "score"))
        return adapt(base_of(found), texts, labels, weights, _beside(found), held_out=held_out)


def tuned(found: Measured, tables: Tables, book: Playbook) -> Tuned:
    """Adapt, score and choose; nothing live is changed by it."""
    examples, costs = examples_of(found, tables), costs_of(book)
    cap = _left_by_rules(examples, cap_of(book))
    try:
        examples = examples.assign(score=scored(found, examples))
        made = tuner(
            examples["score"], examples["attack"].to_numpy(bool), np.random.default_rng(SEED), examples["weight"]
        )
    except PilotageError as fault:
        return Tuned(examples, cap, why=fault.what)
    if isinstance(costs, str):
        return Tuned(examples, cap, made, why=costs)
    point = operating_point(made, costs, np.random.default_rng(SEED), cap)
    return Tuned(examples, cap, made, costs, point, "" if point.settled else point.why)


def examples_of(found: Measured, tables: Tables) -> DataFrame:
    """The labelled inputs and what the review log says of real traffic, one example for all texts made alike.

    What people labelled goes before what reviewers said of a text made alike, whose weights are added up.
    """
    import pandas as pd

    log = from_reviews(tables).examples
    known = found.inputs[["text", "attack", "source", "text_id"]].drop_duplicates("text").assign(weight=1.0)
    reviewed = log[["text", "source", "weight"]].assign(attack=log["label"] == 1, text_id="")
    whole = pd.concat([known, reviewed], ignore_index=True)
    whole = whole.assign(shape=[shape(text) for text in whole["text"]], from_log=whole["text_id"] == "")
    weights = whole.groupby(["shape", "from_log"])["weight"].transform("sum").where(whole["from_log"], 1.0)
    floors = {row.text: _floor(row.findings) for row in pd.concat([found.texts, found.runs]).itertuples()}
    kept = whole.assign(weight=weights, floor=whole["text"].map(floors).fillna(0).astype(int))
    return kept.drop_duplicates("shape", ignore_index=True).drop(columns=["shape", "from_log"])


def _floor(findings: Sequence[dict[str, Any]]) -> int:
    """What is decided about an input whatever its score."""
    return STRICTNESS.index(redecided(None, findings, NO_BANDS))


def _left_by_rules(examples: DataFrame, cap: float) -> float:
    """The share of the other harmless texts that the score may still stop."""
    harmless = examples[~examples["attack"].astype(bool)]
    if harmless.empty:
        return cap
    stopped = float(harmless.loc[harmless["floor"] > 0, "weight"].sum() / harmless["weight"].sum())
    return max(0.0, (cap - stopped) / (1 - stopped)) if stopped < 1 else 0.0


def scored(found: Measured, examples: DataFrame) -> np.ndarray:
    """Each example's probability by a classifier adapted on the others."""
    labels, weights = examples["attack"].astype(int).tolist(), examples["weight"].to_numpy()
    return cross_fitted(base_of(found), examples["text"].tolist(), labels, weights, _beside(found))


def _beside(found: Measured) -> list[Detector]:
    """The live guard's detectors besides the classifier."""
    return [one for one in found.guard.inputs.detectors if one.name != Model.name]


def base_of(found: Measured) -> Model:
    """What adapting begins with: the live classifier, or the one shipped where the live one is adapted already."""
    model = found.guard.inputs.model
    return shipped() if model.adapted else model


def cap_of(book: Playbook) -> float:
    """The largest share of harmless inputs that may be stopped at the tier asked for."""
    return min(1.0, book.guardrails.gates["guard_false_positive_rate"].limits[book.tier].value)


def costs_of(book: Playbook) -> Costs | str:
    """The costs in the playbook's currency, or why they are not known."""
    assumed, production = book.assumptions, book.pilot.production
    capacity = book.guardrails.gates.get("guard_reviews_per_week")
    if production is None or production.interactions_per_week is None:
        return "`playbook/pilot.yaml` does not say how many interactions a week production will bring"
    return Costs(
        missed_attack=assumed.missed_attack_cost.point,
        false_block=assumed.false_block_cost.point,
        review=assumed.people_cost_per_hour.point / 60 * assumed.guard_review_minutes.point,
        attack_share=assumed.attack_share_of_inputs.point,
        caught_in_review=assumed.attacks_caught_in_review.point,
        texts_per_week=production.interactions_per_week.value,
        reviews_per_week_max=capacity.limits[book.tier].value if capacity else float("inf"),
    )


def sliders(page: Page, made: Tuned) -> Sliders | None:
    """Sliders for the costs, which choose the bands anew; None under the runner, or where nothing could be chosen."""
    if made.made is None or made.costs is None:
        return None
    return tuning_sliders(page, made.made, made.costs, made.cap)
