"""Whether the texts that arrive still score as those the guard was tuned on.

The cap on false positives holds only while they do: a new source of benign texts can be stopped ten times as often.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from pilotage.errors import PilotageError
from pilotage.statistics.influence import checked_column
from pilotage.statistics.intervals import Interval, clopper_pearson
from pilotage.statistics.shift import MeasureShift, distribution_shift
from pilotage.words import number

ALPHA = 0.01  # the chance of an alarm where nothing has changed
# Differences smaller than this are no alarm by themselves: texts scored out-of-fold lie up to .13 from texts like them
# that the final model scores, since each fold's model has seen less.
LEAST_DISTANCE = 0.2
Answer = Literal["drift", "no sign", "not yet"]
FEWEST = 50  # arriving texts; with fewer only gross drift could raise the alarm, so silence would say nothing


@dataclass(frozen=True, slots=True)
class Drift:
    """`answer` is "drift", "no sign" or "not yet" (too few texts); `p_value` joins the whole and the share stopped.

    `measures` has the score and, where given, the length in characters. `stopped_then` and `stopped_now` are the shares
    at or above the threshold of review: what the drift does to the people. `why` says it in a sentence.
    """

    answer: Answer
    p_value: float
    tuned: int
    arrived: int
    measures: Mapping[str, MeasureShift]
    stopped_then: Interval
    stopped_now: Interval
    why: str


def drift(
    tuned: npt.ArrayLike,
    arrived: npt.ArrayLike,
    review_at: float,
    rng: np.random.Generator,
    tuned_length: npt.ArrayLike | None = None,
    arrived_length: npt.ArrayLike | None = None,
    alpha: float = ALPHA,
) -> Drift:
    """Whether the scores (and lengths in characters) of arriving texts differ from those of the tuning set.

    Both sides must be of the same kind: nearly all that arrives is benign, so compare it with the benign texts of the
    tuning set, by scores that were not fitted on them (out-of-fold, or better texts kept out of the training). An alarm
    is a shift of the whole that is significant and at least .2 wide (half of `alpha`), or more texts stopped than then
    by Fisher's exact test (the other half); so its chance is at most `alpha` where nothing has changed. Texts that hang
    together (one user's, one document's) make it likelier. PilotageError as `distribution_shift`, or when lengths are
    given for one side only.
    """
    if (tuned_length is None) != (arrived_length is None):
        raise PilotageError("the lengths of one side are missing", next="give those of both sides, or of neither")
    then, now = checked_column(tuned, "scores"), checked_column(arrived, "scores")
    first: dict[str, npt.ArrayLike] = {"score": then}
    second: dict[str, npt.ArrayLike] = {"score": now}
    if tuned_length is not None and arrived_length is not None:
        first["length"], second["length"] = tuned_length, arrived_length
    shift = distribution_shift(first, second, rng)
    stops = [int((side >= review_at).sum()) for side in (then, now)]
    more_stopped = _fisher(stops[1], len(now), stops[0], len(then))
    wide = max(measure.distance for measure in shift.measures.values()) >= LEAST_DISTANCE
    alarm = (wide and shift.p_value <= alpha / 2) or more_stopped <= alpha / 2
    answer: Answer = "drift" if alarm else "not yet" if min(len(then), len(now)) < FEWEST else "no sign"
    stopped = [clopper_pearson(k, len(side)) for k, side in zip(stops, (then, now), strict=True)]
    why = _why(answer, shift.measures, stopped, min(len(then), len(now)))
    p_value = min(1.0, 2 * min(shift.p_value, more_stopped))
    return Drift(answer, p_value, len(then), len(now), shift.measures, stopped[0], stopped[1], why)


def _fisher(stopped: int, n: int, stopped_then: int, n_then: int) -> float:
    """The one-sided chance of so many stopped now, or more, were the rate still that of then (Fisher 1935)."""
    from scipy import stats

    return float(stats.hypergeom.sf(stopped - 1, n + n_then, stopped + stopped_then, n))


def _why(answer: str, measures: Mapping[str, MeasureShift], stopped: list[Interval], fewest: int) -> str:
    if answer == "not yet":
        return f"too few texts to tell: {FEWEST - fewest} more are needed at least"
    then, now = (number(side.estimate, "share") for side in stopped)
    change = f"{now} are stopped where {then} of the tuning set were"
    if answer == "no sign":
        return f"no sign that the texts have changed; {change}"
    least = max(measures, key=lambda name: measures[name].distance)
    if measures[least].distance < LEAST_DISTANCE:
        return change
    where = "higher" if measures[least].higher > 0.5 else "lower" if measures[least].higher < 0.5 else "differently"
    word = "score" if least == "score" else "length"
    return f"the {word} lies {where} than in the tuning set (distance {measures[least].distance:.2f}); {change}"
