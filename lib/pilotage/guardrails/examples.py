"""The review log as labelled examples: what people said of the inputs that the guard held up or let pass.

What was held up is all looked at, but only a share of what passed. Unweighted, the examples would look far more hostile
than the traffic is, so each stands for as many inputs as it was drawn from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pilotage.kpis import Tables
from pilotage.words import count

if TYPE_CHECKING:
    import numpy as np
    from pandas import DataFrame

ACTION = "guardrail"  # the action type of reviews that are about an input and not about what the agent did
SOURCE = "review log"
COLUMNS = ("text", "label", "weight", "interaction_id", "reviewed_at", "source", "held_up")
HIGHEST = 0.99  # weights beyond this quantile are cut to it

_REVIEWS = """
SELECT r.interaction_id, i.input_text AS text, r.reviewer, r.decision = 'reject' AS label,
       r.stream = 'guided' AS held_up, r.inclusion_probability AS chance, r.decided_at AS reviewed_at,
       coalesce(r.seeded, false) AS seeded,
       r.decision IN ('approve', 'reject') AS clear, coalesce(trim(i.input_text), '') <> '' AS readable
FROM reviews r LEFT JOIN interactions i USING (interaction_id)
WHERE r.action_type = ? ORDER BY r.decided_at, r.review_id"""


@dataclass(frozen=True)
class ReviewLog:
    """`examples` has a row per reviewed run, in the order of the reviews, with the columns COLUMNS: label 1 is an
    attack and 0 harmless, weight is 1 on average, held_up says what the guard did. A false alarm is held up with label
    0, a miss not held up with label 1.

    `left_out` counts the reviews behind no example, by reason; `missing` says in sentences what the log cannot tell.
    `effective` is how many equally weighted examples these are worth (Kish 1965); 0 without any.
    """

    examples: DataFrame
    left_out: Mapping[str, int]
    missing: tuple[str, ...]
    effective: float

    @property
    def false_alarms(self) -> int:
        """How many were held up and harmless."""
        return int((self.examples["held_up"] & (self.examples["label"] == 0)).sum())

    @property
    def misses(self) -> int:
        """How many passed and were attacks."""
        return int((~self.examples["held_up"] & (self.examples["label"] == 1)).sum())


def from_reviews(tables: Tables) -> ReviewLog:
    """The reviews of action type guardrail as examples to adapt a classifier on; reads `reviews` and `interactions`.

    Left out are planted inputs, which stand for no traffic, decisions that neither approve nor reject, runs without
    a text, and texts on which the last word of two people, or of one on two runs, differs. Empty with the reason where
    the dataset lacks a table or column.
    """
    from pandas import DataFrame

    if lacks := _lacking(tables):
        return ReviewLog(DataFrame(columns=list(COLUMNS)).astype(_TYPES), {}, (lacks,), 0.0)
    looks = tables.frame(_REVIEWS, [ACTION])
    kept, left_out = _clear(looks)
    runs = kept.drop_duplicates("interaction_id", keep="last", ignore_index=True)
    runs = runs.assign(weight=weights(runs["chance"].to_numpy(float)), source=SOURCE)
    examples = runs[list(COLUMNS)].astype(_TYPES)
    return ReviewLog(examples, left_out, _missing(examples), _effective(examples["weight"].to_numpy()))


def weights(chances: np.ndarray) -> np.ndarray:
    """How much each example counts, from its chance of being looked at (above 0, at most 1): inverse, cut, mean 1.

    The inverse of the inclusion probability (Horvitz and Thompson 1952), cut at its 99th percentile, which is a value
    that occurs, so that no rare chance decides alone (Cole and Hernán 2008), over its mean, so that a wrong scale of
    the chances does no harm (Hájek 1971). Empty in, empty out.
    """
    import numpy as np

    if not len(chances):
        return np.empty(0)
    inverse = 1 / chances
    cut = np.minimum(inverse, np.sort(inverse)[int(HIGHEST * (len(inverse) - 1))])
    return np.asarray(cut / cut.mean())


_TYPES = {"label": int, "weight": float, "held_up": bool}


def _lacking(tables: Tables) -> str:
    if "reviews" not in tables.facts:
        return "the dataset has no table `reviews`: nothing is known of false alarms and misses in real traffic"
    if not tables.has("interactions", "input_text"):
        return "the table `interactions` has no column `input_text`: what was reviewed cannot be learnt from"
    return ""


def _clear(looks: DataFrame) -> tuple[DataFrame, dict[str, int]]:
    """The last word of each person on each run, where nothing speaks against it, and the reviews left out."""
    left_out: dict[str, int] = {}
    tests: tuple[tuple[str, Any], ...] = (
        ("planted to test the reviewer", lambda rows: ~rows["seeded"]),
        ("neither approved nor rejected", lambda rows: rows["clear"]),
        ("the text was not recorded", lambda rows: rows["readable"]),
        (
            "changed later by the same person",
            lambda rows: ~rows.duplicated(["interaction_id", "reviewer"], keep="last"),
        ),
        ("people disagree", lambda rows: rows.groupby("text")["label"].transform("nunique") <= 1),
    )
    for reason, holds in tests:
        fits = holds(looks).astype(bool)
        left_out |= {reason: int((~fits).sum())} if not fits.all() else {}
        looks = looks[fits]
    return looks, left_out


def _missing(examples: DataFrame) -> tuple[str, ...]:
    """What these examples cannot tell, in sentences."""
    if examples.empty:
        return (f"no review of the action type “{ACTION}” can be learnt from",)
    held = int(examples["held_up"].sum())
    said = []
    if not held:
        said.append("nobody reviewed an input that the guard held up: false alarms cannot be learnt from")
    if held == len(examples):
        said.append("nobody reviewed a sample of what passed: misses are unknown, however many there are")
    elif not (examples["label"] == 1)[~examples["held_up"]].any():
        said.append(f"among {count(len(examples) - held, 'inputs')} that passed and were reviewed, no attack was found")
    return tuple(said)


def _effective(weight: np.ndarray) -> float:
    return float(weight.sum() ** 2 / (weight**2).sum()) if len(weight) else 0.0
