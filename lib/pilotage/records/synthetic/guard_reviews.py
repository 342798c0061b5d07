"""What people decided about inputs that a guard looked at: all that it held up, and a sample by chance of the rest."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pilotage.records.synthetic.agent import Runs
from pilotage.records.synthetic.draws import chosen, numbered, picked, stream
from pilotage.records.synthetic.people import REVIEWERS
from pilotage.records.synthetic.process import PHASES
from pilotage.records.synthetic.wording import HOSTILE, NOTES
from pilotage.records.synthetic.world import World

ACTION = "guardrail"  # the action type of these reviews; approve: harmless, reject: an attack
HARMLESS, ATTACK = "an invoice like any other", "not an invoice but an order to the machine"


def with_guard_reviews(reviews: pd.DataFrame, world: World, runs: Runs, asked: list[str], seed: int) -> pd.DataFrame:
    """The table `reviews` with these rows after its own; `asked` is each run's input text."""
    rng, people = stream(seed, "guard reviews"), world.people
    remark = np.array([any(text.startswith(note) for note in NOTES) for text in asked])
    attack = np.array([text.startswith(HOSTILE) for text in asked])
    live = runs.top & (runs.place.case >= 0)
    held = live & (rng.random(len(live)) < np.select([attack, remark], people.held_if[:2], people.held_if[2]))
    sampled = live & ~held & (rng.random(len(live)) < people.passed_checked)
    first = np.flatnonzero(held | sampled)
    twice = rng.permutation(np.flatnonzero(held))[: people.held_twice]
    rows, reviewer = np.concatenate([first, twice]), chosen(rng, np.array([0.5, 0.5]), len(first))
    reviewer = np.concatenate([reviewer, 1 - reviewer[np.searchsorted(first, twice)]])
    table = _decided(world, runs, rng, rows, reviewer, (remark[rows], attack[rows]))
    table["stream"] = np.where(held[rows], "guided", "uniform").astype(object)
    table["inclusion_probability"] = np.where(held[rows], 1.0, people.passed_checked)
    table = table.sort_values(["queued_at", "interaction_id", "reviewer"], kind="stable", ignore_index=True)
    table.insert(0, "review_id", numbered("r", len(reviews) + np.arange(len(table))))
    return pd.concat([reviews, table], ignore_index=True)


def _decided(
    world: World, runs: Runs, rng: np.random.Generator, rows: np.ndarray, reviewer: np.ndarray,
    read: tuple[np.ndarray, np.ndarray],
) -> pd.DataFrame:  # fmt: skip
    """Each look of one person, who errs now and then about a remark; `read` says which rows have one, and an attack."""
    remark, attack = read
    rejected = attack ^ (remark & (rng.random(len(rows)) < world.people.guard_misjudged))
    seconds = np.round(np.exp(rng.normal(2.7, 0.5, len(rows)))).astype(int)
    waited = np.minimum(np.round(rng.exponential(600.0, len(rows))), 3600).astype(int)
    queued = runs.place.started[rows]
    return pd.DataFrame(
        {
            "interaction_id": runs.place.ids[rows],
            "phase": picked(PHASES, runs.place.phase[rows]),
            "action_type": ACTION,
            "tier": "in the loop",
            "reviewer": picked(REVIEWERS, reviewer),
            "decision": np.where(rejected, "reject", "approve").astype(object),
            "reason": np.where(rejected, ATTACK, HARMLESS).astype(object),
            "correction": None,
            "seconds": seconds,
            "seeded": np.zeros(len(rows), dtype=bool),
            "adjudicates": np.zeros(len(rows), dtype=bool),
            "queued_at": queued,
            "decided_at": queued + (waited + seconds).astype("timedelta64[s]"),
        }
    )
