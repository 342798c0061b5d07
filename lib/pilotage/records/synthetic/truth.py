"""The true values behind the sample, worked out from the generator's parameters and never from the drawn data.

A rate is a ratio of expectations, a mean and a median are those of the mixture over the segments. Values of one segment
use the same formulas with that segment alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

from pilotage.records.synthetic.calls import STEPS, failure_rates
from pilotage.records.synthetic.people import REVIEWERS
from pilotage.records.synthetic.world import Handling, World, world_of

Row = dict[str, Any]


def truth(variant: str = "sample") -> list[Row]:
    """Rows {name, phase, dimension, value}: dimension None is the whole, "segment=emea" or "k=2" a part of it."""
    return truth_of(world_of(variant))


def truth_of(world: World) -> list[Row]:
    """The same for any parameters."""
    rows = [*_case_rows(world, "baseline", world.process.people), *_case_rows(world, "pilot", world.process.with_agent)]
    for phase in ("pilot", "production"):
        rows += _run_rows(world, phase)
    rows.append(_row("adoption_rate", "production", None, float(world.adoption().mean())))
    rows.append(_row("tokens_weekly_growth", "pilot", None, world.agent.weekly_growth))
    rows.append(_row("inputs_of_an_unseen_kind", "production", None, world.people.inbox_unseen))
    for reviewer, catch in zip(REVIEWERS, world.people.catch, strict=True):
        rows.append(_row("seeded_catch_rate", "pilot", f"reviewer={reviewer}", catch))
    return rows


def _row(name: str, phase: str, dimension: str | None, value: float) -> Row:
    return {"name": name, "phase": phase, "dimension": dimension, "value": round(value, 6)}


def _parts(world: World) -> Iterator[tuple[str | None, np.ndarray]]:
    """The whole and each segment, with the weights of the segments in it."""
    yield None, world.numbers("share")
    for i, segment in enumerate(world.segments):
        yield f"segment={segment.name}", np.eye(len(world.segments))[i]


def _case_rows(world: World, phase: str, handling: Handling) -> Iterator[Row]:
    for dimension, share in _parts(world):
        minutes = _minutes(world, handling, share)
        dispute = world.process.dispute * world.process.dispute_cost
        cost = minutes * world.process.hour_rate / 60 + world.process.overhead + handling.fee + dispute
        yield _row("lead_time_h", phase, dimension, _median_lead_h(world, handling, share))
        yield _row("handling_minutes", phase, dimension, minutes)
        yield _row("error_rate", phase, dimension, float(share @ world.numbers("error")) * handling.error_factor)
        yield _row("rework_rate", phase, dimension, float(share @ world.numbers("rework")) * handling.rework_factor)
        yield _row("cost_per_case", phase, dimension, cost)


def _minutes(world: World, handling: Handling, share: np.ndarray) -> float:
    process = world.process
    rework = 1 + process.rework_minutes * handling.rework_factor * world.numbers("rework")
    dispute = 1 + (process.dispute_minutes - 1) * process.dispute
    return handling.minutes * dispute * float(share @ (world.numbers("work") * rework))


def _median_lead_h(world: World, handling: Handling, share: np.ndarray) -> float:
    """The median of a mixture of lognormals: segment by rework by dispute."""
    process, pieces = world.process, []
    rework = handling.rework_factor * world.numbers("rework")
    for i, again, disputed in product(range(len(share)), (False, True), (False, True)):
        chance = share[i] * (rework[i] if again else 1 - rework[i])
        chance *= process.dispute if disputed else 1 - process.dispute
        slower = (process.rework_wait if again else 1) * (process.dispute_wait if disputed else 1)
        pieces.append((float(chance), handling.lead_h * world.segments[i].wait * slower))
    return _solve(lambda h: sum(w * _phi(math.log(h / m) / handling.lead_sigma) for w, m in pieces) - 0.5, 0.1, 1000.0)


def _phi(z: float) -> float:
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))


def _solve(rising: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function crosses zero, by halving the span."""
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2


