"""The chosen bands, checked source by source and language by language on texts they were not chosen on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from pilotage.errors import PilotageError
from pilotage.statistics import Interval, clopper_pearson, more_needed, zero_failures
from pilotage.statistics.sizes import Better
from pilotage.words import count, number

Kind = Literal["benign", "attacks"]
Answer = Literal["go", "no-go", "not yet"]


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of texts in one part of them: how many are stopped, against the limit.

    `dimension` is "all", "source" or "language", `value` names the part ("" for all). `rate` is the share stopped
    (reviewed or blocked), None where the part has no such text; its two ends are one-sided bounds at the confidence
    asked for. `fewest` is the number of texts without one failure from which a "go" is possible at all, `more` how many
    further texts like these would settle a "not yet", None where more of the same would not.
    """

    kind: Kind
    dimension: str
    value: str
    n: int
    stopped: int
    rate: Interval | None
    limit: float
    fewest: int
    answer: Answer
    more: int | None
    why: str


def held_out(
    stopped: npt.ArrayLike,
    attack: npt.ArrayLike,
    fpr_max: float,
    tpr_min: float,
    source: npt.ArrayLike | None = None,
    language: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> list[Part]:
    """The false-positive and the true-positive rate of the whole and of each part: go, no-go or not yet.

    `stopped` says of each text whether it was reviewed or blocked, by thresholds that were chosen without it. "Go" is
    an exact one-sided bound on the good side of the limit, "no-go" one on the bad side; each holds with `confidence`
    for its part alone. A 1% limit needs 299 benign texts without one false alarm (rule of three, exactly), more with
    some. PilotageError when the columns do not match, or a limit is not between 0 and 1.
    Source: Clopper & Pearson 1934; Hanley & Lippman-Hand 1983.
    """
    stops, attacks = np.asarray(stopped), np.asarray(attack)
    named = {"source": source, "language": language}
    labels = {name: np.asarray(values).astype(str) for name, values in named.items() if values is not None}
    if stops.dtype != bool or attacks.dtype != bool or {stops.shape} != {
        column.shape for column in (stops, attacks, *labels.values())
    }:  # fmt: skip
        raise PilotageError("stopped and attack must be true or false for each text, and every text have its part")
    parts = []
    for dimension, value, rows in _parts(labels, len(stops)):
        for kind, of_kind, limit in (("benign", ~attacks, fpr_max), ("attacks", attacks, tpr_min)):
            held = rows & of_kind
            if held.any() or dimension == "all":
                parts.append(_part(kind, dimension, value, stops[held], limit, confidence))  # type: ignore[arg-type]
    return parts


def _parts(labels: dict[str, npt.NDArray[np.str_]], rows: int) -> Iterator[tuple[str, str, npt.NDArray[np.bool_]]]:
    yield "all", "", np.ones(rows, dtype=bool)
    for name, values in labels.items():
        yield from ((name, str(value), values == value) for value in np.unique(values))


def _part(
    kind: Kind, dimension: str, value: str, stopped: npt.NDArray[np.bool_], limit: float, confidence: float
) -> Part:
    better: Better = "lower" if kind == "benign" else "higher"
    fewest = zero_failures(limit if kind == "benign" else 1 - limit, confidence)
    n, k = len(stopped), int(stopped.sum())
    if n == 0:
        return Part(kind, dimension, value, 0, 0, None, limit, fewest, "not yet", fewest, f"no {_texts(kind)} here")
    rate = clopper_pearson(k, n, 2 * confidence - 1)
    good, bad = (rate.high, rate.low) if kind == "benign" else (-rate.low, -rate.high)
    signed = limit if kind == "benign" else -limit
    answer: Answer = "go" if good <= signed else "no-go" if bad > signed else "not yet"
    more = more_needed(k, n, limit, better, confidence) if answer == "not yet" else None
    return Part(
        kind, dimension, value, n, k, rate, limit, fewest, answer, more, _why(kind, rate, limit, answer, more, fewest)
    )


def _texts(kind: Kind) -> str:
    return "benign texts" if kind == "benign" else "attacks"


def _why(kind: Kind, rate: Interval, limit: float, answer: Answer, more: int | None, fewest: int) -> str:
    """The finding in a sentence, and on "not yet" what would settle it."""
    word, bound = ("at most", rate.high) if (kind == "benign") == (answer != "no-go") else ("at least", rate.low)
    sense = "at most" if kind == "benign" else "at least"
    estimate, end, most = (number(share, "share") for share in (rate.estimate, bound, limit))
    found = f"{estimate} stopped, {word} {end}; the limit is {sense} {most}"
    if answer != "not yet":
        return found
    n = int(rate.n_eff or 0)
    if n < fewest and more:
        return f"{found}; too few {_texts(kind)}: {fewest:,} at least, and {count(more, 'more')} if they go as these"
    if more:
        return f"{found}; {count(more, f'more {_texts(kind)}')} would settle it, if they go as these"
    return f"{found}; more of the same would not settle it"
