"""A trend is one only when its lower end lies above zero, and is compared within runs and between weeks."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pilotage import pilot
from pilotage.figures import svg
from pilotage.kpis import Tables
from pilotage.pilot.trends import Trend

Build = Callable[..., Tables]
MONDAY = datetime(2026, 7, 6, 8)


@pytest.fixture
def tables(tables: Build, in_memory: Build) -> Build:
    """Like the shared fixture, and faster for hundreds of rows: dated ones go in as a frame."""

    def build(**rows: Any) -> Tables:
        if len(rows.get("interactions", ())) < 100:
            return tables(**rows)
        return in_memory({name: pd.DataFrame(given) for name, given in rows.items()})

    return build


def runs(n: int, growth: float = 0.0, noise: float = 0.2, seed: int = 1) -> list[dict[str, Any]]:
    """`n` runs a week for eight weeks, whose tokens grow by so much a week."""
    rng = np.random.default_rng(seed)
    return [
        {"interaction_id": f"{week}-{i}", "phase": "pilot", "task_id": f"t{week}-{i // 2}",
         "started_at": MONDAY + timedelta(weeks=week, hours=i), "latency_s": float(math.exp(noise * rng.normal())),
         "input_tokens": int(10_000 * (1 + growth) ** week * math.exp(noise * rng.normal())), "output_tokens": 0}
        for week in range(8) for i in range(n)
    ]  # fmt: skip


def turns(counts: list[int], growth: float, base: Callable[[int], float] = lambda run: 1000.0) -> dict[str, Any]:
    """Runs of so many turns, each call reading so much more than the one before."""
    rng = np.random.default_rng(7)
    calls = [
        {"call_id": f"{run}-{turn}", "interaction_id": f"i{run}", "turn": turn, "status": "ok", "duration_s": 1.0,
         "input_tokens": int(base(run) * (1 + growth) ** turn * math.exp(0.05 * rng.normal()))}
        for run, n in enumerate(counts) for turn in range(n)
    ]  # fmt: skip
    rows = [{"interaction_id": f"i{run}", "phase": "pilot"} for run in range(len(counts))]
    return {"interactions": rows, "model_calls": calls}


def test_tokens_that_grow_by_the_turn_are_found_with_their_range(tables: Build) -> None:
    trend = pilot.trends(tables(**turns([5] * 40, 0.04))).turn_tokens
    assert trend.grows
    assert trend.kpi.estimate == pytest.approx(0.04, abs=0.01)
    assert trend.finding.startswith("Input tokens per call grow by ")
    assert " a turn (between " in trend.finding


def test_long_runs_that_are_cheaper_make_no_trend_along_the_run(tables: Build) -> None:
    short_and_dear = turns([2] * 30 + [6] * 30, 0.0, lambda run: 4000.0 if run < 30 else 1000.0)
    trend = pilot.trends(tables(**short_and_dear)).turn_tokens
    assert not trend.grows
    assert not trend.falls
    assert "no trend by turn can be told from chance" in trend.finding


def test_a_rise_by_week_is_a_sign_only_when_its_lower_end_is_above_zero(tables: Build) -> None:
    steep, flat = (pilot.trends(tables(interactions=runs(30, growth))).week_tokens for growth in (0.05, 0.0))
    assert steep.grows
    assert "grow by" in steep.finding
    assert not flat.grows
    assert flat.kpi.low is not None
    assert flat.kpi.low < 0


def test_a_fall_is_worded_as_one(tables: Build) -> None:
    trend = pilot.trends(tables(interactions=runs(30, -0.05))).week_tokens
    assert trend.falls
    assert "fall by" in trend.finding
    assert "between -" not in trend.finding


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_repeated_trials_of_a_task_are_worth_one(tables: Build, seed: int) -> None:
    once = runs(6, 0.01, seed=seed)
    again = [{**row, "interaction_id": f"{row['interaction_id']}-{k}", "task_id": row["interaction_id"]}
             for row in once for k in range(4)]  # fmt: skip
    single = [{**row, "task_id": row["interaction_id"]} for row in once]
    one, four = (pilot.trends(tables(interactions=rows)).week_tokens.kpi for rows in (single, again))
    assert four.low == pytest.approx(one.low)
    assert four.n == 4 * one.n


def test_the_figure_has_the_weeks_and_the_fitted_line(tables: Build) -> None:
    trend = pilot.trends(tables(interactions=runs(10, 0.05))).week_tokens
    figure = pilot.week_figure(trend, "tokens per interaction")
    assert figure is not None
    points, line = figure.axes[0].lines
    assert len(points.get_xdata()) == len(line.get_xdata()) == 8
    ys = np.asarray(line.get_ydata())
    assert ys[1:] / ys[:-1] == pytest.approx(np.full(7, 1 + (trend.kpi.estimate or 0)))
    assert "07-06" in svg(figure)


@pytest.mark.parametrize(
    "rows",
    [
        {},
        {"interactions": [{"interaction_id": "1", "phase": "pilot"}], "model_calls": []},
        {"interactions": [{"interaction_id": "1", "phase": "pilot", "input_tokens": 5, "output_tokens": 5,
                           "latency_s": 1.0}]},
        {"interactions": [{"interaction_id": "1", "phase": "pilot", "input_tokens": 5, "output_tokens": 5,
                           "started_at": MONDAY, "latency_s": 1.0}],
         "model_calls": [{"call_id": "1", "interaction_id": "1", "turn": 1, "input_tokens": 5, "duration_s": 0.0}]},
    ],
    ids=["nothing", "empty", "no time", "one of each"],
)  # fmt: skip
def test_what_has_no_trend_is_not_known_and_not_level(tables: Build, rows: dict[str, Any]) -> None:
    found = pilot.trends(tables(**rows))
    assert all(trend.kpi.estimate is None and trend.kpi.reason for trend in found.all)
    assert all("is not known, since" in trend.finding for trend in found.all)
    assert pilot.week_figure(found.week_tokens, "tokens") is None
    assert pilot.trends_table(found).count("not known") >= 4


def test_values_of_zero_are_counted_as_left_out(tables: Build) -> None:
    rows = [{**row, "latency_s": 0.0} if i < 3 else row for i, row in enumerate(runs(5))]
    found = pilot.trends(tables(interactions=rows))
    assert found.week_seconds.left_out == 3
    assert "nothing grows from zero: 3 values" in pilot.trends_table(found)


def test_the_finding_names_what_grows(tables: Build) -> None:
    shown = pilot.trends_table(pilot.trends(tables(interactions=runs(30, 0.05))))
    assert "Growing, even at the lower end of the range: tokens per interaction by week." in shown
    assert "early sign" in shown
    assert isinstance(pilot.trends(tables()).turn_tokens, Trend)
