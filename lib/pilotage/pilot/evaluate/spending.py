"""Money: what was spent, what is under way, and whether another attempt may begin within the budget."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pilotage.agents.run import Answer, ModelCall, Prices

CHARACTERS_PER_TOKEN = 4.0
GUESSED_TOKENS = 500.0  # that an attempt takes beside its input, until one has shown what it takes


@dataclass(frozen=True, slots=True)
class Used:
    """What one attempt took: tokens, None where a call that succeeded told none; money, None where it is not known."""

    tokens: int | None
    cost: float | None
    requests: int
    failed: bool


def used(calls: Sequence[ModelCall], answer: Answer | None, prices: Prices | None) -> Used:
    """What the calls of one attempt took; the agent's own figure for the cost stands before tokens times prices."""
    ok = [call for call in calls if call.status == "ok"]
    told = [call for call in ok if call.input_tokens is not None and call.output_tokens is not None]
    tokens = sum((call.input_tokens or 0) + (call.output_tokens or 0) for call in told)
    cut_off = any(call.status == "timeout" for call in calls)  # such a call may be billed all the same
    known = len(told) == len(ok) and bool(ok or (calls and answer is None)) and not cut_off
    cost = cost_of(told, prices) if known else None
    if answer is not None and answer.cost is not None:
        cost = answer.cost
    return Used(tokens if known else None, cost, len(calls), answer is None)


def cost_of(calls: Sequence[ModelCall], prices: Prices | None) -> float | None:
    """Tokens times prices; None without prices."""
    if prices is None:
        return None
    tokens_in = sum(call.input_tokens or 0 for call in calls)
    tokens_out = sum(call.output_tokens or 0 for call in calls)
    return (tokens_in * prices.input_per_million + tokens_out * prices.output_per_million) / 1e6


class Guess:
    """What the next attempt will take: tokens as those before it did on average, money as the dearest of them."""

    def __init__(self, prices: Prices | None, dearest: float = 0.0) -> None:
        self._prices, self._seen, self._tokens, self._dearest = prices, 0, 0, dearest

    def tokens(self, text: str) -> float:
        """Tokens read and written."""
        return self._tokens / self._seen if self._seen else _length(text) + GUESSED_TOKENS

    def cost(self, text: str) -> float:
        """Money; 0 without prices."""
        if self._dearest or self._prices is None:
            return self._dearest
        dear = GUESSED_TOKENS * self._prices.output_per_million
        return (_length(text) * self._prices.input_per_million + dear) / 1e6

    def learn(self, used: Used) -> None:
        """An attempt is over. One that failed says little about what an answer takes."""
        if used.tokens is not None and not used.failed:
            self._seen, self._tokens = self._seen + 1, self._tokens + used.tokens
        self._dearest = max(self._dearest, used.cost or 0.0)


def _length(text: str) -> float:
    return len(text) / CHARACTERS_PER_TOKEN


class Budget:
    """No attempt begins when what was spent and what is under way would, with it, pass the limit.

    `spent` is known money. An attempt of which nobody knows what it cost, such as one that timed out, counts against
    the limit as guessed; `unsure` is what those of earlier sessions come to. Until an answer has shown what one costs
    (`known`), attempts go one at a time.
    """

    def __init__(self, limit: float | None, spent: float = 0.0, unsure: float = 0.0, known: bool = False) -> None:
        self.limit, self.spent, self._known = limit, spent, known
        self.closed = ""  # why nothing more may begin
        self._unsure, self._under_way, self._attempts = unsure, 0.0, 0
        self._settled = asyncio.Event()

    async def admit(self, guess: Callable[[], float]) -> float | None:
        """Money set aside for an attempt that may begin now, None where none may any more.

        Waits while the end of others may still make room; `guess` is asked again then, since they have shown more.
        """
        while self.limit is not None and not self.closed:
            fits = self.spent + self._unsure + self._under_way + guess() <= self.limit
            if fits and (self._known or not self._attempts):
                break
            if not self._attempts:
                self.close("the budget is used up")
                break
            self._settled.clear()
            await self._settled.wait()
        if self.closed:
            return None
        money = guess()
        self._under_way += money
        self._attempts += 1
        return money

    def settle(self, money: float, used: Used | None) -> None:
        """The attempt for which the money was set aside is over; `used` None where it never began."""
        self._attempts -= 1
        self._under_way = self._under_way - money if self._attempts else 0.0
        if used is not None:
            self.spent += used.cost or 0.0
            self._known |= not used.failed
            if used.cost is None:
                self._unsure += money
        self._settled.set()

    def close(self, why: str) -> None:
        """Nothing more begins; the first reason stands."""
        self.closed = self.closed or why
        self._settled.set()
