"""The variance of an estimate from what each row contributes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.statistics.influence import cluster_codes, few_either_way, robust_variance

values = st.lists(st.floats(-100, 100), min_size=2, max_size=40)


@given(values)
@settings(deadline=None, max_examples=60)
def test_rows_that_are_their_own_clusters_give_the_variance_of_a_mean(drawn) -> None:
    found = robust_variance((np.array(drawn) - np.mean(drawn)) / len(drawn), cluster_codes(None, len(drawn)))
    assert found == pytest.approx(np.var(drawn, ddof=1) / len(drawn), abs=1e-12)


@given(values, st.integers(2, 5))
@settings(deadline=None, max_examples=60)
def test_copies_of_a_row_in_its_cluster_add_nothing(drawn, copies) -> None:
    influence, codes = (np.array(drawn) - np.mean(drawn)) / len(drawn), np.arange(len(drawn))
    copied = robust_variance(np.repeat(influence, copies) / copies, np.repeat(codes, copies))
    assert copied == pytest.approx(robust_variance(influence, codes), abs=1e-12)


def test_one_cluster_leaves_the_variance_unknown() -> None:
    assert robust_variance(np.array([1.0, -1.0]), np.array([0, 0])) == math.inf


def test_clusters_are_numbered_by_name_without_gaps() -> None:
    assert list(cluster_codes(["b", "a", "b"], 3)) == [1, 0, 1]


def test_ten_clusters_either_way_are_enough() -> None:
    nine, ten = np.array([1.0] * 9 + [0.0] * 30), np.array([1.0] * 10 + [0.0] * 30)
    assert few_either_way(nine, np.arange(39))
    assert few_either_way(1 - nine, np.arange(39))
    assert not few_either_way(ten, np.arange(40))
