"""How large the pilot must be, worked out before it starts: no good agent should be refused for want of evidence."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pilotage.errors import PilotageError
from pilotage.playbook import Playbook
from pilotage.statistics import chance_of_go, fixed_n_acceptance, zero_failures

TIMES_BETTER = 4  # a good agent's rate of rare errors is reckoned at a quarter of the limit


@dataclass(frozen=True)
class PilotPlan:
    """The pilot's size for one tier, and the chance that a good agent gets its go.

    `labels` allow `labels_errors` errors and still pass; `labels_clean` is the least number, with no error at all.
    None: the playbook has no such gate, or no pilot of any size would do.
    """

    tier: str
    tasks: int | None
    trials_per_task: int
    labels: int | None
    labels_errors: int | None
    labels_clean: int | None
    weeks: int | None
    chance_of_go: float | None

    @property
    def interactions(self) -> int | None:
        """Tasks times trials."""
        return None if self.tasks is None else self.tasks * self.trials_per_task


def pilot_plan(book: Playbook, tier: str, cases_per_week: float) -> PilotPlan:
    """The plan for `tier` from pilot.yaml's limits, baseline.yaml's means and the assumptions.

    `cases_per_week` is the volume of the baseline; zero leaves the weeks unknown.
    """
    plan, trials = book.baseline.plan, book.baseline.plan.trials_per_task
    tasks = _tasks(book, tier)
    labels = _labels(book, tier, plan.power_wanted)
    weeks = None if tasks is None else _weeks(book, tasks, labels[0] or 0, cases_per_week)
    chance = None if tasks is None else _chance(book, tier, _affordable(book, tasks, cases_per_week))
    return PilotPlan(tier, tasks, trials, *labels, weeks, chance)


def _effect(book: Playbook) -> float:
    """Design effect of repeated trials: 1 + (m - 1) ICC (Kish 1965)."""
    return 1 + (book.baseline.plan.trials_per_task - 1) * book.assumptions.expected_icc.point


def _chance(book: Playbook, tier: str, tasks: int) -> float:
    n = tasks * book.baseline.plan.trials_per_task
    limit = 1 - book.pilot.gates["task_success_rate"].limits[tier].value  # type: ignore[index]  # any tier of TIERS
    failures = 1 - book.assumptions.good_agent_success_rate.point
    return chance_of_go(n, limit, failures, book.pilot.confidence, _effect(book)) if n else 0.0


def _tasks(book: Playbook, tier: str) -> int | None:
    """The fewest tasks with which a good agent gets its go with the power wanted; None where 100,000 do not do."""
    if "task_success_rate" not in book.pilot.gates:
        return None
    low, high = 1, 100_000
    if _chance(book, tier, high) < book.baseline.plan.power_wanted:
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (
            (low, middle) if _chance(book, tier, middle) >= book.baseline.plan.power_wanted else (middle + 1, high)
        )
    return low


def _labels(book: Playbook, tier: str, power: float) -> tuple[int | None, int | None, int | None]:
    if "hallucination_rate" not in book.pilot.gates:
        return None, None, None
    limit = book.pilot.gates["hallucination_rate"].limits[tier].value  # type: ignore[index]  # any tier of TIERS
    clean = zero_failures(limit, book.pilot.confidence)
    try:
        n, errors = fixed_n_acceptance(limit, limit / TIMES_BETTER, 1 - book.pilot.confidence, power)
    except PilotageError:  # no sample that anybody could label is large enough
        return None, None, clean
    return n, errors, clean


def _weekly(book: Playbook, cases_per_week: float) -> float:
    return cases_per_week * book.baseline.plan.pilot_share_of_cases


def _weeks(book: Playbook, tasks: int, labels: int, cases_per_week: float) -> int | None:
    """Every task is a case of the pilot's share; labelling goes on beside it."""
    weekly = _weekly(book, cases_per_week)
    if weekly <= 0:
        return None
    return math.ceil(max(tasks / weekly, labels / book.baseline.plan.labels_per_week, 1))


def _affordable(book: Playbook, tasks: int, cases_per_week: float) -> int:
    """The tasks that fit into the longest pilot allowed; all of them where the volume is unknown."""
    weekly = _weekly(book, cases_per_week)
    return tasks if weekly <= 0 else min(tasks, int(weekly * book.baseline.plan.weeks_max))
