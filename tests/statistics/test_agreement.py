"""Agreement of raters, and of a judge with people."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.errors import PilotageError
from pilotage.statistics import (
    clopper_pearson,
    clustered_rate,
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    sensitivity,
    specificity,
)

pairs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60)


@given(pairs, st.sampled_from([0.5, 0.9, 0.95]))
@settings(deadline=None, max_examples=150)
def test_cohen_s_bounds_hold_the_estimate_and_stay_at_most_one(drawn, confidence) -> None:
    found = cohen_kappa(*zip(*drawn, strict=True), confidence)
    if math.isnan(found.estimate):
        assert (found.low, found.high, found.n_eff) == (-math.inf, math.inf, 0)
    else:
        assert found.low <= found.estimate <= found.high <= 1
        assert 0 <= found.n_eff <= len(drawn)


@given(pairs)
@settings(deadline=None, max_examples=80)
def test_kappa_does_not_depend_on_who_is_first_or_what_the_categories_are_called(drawn) -> None:
    first, second = (np.array(part) for part in zip(*drawn, strict=True))
    names = np.array(["d", "b", "a", "c"])
    found, other = cohen_kappa(first, second), cohen_kappa(names[second], names[first])
    assert (found.estimate, found.low, found.high) == pytest.approx(
        (other.estimate, other.low, other.high), nan_ok=True, abs=1e-9
    )


def test_kappa_s_variance_is_the_linearised_one_of_fleiss_cohen_and_everitt() -> None:
    table = np.array([[60, 12, 3], [8, 70, 15], [4, 10, 68]])
    first, second = (np.repeat(index.ravel(), table.ravel()) for index in np.indices(table.shape))
    n, p = table.sum(), table / table.sum()
    rows, columns, observed = p.sum(axis=1), p.sum(axis=0), np.trace(p)
    chance = rows @ columns
    kappa = (observed - chance) / (1 - chance)
    diagonal = np.diag(p) @ (1 - (rows + columns) * (1 - kappa)) ** 2
    others = (1 - kappa) ** 2 * ((p - np.diag(np.diag(p))) * (columns[:, None] + rows[None, :]) ** 2).sum()
    variance = (diagonal + others - (kappa - chance * (1 - kappa)) ** 2) / (n * (1 - chance) ** 2)
    found = cohen_kappa(first, second)
    size = observed * (1 - observed) / (variance * (1 - chance) ** 2) * (n - 1) / n
    assert found.estimate == pytest.approx(kappa)
    assert found.n_eff == pytest.approx(min(size, n))


def test_full_agreement_on_few_items_leaves_doubt() -> None:
    few, many = cohen_kappa([0, 1] * 10, [0, 1] * 10), cohen_kappa([0, 1] * 200, [0, 1] * 200)
    assert few.estimate == many.estimate == 1
    assert few.low < 0.7 < 0.95 < many.low < 1


def test_chance_agreement_is_zero() -> None:
    assert cohen_kappa([0, 0, 1, 1] * 20, [0, 1, 0, 1] * 20).estimate == pytest.approx(0)


@pytest.mark.parametrize("items", [1, 30])
def test_one_category_only_defines_no_agreement(items) -> None:
    for found in (
        cohen_kappa(["ok"] * items, ["ok"] * items),
        fleiss_kappa([[3, 0]] * items),
        krippendorff_alpha([[1, 1, 1]] * items),
    ):
        assert math.isnan(found.estimate)
        assert (found.low, found.high, found.n_eff) == (-math.inf, math.inf, 0)


def test_runs_of_one_task_judged_alike_add_nothing() -> None:
    rng = np.random.default_rng(1)
    first = rng.integers(0, 2, 100)
    second = first ^ (rng.random(100) < 0.15)
    once = cohen_kappa(first, second)
    repeated = cohen_kappa(np.repeat(first, 8), np.repeat(second, 8), clusters=np.repeat(np.arange(100), 8))
    assert (repeated.low, repeated.high) == pytest.approx((once.low, once.high), abs=0.02)


@pytest.mark.parametrize(("n", "rate", "wrong"), [(30, 0.5, 0.1), (100, 0.1, 0.02), (100, 0.5, 0.1), (400, 0.1, 0.1)])
def test_kappa_s_low_bound_holds_the_truth(n, rate, wrong) -> None:
    rng, bounds = np.random.default_rng(2), []
    agreed, share = 1 - 2 * wrong * (1 - wrong), rate * (1 - wrong) + (1 - rate) * wrong
    chance = share**2 + (1 - share) ** 2
    for _ in range(1500):
        truth = rng.random(n) < rate
        bounds.append(cohen_kappa(truth ^ (rng.random(n) < wrong), truth ^ (rng.random(n) < wrong), 0.9))
    kappa = (agreed - chance) / (1 - chance)
    assert np.mean([not found.low > kappa for found in bounds]) >= 0.94
    assert np.mean([not found.high < kappa for found in bounds]) >= 0.9


@given(st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=1, max_size=40))
@settings(deadline=None, max_examples=80)
def test_fleiss_with_three_raters_is_bounded_and_close_to_alpha(drawn) -> None:
    ratings = np.array(drawn)
    counts = (ratings[:, :, None] == np.arange(4)).sum(axis=1)
    kappa, alpha = fleiss_kappa(counts), krippendorff_alpha(ratings.astype(float), resamples=20)
    if math.isnan(kappa.estimate):
        assert math.isnan(alpha.estimate)
    else:
        assert kappa.low <= kappa.estimate <= kappa.high <= 1
        # Alpha corrects the chance agreement for the number of ratings, and differs in nothing else.
        assert alpha.estimate == pytest.approx(kappa.estimate + (1 - kappa.estimate) / ratings.size)


def test_ordinal_alpha_is_krippendorff_s_own_example() -> None:
    gap = math.nan
    units = [[1, 1, gap, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4], [4, 4, 4, 4]]
    units += [[1, 1, 2, 1], [2, 2, 2, 2], [gap, 5, 5, 5], [gap, gap, 1, 1], [gap, gap, 3, gap]]
    assert krippendorff_alpha(units, "ordinal").estimate == pytest.approx(0.815, abs=0.0005)


ratings_with_gaps = st.lists(
    st.lists(st.sampled_from([1.0, 2.0, 3.0, math.nan]), min_size=3, max_size=3), min_size=2, max_size=25
).filter(lambda rows: any(sum(not math.isnan(value) for value in row) > 1 for row in rows))


@given(ratings_with_gaps, st.sampled_from(["nominal", "ordinal", "interval"]), st.integers(0, 100))
@settings(deadline=None, max_examples=100)
def test_alpha_s_bounds_hold_the_estimate_and_the_seed_repeats_them(rows, level, seed) -> None:
    found = krippendorff_alpha(rows, level, 0.9, seed, resamples=100)
    if not math.isnan(found.estimate):
        assert found.low <= found.estimate <= found.high <= 1
    again = krippendorff_alpha(rows, level, 0.9, seed, resamples=100)
    assert (found.low, found.high) == (again.low, again.high)


@given(ratings_with_gaps, st.randoms(use_true_random=False), st.sampled_from(["nominal", "ordinal", "interval"]))
@settings(deadline=None, max_examples=60)
def test_alpha_does_not_depend_on_the_order_of_raters_or_on_units_with_one_rating(rows, shuffler, level) -> None:
    found = krippendorff_alpha(rows, level, resamples=2).estimate
    turned = [shuffler.sample(row, len(row)) for row in rows] + [[1.0, math.nan, math.nan]]
    assert krippendorff_alpha(turned, level, resamples=2).estimate == pytest.approx(found, nan_ok=True)


def test_ordinal_alpha_forgives_neighbours_and_nominal_does_not() -> None:
    near = np.array([[1.0, 2], [2, 3], [3, 4], [4, 5], [5, 4], [1, 1], [2, 1]] * 5)
    assert krippendorff_alpha(near, "ordinal").estimate > 0.5 > krippendorff_alpha(near).estimate


def test_full_agreement_of_many_raters_on_few_units_leaves_doubt() -> None:
    few, many = krippendorff_alpha([[0, 0], [1, 1]] * 5), krippendorff_alpha([[0, 0], [1, 1]] * 200)
    assert few.estimate == few.high == many.estimate == 1
    assert few.low < 0.6 < 0.97 < many.low < 1


def test_a_resample_without_disagreement_bounds_nothing() -> None:
    found = krippendorff_alpha([[0, 0]] * 30 + [[0, 1]], confidence=0.9)
    assert found.low == -math.inf
    assert found.high == 1


def test_alpha_over_one_cluster_has_no_low_bound() -> None:
    found = krippendorff_alpha([[0, 0], [1, 0], [1, 1]], clusters=["a", "a", "a"])
    assert (found.low, found.high, found.n_eff) == (-math.inf, 1, 1)


def test_alpha_over_clusters_is_wider_than_over_units_alike() -> None:
    rng = np.random.default_rng(3)
    truth = np.repeat(rng.integers(0, 2, 40), 6)
    ratings = np.stack([truth, truth ^ np.repeat(rng.random(40) < 0.2, 6)], axis=1).astype(float)
    units, tasks = krippendorff_alpha(ratings), krippendorff_alpha(ratings, clusters=np.repeat(np.arange(40), 6))
    assert tasks.high - tasks.low > 1.8 * (units.high - units.low)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=80))
@settings(deadline=None, max_examples=80)
def test_sensitivity_of_one_answer_is_specificity_of_the_other(drawn) -> None:
    truth, judged = (np.array(part) for part in zip(*drawn, strict=True))
    found, mirrored = sensitivity(truth, judged, 0.9), specificity(1 - truth, 1 - judged, 0.9)
    if truth.any():
        assert found == mirrored == clopper_pearson(int((truth & judged).sum()), int(truth.sum()), 0.9)
    else:
        assert math.isnan(found.estimate)
        assert (found.low, found.high) == (mirrored.low, mirrored.high) == (-math.inf, math.inf)


def test_sensitivity_in_clusters_counts_the_positive_rows_of_each() -> None:
    truth, judged = [1, 1, 0, 1, 1, 0], [1, 0, 1, 1, 1, 0]
    found = sensitivity(truth, judged, 0.9, clusters=["a", "a", "a", "b", "b", "c"])
    assert found == clustered_rate([1, 2], [2, 2], 0.9)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: cohen_kappa([], []), "no ratings"),
        (lambda: cohen_kappa([1, 2], [1]), "do not match"),
        (lambda: cohen_kappa([1, math.nan], [1, 2]), "lacks a rating"),
        (lambda: cohen_kappa([1, 2], [1, 2], clusters=["a"]), "do not match"),
        (lambda: fleiss_kappa([]), "no ratings"),
        (lambda: fleiss_kappa([[2, 0], [1, 0]]), "same number of ratings"),
        (lambda: fleiss_kappa([[1, 0], [0, 1]]), "same number of ratings"),
        (lambda: krippendorff_alpha([[1, math.nan], [math.nan, 2]]), "no unit has two ratings"),
        (lambda: krippendorff_alpha([1.0, 2.0]), "a row per unit"),
        (lambda: sensitivity([], []), "no true labels"),
        (lambda: specificity([0, 1], [1]), "do not match"),
        (lambda: specificity([0, 2], [1, 1]), "0 or 1"),
    ],
)
def test_ratings_that_belong_to_no_item_are_refused(call, says) -> None:
    with pytest.raises(PilotageError, match=says):
        call()


def test_ten_thousand_units_of_four_raters_take_well_under_a_second(within) -> None:
    ratings = np.random.default_rng(4).integers(1, 6, (10_000, 4)).astype(float)
    assert within(1, lambda: krippendorff_alpha(ratings, "ordinal"))
