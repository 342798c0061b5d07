"""All eleven tables of the synthetic desk in memory, under their canonical names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pilotage.records.synthetic.agent import draw_runs, interactions_table
from pilotage.records.synthetic.calls import attempts, draw_calls, model_calls_table, tool_calls_table
from pilotage.records.synthetic.guard_reviews import with_guard_reviews
from pilotage.records.synthetic.money import costs_table, training_table
from pilotage.records.synthetic.people import checked, feedback_table, labels_table, reviews_table
from pilotage.records.synthetic.process import cases_table, draw_cases, events_table
from pilotage.records.synthetic.second_looks import with_second_looks
from pilotage.records.synthetic.texts import texts_table
from pilotage.records.synthetic.world import UTC_OFFSET_H, World, world_of

if TYPE_CHECKING:
    import pandas as pd


def make_tables(seed: int = 7, variant: str = "sample") -> dict[str, pd.DataFrame]:
    """The eleven tables by name, with canonical columns and values; times are naive UTC, datetime64[s].

    Raises PilotageError for an unknown variant.
    """
    return tables_of(world_of(variant), seed)


def tables_of(world: World, seed: int) -> dict[str, pd.DataFrame]:
    """The same for any parameters."""
    cases = draw_cases(world, seed)
    runs = draw_runs(world, cases, seed)
    calls = draw_calls(world, runs, seed)
    known = checked(world, runs, seed)
    interactions = interactions_table(world, cases, runs, known, attempts(calls), seed)
    reviews = with_second_looks(reviews_table(world, runs, seed), world, runs, seed)
    tables = {
        "cases": cases_table(world, cases),
        "events": events_table(world, cases, seed),
        "interactions": interactions,
        "model_calls": model_calls_table(world, runs, calls),
        "tool_calls": tool_calls_table(runs, calls),
        "labels": labels_table(world, runs, seed),
        "feedback": feedback_table(world, runs, seed),
        "reviews": with_guard_reviews(reviews, world, runs, interactions["input_text"].tolist(), seed),
        "texts": texts_table(world, seed),
        "costs": costs_table(world, seed),
        "training": training_table(world, seed),
    }
    return {name: _in_utc(table) for name, table in tables.items()}


def _in_utc(table: pd.DataFrame) -> pd.DataFrame:
    """Local times become UTC; the whole calendar lies in summer time, so the offset is one number."""
    times = [name for name in table if table[name].dtype.kind == "M"]
    return table.assign(**{name: table[name] - np.timedelta64(UTC_OFFSET_H, "h") for name in times})
