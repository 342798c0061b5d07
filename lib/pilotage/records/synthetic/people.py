"""What people said of the agent's work: labels by people and a judge, users' feedback, and reviews."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pilotage.records.synthetic.agent import Runs
from pilotage.records.synthetic.draws import numbered, picked, stream, where_known
from pilotage.records.synthetic.process import PHASES
from pilotage.records.synthetic.world import PRODUCTION_END, World

LABELLERS = ("labeller-1", "labeller-2")
REVIEWERS = ("reviewer-1", "reviewer-2")
JUDGE = "judge-a"
# The judge's chance to say yes, given that the truth is no and yes.
JUDGED = {"hallucination": (0.03, 0.75), "task_success": (0.35, 0.96)}
# The second labeller overlooks some invented facts and errs now and then about success; the first is the reference.
SECOND = {"hallucination": (0.0, 0.70), "task_success": (0.06, 0.98)}
REASONS = ("wrong order", "wrong amount", "duplicate", "missing approval")


def checked(world: World, runs: Runs, seed: int) -> np.ndarray:
    """Which runs somebody checked: every one of the pilot, in production those drawn for labelling."""
    drawn = np.zeros(len(runs.success), dtype=bool)
    drawn[_uniform(world, runs, seed, 2)] = True
    return np.asarray(runs.top & ((runs.place.phase == 1) | drawn))


def _uniform(world: World, runs: Runs, seed: int, phase: int) -> np.ndarray:
    """The rows of a phase drawn for labelling by chance alone, without repetition."""
    rng = stream(seed, f"{PHASES[phase]} sample")
    rows = np.flatnonzero(runs.top & (runs.place.phase == phase))
    wanted = world.people.labelled if phase == 1 else world.people.production_labelled
    return np.sort(rng.permutation(rows)[:wanted])


def labels_table(world: World, runs: Runs, seed: int) -> pd.DataFrame:
    """The table `labels`: a uniform and a guided stream by people, and a judge on every run of the pilot."""
    rng = stream(seed, "labels")
    pilot = np.flatnonzero(runs.top & (runs.place.phase == 1))
    judged = {metric: _said(rng, _truth(runs, metric)[pilot], JUDGED[metric]) for metric in JUDGED}
    pieces = [_labels(runs, rng, m, judged[m], pilot, "judge", JUDGE, "uniform", 1.0) for m in JUDGED]
    uniform = _uniform(world, runs, seed, 1)
    for phase, rows in ((1, uniform), (2, _uniform(world, runs, seed, 2))):
        among = (runs.top & (runs.place.phase == phase)).sum()
        pieces += _by_people(world, runs, rng, rows, "uniform", len(rows) / max(among, 1))
    suspicious = (judged["hallucination"] | (runs.confidence[pilot] < 0.6)) & ~np.isin(pilot, uniform)
    guided = np.sort(rng.permutation(pilot[suspicious])[: world.people.guided])
    pieces += _by_people(world, runs, rng, guided, "guided", len(guided) / max(suspicious.sum(), 1))
    table = pd.concat([piece for piece in pieces if len(piece)], ignore_index=True)
    return table.sort_values(["labelled_at", "interaction_id", "metric", "labeller"], ignore_index=True)


def _by_people(
    world: World, runs: Runs, rng: np.random.Generator, rows: np.ndarray, drawn: str, chance: float
) -> list[pd.DataFrame]:
    """The first labeller on all rows; in the pilot's uniform stream a second, independently, on some."""
    twice = drawn == "uniform" and len(rows) and runs.place.phase[rows[0]] == 1
    again = np.sort(rng.permutation(rows)[: world.people.labelled_twice if twice else 0])
    pieces = []
    for metric in JUDGED:
        truth = _truth(runs, metric)
        pieces.append(_labels(runs, rng, metric, truth[rows], rows, "human", LABELLERS[0], drawn, chance))
        second = _said(rng, truth[again], SECOND[metric])
        pieces.append(_labels(runs, rng, metric, second, again, "human", LABELLERS[1], drawn, chance))
    return pieces


def _truth(runs: Runs, metric: str) -> np.ndarray:
    return runs.invented if metric == "hallucination" else runs.success


def _said(rng: np.random.Generator, truth: np.ndarray, yes_if: tuple[float, float]) -> np.ndarray:
    return np.asarray(rng.random(len(truth)) < np.array(yes_if)[truth.astype(int)])


