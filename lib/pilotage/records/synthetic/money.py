"""What the project planned and spent by month, and who passed which course."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pilotage.records.synthetic.draws import picked, stream
from pilotage.records.synthetic.world import World

COURSES = ("working with the agent", "checking its work", "when it goes wrong")
TEAMS = ("invoice desk", "procurement", "controlling")
SPREAD = 0.04  # what was spent departs from the plan by a few per cent


def planned(world: World) -> list[tuple[str, str, float]]:
    """Month, category and planned amount: one-off until the pilot begins, running every month after."""
    money, rows = world.money, []
    for i, month in enumerate(money.months):
        one_off = [(category, amounts[i]) for category, amounts in money.one_off if i < len(amounts)]
        after = i >= max(len(amounts) for _, amounts in money.one_off)
        running = [(category, amount) for category, amount in money.running if after]
        rows += [(month, category, round(money.scale * x, 2)) for category, x in one_off + running if x]
    return rows


def costs_table(world: World, seed: int) -> pd.DataFrame:
    """The table `costs`: the plan and what was spent, for every closed month up to the end of production."""
    rows, rng = planned(world), stream(seed, "costs")
    plan = pd.DataFrame(rows, columns=["month", "category", "amount"]).assign(kind="planned")
    spent = np.round(plan["amount"].to_numpy() * (1 + SPREAD * rng.uniform(-1.5, 2.0, len(plan))), 2)
    table = pd.concat([plan, plan.assign(amount=spent, kind="actual")], ignore_index=True)
    begins = str(world.start("pilot"))[:7]
    table.insert(1, "phase", np.where(table["month"] <= begins, "baseline", "pilot").astype(object))
    live = str(world.start("production"))[:7]
    table.loc[table["month"] > live, "phase"] = "production"
    return table


def training_table(world: World, seed: int) -> pd.DataFrame:
    """The table `training`: most people passed the first course before the pilot, fewer the others."""
    rng, n = stream(seed, "training"), world.people.learners
    team = rng.integers(0, len(TEAMS), n)
    passed = rng.random((n, len(COURSES))) < np.array([0.92, 0.70, 0.45])
    person, course = np.nonzero(passed)
    days = rng.integers(-35, 0, len(person)) + np.array([0, 14, 70])[course]
    at = world.start("pilot").astype("datetime64[s]") + (days * 86400 + 36000).astype("timedelta64[s]")
    return pd.DataFrame(
        {
            "person": np.array([f"p{i + 1:02d}" for i in person], dtype=object),
            "phase": picked(["pilot"], np.zeros(len(person), dtype=int)),
            "team": picked(TEAMS, team[person]),
            "course": picked(COURSES, course),
            "passed_at": at,
        }
    )
