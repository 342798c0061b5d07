"""How many attempts may be under way at a time, as the server bears them, and how many may begin in a minute."""

from __future__ import annotations

import asyncio
from collections import deque

from aiolimiter import AsyncLimiter

SLOWER = 0.7  # what is left of the concurrency after "too many requests"
BURST_S = 1.0  # seconds' worth of requests that may begin at once


class Slots:
    """Concurrency that adapts: a little more after each success, a good deal less when the server says too many.

    Additive increase and multiplicative decrease, as TCP does (Chiu and Jain 1989). Answers to attempts that began
    before the last decrease say nothing about the new limit and lower it no further.
    """

    def __init__(self, most: int) -> None:
        self.most, self.limit, self.busy = most, float(most), 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._lowered_at = float("-inf")

    async def enter(self) -> None:
        """Waits until there is room."""
        if self.busy < int(self.limit) and not self._waiting:
            self.busy += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Room for the next one."""
        self.busy -= 1
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self.busy < int(self.limit):
            turn = self._waiting.popleft()
            if not turn.done():
                self.busy += 1
                turn.set_result(None)

    def went_well(self) -> None:
        """One success: one more place after as many successes as there are places."""
        if self.limit < self.most:
            self.limit = min(float(self.most), self.limit + 1.0 / self.limit)
            self._let_in()

    def too_many(self, began: float, now: float) -> None:
        """The server throttled an attempt that began then; times of one monotonic clock."""
        if began > self._lowered_at:
            self.limit, self._lowered_at = max(1.0, self.limit * SLOWER), now


class Rate:
    """So many units a minute. What an attempt takes is guessed before; what it took is settled with the next one."""

    def __init__(self, per_minute: float) -> None:
        self._room = max(1.0, per_minute * BURST_S / 60.0)
        self._limiter = AsyncLimiter(self._room, self._room * 60.0 / per_minute)
        self._owed = 0.0

    async def take(self, guessed: float) -> None:
        """Waits until that much, and what earlier guesses fell short of, may begin."""
        due = guessed + self._owed
        self._owed = min(0.0, due)
        while due > 0:
            part = min(due, self._room)
            await self._limiter.acquire(part)
            due -= part

    def settle(self, guessed: float, used: float) -> None:
        """Corrects the guess of one attempt; the difference is owed by the next one, or given to it."""
        self._owed += used - guessed


class Limits:
    """All that an attempt waits for before it begins."""

    def __init__(self, concurrency: int, rpm: float | None, tpm: float | None) -> None:
        self.slots = Slots(concurrency)
        self._requests = Rate(rpm) if rpm else None
        self._tokens = Rate(tpm) if tpm else None
        self._open_at = float("-inf")

    async def enter(self, tokens: float) -> None:
        """Waits for a place, the end of a pause, and the rates; `leave` gives the place back.

        Rates come last, for what waits after them begins all at once. Where a pause came meanwhile they are kept anew.
        """
        await self.slots.enter()
        try:
            while True:
                while (pause := self._paused_s()) > 0:
                    await asyncio.sleep(pause)
                if self._requests:
                    await self._requests.take(1.0)
                if self._tokens:
                    await self._tokens.take(tokens)
                if self._paused_s() <= 0:
                    return
        except asyncio.CancelledError:
            self.slots.leave()
            raise

    def _paused_s(self) -> float:
        return self._open_at - asyncio.get_running_loop().time()

    def leave(self, guessed: float, tokens: float | None, requests: int) -> None:
        """The attempt is over; `tokens` None where nobody said how many it took, which leaves the guess as it is."""
        self.slots.leave()
        if self._requests and requests > 1:
            self._requests.settle(1.0, float(requests))
        if self._tokens and tokens is not None:
            self._tokens.settle(guessed, tokens)

    def pause(self, until: float) -> None:
        """Nothing begins before then, on the event loop's clock: the server asked all to wait, not one alone."""
        self._open_at = max(self._open_at, until)