def _run_rows(world: World, phase: str) -> Iterator[Row]:
    agent = world.agent
    sigma = math.hypot(agent.task_sigma, agent.run_sigma)
    for dimension, share in _parts(world):
        success = float(share @ np.clip(world.numbers("success"), 0.01, 0.995))
        yield _row("task_success_rate", phase, dimension, success)
        yield _row("escalation_rate", phase, dimension, _given(agent.escalated_if, success))
        yield _row("hallucination_rate", phase, dimension, _given(agent.invented_if, success))
        yield _row("negative_feedback_rate", phase, dimension, _given(world.people.dissatisfied_if, success))
        yield _row("latency_p50_s", phase, dimension, agent.latency_median_s)
        yield _row("latency_p95_s", phase, dimension, agent.latency_median_s * math.exp(1.6448536269514722 * sigma))
        yield _row("tokens_per_interaction", phase, dimension, _tokens(world, phase))
        yield _row("tool_call_failure_rate", phase, dimension, _tool_failures(world, phase, success, None))
    success = float(world.numbers("share") @ np.clip(world.numbers("success"), 0.01, 0.995))
    for tool in agent.tools:
        failures = _tool_failures(world, phase, success, tool.name)
        yield _row("tool_call_failure_rate", phase, f"tool={tool.name}", failures)
    for k in range(1, agent.trials + 1) if phase == "pilot" else ():
        yield _row("pass_hat_k", phase, f"k={k}", _pass_hat_k(world, k))


def _given(rates: tuple[float, float], success: float) -> float:
    """A rate that depends on whether the run failed or succeeded."""
    return (1 - success) * rates[0] + success * rates[1]


def _pass_hat_k(world: World, k: int) -> float:
    """The k-th moment of the segments' beta distributions: all k trials of one task succeed."""
    mean, spread = np.clip(world.numbers("success"), 0.01, 0.995), 1 / world.agent.icc - 1
    moment = np.prod([(mean * spread + i) / (spread + i) for i in range(k)], axis=0)
    return float(world.numbers("share") @ moment)


def _tokens(world: World, phase: str) -> float:
    """Input grows by the week; production's weeks count as many runs as cases go through the agent in them. What a
    sub-agent spends counts with the run that called it."""
    process, agent = world.process, world.agent
    weeks, weight = np.arange(process.pilot_weeks), np.ones(process.pilot_weeks)
    if phase == "production":
        weeks, weight = np.arange(process.production_weeks) + process.pilot_weeks, world.adoption()
    growth = float(weight @ (1 + agent.weekly_growth) ** weeks / weight.sum())
    return (agent.input_tokens * growth + agent.output_tokens) / (1 - _sub_agent_share(world, phase))


def _tool_failures(world: World, phase: str, success: float, tool: str | None) -> float:
    """Expected failed calls over expected calls; a purchase order not found is looked for again in the same run."""
    agent, low_high = world.agent, failure_rates(world)
    escalated = _given(agent.escalated_if, success)
    answered = 1 - escalated - _given(agent.refused_if, success) - _given(agent.error_if, success)
    own = 1 - _sub_agent_share(world, phase)  # a sub-agent neither posts nor asks
    calls = failed = 0.0
    for weight, rate in zip((1 - agent.bad_run, agent.bad_run), low_high, strict=True):
        happens = np.array([1, 1, 1, rate[2], 1, 1, 1, answered * own, escalated * own])
        counted = np.array([step != "model" and tool in (None, step) for step in STEPS])
        calls += weight * float((happens * counted).sum())
        failed += weight * float((happens * counted * rate).sum())
    return failed / calls


def _sub_agent_share(world: World, phase: str) -> float:
    """The share of all runs that are a sub-agent's; one for so many live runs, none for evaluation tasks."""
    process, agent = world.process, world.agent
    live, tasks = process.pilot_weeks * process.pilot_cases_per_week, agent.tasks * agent.trials
    if phase == "production":
        live, tasks = 1, 0
    sub = live / agent.sub_agent_every
    return sub / (live + tasks + sub)
