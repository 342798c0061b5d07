"""From which confidence on an action may be left to the agent, and what reviewing the rest costs.

Learn-then-Test, as `certified_threshold` does it: the claim holds for one look at the reviews with the policy's
confidence. A target that no confidence reaches gets no threshold, and that is an answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pilotage.oversight.pace import mean_seconds
from pilotage.oversight.reviewed import Reviewed
from pilotage.playbook.common import Tier
from pilotage.playbook.oversight import OversightPolicy
from pilotage.words import count, number

if TYPE_CHECKING:
    from numpy import bool_, float64
    from numpy.typing import NDArray

STEPS = 50  # thresholds that are tried, each answering about a fiftieth of the cases more


@dataclass(frozen=True)
class Point:
    """What one threshold does: the share of runs left to the agent, the share of those that were wrong, and the hours.

    `risk` is None where no run is left to it; `hours` a week go into reviewing the others and the tier's random sample
    of what is left to it, None where not known.
    """

    confidence: float
    share: float
    risk: float | None
    hours: float | None


@dataclass(frozen=True)
class Threshold:
    """The lowest certified threshold of an action type at a tier, and the curve it was chosen from.

    `chosen` is None where nothing could be certified, and `why` says why in a sentence. `cases` are the reviewed cases
    behind it; `unscored` of them came without a confidence and always go to a person. `missing` reviews are lost, each
    counted as the worst error there could be. `asked` is what the playbook's own threshold does. `all_hours` a week
    would go into reviewing every run, at `seconds` a review on average; of what is left to the agent people review the
    share `sampled` all the same. `curve` goes from the highest threshold down.
    """

    action: str
    tier: Tier
    target: float | None
    limit: float
    confidence: float
    cases: int
    unscored: int
    missing: int
    seconds: float | None
    all_hours: float | None
    sampled: float
    chosen: Point | None
    asked: Point
    curve: tuple[Point, ...]
    why: str


def threshold(
    found: Reviewed,
    policy: OversightPolicy,
    action: str,
    tier: Tier,
    target: float | None,
    runs_per_week: float | None = None,
) -> Threshold:
    """The lowest confidence from which on at most `target` of the action's outputs are wrong, sure to policy.alpha.

    `target` is the tier's limit times the share of errors that reviewers surely catch; None where nobody knows that,
    and then nothing is certified. `runs_per_week` of this action turn shares into hours. Counted on uniform reviews,
    one case each, as promotions are. KeyError for an action type that the policy does not name.
    """
    kind = policy.action(action)
    if kind is None:
        raise KeyError(action)
    items = found.certifying(action)
    scored = items.dropna(subset="confidence")
    given, wrong = scored["confidence"].to_numpy(float), scored["wrong"].to_numpy(bool)
    seconds, sampled = mean_seconds(found, action), policy.queue.uniform_share[tier]
    week = None if runs_per_week is None or seconds is None else runs_per_week * seconds / 3600

    def point(at: float) -> Point:
        return _point(given, wrong, len(items), week, sampled, at)

    empty = Threshold(
        action, tier, target, policy.limit(kind, tier).value, policy.confidence, len(items), len(items) - len(scored),
        found.missing, seconds, week, sampled, None, point(policy.escalation.confidence_min.value),
        tuple(point(float(one)) for one in _grid(given)), "",
    )  # fmt: skip
    lacking = _lacking(empty)
    if lacking or target is None:
        return replace(empty, why=lacking)
    at = _certified(given, wrong, found.missing, target, policy.alpha)
    if at is None:
        return replace(empty, why=_refused(empty, given, wrong))
    return replace(empty, chosen=point(at), why=_granted(empty, point(at)))


def _grid(given: NDArray[float64]) -> NDArray[float64]:
    import numpy as np

    if not given.size:
        return given
    return np.unique(np.quantile(given, np.arange(STEPS) / STEPS, method="higher"))[::-1]


def _point(
    given: NDArray[float64], wrong: NDArray[bool_], cases: int, week: float | None, sampled: float, at: float
) -> Point:
    """A case without a confidence is among the cases and never among those left to the agent."""
    alone = given >= at
    share = float(alone.sum()) / cases if cases else 0.0
    risk = float(wrong[alone].mean()) if alone.any() else None
    return Point(at, share, risk, None if week is None else week * (1 - share * (1 - sampled)))


def _certified(
    given: NDArray[float64], wrong: NDArray[bool_], missing: int, target: float, alpha: float
) -> float | None:
    """A lost review counts as an error of the greatest confidence there is, which no threshold keeps out.

    Thresholds that could not pass with these errors alone are not tried: the first failed test would end the search.
    """
    import numpy as np
    from scipy import special

    from pilotage.statistics import certified_threshold

    tried = _grid(given)
    alone = (given[:, np.newaxis] >= tried).sum(axis=0)
    able = tried[special.bdtr(float(missing), alone + missing, target) <= alpha]
    if not able.size:
        return None
    scores = np.append(given, np.full(missing, given.max()))
    errors = np.append(wrong.astype(float), np.ones(missing))
    return certified_threshold(scores, errors, target, alpha, able).threshold


def _lacking(found: Threshold) -> str:
    """What keeps anybody from choosing a threshold; empty where nothing does."""
    if not found.cases:
        return "no uniform review of it is there"
    if found.unscored == found.cases:
        return "the agent gave no confidence with any of the reviewed cases, so each goes to a person"
    if found.target is None or not 0 < found.target < 1:
        return "nobody knows what share of errors reviewers catch"
    return ""


def _refused(found: Threshold, given: NDArray[float64], wrong: NDArray[bool_]) -> str:
    from pilotage.statistics import zero_failures

    target = found.target or found.limit
    fewest, scored = zero_failures(target, found.confidence), len(given)
    lost = f", and {count(found.missing, 'lost reviews')} count as errors" if found.missing else ""
    if scored < fewest:
        return (
            f"{count(scored, 'reviewed cases')} have a confidence, and even without an error it takes {fewest:,} to be "
            f"sure of {number(target, 'share')}{lost}"
        )
    if lost and not wrong.any():
        return (
            f"{count(found.missing, 'lost reviews')} count as errors, too many to be sure of {number(target, 'share')}"
        )
    sure = given >= sorted(given, reverse=True)[fewest - 1]
    return (
        f"even of the {count(int(sure.sum()), 'cases')} it was most confident of, {int(wrong[sure].sum()):,} were "
        f"wrong, too many to be sure of at most {number(target, 'share')}{lost}"
    )


def _granted(found: Threshold, chosen: Point) -> str:
    return (
        f"of the {number(chosen.share, 'share')} of runs at or above it, {number(chosen.risk, 'share')} were wrong, "
        f"and the true rate is surely no more than {number(found.target, 'share')}"
    )
