"""Has the agent got worse since it was promoted? The e-detector over the uniform stream, decision by decision.

An alarm is what was known then: that somebody settles a disagreement in the agent's favour later does not unring it.
Reviews known to exist that are not there may have been errors, one after the other, at the worst moment; so losing
reviews never silences an alarm.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pilotage.oversight.reviewed import Reviewed
from pilotage.playbook import OversightPolicy, Tier
from pilotage.statistics import Detector, log_evidence_above

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Listening:
    """What the alarm listens for: an error rate above `limit`, as bad as `worse`, at most one false one in `threshold`.

    `threshold` is the mean number of reviews between two false alarms at the limit.
    """

    limit: float
    worse: tuple[float, ...]
    threshold: float


@dataclass(frozen=True)
class Alarm:
    """The alarm after `units` reviewed since the promotion, `errors` of them wrong.

    `level` is the statistic as a share of what rings it, 1 or more where it rang: at the decision `review` (empty where
    reviews that are not there would ring it at once) at `at` (UTC, without zone), both None while it is silent.
    """

    heard: Listening
    units: int
    errors: int
    level: float
    at: datetime | None
    review: str | None


def listening(policy: OversightPolicy, name: str, tier: Tier) -> Listening:
    """What the alarm of this action type listens for at this tier, by the playbook.

    Where no multiple of the limit is a rate, the rate halfway between the limit and 1 stands for all. KeyError for an
    unknown action type.
    """
    action = policy.action(name)
    if action is None:
        raise KeyError(name)
    limit = policy.limit(action, tier).value
    worse = tuple(sorted(limit * times for times in policy.worse_times if limit * times < 1))
    return Listening(limit, worse or ((1 + limit) / 2,), max(float(policy.run_length_min.value), 1.5))


def alarm(found: Reviewed, action: str, heard: Listening, after: datetime, until: datetime) -> Alarm:
    """The alarm since the promotion (`after`), as of `until`, both UTC without zone; it stops where it rings first.

    Units decided after the promotion count, in the order of their first decisions. Where somebody finds an error since
    in what was counted as right before, it also rings if all units together prove that the limit is missed.
    """
    units = found.certifying(action)
    later = set(units.loc[units["decided_at"] > after, "interaction_id"])
    told, known = dict[str, bool](), dict[str, bool]()
    state = Detector.begin(heard.limit, heard.worse)
    peak = _peak(state, found.missing, heard)
    if peak >= 1:
        return Alarm(heard, 0, 0, peak, after, "")
    for at, review, run, wrong in _news(found.decisions, set(units["interaction_id"]), action, until):
        if known.get(run) == wrong:
            continue
        known[run], again = wrong, run in told
        if run in later:
            told[run] = wrong
            state, peak = _again(told, heard, found.missing) if again else _next(state, wrong, heard, found.missing)
        elif wrong and at > after and _refuted(known, heard):
            return Alarm(heard, len(known), sum(known.values()), 1.0, at, review)
        if peak >= 1:
            return Alarm(heard, len(told), sum(told.values()), peak, at, review)
    return Alarm(heard, len(told), sum(told.values()), peak, None, None)


def _refuted(known: dict[str, bool], heard: Listening) -> bool:
    """Whether all units together prove the limit missed, as rarely wrong as the alarm."""
    wrong = sum(known.values())
    return float(log_evidence_above(wrong, len(known), heard.limit)) >= math.log(heard.threshold)


def _news(
    decisions: DataFrame, runs: set[str], action: str, until: datetime
) -> Iterator[tuple[datetime, str, str, bool]]:
    """After each decision on one of these runs: when, which, on which run, and whether the run counts as wrong then."""
    mine = decisions[
        ~decisions["seeded"]
        & (decisions["action_type"] == action)
        & decisions["interaction_id"].isin(runs)
        & (decisions["decided_at"] <= until)
    ]
    doubted, settled = dict[str, bool](), dict[str, bool]()
    columns = ("decided_at", "review_id", "interaction_id", "wrong", "adjudicates")
    for at, review, run, wrong, adjudicates in zip(*(mine[name] for name in columns), strict=True):
        doubted[run] = doubted.get(run, False) or bool(wrong)
        if adjudicates:
            settled[run] = bool(wrong)
        yield at.to_pydatetime(), str(review), run, settled.get(run, doubted[run])


def _next(state: Detector, wrong: bool, heard: Listening, missing: int) -> tuple[Detector, float]:
    after = state.after(wrong)
    return after, _peak(after, missing, heard)


def _again(told: dict[str, bool], heard: Listening, missing: int) -> tuple[Detector, float]:
    """From the start, since a unit that was counted is seen otherwise now; the highest level on the way counts."""
    state, peak = Detector.begin(heard.limit, heard.worse), 0.0
    for wrong in told.values():
        state, level = _next(state, wrong, heard, missing)
        peak = max(peak, level)
    return state, peak


def _peak(state: Detector, missing: int, heard: Listening) -> float:
    """The statistic as a share of the threshold, were the next units the missing ones and each an error."""
    rings = math.log(heard.threshold)
    for _ in range(missing):
        if state.log_value >= rings:
            break
        state = state.after(True)
    return math.exp(min(state.log_value - rings, 700.0))
