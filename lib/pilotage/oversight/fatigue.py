"""Whether reviewers read what they approve: planted errors caught, seconds, runs of approvals, and how a session wears.

What is held against a person must be sure however often one looks (an e-value over 1/alpha); what chance alone might
have done is only noted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from pilotage.oversight.reviewed import Reviewed
from pilotage.oversight.sessions import FEW, by_position, counts_items, in_sessions
from pilotage.playbook.oversight import OversightPolicy
from pilotage.words import number

if TYPE_CHECKING:
    from pandas import DataFrame, Series

    from pilotage.statistics import Interval

LEAST = 0.001  # probabilities below are not told apart


@dataclass(frozen=True)
class Reviewer:
    """What one person's reviews look like.

    `seconds` is the median of the `timed` reviews, `fast` of which took less than anybody needs to read; None and 0
    where no time is known. `run` is the longest row of approvals; `run_by_chance` is the probability of one as long
    where the person approves as often as the others surely do at most, None without others. Of `planted` errors they
    caught `caught`, with `catch` as its anytime-valid interval, None without any. `drift` is how many seconds a review
    takes more with each further item of a session. Of `settled` rejections that somebody adjudicated, `overruled` were
    found to be right answers. `flags` are sure, `notes` may be chance; each is a reason in words.
    """

    name: str
    reviews: int
    timed: int
    seconds: float | None
    fast: int
    run: int
    run_by_chance: float | None
    planted: int
    caught: int
    catch: Interval | None
    drift: Interval | None
    settled: int
    overruled: int
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def flagged(self) -> bool:
        """Whether this person's decisions are surely not worth what a review should be."""
        return bool(self.flags)


@dataclass(frozen=True)
class Position:
    """How many planted errors of a part of the sessions were caught; `catch` is None where none was planted there."""

    name: str
    planted: int
    caught: int
    catch: Interval | None


@dataclass(frozen=True)
class Fatigue:
    """All reviewers, those flagged first, and the catch rate by position in the session of those not flagged, together.

    `wear` is by how much the catch rate changes, and `wear_over` in words over what part of a session; None where too
    little was planted to tell. `confidence` is one-sided.
    """

    reviewers: tuple[Reviewer, ...]
    positions: tuple[Position, ...]
    wear: Interval | None
    wear_over: str
    catch_min: float
    seconds_min: float
    confidence: float

    @property
    def comparable(self) -> tuple[Position, ...]:
        """The parts of the sessions that hold enough planted errors; empty where fewer than two do."""
        enough = tuple(one for one in self.positions if one.planted >= FEW)
        return enough if len(enough) > 1 else ()

    @property
    def flagged(self) -> tuple[Reviewer, ...]:
        """Those whose decisions are surely not worth what a review should be."""
        return tuple(one for one in self.reviewers if one.flagged)


def fatigue(found: Reviewed, policy: OversightPolicy) -> Fatigue:
    """What the reviews say of the reviewers; no reviewers where there is no review.

    All action types together: a person who reads, reads all of them. Sessions end with the policy's pause.
    """
    rules = policy.reviewers
    sat = in_sessions(found.decisions, rules.session_gap_minutes)
    people = [_reviewer(str(name), rows, sat, found, policy) for name, rows in sat.groupby("reviewer", sort=True)]
    confidence = 2 * policy.confidence - 1
    reading = sat[~sat["reviewer"].isin([one.name for one in people if one.flagged])]
    whole = Fatigue(
        tuple(sorted(people, key=lambda one: not one.flagged)),
        tuple(_position(name, rows, confidence) for name, rows in by_position(reading)),
        None,
        "with ten more items" if counts_items(reading) else "from the beginning to the end of a session",
        rules.catch_min.value,
        rules.seconds_min.value,
        policy.confidence,
    )
    return replace(whole, wear=_wear(reading, confidence) if whole.comparable else None)


def _reviewer(name: str, rows: DataFrame, sat: DataFrame, found: Reviewed, policy: OversightPolicy) -> Reviewer:
    from pilotage.statistics import anytime_rate

    confidence = 2 * policy.confidence - 1
    planted, timed = rows.loc[rows["seeded"], "wrong"], rows["seconds"].dropna()
    n, caught = len(planted), int(planted.sum())
    run = longest_run(~rows["wrong"])
    settled, overruled = _overruled(rows, found)
    one = Reviewer(
        name, len(rows), len(timed), None if timed.empty else float(timed.median()),
        int((timed < policy.reviewers.seconds_min.value).sum()), run,
        _run_by_chance(run, len(rows), sat.loc[sat["reviewer"] != name, "wrong"], confidence), n, caught,
        anytime_rate(caught, n, confidence) if n else None, _drift(rows, confidence), settled, overruled,
    )  # fmt: skip
    return replace(one, flags=tuple(_flags(one, policy)), notes=tuple(_notes(one, policy)))


