"""A rate from people's labels and a judge's scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.errors import PilotageError
from pilotage.statistics import clopper_pearson, clustered_rate, ppi_rate, why_labels_alone


def _rows(rng, rate, n, others, caught=0.8, cleared=0.95):
    """Labels, the judge's scores of the same rows, and those of the others; the judge says 0 or 1."""
    truth = rng.random(n + others) < rate
    judged = np.where(truth, rng.random(n + others) < caught, rng.random(n + others) >= cleared).astype(float)
    return truth[:n].astype(float), judged[:n], judged[n:]


@st.composite
def drawn_rows(draw):
    n, others = draw(st.integers(2, 80)), draw(st.integers(1, 300))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    rate, caught, cleared = (draw(st.floats(0.02, 0.98)) for _ in range(3))
    return _rows(rng, rate, n, others, caught, cleared)


@given(drawn_rows(), st.sampled_from([0.5, 0.9, 0.95]))
@settings(deadline=None, max_examples=150)
def test_bounds_hold_the_estimate_and_n_eff_stays_below_all_rows(drawn, confidence) -> None:
    found = ppi_rate(*drawn, confidence)
    assert 0 <= found.low <= found.estimate <= found.high <= 1
    assert 0 < found.n_eff <= len(drawn[0]) + len(drawn[2])


@given(drawn_rows())
@settings(deadline=None, max_examples=80)
def test_counting_the_other_answer_mirrors_the_interval(drawn) -> None:
    labels, judged, rest = drawn
    found, mirrored = ppi_rate(labels, judged, rest), ppi_rate(1 - labels, 1 - judged, 1 - rest)
    assert (found.low, found.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low), abs=1e-9)


@given(drawn_rows(), st.sampled_from([0.1, 0.7, 3, 50]), st.sampled_from([-5, -0.5, 0, 2]))
@settings(deadline=None, max_examples=80)
def test_the_scale_of_the_scores_does_not_matter(drawn, scale, shift) -> None:
    labels, judged, rest = drawn
    found, other = ppi_rate(labels, judged, rest), ppi_rate(labels, judged * scale + shift, rest * scale + shift)
    assert (found.low, found.high) == pytest.approx((other.low, other.high), abs=1e-6)


@given(drawn_rows())
@settings(deadline=None, max_examples=60)
def test_more_confidence_contains_less_confidence(drawn) -> None:
    narrow, wide = ppi_rate(*drawn, 0.8), ppi_rate(*drawn, 0.95)
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high


@pytest.mark.parametrize("judged", [np.ones(100), 1 - np.arange(100) % 2, np.full(100, 0.3)])
def test_a_judge_that_is_constant_or_points_the_wrong_way_leaves_the_labels_alone(judged) -> None:
    labels = np.arange(100) % 2
    rest = np.resize(judged, 400)
    assert ppi_rate(labels, judged, rest, 0.9) == clopper_pearson(50, 100, 0.9)
    clusters, others = np.arange(100) // 4, np.arange(400) // 4
    in_clusters = ppi_rate(labels, judged, rest, 0.9, clusters, others)
    assert in_clusters == clustered_rate([2] * 25, [4] * 25, 0.9)


def test_without_other_rows_the_labels_stand_alone() -> None:
    labels = np.arange(60) % 3 == 0
    assert ppi_rate(labels, labels, []) == clopper_pearson(20, 60)


def test_labels_of_one_kind_stand_alone() -> None:
    judged = np.arange(80) % 2
    assert ppi_rate(np.zeros(80), judged, judged) == clopper_pearson(0, 80)


def test_labels_of_one_cluster_bound_nothing() -> None:
    labels = np.arange(80) % 2
    found = ppi_rate(labels, labels, labels, 0.9, np.zeros(80), np.arange(80))
    assert (found.low, found.high, found.method) == (0, 1, "korn-graubard")


def test_the_judge_s_bias_does_not_move_the_rate() -> None:
    rng = np.random.default_rng(5)
    found = [ppi_rate(*_rows(rng, 0.3, 200, 2000, caught=0.99, cleared=0.7)).estimate for _ in range(200)]
    assert np.mean(found) == pytest.approx(0.3, abs=0.01)


def test_a_weight_may_pass_one() -> None:
    rng = np.random.default_rng(6)
    labels, judged, rest = _rows(rng, 0.4, 300, 3000, 0.9, 0.95)
    assert ppi_rate(labels, judged / 4, rest / 4).n_eff == pytest.approx(ppi_rate(labels, judged, rest).n_eff)
    assert ppi_rate(labels, judged / 4, rest / 4).n_eff > ppi_rate(labels, judged / 4, rest / 4, weight=1).n_eff


def test_half_an_error_is_kept_in_mind_while_the_judge_has_made_none() -> None:
    labels = np.arange(100) % 10 == 0
    rest = np.arange(5000) % 10 == 0
    assert 2 < ppi_rate(labels, labels, rest).n_eff / 100 < 10


