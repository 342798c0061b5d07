"""How many at a time and how many a minute: never more than allowed, fewer when the server says so."""

from __future__ import annotations

import asyncio

import pytest

from pilotage.pilot.evaluate.limits import SLOWER, Limits, Rate, Slots


def test_never_more_than_the_limit_are_at_work():
    async def work():
        slots, most = Slots(3), 0

        async def one():
            nonlocal most
            await slots.enter()
            most = max(most, slots.busy)
            await asyncio.sleep(0.001)
            slots.leave()

        await asyncio.gather(*(one() for _ in range(50)))
        return most, slots.busy

    assert asyncio.run(work()) == (3, 0)


def test_too_many_lowers_the_limit_once_for_all_that_began_before():
    slots = Slots(10)
    slots.too_many(began=1.0, now=2.0)
    slots.too_many(began=1.5, now=2.1)
    assert slots.limit == pytest.approx(10 * SLOWER)
    slots.too_many(began=2.2, now=2.3)
    assert slots.limit == pytest.approx(10 * SLOWER**2)


def test_the_limit_never_falls_below_one_and_comes_back_by_about_one_a_round():
    slots = Slots(10)
    for i in range(100):
        slots.too_many(began=i + 0.5, now=i + 0.9)
    assert slots.limit == 1.0
    rounds = 0
    while slots.limit < 10:
        for _ in range(int(slots.limit)):
            slots.went_well()
        rounds += 1
    assert 8 <= rounds <= 12
    slots.went_well()
    assert slots.limit == 10


def test_a_lower_limit_holds_and_a_higher_one_lets_the_waiting_in():
    async def work():
        slots, entered = Slots(4), []
        slots.limit = 1.0
        waiting = [asyncio.create_task(slots.enter()) for _ in range(3)]
        await asyncio.sleep(0)
        entered.append(slots.busy)
        slots.limit = 1.9
        slots.went_well()
        await asyncio.sleep(0)
        entered.append(slots.busy)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return entered

    assert asyncio.run(work()) == [1, 2]


@pytest.mark.parametrize("let_in_first", [True, False])
def test_one_that_gives_up_waiting_leaves_no_place_taken(let_in_first):
    async def work():
        slots = Slots(1)
        await slots.enter()
        waiting = asyncio.create_task(slots.enter())
        await asyncio.sleep(0)
        if let_in_first:
            slots.leave()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        if not let_in_first:
            slots.leave()
        return slots.busy

    assert asyncio.run(work()) == 0


def took(coroutine):
    """Seconds of the event loop's clock."""

    async def timed():
        clock = asyncio.get_running_loop().time
        began = clock()
        await coroutine
        return clock() - began

    return asyncio.run(timed())


async def take(rate: Rate, *amounts: float) -> None:
    for amount in amounts:
        await rate.take(amount)


def test_requests_a_minute_are_kept_after_a_burst_of_a_second():
    assert took(take(Rate(3000), *[1] * 70)) >= 0.35  # 50 at once, then 50 a second
    assert took(take(Rate(3000), *[1] * 50)) < 0.2


def test_what_takes_more_than_a_second_s_worth_waits_its_time():
    assert took(take(Rate(6000), 100, 30)) >= 0.25


def test_what_was_guessed_too_low_is_paid_by_the_next_and_too_high_is_given_to_it():
    async def corrected(guessed, used):
        rate = Rate(6000)
        await rate.take(100)
        rate.settle(guessed, used)
        await rate.take(10)

    assert took(corrected(10, 40)) >= 0.35
    assert took(corrected(40, 10)) < 0.2


def test_a_pause_holds_all_that_have_not_begun():
    async def paused():
        limits = Limits(5, None, None)
        limits.pause(asyncio.get_running_loop().time() + 0.15)
        limits.pause(asyncio.get_running_loop().time() + 0.05)
        await asyncio.gather(*(limits.enter(0) for _ in range(3)))

    assert took(paused()) >= 0.15


def test_a_pause_that_is_cut_off_gives_its_place_back():
    async def work():
        limits = Limits(1, None, None)
        limits.pause(asyncio.get_running_loop().time() + 60)
        waiting = asyncio.create_task(limits.enter(0))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return limits.slots.busy

    assert asyncio.run(work()) == 0


def test_every_request_of_an_attempt_counts():
    async def work():
        limits = Limits(1, 3000, None)
        for _ in range(20):
            await limits.enter(0)
            limits.leave(0, None, 4)

    assert took(work()) >= 0.4  # 77 requests when the last begins, 50 at once


def test_after_a_pause_requests_begin_no_faster_than_they_may():
    async def work():
        limits, clock = Limits(60, 600, None), asyncio.get_running_loop().time
        until, began = clock() + 1.0, []

        async def one():
            await limits.enter(0)
            began.append(clock() - until)
            limits.leave(0, None, 1)

        limits.pause(until)
        work = [asyncio.create_task(one()) for _ in range(60)]
        await asyncio.sleep(1.5)
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        return began

    began = asyncio.run(work())
    assert min(began) >= 0
    assert 10 <= len(began) <= 16  # ten at once and ten a second, for half a second


def test_a_pause_that_comes_while_waiting_for_a_rate_is_kept():
    async def work():
        limits, clock = Limits(60, 600, None), asyncio.get_running_loop().time
        began = []

        async def one():
            await limits.enter(0)
            began.append(clock())

        work = [asyncio.create_task(one()) for _ in range(20)]
        await asyncio.sleep(0.05)
        until = clock() + 0.5
        limits.pause(until)
        await asyncio.gather(*work)
        return [at - until for at in began[10:]]

    assert min(asyncio.run(work())) >= 0
