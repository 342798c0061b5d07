"""A second reviewer on a part of the runs, and what somebody decided where the two differ."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pilotage.records.synthetic.agent import Runs
from pilotage.records.synthetic.draws import numbered, stream, where_known
from pilotage.records.synthetic.people import REASONS, REVIEWERS
from pilotage.records.synthetic.world import World

ADJUDICATOR = "lead-1"


def with_second_looks(reviews: pd.DataFrame, world: World, runs: Runs, seed: int) -> pd.DataFrame:
    """The table `reviews` with these rows after its own, and the column `adjudicates`.

    A second reviewer may also reject what is right. Whoever settles a disagreement is right; the last is still open.
    """
    rng = stream(seed, "second looks")
    firsts = reviews[(reviews["stream"] == "uniform") & ~reviews["seeded"] & (reviews["phase"] == "pilot")]
    firsts = firsts.iloc[np.sort(rng.permutation(len(firsts))[: world.people.reviewed_twice])]
    wrong = _wrong(runs, firsts)
    second = _looked_at_again(firsts, wrong, world, rng)
    differ = (second["decision"] != "approve").to_numpy() != (firsts["decision"] != "approve").to_numpy()
    settled = _decided(second[differ][:-1], ADJUDICATOR, wrong[differ][:-1], rng)
    added = pd.concat([second.assign(adjudicates=False), settled.assign(adjudicates=True)], ignore_index=True)
    added["review_id"] = numbered("r", len(reviews) + np.arange(len(added)))
    return pd.concat([reviews.assign(adjudicates=False), added], ignore_index=True)


def _wrong(runs: Runs, rows: pd.DataFrame) -> np.ndarray:
    """Whether the agent was wrong in truth, for each of these reviews."""
    right = dict(zip(runs.place.ids.tolist(), runs.success.tolist(), strict=True))
    return ~np.array([right[name] for name in rows["interaction_id"]], dtype=bool)


def _looked_at_again(firsts: pd.DataFrame, wrong: np.ndarray, world: World, rng: np.random.Generator) -> pd.DataFrame:
    """By the other reviewer, who finds an error with a chance of their own, and sees one that is none now and then."""
    other, people = (firsts["reviewer"] == REVIEWERS[0]).to_numpy().astype(int), world.people
    chance = np.where(wrong, np.array(people.catch)[other], people.overruled)
    return _decided(firsts, np.array(REVIEWERS, dtype=object)[other], rng.random(len(firsts)) < chance, rng)


def _decided(before: pd.DataFrame, reviewer: object, found: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """The same runs, decided by somebody else after the decision before."""
    seconds = np.round(np.exp(rng.normal(4.1, 0.5, len(before)))).astype(int)
    waited = np.round(rng.exponential(3600.0, len(before))).astype(int)
    reason = np.array(REASONS, dtype=object)[rng.integers(0, len(REASONS), len(before))]
    return before.assign(
        reviewer=reviewer,
        decision=np.where(found, "reject", "approve").astype(object),
        reason=where_known(found, reason),
        correction=None,
        seconds=seconds,
        queued_at=before["decided_at"],
        decided_at=before["decided_at"] + (waited + seconds).astype("timedelta64[s]"),
    )