def _flags(one: Reviewer, policy: OversightPolicy) -> Iterator[str]:
    """What surely holds, at every look at once."""
    rules, enough = policy.reviewers, -math.log(policy.alpha)
    if catches_too_little(one.caught, one.planted, rules.catch_min.value, policy.alpha):
        least = number(rules.catch_min.value, "share")
        yield f"caught {one.caught:,} of {one.planted:,} planted errors, surely fewer than {least}"
    from pilotage.statistics import log_evidence_above

    # The typical review is too fast where surely more than half of them are: the median, stated as a rate.
    if one.timed and float(log_evidence_above(one.fast, one.timed, 0.5)) >= enough:
        yield (
            f"decided {one.fast:,} of {one.timed:,} reviews in under {number(rules.seconds_min.value, 's')}, in which "
            "nobody reads one"
        )


def catches_too_little(caught: int, planted: int, least: float, alpha: float) -> bool:
    """Whether somebody surely catches less than `least` of planted errors; wrong with probability at most alpha,
    however often one looks."""
    from pilotage.statistics import log_evidence_below

    return bool(planted) and float(log_evidence_below(caught, planted, least)) >= -math.log(alpha)


def _notes(one: Reviewer, policy: OversightPolicy) -> Iterator[str]:
    """What looks odd and may be chance: with many reviewers some of it will be."""
    if one.run_by_chance is not None and one.run_by_chance < policy.alpha:
        chance = number(one.run_by_chance, "share") if one.run_by_chance >= LEAST else f"below {number(LEAST, 'share')}"
        yield f"approved {one.run:,} in a row; approving as often as the others, the chance of that is {chance}"
    if one.drift is not None and one.drift.high < 0:
        yield f"gets faster within a session, by {number(-one.drift.estimate, 's')} from one item to the next"
    if one.overruled:
        yield f"{one.overruled:,} of {one.settled:,} settled rejections were of right answers: distrust"


def longest_run(approved: Iterable[bool]) -> int:
    """The longest row of true in a sequence; 0 where there is none."""
    return max((sum(1 for _ in group) for value, group in groupby(approved) if value), default=0)


def run_probability(run: int, n: int, rate: float) -> float:
    """The probability that n independent decisions, each an approval with `rate`, hold `run` or more in a row.

    1 for a run of 0, 0 for one longer than n. Source: Feller 1968, An Introduction to Probability Theory, XIII.7.
    """
    if run <= 0:
        return 1.0
    if run > n:
        return 0.0
    whole = rate**run
    without = [1.0] * run + [1 - whole]  # probability of no such run among the first i decisions
    for i in range(run + 1, n + 1):
        without.append(without[i - 1] - (1 - rate) * whole * without[i - run - 1])
    return min(1.0, max(0.0, 1 - without[n]))


def _run_by_chance(run: int, n: int, others: Series, confidence: float) -> float | None:
    """Against the highest rate at which the others may approve: few others prove little against anybody."""
    from pilotage.statistics import clopper_pearson

    if others.empty:
        return None
    return run_probability(run, n, clopper_pearson(int((~others).sum()), len(others), confidence).high)


def _drift(rows: DataFrame, confidence: float) -> Interval | None:
    """Seconds against the place in the session, each session's own mean taken off; None where no session has two."""
    from pilotage.statistics import slope

    timed = rows.dropna(subset="seconds")
    timed = timed[timed.groupby("session")["place"].transform("size") > 1]
    if timed.empty:
        return None
    means = timed.groupby("session")[["place", "seconds"]].transform("mean")
    place, seconds = (timed[name].to_numpy(float) - means[name].to_numpy(float) for name in ("place", "seconds"))
    return slope(place, seconds, timed["session"].to_numpy(int), confidence)


def _overruled(rows: DataFrame, found: Reviewed) -> tuple[int, int]:
    """This person's rejections that an adjudication has settled, and those of them that it found to be right."""
    keys = ["interaction_id", "action_type"]
    over = found.decisions[found.decisions["adjudicates"] & ~found.decisions["seeded"]]
    stands = over.drop_duplicates(keys, keep="last").set_index(keys)["wrong"].rename("stands")
    own = rows[~rows["seeded"] & ~rows["adjudicates"] & rows["wrong"]].drop_duplicates(keys)
    settled = own.join(stands, on=keys, how="inner")["stands"].astype(bool)
    return len(settled), int((~settled).sum())


def _position(name: str, rows: DataFrame, confidence: float) -> Position:
    from pilotage.statistics import anytime_rate

    n, caught = len(rows), int(rows["wrong"].sum())
    return Position(name, n, caught, anytime_rate(caught, n, confidence) if n else None)


def _wear(sat: DataFrame, confidence: float) -> Interval | None:
    """The change of the catch rate within sessions, which are clusters, each reviewer's own rate taken off.

    Otherwise somebody who catches little and sits long would look like everybody's fatigue.
    """
    from pilotage.statistics import slope

    planted = sat[sat["seeded"] & (sat["length"] > 1)]
    span = 10.0 if counts_items(sat) else planted["length"] - 1.0
    place, caught = planted["place"] / span, planted["wrong"].astype(float)
    rest = [column - column.groupby(planted["reviewer"]).transform("mean") for column in (place, caught)]
    change = slope(rest[0].to_numpy(), rest[1].to_numpy(), planted["session"].to_numpy(int), confidence)
    return None if math.isnan(change.estimate) or math.isinf(change.low) else change
