"""A service that is asked about each text: OpenAI's moderation endpoint, one that speaks like it, or one of your own.

Each request is one POST of

    {"input": ["a text", "another text"]}

and the answer, with a status from 200 to 299, is either of

    {"results": [{"flagged": true, "category_scores": {"illicit": 0.9}}, …]}     as OpenAI's, the highest score counts
    {"scores": [0.9, 0.1]}                                                       from 0 to 1, higher is worse

with one entry for each text. Texts leave this machine for the address in the policy, and for no other.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import aiohttp
import numpy as np
from numpy.typing import NDArray

from pilotage.agents.endpoint import Endpoint, read_json, unreached
from pilotage.agents.run import AgentFault
from pilotage.guardrails.detectors.protocol import DetectorFault

TIMEOUT_S = 10.0  # for all that one call of `score` asks, waits that the server wished for included
TEXTS = 32  # in one request
REQUESTS = 4  # at a time


class Moderation:
    """The service at one address; no connection outlives a call, so it can be used from any thread or event loop."""

    name = "moderation"

    def __init__(self, endpoint: Endpoint, timeout_s: float = TIMEOUT_S) -> None:
        self.endpoint, self.timeout_s = endpoint, timeout_s

    def score(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """The service's score of each text; DetectorFault where it refuses, fails, is late or answers anything else."""
        with ThreadPoolExecutor(1) as own:  # the caller's thread may have an event loop that is running already
            return own.submit(lambda: asyncio.run(self._scored(texts))).result()

    async def _scored(self, texts: Sequence[str]) -> NDArray[np.float64]:
        batches = [texts[at : at + TEXTS] for at in range(0, len(texts), TEXTS)]
        until, few = time.monotonic() + self.timeout_s, asyncio.Semaphore(REQUESTS)
        fault: AgentFault
        try:
            async with self._connected() as session:
                asked = [self._in_turn(session, batch, until, few) for batch in batches]
                return np.array([score for scores in await asyncio.gather(*asked) for score in scores], dtype=float)
        except AgentFault as error:
            fault = error
        raise DetectorFault(str(fault))  # outside of the except, so that no request with its headers hangs on it

    async def _in_turn(
        self, session: aiohttp.ClientSession, texts: Sequence[str], until: float, few: asyncio.Semaphore
    ) -> list[float]:
        """The batch's scores; asked again only where the server says when, and there is time left for that."""
        async with few:
            while True:
                try:
                    return await self._post(session, texts, until)
                except AgentFault as fault:
                    wait = fault.retry_after_s
                    if wait is None or not fault.retryable or time.monotonic() + wait >= until:
                        raise
                await asyncio.sleep(wait)

    async def _post(self, session: aiohttp.ClientSession, texts: Sequence[str], until: float) -> list[float]:
        timeout = aiohttp.ClientTimeout(total=max(until - time.monotonic(), 0.001))
        sent = json.dumps({"input": list(texts)}).encode()
        fault: AgentFault
        try:
            # A redirect would take the key and the texts along to wherever it leads.
            async with session.post(self.endpoint.address, data=sent, timeout=timeout, allow_redirects=False) as got:
                return await self._read(got, len(texts))
        except (aiohttp.ClientError, TimeoutError) as error:
            fault = unreached(self.endpoint, error, self.timeout_s)
        raise fault

    async def _read(self, response: aiohttp.ClientResponse, count: int) -> list[float]:
        scores = scores_in(await read_json(self.endpoint, response))
        if scores is None or len(scores) != count:
            what = "no score from 0 to 1 for each text" if scores is None else f"{len(scores)} scores for {count} texts"
            raise AgentFault("unreadable", f"{self.endpoint.shown} answered {what}")
        return scores

    def _connected(self) -> aiohttp.ClientSession:
        headers = {"Content-Type": "application/json", "Accept": "application/json", **self.endpoint.headers}
        if self.endpoint.key:
            headers["Authorization"] = f"Bearer {self.endpoint.key}"
        return aiohttp.ClientSession(headers=headers, trust_env=not self.endpoint.local)


def scores_in(told: Any) -> list[float] | None:
    """The scores that an answer holds; None where it is of neither form, or one of them is no number from 0 to 1."""
    given = told if isinstance(told, dict) else {}
    found: list[Any] = []
    if isinstance(given.get("results"), list):
        found = [_worst(result) for result in given["results"]]
    elif isinstance(given.get("scores"), list):
        found = given["scores"]
    else:
        return None
    return [float(one) for one in found] if all(map(_is_score, found)) else None


def _worst(result: Any) -> Any:
    """The highest category's score, 1 or 0 by the flag alone where there is none; None where there is neither."""
    told = result if isinstance(result, dict) else {}
    scores = told.get("category_scores")
    if isinstance(scores, dict) and scores and all(map(_is_score, scores.values())):
        return max(scores.values())
    flag = told.get("flagged")
    return float(flag) if isinstance(flag, bool) and not scores else None


def _is_score(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and 0 <= value <= 1
