"""What the agent did: evaluation tasks tried several times, live cases, and now and then a sub-agent."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from pilotage.records.synthetic.draws import chosen, lognormal, numbered, office_minutes, picked, stream, where_known
from pilotage.records.synthetic.process import PHASES, Cases
from pilotage.records.synthetic.wording import questions_and_answers
from pilotage.records.synthetic.world import World

OUTCOMES = ("answered", "escalated", "refused", "error")
HALF_WAY = 4  # the pilot's week in which the prompt was changed


@dataclass(frozen=True)
class Places:
    """Where each run stands: its phase (1 pilot, 2 production), week, segment, task, case, parent row (-1: none)."""

    phase: np.ndarray
    week: np.ndarray
    segment: np.ndarray
    task: np.ndarray
    trial: np.ndarray
    case: np.ndarray
    parent: np.ndarray
    started: np.ndarray

    @property
    def cluster(self) -> np.ndarray:
        """A number per task or case: runs that share it share its difficulty."""
        return np.unique(np.where(self.task >= 0, self.task, self.case + 10**6), return_inverse=True)[1]

    @property
    def ids(self) -> np.ndarray:
        """The interaction ids, in the order of the rows."""
        return numbered("i", np.arange(len(self.phase)))


@dataclass(frozen=True)
class Runs:
    """The runs of the agent with what is true of them, known or not. `order` is the purchase order asked for."""

    place: Places
    success: np.ndarray
    invented: np.ndarray
    outcome: np.ndarray
    latency_s: np.ndarray
    service_s: np.ndarray
    input_tokens: np.ndarray
    output_tokens: np.ndarray
    confidence: np.ndarray
    order: np.ndarray

    @property
    def top(self) -> np.ndarray:
        """Which rows are runs of their own, not a sub-agent's."""
        return self.place.parent < 0


def draw_runs(world: World, cases: Cases, seed: int) -> Runs:
    """All runs of the pilot and of production, in the order of phase and time."""
    rng = stream(seed, "runs")
    place = _placed(world, cases, rng)
    success = rng.random(len(place.phase)) < _difficulty(world, place, rng)
    agent, n = world.agent, len(success)
    times = _latency(world, place, rng)
    growth = (1 + agent.weekly_growth) ** (place.week + np.where(place.phase == 2, world.process.pilot_weeks, 0))
    sure = 1 / (1 + np.exp(-(0.4 + 1.9 * success + 0.9 * rng.standard_normal(n))))
    return Runs(
        place=place,
        success=success,
        invented=rng.random(n) < np.array(agent.invented_if)[success.astype(int)],
        outcome=_outcome(world, success, rng),
        latency_s=np.round(times, 2),
        service_s=np.round(times * rng.uniform(0.82, 0.99, n), 2),
        input_tokens=np.round(lognormal(rng, agent.input_tokens * growth, agent.tokens_sigma, n)).astype(int),
        output_tokens=np.round(lognormal(rng, agent.output_tokens, 0.35, n)).astype(int),
        confidence=np.clip(np.round(sure, 2), 0.01, 0.99),
        order=rng.integers(10000, 99999, n)[place.cluster],
    )


def _placed(world: World, cases: Cases, rng: np.random.Generator) -> Places:
    """Evaluation tasks, live runs and sub-agents, sorted by phase and time so that ids follow the calendar."""
    parts = [_evaluation(world, rng), _live(world, cases, rng)]
    joined = {f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Places)}
    order = np.lexsort((joined["started"], joined["phase"]))
    places = Places(**{name: values[order] for name, values in joined.items()})
    return _with_sub_agents(world, places)


def _evaluation(world: World, rng: np.random.Generator) -> Places:
    """Every task in its week of the pilot, its trials on any days of that week."""
    tasks, trials = world.agent.tasks, world.agent.trials
    task = np.repeat(np.arange(tasks), trials)
    week = chosen(rng, np.full(world.process.pilot_weeks, 1 / world.process.pilot_weeks), tasks)[task]
    none = np.full(len(task), -1)
    return Places(
        phase=np.ones(len(task), dtype=int), week=week, task=task, case=none, parent=none,
        segment=chosen(rng, world.numbers("share"), tasks)[task], trial=np.tile(np.arange(1, trials + 1), tasks),
        started=_seconds(rng, office_minutes(rng, world.start("pilot"), week)),
    )  # fmt: skip


