"""The classifier as plain arrays: what it computes from a text, and how detectors become one probability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from pilotage.errors import PilotageError
from pilotage.guardrails.classifier.calibration import Floats, Joint, Platt, evidence
from pilotage.guardrails.classifier.codes import Places
from pilotage.guardrails.classifier.features import Features
from pilotage.guardrails.classifier.pieces import Windows, pieces
from pilotage.guardrails.classifier.seen import Seen
from pilotage.guardrails.views import Read
from pilotage.words import listed

_AT_ONCE = 1000  # texts


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """A weight for each column, and the intercept."""

    weights: NDArray[np.float64]
    intercept: float


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """Training texts as columns of hashes, which cannot be read back: they keep adapting from forgetting attacks.

    Row i has the columns from starts[i] to before starts[i + 1]; `attack` is 1 or 0; `held_out` has, by detector, the
    score of each row by a classifier that was trained without its source.
    """

    columns: Places
    starts: Places
    attack: NDArray[np.int64]
    held_out: Mapping[str, Floats]

    def rows(self, features: Features) -> csr_array:
        """The rows as the classifier sees them."""
        return features.valued(self.columns, self.starts)


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A detector of injections, and what makes one probability of several detectors.

    `own` turns the classifier's value into its probability; `reference` has, by detector, the scores of harmless texts
    as logits, in order; `joint` has the curve for each choice of detectors, by their names joined with "+"; `seen`
    knows the texts it was adapted on. `meta` says where it comes from, `sha256` is that of its file.
    """

    features: Features
    windows: Windows
    linear: Linear
    own: Platt
    replay: Replay
    reference: Mapping[str, Floats]
    joint: Mapping[str, Joint]
    seen: Seen
    meta: Mapping[str, Any]
    sha256: str = ""

    name: ClassVar[str] = "classifier"

    @property
    def adapted(self) -> bool:
        """Whether it was adapted on a pilot's texts."""
        return len(self.seen) > 0

    def score(self, texts: Sequence[str], reads: Mapping[str, Read] | None = None) -> Floats:
        """The classifier's own probability that each text holds an injection: that of its worst piece.

        Each text's score is its own, whatever else is in the list; no text gives an empty array.
        `reads` are those that were gone through already.
        """
        return self.own(self.value(texts, reads))

    def value(self, texts: Sequence[str], reads: Mapping[str, Read] | None = None) -> Floats:
        """What the probability is made from: the highest piece, less for a text of many pieces."""
        found = [self._value(texts[at : at + _AT_ONCE], reads) for at in range(0, len(texts), _AT_ONCE)]
        return np.concatenate(found) if found else np.zeros(0)

    def _value(self, texts: Sequence[str], reads: Mapping[str, Read] | None) -> Floats:
        cut = pieces(texts, self.windows, reads)
        distinct = {text: number for number, text in enumerate(dict.fromkeys(cut.texts))}  # filler repeats itself
        values = self.features.rows(list(distinct)) @ self.linear.weights + self.linear.intercept
        by_piece = values[[distinct[text] for text in cut.texts]]
        return self.windows.corrected(cut.highest(by_piece), cut.count)

    def combine(self, scores: Mapping[str, Floats]) -> Floats:
        """One calibrated probability of an injection from the scores of any of the detectors it knows, by name.

        Each score's p-value among harmless texts, Fisher's terms of them, and a weight for each term and an intercept
        that were fitted to labels, since detectors are dependent. A higher score of any detector never gives a lower
        probability. PilotageError for no detector, and for one without harmless scores in the model.
        """
        unknown = sorted(set(scores) - set(self.reference))
        if unknown or not scores:
            what = f"does not know how harmless texts score with {listed(unknown)}" if unknown else "got no scores"
            advice = "adapt the classifier together with every detector that the policy names: pilotage guard tune"
            raise PilotageError(f"the classifier's model {what}", next=advice)
        return self.joint[joined(scores)](evidence(scores, self.reference))

    def held_out(self, texts: Sequence[str]) -> list[float | None]:
        """For each text the probability it had before the model was adapted on it; None for a text it did not see."""
        return self.seen.scores(texts)


def joined(names: Sequence[str] | Mapping[str, Any]) -> str:
    """The name of a choice of detectors."""
    return "+".join(sorted(names))
