"""What a ramp of load has shown: step by step, at the rate of production, and where the system's end is."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pilotage.integration.load.target import Limits

CONFIDENCE = 0.9  # of the two-sided intervals: a limit is compared with one end, which is 95% sure
SLOWED, SLOW, FAILED = "it does not keep up", "it is too slow", "too many requests fail"
NOT_SENT = "not sent: too many were open"
KEPT_UP = 0.9  # below this share of the offered rate a system no longer keeps up


@dataclass(frozen=True)
class Sent:
    """One request: the second at which it was due, when it was answered, and what went wrong, if anything.

    The time of an answer counts from when the request was due, not from when it could be sent: a system that is slow
    holds up those who come next, and they have waited as well. `late_s` is how late this machine sent it.
    """

    due_s: float
    done_s: float
    fault: str = ""
    late_s: float = 0.0


@dataclass(frozen=True)
class Step:
    """One rate for a while. Times count failed requests as never answered; None where there is no such time."""

    offered_per_s: float
    achieved_per_s: float
    n: int
    p50_ms: float | None
    p95_ms: float | None
    p95_high_ms: float | None
    p99_ms: float | None
    errors: int
    error_rate: float
    error_rate_high: float
    not_sent: int
    most_at_once: int
    late_p95_ms: float
    faults: Mapping[str, int]


@dataclass(frozen=True)
class LoadResult:
    """A ramp, up to where the system no longer held or to twice the rate of production."""

    system: str
    address: str
    paths: tuple[str, ...]
    limits: Limits
    steps: tuple[Step, ...]

    @property
    def at_target(self) -> Step | None:
        """The step at production's rate; None where the system gave way below it."""
        return next((step for step in self.steps if step.offered_per_s == self.limits.requests_per_s), None)

    @property
    def saturation(self) -> Step | None:
        """The first step at which it did not keep up or a limit was missed; None where it held to the last."""
        return next((step for step in self.steps if missed(step, self.limits)), None)

    @property
    def held(self) -> bool:
        """Whether it answered production's rate within the limits."""
        return self.at_target is not None and not missed(self.at_target, self.limits)

    @property
    def proved(self) -> bool:
        """Whether one can be 95% sure of that: enough requests were sent for the bounds to lie within the limits."""
        step = self.at_target
        if step is None or not self.held or step.p95_high_ms is None:
            return False
        return step.p95_high_ms <= self.limits.p95_ms_max and step.error_rate_high <= self.limits.error_rate_max

    def as_dict(self) -> dict[str, Any]:
        """The result as JSON has it."""
        return asdict(self) | {"paths": list(self.paths), "steps": [asdict(step) for step in self.steps]}


def result_from_dict(facts: Mapping[str, Any]) -> LoadResult:
    """The result that `as_dict` wrote; KeyError or TypeError for another form."""
    steps = tuple(Step(**step) for step in facts["steps"])
    return LoadResult(facts["system"], facts["address"], tuple(facts["paths"]), Limits(**facts["limits"]), steps)


def missed(step: Step, limits: Limits) -> list[str]:
    """In what way the step shows that the system does not hold; empty where it does."""
    return [
        *([SLOWED] if step.achieved_per_s < KEPT_UP * step.offered_per_s else []),
        *([SLOW] if step.p95_ms is None or step.p95_ms > limits.p95_ms_max else []),
        *([FAILED] if step.error_rate > limits.error_rate_max else []),
    ]


def step_of(rate: float, sent: Sequence[Sent], most_at_once: int) -> Step:
    """The step's figures: exact bounds for the share of errors, order statistics for the times."""
    from pilotage.statistics import clopper_pearson, quantile_interval

    times = [math.inf if one.fault else 1000 * (one.done_s - one.due_s) for one in sent]
    faults = Counter(one.fault for one in sent if one.fault)
    errors = sum(faults.values())
    p95 = quantile_interval(times, 0.95, CONFIDENCE)
    failed = clopper_pearson(errors, len(sent), CONFIDENCE)
    late = quantile_interval([1000 * one.late_s for one in sent], 0.95, CONFIDENCE)
    return Step(
        offered_per_s=rate,
        achieved_per_s=round(min(rate, _answered_per_s(rate, sent)), 3),
        n=len(sent),
        p50_ms=_finite(quantile_interval(times, 0.5, CONFIDENCE).estimate),
        p95_ms=_finite(p95.estimate),
        p95_high_ms=_finite(p95.high),
        p99_ms=_finite(quantile_interval(times, 0.99, CONFIDENCE).estimate),
        errors=errors,
        error_rate=failed.estimate,
        error_rate_high=failed.high,
        not_sent=faults[NOT_SENT],
        most_at_once=most_at_once,
        late_p95_ms=round(late.estimate, 3),
        faults=dict(sorted(faults.items())),
    )


def _answered_per_s(rate: float, sent: Sequence[Sent]) -> float:
    """Good answers a second, between the first and the last: however long each takes, they come at this pace."""
    done = [one.done_s for one in sent if not one.fault]
    if len(done) < 2 or max(done) == min(done):
        return rate * len(done) / len(sent)
    # Those that failed leave gaps, so that the pace is no better than the share that was answered.
    return min((len(done) - 1) / (max(done) - min(done)), rate * len(done) / len(sent))


def _finite(value: float) -> float | None:
    return round(value, 3) if math.isfinite(value) else None