def _live(world: World, cases: Cases, rng: np.random.Generator) -> Places:
    """One run soon after each case of the agent was opened; in production some cases come back for a second."""
    first = np.flatnonzero(cases.agent)
    again = first[(cases.phase[first] == 2) & (rng.random(len(first)) < world.agent.second_run)]
    case = np.concatenate([first, again])
    wait = np.concatenate([rng.integers(1, 15, len(first)), rng.integers(15, 29, len(again))])
    none = np.full(len(case), -1)
    return Places(
        phase=cases.phase[case], week=cases.week[case], segment=cases.segment[case], task=none, trial=none, case=case,
        parent=none, started=_seconds(rng, cases.opened[case] + wait.astype("timedelta64[m]")),
    )  # fmt: skip


def _seconds(rng: np.random.Generator, minutes: np.ndarray) -> np.ndarray:
    return np.asarray(minutes.astype("datetime64[s]") + rng.integers(0, 60, len(minutes)).astype("timedelta64[s]"))


def _with_sub_agents(world: World, places: Places) -> Places:
    """Every so many live runs, one starts a sub-agent four seconds later; its row comes at the end."""
    parents = np.flatnonzero(places.case >= 0)[:: world.agent.sub_agent_every]
    sub = {f.name: getattr(places, f.name)[parents] for f in fields(Places)}
    sub["parent"], sub["started"] = parents, sub["started"] + np.timedelta64(4, "s")
    return Places(**{name: np.concatenate([getattr(places, name), values]) for name, values in sub.items()})


def _difficulty(world: World, place: Places, rng: np.random.Generator) -> np.ndarray:
    """The chance of success of each run: one draw from a beta distribution per task or case (beta-binomial)."""
    first = np.unique(place.cluster, return_index=True)[1]
    mean = np.clip(world.numbers("success"), 0.01, 0.995)[place.segment[first]]
    spread = 1 / world.agent.icc - 1
    return np.asarray(rng.beta(mean * spread, (1 - mean) * spread)[place.cluster])


def _outcome(world: World, success: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """An index into OUTCOMES; a failed run is handed over or breaks off more often."""
    agent, given = world.agent, success.astype(int)
    luck = rng.random(len(success))
    escalated = np.array(agent.escalated_if)[given]
    refused = escalated + np.array(agent.refused_if)[given]
    error = refused + np.array(agent.error_if)[given]
    return np.select([luck < escalated, luck < refused, luck < error], [1, 2, 3], 0)


def _latency(world: World, place: Places, rng: np.random.Generator) -> np.ndarray:
    """Seconds as the user felt them: lognormal, with a part that all runs of a task share."""
    agent, cluster = world.agent, place.cluster
    shared = agent.task_sigma * rng.standard_normal(cluster.max() + 1)[cluster]
    return np.asarray(agent.latency_median_s * np.exp(shared + agent.run_sigma * rng.standard_normal(len(cluster))))


def interactions_table(
    world: World, cases: Cases, runs: Runs, known: np.ndarray, attempts: np.ndarray, seed: int
) -> pd.DataFrame:
    """The table `interactions`. Whether a run succeeded is written only where `known` (somebody checked)."""
    place, agent = runs.place, world.agent
    late = (place.phase == 2) | (place.week >= HALF_WAY)
    asked, answered = questions_and_answers(world, runs, stream(seed, "wording"))
    cost = (runs.input_tokens + 4 * runs.output_tokens) / 1000 * agent.price_per_1k
    return pd.DataFrame(
        {
            "interaction_id": place.ids,
            "phase": picked(PHASES, place.phase),
            "case_id": where_known(place.case >= 0, cases.ids[place.case]),
            "parent_interaction": where_known(~runs.top, place.ids[place.parent]),
            "task_id": numbered("t", place.task, 3),
            "trial": pd.array(where_known(place.trial >= 0, place.trial), dtype="Int64"),
            "segment": picked([s.name for s in world.segments], place.segment),
            "started_at": place.started,
            "latency_s": runs.latency_s,
            "service_s": runs.service_s,
            "attempts": attempts,
            "input_tokens": runs.input_tokens,
            "output_tokens": runs.output_tokens,
            "model": picked(agent.models, np.zeros(len(late), dtype=int)),
            "prompt_hash": picked(agent.prompts, late.astype(int)),
            "confidence": runs.confidence,
            "outcome": picked(OUTCOMES, runs.outcome),
            "success": pd.array(where_known(known, runs.success), dtype="boolean"),
            "cost": np.round(cost, 4),
            "input_text": asked,
            "output_text": answered,
        }
    )
