"""One trial per task, whoever asks and however often."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pilotage.errors import PilotageError
from pilotage.statistics import anytime_rate, clopper_pearson, one_per_cluster, one_trial_rate

ROUNDING = 1e-12
trials = st.lists(st.tuples(st.text(max_size=4), st.integers(0, 5)), max_size=40, unique=True)


@given(trials, st.text(max_size=3))
@settings(deadline=None, max_examples=100)
def test_the_row_with_the_first_hash_of_its_cluster_is_chosen(rows, seed) -> None:
    ids, clusters = [row[0] for row in rows], [row[1] for row in rows]
    picked = one_per_cluster(ids, clusters, seed)
    expected = [
        min(
            (n for n in range(len(rows)) if clusters[n] == cluster),
            key=lambda n: (hashlib.md5((seed + ids[n]).encode()).hexdigest(), ids[n]),
        )
        for cluster in set(clusters)
    ]
    assert picked.tolist() == sorted(expected)


@given(trials, st.randoms(use_true_random=False), st.integers(0, 5))
@settings(deadline=None, max_examples=100)
def test_neither_the_order_nor_rows_of_other_clusters_change_the_choice(rows, shuffler, cluster) -> None:
    def chosen(among: list[tuple[str, int]]) -> set[tuple[str, int]]:
        return {among[n] for n in one_per_cluster([row[0] for row in among], [row[1] for row in among])}

    whole = chosen(rows)
    shuffled = list(rows)
    shuffler.shuffle(shuffled)
    assert chosen(shuffled) == whole
    assert chosen([row for row in rows if row[1] == cluster]) == {row for row in whole if row[1] == cluster}


def test_sql_chooses_the_same_rows() -> None:
    import duckdb

    ids, clusters = [f"täsk {n}" for n in range(300)], [f"c{n % 70}" for n in range(300)]
    connection = duckdb.connect()
    connection.execute("CREATE TABLE rows AS SELECT unnest(?) AS id, unnest(?) AS cluster", [ids, clusters])
    sql = "SELECT first(id ORDER BY md5(? || id), id) FROM rows GROUP BY cluster"
    found = {row[0] for row in connection.execute(sql, ["a seed"]).fetchall()}
    assert found == {ids[n] for n in one_per_cluster(ids, clusters, "a seed")}


def test_each_trial_is_as_likely_as_any_other() -> None:
    ids = [f"task {task} trial {trial}" for task in range(4000) for trial in range(4)]
    picked = np.bincount(one_per_cluster(ids, np.repeat(np.arange(4000), 4)) % 4)
    assert stats.chisquare(picked).pvalue > 0.001


@given(st.lists(st.lists(st.booleans(), min_size=1, max_size=4), min_size=1, max_size=12), st.integers(0, 4), st.data())
@settings(deadline=None, max_examples=200)
@pytest.mark.parametrize("method", [clopper_pearson, anytime_rate])
def test_deleting_a_trial_never_helps_whoever_takes_its_place(method, tasks, missing, data) -> None:
    rows = [(f"{task} {trial}", task, error) for task, runs in enumerate(tasks) for trial, error in enumerate(runs)]

    def bounds(among: list[tuple[str, int, bool]], lost: int) -> tuple[float, float]:
        picked = one_per_cluster([row[0] for row in among], [row[1] for row in among])
        found = one_trial_rate(sum(among[n][2] for n in picked), len(picked), 0.9, lost, method)
        return found.low, found.high

    if len(rows) > 1:
        gone = data.draw(st.integers(0, len(rows) - 1))
        before, after = bounds(rows, missing), bounds(rows[:gone] + rows[gone + 1 :], missing + 1)
        assert after[0] <= before[0] + ROUNDING
        assert after[1] >= before[1] - ROUNDING


def test_without_anything_missing_it_is_the_method_itself() -> None:
    assert one_trial_rate(3, 150, 0.9) == clopper_pearson(3, 150, 0.9)
    assert one_trial_rate(3, 150, 0.9, method=anytime_rate) == anytime_rate(3, 150, 0.9)
    assert one_trial_rate(3, 4, 0.9, missing=9).high == 1


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: one_per_cluster(["a", "b"], [1]), "do not match"),
        (lambda: one_per_cluster([["a", "b"]], [[1, 2]]), "do not match"),
        (lambda: one_per_cluster(["a", "a"], [1, 1]), "twice in its cluster"),
        (lambda: one_trial_rate(0, 0), "nothing was counted"),
        (lambda: one_trial_rate(1, 2, missing=-1), "missing rows"),
    ],
)
def test_trials_that_cannot_be_chosen_from_are_refused(call, says) -> None:
    with pytest.raises(PilotageError, match=says):
        call()


def test_no_rows_give_no_choice() -> None:
    assert one_per_cluster([], []).size == 0
