"""Real judges against real people: automatic metrics of factual consistency beside people's judgement of summaries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pilotage.kpis import Tables, measure
from pilotage.pilot.judge import agreements, with_judge
from pilotage.statistics import ppi_rate

LABELS = Path(__file__).parents[3] / "shared/data/labels/frank_human_vs_metrics.csv"
pytestmark = pytest.mark.skipif(not LABELS.is_file(), reason="the real data in ../shared/data is not on this machine")
DRAWS, PEOPLE = 2000, 100
METRICS = (
    "Rouge 1", "Rouge 2", "Rouge L", "Bleu", "Meteor", "BertScore P", "BertScore R", "BertScore F1", "BertScore P Art",
    "BertScore R Art", "BertScore F1 Art", "FactCC", "FEQA", "Dep Entail", "QAGS",
)  # fmt: skip


@pytest.fixture(scope="module")
def frank() -> pd.DataFrame:
    """People's majority on each summary, and each metric turned round, so that more means more invented."""
    data = pd.read_csv(LABELS)
    return data.assign(**{name: -data[name].fillna(data[name].mean()) for name in METRICS})


@pytest.fixture(scope="module")
def worth(frank: pd.DataFrame) -> pd.DataFrame:
    """Per metric: its correlation with people, how many labels alone a label with the judge is worth (the ratio of the
    mean squared errors over all draws), the same as the method claims it, and how often its 90% range holds the truth.
    """
    people = frank["hallucinated_majority"].to_numpy(float)
    rows = {}
    for name in METRICS:
        scores, rng = frank[name].to_numpy(float), np.random.default_rng(7)
        found = []
        for _ in range(DRAWS):
            here, there = rng.integers(0, len(people), PEOPLE), rng.integers(0, len(people), len(people) - PEOPLE)
            one = ppi_rate(people[here], scores[here], scores[there], 0.9)
            found.append((people[here].mean(), one.estimate, one.n_eff, one.low <= people.mean() <= one.high))
        alone, judged, n_eff, held = (np.array(column, dtype=float) for column in zip(*found, strict=True))
        ratio = np.square(alone - people.mean()).mean() / np.square(judged - people.mean()).mean()
        rows[name] = (np.corrcoef(scores, people)[0, 1], ratio, n_eff.mean() / PEOPLE, held.mean())
    table = pd.DataFrame(rows, index=["correlation", "worth", "claimed", "held"]).T.sort_values("correlation")
    print(f"\n{table.round(3)}")
    return table


def test_a_judge_that_goes_with_people_saves_a_quarter_of_the_labels(worth: pd.DataFrame) -> None:
    good = worth[worth["correlation"] >= 0.55]
    assert len(good) >= 4
    assert (1 - 1 / good["worth"]).min() >= 0.25


def test_a_judge_that_does_not_loses_next_to_nothing(worth: pd.DataFrame) -> None:
    weak = worth[worth["correlation"] <= 0.15]
    assert len(weak) >= 4
    assert (1 / weak["worth"] - 1).max() <= 0.03


def test_the_method_claims_no_more_than_it_gives(worth: pd.DataFrame) -> None:
    """Over 2,000 draws the real worth is known to 3% and the share held to .7 of a point: three of each are let be."""
    assert (worth["claimed"] / worth["worth"]).max() <= 1.09
    assert worth["held"].min() >= 0.88


def test_through_the_tables_a_judge_narrows_the_range_over_clusters_of_summaries_of_one_article(
    frank: pd.DataFrame, in_memory: Callable[..., Tables]
) -> None:
    at, people = datetime(2026, 10, 1), frank["hallucinated_majority"]
    runs = pd.DataFrame({"interaction_id": frank.index.astype(str), "phase": "pilot", "started_at": at})
    runs = runs.assign(task_id=frank["hash"], trial=frank.groupby("hash").cumcount())
    label = {"metric": "hallucination", "stream": "uniform", "labelled_at": at}
    chosen = np.sort(np.random.default_rng(5).permutation(len(frank))[:300])
    human = runs[["interaction_id"]].assign(value=people.astype(float), source="human", labeller="all", **label)
    human = human.iloc[chosen].assign(inclusion_probability=300 / len(frank))
    judged = (frank["FactCC"] > -0.5).astype(float)
    judge = runs[["interaction_id"]].assign(value=judged, source="judge", labeller="judge:factcc@0", **label)
    tables = in_memory({"interactions": runs, "labels": pd.concat([human, judge.assign(inclusion_probability=1.0)])})
    alone = measure(tables, "hallucination_rate", "pilot", 0.9)
    kpi, reason = with_judge(tables, alone, "pilot", 0.9, "judge:factcc@0")
    assert (kpi.method, reason) == ("ppi++", "")
    assert alone.clusters < alone.n == 300
    assert kpi.low is not None
    assert kpi.high is not None
    assert alone.low is not None
    assert alone.high is not None
    assert kpi.high - kpi.low < 0.9 * (alone.high - alone.low)
    assert kpi.low <= people.mean() <= kpi.high
    (one,) = agreements(tables, "pilot")
    assert one.kappa is not None
    assert one.kappa.low <= _kappa(people, judged) <= one.kappa.high


def _kappa(people: pd.Series, judged: pd.Series) -> float:
    """Cohen's kappa over all rows, worked out here: what the sample's range should hold."""
    agree = (people == judged).mean()
    chance = people.mean() * judged.mean() + (1 - people.mean()) * (1 - judged.mean())
    return float((agree - chance) / (1 - chance))
