"""The model calls and tool calls inside each run: they follow one another and add up to the run's own time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pilotage.records.synthetic.agent import Runs
from pilotage.records.synthetic.draws import in_steps, numbered, picked, stream, where_known
from pilotage.records.synthetic.process import PHASES
from pilotage.records.synthetic.world import World

# The steps of a run: "model" or the tool called; a purchase order that was not found is looked for once more.
STEPS = (
    "model",
    "read_invoice",
    "find_purchase_order",
    "find_purchase_order",
    "model",
    "match_lines",
    "model",
    "post_invoice",
    "ask_person",
)
MODEL = np.array([step == "model" for step in STEPS])
AGAIN = 3
ERRORS = ("no_answer", "not_found", "bad_request", "locked")  # the first is a time-out


@dataclass(frozen=True)
class Calls:
    """The steps of all runs, arrays of shape (runs, steps): which happened, which failed, when they began, how long.

    `reason`, one a run, is an index into ERRORS: a run's failures have one cause.
    """

    mask: np.ndarray
    failed: np.ndarray
    start_s: np.ndarray
    length_s: np.ndarray
    reason: np.ndarray


def draw_calls(world: World, runs: Runs, seed: int) -> Calls:
    """The steps of every run. Failures come together: on a bad connection every tool fails more often."""
    rng, n = stream(seed, "calls"), len(runs.success)
    low, high = failure_rates(world)
    rates = np.where((rng.random(n) < world.agent.bad_run)[:, None], high, low)
    failed = rng.random((n, len(STEPS))) < rates
    mask = np.ones((n, len(STEPS)), dtype=bool)
    mask[:, AGAIN] = failed[:, AGAIN - 1]
    mask[:, 6] = rng.random(n) < world.agent.third_call
    mask[:, 7] = (runs.outcome == 0) & runs.top
    mask[:, 8] = (runs.outcome == 1) & runs.top
    weights = step_values(world, "weight", model=4.0) * rng.gamma(4.0, 0.25, (n, len(STEPS)))
    start, length = in_steps(mask, weights, runs.service_s)
    reason = np.where(rng.random(n) < 0.3, 0, rng.integers(1, len(ERRORS), n))
    return Calls(mask, failed & mask, start, length, reason)


def step_values(world: World, name: str, model: float) -> np.ndarray:
    """A parameter of the tool called in each step; `model` where the step is a model call."""
    tools = {tool.name: getattr(tool, name) for tool in world.agent.tools}
    return np.array([tools.get(step, model) for step in STEPS])


def failure_rates(world: World) -> tuple[np.ndarray, np.ndarray]:
    """The failure rate of each step in an ordinary and in a bad run; weighted, they give the tool's own rate."""
    agent = world.agent
    rate = step_values(world, "failure", model=agent.model_failure)
    high = np.minimum(0.9, agent.bad_factor * rate)
    return (rate - agent.bad_run * high) / (1 - agent.bad_run), high


def attempts(calls: Calls) -> np.ndarray:
    """How often each run was tried: once more where a model call failed."""
    return np.asarray(1 + (calls.failed & MODEL).any(axis=1))


def model_calls_table(world: World, runs: Runs, calls: Calls) -> pd.DataFrame:
    """The table `model_calls`, run by run. Each call reads more than the one before; in sum it is the run's tokens."""
    mask = calls.mask & MODEL
    rows, steps = np.nonzero(mask)
    turn = np.cumsum(mask, axis=1)
    return pd.DataFrame(
        {
            "call_id": numbered("m", np.arange(len(rows))),
            "interaction_id": runs.place.ids[rows],
            "phase": picked(PHASES, runs.place.phase[rows]),
            "turn": turn[rows, steps],
            "model": picked(world.agent.models, np.zeros(len(rows), dtype=int)),
            "started_at": _began(runs, calls, rows, steps),
            "duration_s": np.round(calls.length_s[rows, steps], 2),
            "input_tokens": _shared_out(mask, turn, runs.input_tokens)[rows, steps],
            "output_tokens": _shared_out(mask, mask, runs.output_tokens)[rows, steps],
            "status": np.where(calls.failed[rows, steps], "error", "ok").astype(object),
        }
    )


def _shared_out(mask: np.ndarray, weights: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Whole numbers in proportion to `weights` that add up to `total` in each row; the last call takes the rest."""
    counted = np.where(mask, weights, 0)
    share: np.ndarray = counted * total[:, None] // counted.sum(axis=1, keepdims=True)
    last = mask.shape[1] - 1 - np.argmax(mask[:, ::-1], axis=1)
    share[np.arange(len(total)), last] += total - share.sum(axis=1)
    return share


def tool_calls_table(runs: Runs, calls: Calls) -> pd.DataFrame:
    """The table `tool_calls`, run by run in the order of the steps."""
    mask = calls.mask & ~MODEL
    rows, steps = np.nonzero(mask)
    failed, reason = calls.failed[rows, steps], calls.reason[rows]
    looked_up = np.array([step == "find_purchase_order" for step in STEPS])[steps]
    asked_for = np.array([f"order={order}" for order in runs.order.tolist()], dtype=object)
    return pd.DataFrame(
        {
            "interaction_id": runs.place.ids[rows],
            "phase": picked(PHASES, runs.place.phase[rows]),
            "seq": np.cumsum(mask, axis=1)[rows, steps],
            "tool": picked(STEPS, steps),
            "status": np.select([failed & (reason == 0), failed], ["timeout", "error"], "ok").astype(object),
            "started_at": _began(runs, calls, rows, steps),
            "duration_s": np.round(calls.length_s[rows, steps], 2),
            "arguments": where_known(looked_up, asked_for[rows]),
            "error_type": where_known(failed, picked(ERRORS, reason)),
        }
    )


def _began(runs: Runs, calls: Calls, rows: np.ndarray, steps: np.ndarray) -> np.ndarray:
    waited = runs.latency_s[rows] - runs.service_s[rows] + calls.start_s[rows, steps]
    return np.asarray(runs.place.started[rows] + np.floor(waited).astype("timedelta64[s]"))