def _labels(
    runs: Runs, rng: np.random.Generator, metric: str, value: np.ndarray, rows: np.ndarray,
    source: str, labeller: str, drawn: str, chance: float,
) -> pd.DataFrame:  # fmt: skip
    """Labels of one labeller and metric; a judge labels at once, a person within four days, nobody after the end."""
    wait = np.full(len(rows), 60) if source == "judge" else rng.integers(3600, 345600, len(rows))
    at = np.minimum(runs.place.started[rows] + wait.astype("timedelta64[s]"), PRODUCTION_END - np.timedelta64(1, "h"))
    return pd.DataFrame(
        {
            "interaction_id": runs.place.ids[rows],
            "phase": picked(PHASES, runs.place.phase[rows]),
            "metric": metric,
            "value": value.astype(int),
            "source": source,
            "labeller": labeller,
            "stream": drawn,
            "inclusion_probability": round(float(chance), 4),
            "labelled_at": at.astype("datetime64[m]").astype("datetime64[s]"),
        }
    )


def feedback_table(world: World, runs: Runs, seed: int) -> pd.DataFrame:
    """The table `feedback`: few users rate, each run at most once, and the dissatisfied reject or correct."""
    rng, people = stream(seed, "feedback"), world.people
    rate = np.where(runs.place.phase == 1, people.rates, people.production_rates)
    rows = np.flatnonzero(runs.top & (runs.place.case >= 0) & (rng.random(len(rate)) < rate))
    bad = _said(rng, runs.success[rows], people.dissatisfied_if)
    corrects = rng.random(len(rows)) < people.correction
    wait = rng.integers(120, 14400, len(rows)).astype("timedelta64[s]")
    return pd.DataFrame(
        {
            "interaction_id": runs.place.ids[rows],
            "phase": picked(PHASES, runs.place.phase[rows]),
            "kind": np.select([bad & corrects, bad], ["correction", "negative"], "positive").astype(object),
            "at": runs.place.started[rows] + wait,
        }
    )


def reviews_table(world: World, runs: Runs, seed: int) -> pd.DataFrame:
    """The table `reviews`: every live run of the pilot, later a uniform share and the doubtful, and planted errors."""
    rng, people = stream(seed, "reviews"), world.people
    live = runs.top & (runs.place.case >= 0)
    uniform = live & ((runs.place.phase == 1) | (rng.random(len(live)) < people.review_share))
    guided = live & ~uniform & (runs.confidence < 0.5)
    seeded = rng.permutation(np.flatnonzero(live))[: people.seeded]
    rows = np.concatenate([np.flatnonzero(uniform), np.flatnonzero(guided), seeded])
    planted = np.arange(len(rows)) >= len(rows) - len(seeded)
    by_chance = uniform[rows] | planted
    chance = np.where(~by_chance | (runs.place.phase[rows] == 1), 1.0, people.review_share)
    table = _reviewed(world, runs, rng, rows, planted)
    table["stream"] = np.where(by_chance, "uniform", "guided").astype(object)
    table["inclusion_probability"] = chance
    table = table.sort_values(["queued_at", "interaction_id"], kind="stable", ignore_index=True)
    table.insert(0, "review_id", numbered("r", np.arange(len(table))))
    return table


def _corrections(runs: Runs, rows: np.ndarray) -> np.ndarray:
    """What the agent should have said instead."""
    return np.array([f"Ask the buyer: order {order} differs." for order in runs.order[rows].tolist()], dtype=object)


def _reviewed(
    world: World, runs: Runs, rng: np.random.Generator, rows: np.ndarray, planted: np.ndarray
) -> pd.DataFrame:
    """Who decided what, when and how long it took; an error is found with the reviewer's own chance."""
    reviewer = rng.integers(0, 2, len(rows))
    wrong = planted | ~runs.success[rows]
    found = wrong & (rng.random(len(rows)) < np.array(world.people.catch)[reviewer])
    corrected = found & (rng.random(len(rows)) < 0.7)
    seconds = np.round(np.exp(rng.normal(4.1, 0.5, len(rows)) + 0.5 * found), 0).astype(int)
    ready = np.ceil(runs.latency_s[rows]).astype("timedelta64[s]")
    queued = runs.place.started[rows] + ready + rng.integers(0, 900, len(rows)).astype("timedelta64[s]") * planted
    waited = np.round(rng.exponential(900.0, len(rows))).astype(int)
    reason = picked(REASONS, rng.integers(0, len(REASONS), len(rows)))
    return pd.DataFrame(
        {
            "interaction_id": runs.place.ids[rows],
            "phase": picked(PHASES, runs.place.phase[rows]),
            "action_type": np.where(runs.outcome[rows] == 0, "post invoice", "hand over").astype(object),
            "tier": "in the loop",
            "reviewer": picked(REVIEWERS, reviewer),
            "decision": np.select([corrected, found], ["correct", "reject"], "approve").astype(object),
            "reason": where_known(found, reason),
            "correction": where_known(corrected & ~planted, _corrections(runs, rows)),
            "seconds": seconds,
            "seeded": planted,
            "queued_at": queued,
            "decided_at": queued + (waited + seconds).astype("timedelta64[s]"),
        }
    )
