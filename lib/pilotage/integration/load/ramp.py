"""A ramp of requests at rates that do not wait for the answers, as real callers do not.

Waiting for an answer before sending the next request would make a slow system look better the slower it is
("coordinated omission"). So each request has a second at which it is due, and its time counts from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle
from typing import TYPE_CHECKING

from pilotage.agents.endpoint import is_loopback
from pilotage.errors import PilotageError
from pilotage.integration.keys import key_headers
from pilotage.integration.load.result import NOT_SENT, LoadResult, Sent, Step, missed, step_of
from pilotage.integration.load.target import Target

if TYPE_CHECKING:
    import aiohttp

SHARES = (0.5, 1.0, 1.5, 2.0)  # of production's rate: one step each
AT_TARGET = 2 / 3  # of the time goes to production's own rate, since that is what must be known well
MOST_OPEN = 200  # requests at a time; those due beyond them are not sent and count as failed
LONGEST_ANSWER = 4 * 2**20  # bytes
WARM_UP = 3  # requests before the clock runs

Say = Callable[[str], None]


def run_load(target: Target, seconds: float, say: Say = lambda _: None) -> LoadResult:
    """Put the target under load for about so many seconds in all, step by step, until it no longer holds.

    Nobody is redirected. A request that has no answer after twice the limit of time counts as failed. PilotageError
    where nothing answers at all. Works inside of a notebook too, whose own loop is left alone.
    """
    with ThreadPoolExecutor(1) as pool:
        steps = pool.submit(asyncio.run, _ramp(target, seconds, say)).result()
    return LoadResult(target.system, target.address, target.paths, target.limits, tuple(steps))


async def _ramp(target: Target, seconds: float, say: Say) -> list[Step]:
    import aiohttp

    timeout_s = min(30.0, max(1.0, 2 * target.limits.p95_ms_max / 1000))
    headers = {"Accept": "application/json", **key_headers(target.token, target.key_header)}
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        headers=headers,
        timeout=aiohttp.ClientTimeout(total=timeout_s),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=not is_loopback(target.address),
    ) as session:
        sender = _Sender(session, [target.address + path for path in target.paths])
        await sender.warm_up(target)
        steps: list[Step] = []
        for share in SHARES:
            part = AT_TARGET if share == 1.0 else (1 - AT_TARGET) / (len(SHARES) - 1)
            steps.append(await sender.step(share * target.limits.requests_per_s, part * seconds))
            say(f"{steps[-1].offered_per_s:g} requests a second asked, {steps[-1].achieved_per_s:.1f} answered")
            if missed(steps[-1], target.limits):
                break
        return steps


@dataclass
class _Sender:
    """Sends requests when they are due and keeps what became of them."""

    session: aiohttp.ClientSession
    urls: list[str]
    open: int = 0
    most_open: int = 0
    sent: list[Sent] = field(default_factory=list)

    async def warm_up(self, target: Target) -> None:
        """Connections are made and caches filled; PilotageError where not one request is answered."""
        now, urls = asyncio.get_running_loop().time(), cycle(self.urls)
        for _ in range(WARM_UP):
            await self._send(next(urls), now)
        if all(one.fault.startswith("no answer") for one in self.sent):
            raise PilotageError(f"{target.system} cannot be put under load: {self.sent[-1].fault}")

    async def step(self, rate: float, seconds: float) -> Step:
        """So many requests a second, evenly apart, and what became of them."""
        self.sent, self.open, self.most_open = [], 0, 0
        loop, urls = asyncio.get_running_loop(), cycle(self.urls)
        begin, waiting = loop.time() + 0.01, []
        for place in range(max(2, round(rate * seconds))):
            due = begin + place / rate
            await asyncio.sleep(max(0.0, due - loop.time()))
            if self.open >= MOST_OPEN:
                self.sent.append(Sent(due, due, NOT_SENT))
                continue
            self.open += 1
            self.most_open = max(self.most_open, self.open)
            waiting.append(asyncio.create_task(self._counted(next(urls), due)))
        await asyncio.gather(*waiting)
        return step_of(rate, self.sent, self.most_open)

    async def _counted(self, url: str, due: float) -> None:
        try:
            await self._send(url, due)
        finally:
            self.open -= 1

    async def _send(self, url: str, due: float) -> None:
        import aiohttp

        loop = asyncio.get_running_loop()
        late = max(0.0, loop.time() - due)
        try:
            async with self.session.get(url, allow_redirects=False) as response:
                fault = "" if response.status < 300 else f"status {response.status}"
                size = 0
                async for piece in response.content.iter_any():
                    size += len(piece)
                    if size > LONGEST_ANSWER:
                        fault = "the answer is too long"
                        break
        except TimeoutError:
            fault = f"no answer in {self.session.timeout.total:g} s"
        except aiohttp.ClientError as error:
            fault = f"no answer ({type(error).__name__})"
        self.sent.append(Sent(due, loop.time(), fault, late))
