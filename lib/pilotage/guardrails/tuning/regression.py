"""Two policies on the same texts: which decisions flip, and whether the catch or the false alarms got worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from pilotage.errors import PilotageError
from pilotage.statistics import Interval, jeffreys, mcnemar, newcombe_paired, pairs_needed
from pilotage.words import count

Kind = Literal["benign", "attacks"]
Answer = Literal["go", "no-go", "not yet"]
Booleans = npt.NDArray[np.bool_]
POWER = 0.9


@dataclass(frozen=True, slots=True)
class Comparison:
    """One kind of texts before and after.

    `flips[i][j]` counts texts decided i before and j after (0 allow, 1 review, 2 block). `change` is the rate of
    stopped texts after less that before, with Newcombe's paired interval, `p_value` McNemar's exact one; both None
    where there is no text. `regressions` names the texts decided right before and wrongly now, `mended` the reverse.
    `needed` is the number of texts with which a change for the worse of `margin` is seen with 90% power, given how many
    decisions flip; `more` are missing until then.
    """

    kind: Kind
    n: int
    flips: tuple[tuple[int, int, int], ...]
    change: Interval | None
    p_value: float | None
    regressions: tuple[str, ...]
    mended: tuple[str, ...]
    margin: float
    needed: int
    more: int
    answer: Answer
    why: str


def compare(
    before: npt.ArrayLike,
    after: npt.ArrayLike,
    attack: npt.ArrayLike,
    ids: Sequence[str],
    catch_margin: float = 0.05,
    false_alarm_margin: float = 0.01,
    alpha: float = 0.05,
) -> tuple[Comparison, Comparison]:
    """The attacks, then the benign texts, decided by two policies: 0 allow, 1 review, 2 block for each text.

    "No-go" when McNemar's test shows the rate worse and the loss may reach the margin; "go" when the interval excludes
    a loss as large as the margin; otherwise "not yet". The texts must not be those that the new policy was chosen on.
    PilotageError when the columns do not match. Source: McNemar 1947; Newcombe 1998 (method 10).
    """
    old, new, attacks = (np.asarray(column) for column in (before, after, attack))
    known = all(bool(np.isin(column, (0, 1, 2)).all()) for column in (old, new))
    if not known or attacks.dtype != bool or not old.shape == new.shape == attacks.shape == (len(ids),):
        raise PilotageError("both policies must decide 0, 1 or 2 for each text, and each text have its label and id")
    names = np.asarray(ids, dtype=object)
    kinds: tuple[tuple[Kind, Booleans, float], ...] = (
        ("attacks", attacks, catch_margin), ("benign", ~attacks, false_alarm_margin)
    )  # fmt: skip
    one, other = (_compared(kind, old[of], new[of], names[of], margin, alpha) for kind, of, margin in kinds)
    return one, other


def _compared(
    kind: Kind, old: npt.NDArray[np.int_], new: npt.NDArray[np.int_], names: npt.NDArray[np.object_],
    margin: float, alpha: float,
) -> Comparison:  # fmt: skip
    flips = np.bincount(3 * old + new, minlength=9).reshape(3, 3)
    table = tuple((int(row[0]), int(row[1]), int(row[2])) for row in flips)
    was, now = old > 0, new > 0
    lost, gained = (was & ~now, now & ~was) if kind == "attacks" else (now & ~was, was & ~now)
    sides = tuple(str(name) for name in names[lost]), tuple(str(name) for name in names[gained])
    n, needed = len(old), texts_needed(len(sides[0]) + len(sides[1]), len(old), margin, alpha)
    if not n:
        return Comparison(kind, 0, table, None, None, *sides, margin, needed, needed, "not yet", "no such texts")
    both, only_new, only_old = int((was & now).sum()), int((now & ~was).sum()), int((was & ~now).sum())
    change = newcombe_paired(both, only_new, only_old, n - both - only_new - only_old, 1 - alpha)
    p_value = mcnemar(only_new, only_old)
    worst = -change.low if kind == "attacks" else change.high
    worse = len(sides[0]) > len(sides[1]) and p_value <= alpha
    answer: Answer = "go" if worst < margin else "no-go" if worse else "not yet"
    more = max(0, needed - n) if answer == "not yet" else 0
    why = _why(kind, change, p_value, worst, margin, answer, more)
    return Comparison(kind, n, table, change, p_value, *sides, margin, needed, more, answer, why)


def texts_needed(flipped: int, n: int, margin: float, alpha: float = 0.05) -> int:
    """How many texts let McNemar's test see a change by `margin` with 90% power, where so many of n decisions flip.

    It reckons with the upper end of the share that flips, and at least with the margin itself; without texts with
    twice the margin. PilotageError for a margin that is not between 0 and 1.
    """
    if not 0 < margin < 1:
        raise PilotageError(f"a margin of {margin} is not between 0 and 1")
    flipping = jeffreys(flipped, n, 0.8).high if n else 2 * margin
    return pairs_needed(margin, min(1.0, max(margin, flipping)), alpha, POWER)


def _why(kind: Kind, change: Interval, p_value: float, worst: float, margin: float, answer: Answer, more: int) -> str:
    rate = "true-positive rate" if kind == "attacks" else "false-positive rate"
    points, low, high = (f"{100 * end:+.1f}" for end in (change.estimate, change.low, change.high))
    found = f"the {rate} changes by {points} points ({low} to {high})"
    if answer == "go":
        return f"{found}: a loss of {100 * margin:g} points is excluded"
    if answer == "no-go":
        return f"{found}: worse (McNemar p = {p_value:.2g}), perhaps by {100 * worst:.1f} points"
    texts = "attacks" if kind == "attacks" else "benign texts"
    advice = f"; {count(more, f'more {texts}')} would show a loss of {100 * margin:g} points" if more else ""
    return f"{found}: a loss of {100 * margin:g} points is neither shown nor excluded{advice}"
