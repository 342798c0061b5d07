"""Money: known, guessed, and never more of it than the budget."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.agents import Answer, ModelCall, Prices
from pilotage.pilot.evaluate.spending import Budget, Guess, Used, cost_of, used

PRICES = Prices(1.0, 4.0)


def call(tokens_in, tokens_out, status="ok"):
    return ModelCall(1, "m", 0.0, 0.1, tokens_in, tokens_out, status)


def test_money_is_tokens_times_prices():
    assert cost_of([call(1_000_000, 500_000), call(1, 0)], PRICES) == pytest.approx(3.000001)
    assert cost_of([call(5, 5)], None) is None


@pytest.mark.parametrize(
    ("calls", "answer", "tokens", "cost"),
    [
        ([call(10, 5)], Answer("a"), 15, 30e-6),
        ([call(10, 5), call(20, 5)], Answer("a"), 40, 70e-6),
        ([call(10, 5)], Answer("a", cost=0.5), 15, 0.5),  # the agent knows better
        ([], Answer("a", cost=0.5), None, 0.5),
        ([], Answer("a"), None, None),  # it told nothing: not known, and not nothing
        ([call(10, None)], Answer("a"), None, None),
        ([call(10, 5), call(None, None)], Answer("a"), None, None),
        ([call(None, None, "error")], None, 0, 0.0),  # the server refused
        ([call(None, None, "timeout")], None, None, None),  # it may have worked, and may bill it
        ([], None, None, None),  # nobody knows what it called before it failed
        ([call(10, 5), call(None, None, "error")], None, 15, 30e-6),
    ],
)
def test_what_an_attempt_took(calls, answer, tokens, cost):
    found = used(calls, answer, PRICES)
    assert (found.tokens, found.cost, found.requests) == (tokens, cost and pytest.approx(cost), len(calls))
    assert found.failed is (answer is None)


def test_the_next_attempt_is_guessed_from_those_before_it():
    guess = Guess(PRICES)
    assert guess.tokens("x" * 400) == 600
    assert guess.cost("x" * 400) == pytest.approx((100 * 1 + 500 * 4) / 1e6)
    guess.learn(Used(100, 0.02, 1, False))
    guess.learn(Used(300, 0.01, 1, False))
    guess.learn(Used(0, 0.0, 1, True))
    assert (guess.tokens("x"), guess.cost("x")) == (200, 0.02)
    assert Guess(None).cost("x") == 0.0


@given(st.floats(0.5, 20), st.integers(1, 12), st.integers(0, 10**6))
def test_money_known_and_under_way_never_passes_the_budget(limit, workers, seed):
    rng = random.Random(seed)

    async def work():
        budget, most, begun = Budget(limit, known=True), 0.0, 0

        async def worker():
            nonlocal most, begun
            for _ in range(10):
                if await budget.admit(lambda: 1.0) is None:
                    return
                begun += 1
                most = max(most, budget.spent + budget._under_way)
                await asyncio.sleep(0)
                budget.settle(1.0, Used(1, rng.random(), 1, False))

        await asyncio.gather(*(worker() for _ in range(workers)))
        return budget, most, begun

    budget, most, begun = asyncio.run(work())
    assert most <= limit + 1e-9
    assert budget.spent <= limit + 1e-9
    if begun < workers * 10:  # what was left of it would not have been enough for one more
        assert budget.spent + 1.0 > limit
        assert budget.closed == "the budget is used up"


def test_what_nobody_knows_the_cost_of_counts_as_guessed():
    async def work():
        budget = Budget(3.0)
        for _ in range(3):
            assert await budget.admit(lambda: 1.0) == 1.0
            budget.settle(1.0, Used(None, None, 1, True))
        return await budget.admit(lambda: 1.0), budget.spent

    assert asyncio.run(work()) == (None, 0.0)


def test_what_never_began_takes_nothing():
    async def work():
        budget = Budget(1.0)
        for _ in range(5):
            assert await budget.admit(lambda: 1.0) == 1.0
            budget.settle(1.0, None)
        return await budget.admit(lambda: 1.0)

    assert asyncio.run(work()) == 1.0


def test_until_an_answer_has_shown_its_cost_attempts_go_one_at_a_time():
    async def work():
        budget, most, busy = Budget(1000.0), [], 0

        async def one(cost):
            nonlocal busy
            await budget.admit(lambda: 0.001)
            busy += 1
            most.append(busy)
            await asyncio.sleep(0.001)
            busy -= 1
            budget.settle(0.001, Used(1, cost, 1, cost == 0.0))

        await asyncio.gather(*(one(cost) for cost in (0.0, 0.0, 5.0, 5.0, 5.0)))
        return most

    assert asyncio.run(work()) == [1, 1, 1, 1, 2]


def test_what_was_spent_before_counts():
    assert asyncio.run(Budget(1.0, spent=0.5).admit(lambda: 0.6)) is None
    assert asyncio.run(Budget(1.0, spent=0.5).admit(lambda: 0.4)) == 0.4
    assert asyncio.run(Budget(1.0, spent=0.2, unsure=0.3).admit(lambda: 0.6)) is None
