"""A judge may make the estimate steadier where that is sound; nothing is narrower for what was deleted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pilotage.kpis import Kpi, Tables, measure
from pilotage.pilot.judge import with_judge

Build = Callable[..., Tables]
T0 = datetime(2026, 10, 1, 8)
N, HUMAN = 1000, 200
JUDGE = "judge:m@1"


class Pilot:
    """A thousand runs, of which people labelled two hundred at random; the judge is right in nine of ten."""

    def __init__(self, rate: float = 0.2, right: float = 0.9, seed: int = 1, per_task: int = 1) -> None:
        rng = np.random.default_rng(seed)
        truth = np.repeat(rng.random(N // per_task) < rate, per_task)
        judged = np.where(rng.random(N) < right, truth, ~truth)
        names = [f"i{i:04}" for i in range(N)]
        self.runs = pd.DataFrame({"interaction_id": names, "phase": "pilot", "started_at": T0})
        if per_task > 1:
            self.runs["task_id"] = [f"t{i // per_task}" for i in range(N)]
            self.runs["trial"] = [i % per_task for i in range(N)]
        chosen = np.sort(rng.permutation(N)[:HUMAN])
        self.people = self._labels(chosen, truth[chosen], "human", "a", HUMAN / N)
        self.judge = self._labels(np.arange(N), judged, "judge", JUDGE, 1.0)

    def _labels(self, which: np.ndarray, values: np.ndarray, source: str, who: str, chance: float) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "interaction_id": self.runs["interaction_id"].to_numpy()[which], "metric": "hallucination",
                "value": values.astype(float), "source": source, "labeller": who, "stream": "uniform",
                "inclusion_probability": chance, "labelled_at": T0,
            }
        )  # fmt: skip

    def tables(self, in_memory: Build, missing: int = 0) -> Tables:
        frames = {"interactions": self.runs, "labels": pd.concat([self.people, self.judge], ignore_index=True)}
        return in_memory(frames, missing={"labels": missing})


def powered(tables: Tables, name: str = "hallucination_rate") -> tuple[Kpi, Kpi, str]:
    alone = measure(tables, name, "pilot", 0.9)
    return (alone, *with_judge(tables, alone, "pilot", 0.9, JUDGE))


def width(kpi: Kpi) -> float:
    assert kpi.low is not None
    assert kpi.high is not None
    return kpi.high - kpi.low


def test_a_good_judge_narrows_the_range_and_says_how(in_memory: Build) -> None:
    alone, kpi, reason = powered(Pilot().tables(in_memory))
    assert (kpi.method, reason) == ("ppi++", "")
    assert (kpi.count, kpi.n, kpi.clusters) == (alone.count, alone.n, alone.clusters)
    assert kpi.n_eff is not None
    assert kpi.n_eff > 1.3 * alone.n
    assert width(kpi) < 0.9 * width(alone)


def test_success_as_people_judge_takes_a_judge_as_well(in_memory: Build) -> None:
    pilot = Pilot(rate=0.8)
    pilot.people["metric"] = pilot.judge["metric"] = "task_success"
    _, kpi, reason = powered(pilot.tables(in_memory), "human_task_success_rate")
    assert (kpi.method, reason) == ("ppi++", "")


def no_judge(pilot: Pilot) -> None:
    pilot.judge = pilot.judge[:0]


def rare(pilot: Pilot) -> None:
    pilot.people["value"] = [1.0] * 9 + [0.0] * (HUMAN - 9)


def few(pilot: Pilot) -> None:
    pilot.people = pilot.people[:49]


def always_yes(pilot: Pilot) -> None:
    pilot.judge["value"] = 1.0


def backwards(pilot: Pilot) -> None:
    pilot.judge["value"] = 1 - pilot.judge["value"]


def only_the_labelled(pilot: Pilot) -> None:
    pilot.judge = pilot.judge[pilot.judge["interaction_id"].isin(pilot.people["interaction_id"])]


def hardly_any_labelled(pilot: Pilot) -> None:
    labelled = pilot.judge["interaction_id"].isin(pilot.people["interaction_id"])
    pilot.judge = pilot.judge[~labelled | (labelled.cumsum() <= 49)]


def guided_judge(pilot: Pilot) -> None:
    pilot.judge["stream"] = "guided"


def unequal_judge(pilot: Pilot) -> None:
    pilot.judge["inclusion_probability"] = np.where(np.arange(N) % 2, 1.0, 0.5)


def unequal_people(pilot: Pilot) -> None:
    pilot.people["inclusion_probability"] = np.where(np.arange(HUMAN) % 2, 1.0, 0.5)


ALONE = {
    no_judge: "no judge was asked",
    rare: "too rare",
    few: "people labelled 49 rows",
    always_yes: "always says yes, which carries no information",
    backwards: "does not go with what people say",
    only_the_labelled: "judged no run beyond those that people labelled",
    hardly_any_labelled: "judged 49 of the runs that people labelled",
    guided_judge: "no judge was asked",
    unequal_judge: "runs were drawn with unequal chances",
    unequal_people: "labels were drawn with unequal chances",
}


@pytest.mark.parametrize("spoil", ALONE, ids=lambda spoil: spoil.__name__)
def test_where_a_judge_is_not_sound_people_stand_alone_and_the_reason_is_told(in_memory: Build, spoil: Any) -> None:
    pilot = Pilot()
    spoil(pilot)
    alone, kpi, reason = powered(pilot.tables(in_memory))
    assert kpi == alone
    assert ALONE[spoil] in reason


def test_missing_labels_and_looks_that_all_count_take_no_judge(in_memory: Build) -> None:
    tables = Pilot().tables(in_memory, missing=1)
    alone, kpi, reason = powered(tables)
    assert kpi == alone
    assert reason == "1 label missing or without a value"
    tables = Pilot().tables(in_memory)
    anytime = replace(measure(tables, "hallucination_rate", "pilot"), method="anytime-valid")
    assert with_judge(tables, anytime, "pilot", 0.9, JUDGE) == (
        anytime,
        "every look counts here, and a judge's range is right at one look only",
    )


def test_a_kpi_that_counts_no_labels_takes_no_judge(in_memory: Build) -> None:
    pilot = Pilot()
    pilot.runs["success"] = True
    alone, kpi, reason = powered(pilot.tables(in_memory), "task_success_rate")
    assert (kpi, reason) == (alone, "it counts no labels of people")


@pytest.mark.parametrize("side", ["yes", "no"])
@pytest.mark.parametrize("whose", ["labelled", "others"])
def test_deleting_what_the_judge_said_never_moves_a_bound_towards_a_pass(
    in_memory: Build, side: str, whose: str
) -> None:
    pilot = Pilot()
    _, whole, _ = powered(pilot.tables(in_memory))
    labelled = pilot.judge["interaction_id"].isin(pilot.people["interaction_id"])
    fits = (pilot.judge["value"] == (side == "yes")) & (labelled if whose == "labelled" else ~labelled)
    for n in (1, 10, 40):
        less = Pilot()
        less.judge = pilot.judge[~(fits & (fits.cumsum() <= n))]
        _, kpi, _ = powered(less.tables(in_memory))
        assert kpi.low is not None
        assert kpi.high is not None
        assert whole.low is not None
        assert whole.high is not None
        assert kpi.high >= whole.high - 1e-9, n
        assert kpi.low <= whole.low + 1e-9, n


def test_runs_that_ended_in_an_error_owe_the_judge_nothing(in_memory: Build) -> None:
    pilot = Pilot()
    pilot.runs["outcome"] = np.where(np.arange(N) % 20, "answered", "error")
    failed = pilot.judge["interaction_id"].isin(pilot.runs["interaction_id"][pilot.runs["outcome"] == "error"])
    pilot.judge = pilot.judge[~failed]
    _, kpi, _ = powered(pilot.tables(in_memory))
    del pilot.runs["outcome"]
    _, owed, _ = powered(pilot.tables(in_memory))
    assert kpi.method == owed.method == "ppi++"
    assert width(kpi) < width(owed)


def test_a_judge_asked_about_a_part_of_the_others_owes_only_that_part(in_memory: Build) -> None:
    pilot = Pilot()
    labelled = pilot.judge["interaction_id"].isin(pilot.people["interaction_id"])
    drawn = labelled | (np.random.default_rng(3).permutation(N) < N // 2)
    pilot.judge.loc[~labelled, "inclusion_probability"] = (drawn & ~labelled).sum() / (~labelled).sum()
    _, whole, _ = powered(pilot.tables(in_memory))
    pilot.judge = pilot.judge[drawn]
    _, part, reason = powered(pilot.tables(in_memory))
    assert (part.method, reason) == ("ppi++", "")
    assert part.n_eff is not None
    assert whole.n_eff is not None
    assert part.n_eff < whole.n_eff
    assert width(part) < 1.1 * width(whole)


def test_repeated_runs_of_a_task_are_clusters_for_the_judge_as_well(in_memory: Build) -> None:
    alone, kpi, _ = powered(Pilot(per_task=4).tables(in_memory))
    assert alone.clusters < HUMAN
    assert kpi.method == "ppi++"
    assert kpi.n_eff is not None
    free, _ = with_judge(
        tables := Pilot().tables(in_memory), measure(tables, "hallucination_rate", "pilot", 0.9), "pilot", 0.9, JUDGE
    )
    assert free.n_eff is not None
    assert kpi.n_eff < free.n_eff


def test_the_range_with_a_judge_holds_the_truth_as_often_as_it_says(in_memory: Build) -> None:
    """Of sixty ranges at 90% about 54 hold the true 20%; fewer than 48 would be chance in one of two hundred tries."""
    held = []
    for seed in range(60):
        _, kpi, _ = powered(Pilot(seed=seed).tables(in_memory))
        assert kpi.method == "ppi++"
        held.append(kpi.low is not None and kpi.high is not None and kpi.low <= 0.2 <= kpi.high)
    assert sum(held) >= 48


def test_a_judge_may_be_named_without_its_key_where_only_one_goes_by_the_name(in_memory: Build) -> None:
    pilot = Pilot()
    alone = measure(tables := pilot.tables(in_memory), "hallucination_rate", "pilot", 0.9)
    assert with_judge(tables, alone, "pilot", 0.9, "judge:m")[0].method == "ppi++"
    pilot.judge = pd.concat([pilot.judge, pilot.judge.assign(labeller="judge:m@2")])
    kpi, reason = with_judge(pilot.tables(in_memory), alone, "pilot", 0.9, "judge:m")
    assert kpi == alone
    assert "several judges go by the name judge:m" in reason


@pytest.mark.parametrize(("judge", "why"), [(None, "no judge is named"), ("judge:n@2", "was not asked")])
def test_only_the_judge_that_was_named_beforehand_counts(in_memory: Build, judge: str | None, why: str) -> None:
    tables = Pilot().tables(in_memory)
    alone = measure(tables, "hallucination_rate", "pilot", 0.9)
    kpi, reason = with_judge(tables, alone, "pilot", 0.9, judge)
    assert kpi == alone
    assert why in reason
