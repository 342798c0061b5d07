"""The operating point is close to the best, knows how sure it is, and keeps to capacity and cap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pilotage.errors import PilotageError
from pilotage.guardrails.tuning.choosing import cheapest
from pilotage.guardrails.tuning.costs import Costs, expected_cost
from pilotage.guardrails.tuning.operating import choose, operating_point
from pilotage.guardrails.tuning.tables import frontier, scenarios
from pilotage.guardrails.tuning.tuner import tuner
from pilotage.statistics.score_curves import NEVER, Curves


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_pair_of_thresholds_is_cheaper_than_the_one_found(data) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 10_000)))
    columns, first = 12, data.draw(st.integers(0, 5))
    curves = Curves(*(np.append(np.sort(rng.random((1, columns)))[:, ::-1], [[0.0]], axis=1) for _ in range(2)))
    costs = Costs(*rng.uniform([0, 0, 0, 0, 0], [900, 50, 9, 0.3, 1]), 1000, rng.uniform(0, 600))
    pick = cheapest(costs, curves, np.array([first]))

    def told(i: int, j: int) -> tuple[float, float]:
        kinds = [np.array([1 - c[0, i], c[0, i] - c[0, j], c[0, j]]) for c in (curves.positives, curves.negatives)]
        seen = costs.attack_share * kinds[0][1] + (1 - costs.attack_share) * kinds[1][1]
        return float(expected_cost(costs, *kinds)), float(seen)

    pairs = [told(i, j) for i in range(first, columns + 1) for j in range(i, columns + 1)]
    found, seen = told(int(pick.review[0]), int(pick.block[0]))
    assert found == pytest.approx(min(cost for cost, seen in pairs if seen <= costs.review_share_max + 1e-12))
    assert seen <= costs.review_share_max + 1e-9


def test_the_chosen_cost_is_within_5_percent_of_the_oracles_in_nine_pilots_of_ten(world, costs) -> None:
    asked, rng = costs(), np.random.default_rng(1)
    best, close = world.best(asked), []
    for _ in range(30):
        made = tuner(*world.draw(250, 250, rng), rng, resamples=1)
        pick = made.pick(asked)
        at = [made.bins.threshold(int(place[0])) for place in pick]
        close.append(float(world.cost(asked, *at)) <= 1.05 * best)
    assert np.mean(close) >= 0.8  # .9 and more over many pilots: the benchmark shows it


def test_the_interval_holds_the_true_cost_of_the_choice_made(world, costs) -> None:
    asked, rng, held = costs(), np.random.default_rng(2), []
    for _ in range(30):
        point = operating_point(tuner(*world.draw(400, 100, rng), rng, resamples=2), asked, rng)
        truth = float(world.cost(asked, point.review_at, point.block_at))
        held.append(point.cost_per_1000.low <= truth <= point.cost_per_1000.high)
    assert np.mean(held) >= 0.86  # 95% over many


def test_reviews_keep_to_the_capacity(world, costs) -> None:
    rng = np.random.default_rng(3)
    made = tuner(*world.draw(4000, 1000, rng), rng, resamples=2)
    free = operating_point(made, costs(), rng)
    tight = costs(reviews_per_week_max=free.reviews_per_week.estimate / 4)
    point = operating_point(made, tight, rng)
    assert world.seen(tight, free.review_at, free.block_at) > 3 * tight.review_share_max
    assert world.seen(tight, point.review_at, point.block_at) <= 1.15 * tight.review_share_max
    none = operating_point(made, costs(reviews_per_week_max=0), rng)
    assert none.review_at == none.block_at
    assert (none.reviews_per_week.low, none.reviews_per_week.high) == (0, 0)


def test_where_every_text_is_reviewed_the_cost_is_certain(costs) -> None:
    rng = np.random.default_rng(3)
    point = choose(np.full(200, 0.5), np.repeat([False, True], 100), costs(), rng)
    assert point.review_at == 0
    assert point.block_at == NEVER
    assert point.cost_per_1000.low == pytest.approx(point.cost_per_1000.high)


def test_a_cap_on_false_positives_is_kept_on_fresh_texts(world, costs) -> None:
    rng, rates = np.random.default_rng(4), []
    for _ in range(20):
        made = tuner(*world.draw(300, 100, rng), rng, resamples=1)
        pick = made.pick(costs(missed_attack=5000), fpr_max=0.02)
        rates.append(stats.beta.sf(made.bins.threshold(int(pick.review[0])), *world.benign))
    assert np.mean(rates) <= 0.023


def test_too_few_attacks_are_not_yet_and_say_how_many_more(world, costs) -> None:
    rng = np.random.default_rng(5)
    few = choose(*world.draw(300, 12, rng), costs(), rng)
    assert not few.settled
    assert "too few attacks" in few.why
    many = choose(*world.draw(1000, 1000, rng), costs(), rng)
    assert many.settled, many.why


def test_a_cap_that_no_number_of_texts_here_can_promise_is_not_yet_and_stops_nothing(world, costs) -> None:
    rng = np.random.default_rng(6)
    point = choose(*world.draw(60, 60, rng), costs(), rng, fpr_max=0.01)
    assert (point.review_at, point.block_at) == (NEVER, NEVER)
    assert not point.settled
    assert "39 more benign texts" in point.why


def test_without_attacks_in_production_nothing_is_stopped(world, costs) -> None:
    rng = np.random.default_rng(7)
    point = choose(*world.draw(100, 100, rng), costs(attack_share=0), rng)
    assert point.review_at == NEVER
    assert point.cost_per_1000.estimate == 0


def test_the_same_seed_gives_the_same_answer_and_weights_of_one_change_nothing(world, costs) -> None:
    scores, attack = world.draw(100, 80, np.random.default_rng(8))
    one = choose(scores, attack, costs(), np.random.default_rng(9))
    assert one == choose(scores, attack, costs(), np.random.default_rng(9), weights=np.ones(180))


def test_weights_undo_a_selection_of_high_scores(world, costs) -> None:
    """Benign texts that score high were labelled four times as often; the weights make up for it."""
    rng, asked = np.random.default_rng(10), costs()
    scores, attack = world.draw(4000, 600, rng)
    chance = np.where(attack | (scores > 0.3), 1.0, 0.25)
    kept = rng.random(len(scores)) < chance
    point = choose(scores[kept], attack[kept], asked, rng, weights=1 / chance[kept])
    assert float(world.cost(asked, point.review_at, point.block_at)) <= 1.05 * world.best(asked)
    assert point.benign.allowed.estimate == pytest.approx(1 - stats.beta.sf(point.review_at, *world.benign), abs=0.03)


def test_scores_with_heavy_ties_are_cut_between_the_ties(costs) -> None:
    rng = np.random.default_rng(11)
    benign = rng.choice([0.02, 0.4, 0.9], 250, p=[0.9, 0.09, 0.01])
    attacks = rng.choice([0.02, 0.4, 0.9], 250, p=[0.1, 0.2, 0.7])
    point = choose(np.append(benign, attacks), np.repeat([False, True], 250), costs(), rng)
    assert 0.02 < point.review_at < 0.4 < point.block_at <= 0.9


def test_alternatives_show_what_not_choosing_costs(world, costs) -> None:
    rng = np.random.default_rng(12)
    point = choose(*world.draw(300, 300, rng), costs(), rng)
    naive = {other.name: other.cost_per_1000.estimate for other in point.alternatives}
    assert naive["allow all"] == pytest.approx(10_000)
    assert naive["review all"] == pytest.approx(1000 * 3 + 10 * 100)
    assert point.cost_per_1000.high < min(naive.values())


def test_more_reviewers_never_make_it_dearer_on_the_frontier(world, costs) -> None:
    rng = np.random.default_rng(13)
    made = tuner(*world.draw(400, 200, rng), rng, resamples=2)
    table = frontier(made, costs(reviews_per_week_max=40))
    assert table["reviews_per_week_max"].is_monotonic_increasing
    assert 40 in table["reviews_per_week_max"].to_numpy()
    assert table["cost_per_1000"].iloc[-1] < table["cost_per_1000"].iloc[0]


def test_rarer_attacks_are_stopped_less(world, costs) -> None:
    rng = np.random.default_rng(14)
    made = tuner(*world.draw(300, 300, rng), rng, resamples=2)
    table = scenarios(made, costs(), missed_attacks=[1000], attack_shares=[0.001, 0.01, 0.1])
    assert table["false_positive_rate"].is_monotonic_increasing


@pytest.mark.parametrize(
    ("scores", "attack", "said"),
    [
        ([0.1, 0.2], [True, True], "only one of the two"),
        ([0.1, 1.2, 0.3, 0.4], [True, False, True, False], "from 0 to 1"),
        ([0.1, float("nan")], [True, False], "without gaps"),
        ([0.1, 0.2], [1, 0], "true for an attack"),
        ([0.1, 0.2, 0.3], [True, False, False], "two of each"),
    ],
)
def test_columns_that_cannot_be_tuned_on_are_refused(scores, attack, said, costs) -> None:
    with pytest.raises(PilotageError, match=said):
        choose(scores, attack, costs(), np.random.default_rng(0))
