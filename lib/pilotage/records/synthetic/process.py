"""Cases and their events: invoices arrive, wait, go through a few steps, some of them twice, and are paid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pilotage.records.synthetic.draws import (
    chosen,
    in_steps,
    lognormal,
    numbered,
    office_minutes,
    picked,
    stream,
    where_known,
)
from pilotage.records.synthetic.world import PRODUCTION_END, World

PHASES = ("baseline", "pilot", "production")

# Step, the part of the lead time spent waiting for it, who does it without and with the agent.
STEPS = (
    ("receive", 0.0, "mail", "mail"),
    ("register", 0.6, "clerk", "agent"),
    ("match order", 1.6, "clerk", "agent"),
    ("clarify with buyer", 1.8, "clerk", "clerk"),
    ("ask supplier", 0.6, "clerk", "clerk"),
    ("match order", 2.2, "clerk", "agent"),
    ("legal review", 2.5, "legal", "legal"),
    ("credit note", 1.5, "clerk", "clerk"),
    ("approve", 2.4, "manager", "manager"),
    ("post", 0.5, "clerk", "agent"),
    ("pay", 1.4, "bank", "bank"),
)
CLERKS = 7


@dataclass(frozen=True)
class Cases:
    """The drawn cases as arrays of one length; `agent` says which the agent worked on, `week` counts in the phase."""

    phase: np.ndarray
    week: np.ndarray
    segment: np.ndarray
    opened: np.ndarray
    lead_minutes: np.ndarray
    agent: np.ndarray
    rework: np.ndarray
    dispute: np.ndarray
    minutes: np.ndarray
    cost: np.ndarray
    error: np.ndarray
    value: np.ndarray

    @property
    def ids(self) -> np.ndarray:
        """The case ids, in the order in which the cases were opened."""
        return numbered("c", np.arange(len(self.phase)))

    @property
    def closed(self) -> np.ndarray:
        """When each case was closed, datetime64[m]; NaT for those still open at the end of production."""
        closed = self.opened + self.lead_minutes.astype("timedelta64[m]")
        return np.where(closed < PRODUCTION_END, closed, np.datetime64("NaT", "m"))


def draw_cases(world: World, seed: int) -> Cases:
    """All cases of the three phases: baseline by people only, pilot with the agent only, production as adopted."""
    rng, process = stream(seed, "cases"), world.process
    weeks = (process.baseline_weeks, process.pilot_weeks, process.production_weeks)
    volume = (process.cases_per_week, process.pilot_cases_per_week, process.cases_per_week)
    phase = np.repeat(np.arange(3), np.multiply(weeks, volume))
    week = (rng.random(len(phase)) * np.array(weeks)[phase]).astype(int)
    opened = np.concatenate([office_minutes(rng, world.start(name), week[phase == i]) for i, name in enumerate(PHASES)])
    order = np.lexsort((opened, phase))
    phase, week, opened = phase[order], week[order], opened[order]
    agent = np.where(phase == 2, rng.random(len(phase)) < world.adoption()[np.where(phase == 2, week, 0)], phase == 1)
    return _handled(world, rng, phase, week, opened, agent)


def _handled(
    world: World, rng: np.random.Generator, phase: np.ndarray, week: np.ndarray, opened: np.ndarray, agent: np.ndarray
) -> Cases:
    """What became of each case: rework and disputes make it longer, slower and dearer."""
    process, n = world.process, len(phase)
    segment = chosen(rng, world.numbers("share"), n)
    rework = rng.random(n) < world.numbers("rework")[segment] * _by(world, agent, "rework_factor")
    dispute = rng.random(n) < process.dispute
    more_work = np.where(rework, 1 + process.rework_minutes, 1) * np.where(dispute, process.dispute_minutes, 1)
    more_wait = np.where(rework, process.rework_wait, 1) * np.where(dispute, process.dispute_wait, 1)
    mean = _by(world, agent, "minutes") * world.numbers("work")[segment] * more_work
    minutes = np.round(lognormal(rng, mean, process.people.minutes_sigma, n), 1)
    lead = _by(world, agent, "lead_h") * world.numbers("wait")[segment] * more_wait
    lead_minutes = np.round(60 * lead * np.exp(process.people.lead_sigma * rng.standard_normal(n))).astype(int)
    cost = minutes * process.hour_rate / 60 + process.overhead + _by(world, agent, "fee")
    return Cases(
        phase=phase, week=week, segment=segment, opened=opened, lead_minutes=np.maximum(lead_minutes, 30), agent=agent,
        rework=rework, dispute=dispute, minutes=minutes, cost=np.round(cost + process.dispute_cost * dispute, 2),
        error=rng.random(n) < world.numbers("error")[segment] * _by(world, agent, "error_factor"),
        value=np.round(lognormal(rng, 2400.0, 1.1, n), 2),
    )  # fmt: skip


def _by(world: World, agent: np.ndarray, name: str) -> np.ndarray:
    """A parameter of the handling: the agent's where it took part, else the people's."""
    return np.asarray(np.where(agent, getattr(world.process.with_agent, name), getattr(world.process.people, name)))


def cases_table(world: World, cases: Cases) -> pd.DataFrame:
    """The table `cases`; what is only known at the end is empty for cases still open."""
    closed = cases.closed
    done = ~np.isnat(closed)
    return pd.DataFrame(
        {
            "case_id": cases.ids,
            "phase": picked(PHASES, cases.phase),
            "segment": picked([s.name for s in world.segments], cases.segment),
            "opened_at": cases.opened.astype("datetime64[s]"),
            "closed_at": closed.astype("datetime64[s]"),
            "handling_minutes": np.where(done, cases.minutes, np.nan),
            "cost": np.where(done, cases.cost, np.nan),
            "error": pd.array(where_known(done, cases.error), dtype="boolean"),
            "value": cases.value,
        }
    )


def events_table(world: World, cases: Cases, seed: int) -> pd.DataFrame:
    """The table `events`, case by case in the order in which the steps happened; some share their minute."""
    rng, n = stream(seed, "events"), len(cases.phase)
    mask = _steps_taken(world, cases, rng.random(n))
    waits = np.array([step[1] for step in STEPS]) * rng.gamma(2.0, 0.5, (n, len(STEPS)))
    waits[:, 1] *= rng.random(n) > 0.3  # registered in the minute in which it arrived: a tie
    start, wait = in_steps(mask, waits, cases.lead_minutes)
    times = cases.opened[:, None] + np.round(start + wait).astype("timedelta64[m]")
    rows, steps = np.nonzero(mask & (times < PRODUCTION_END))
    return pd.DataFrame(
        {
            "case_id": cases.ids[rows],
            "phase": picked(PHASES, cases.phase[rows]),
            "activity": picked([step[0] for step in STEPS], steps),
            "timestamp": times[rows, steps].astype("datetime64[s]"),
            "resource": _doers(rng, cases.agent[rows], steps),
        }
    )


def _steps_taken(world: World, cases: Cases, luck: np.ndarray) -> np.ndarray:
    """Which of STEPS each case takes, shape (cases, steps)."""
    mask = np.ones((len(cases.phase), len(STEPS)), dtype=bool)
    mask[:, 3] = luck < world.process.clarify
    mask[:, 4] = mask[:, 5] = cases.rework
    mask[:, 6] = mask[:, 7] = cases.dispute
    return mask


def _doers(rng: np.random.Generator, agent: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Who did each step; clerks and managers are numbered."""
    doer = np.where(agent, picked([step[3] for step in STEPS], steps), picked([step[2] for step in STEPS], steps))
    clerk = picked([f"clerk-{i + 1}" for i in range(CLERKS)], rng.integers(0, CLERKS, len(steps)))
    manager = picked(["manager-1", "manager-2"], rng.integers(0, 2, len(steps)))
    return np.where(doer == "clerk", clerk, np.where(doer == "manager", manager, doer))