def test_identical_runs_of_a_task_add_nothing_to_the_task() -> None:
    labels, judged, rest = _rows(np.random.default_rng(7), 0.3, 150, 1500)
    once = ppi_rate(labels, judged, rest, 0.9, np.arange(150), np.arange(150, 1650))
    repeated = ppi_rate(
        *(np.repeat(part, 5) for part in (labels, judged, rest)),
        0.9,
        np.repeat(np.arange(150), 5),
        np.repeat(np.arange(150, 1650), 5),
    )
    assert repeated.n_eff == pytest.approx(once.n_eff, rel=0.1)


def test_clusters_of_one_row_are_close_to_no_clusters() -> None:
    labels, judged, rest = _rows(np.random.default_rng(8), 0.3, 300, 1500)
    found = ppi_rate(labels, judged, rest, 0.9)
    by_row = ppi_rate(labels, judged, rest, 0.9, np.arange(300), np.arange(300, 1800))
    assert (by_row.low, by_row.high) == pytest.approx((found.low, found.high), abs=0.002)


@pytest.mark.parametrize(
    ("rate", "n", "caught", "cleared"),
    [(0.3, 50, 0.8, 0.95), (0.1, 100, 0.99, 0.99), (0.1, 50, 0.9, 0.97), (0.06, 100, 0.8, 0.95), (0.3, 300, 0.8, 0.95)],
)
def test_one_sided_bounds_hold_the_truth_where_the_judge_may_count(rate, n, caught, cleared) -> None:
    rng = np.random.default_rng(9)
    drawn = [_rows(rng, rate, n, 2000, caught, cleared) for _ in range(1500)]
    found = [ppi_rate(*rows, 0.9) for rows in drawn if why_labels_alone(rows[0]) is None]
    assert np.mean([interval.low <= rate for interval in found]) >= 0.93
    assert np.mean([interval.high >= rate for interval in found]) >= 0.93


@pytest.mark.parametrize("same_tasks", [True, False])
def test_one_sided_bounds_hold_the_truth_in_clusters_whether_they_are_shared_or_not(same_tasks) -> None:
    rng, tasks, runs, held = np.random.default_rng(10), 80, 4, []
    names = np.repeat(np.arange(tasks), runs)
    for _ in range(1000):
        truth = rng.random(tasks * runs) < np.repeat(rng.beta(0.45, 1.05, tasks), runs)
        judged = truth ^ (rng.random(tasks * runs) < 0.1)
        labelled = np.isin(np.arange(tasks * runs), rng.permutation(tasks * runs)[:100]) if same_tasks else names < 25
        parts = (truth[labelled], judged[labelled], judged[~labelled])
        held.append(ppi_rate(*parts, 0.9, names[labelled], names[~labelled]))
    assert np.mean([interval.low <= 0.3 for interval in held]) >= 0.93
    assert np.mean([interval.high >= 0.3 for interval in held]) >= 0.93


def test_a_good_judge_saves_labels() -> None:
    rng = np.random.default_rng(11)
    found = [ppi_rate(*_rows(rng, 0.3, 300, 3000)).n_eff for _ in range(50)]
    assert np.mean(found) > 1.8 * 300


@pytest.mark.parametrize(
    ("held", "n", "says"),
    [
        (20, 49, "49 rows"),
        (4, 100, "too rare: 4 of 100"),
        (96, 100, "too rare: 4 of 100"),
        (5, 100, None),
        (25, 50, None),
    ],
)
def test_the_judge_counts_from_fifty_labels_and_five_percent_up(held, n, says) -> None:
    reason = why_labels_alone([1] * held + [0] * (n - held))
    assert reason is None if says is None else says in reason


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: ppi_rate([], [], [1]), "no labels"),
        (lambda: why_labels_alone([]), "no labels"),
        (lambda: ppi_rate([0.5], [1], [1]), "0 or 1"),
        (lambda: ppi_rate([0, 1], [1], [1]), "do not match"),
        (lambda: ppi_rate([0, 1], [1, np.nan], [1]), "without gaps"),
        (lambda: ppi_rate([0, 1], [1, 0], [1], clusters=["a", "b"]), "some rows only"),
        (lambda: ppi_rate([0, 1], [1, 0], [1], 0.9, ["a"], ["b"]), "do not match"),
    ],
)
def test_rows_that_make_no_rate_are_refused(call, says) -> None:
    with pytest.raises(PilotageError, match=says):
        call()


def test_ten_thousand_labels_and_a_million_scores_take_well_under_a_second(within) -> None:
    labels, judged, rest = _rows(np.random.default_rng(12), 0.1, 10_000, 1_000_000)
    tasks = np.arange(1_010_000) % 50_000
    assert within(1, lambda: ppi_rate(labels, judged, rest, 0.9, tasks[:10_000], tasks[10_000:]))
