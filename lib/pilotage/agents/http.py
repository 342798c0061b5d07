"""An agent behind one JSON endpoint of your own.

Each attempt is one POST of

    {"input": "the task's text", "trial": 1}

and the endpoint answers, with a status from 200 to 299, a JSON object of which only the text is needed:

    {"output": "the agent's answer",              (or "text", or "answer"; what is no text is kept as JSON)
     "outcome": "answered",                       (or "escalated" to a person, or "refused")
     "confidence": 0.9,                           (0 to 1: how sure the agent says it is)
     "cost": 0.012,                               (in the playbook's currency)
     "model": "the model that ran",
     "usage": {"input_tokens": 812, "output_tokens": 40},
     "tool_calls": [{"tool": "lookup", "arguments": {"id": 7}, "status": "ok", "started_at": 1790000000.5,
                     "duration_s": 0.2, "error_type": null}]}

A status of 429 or 503 with a Retry-After header is waited for. What is not told stays unknown: it is never counted as
zero. Each request counts as one model call, since the endpoint stands for the model behind it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from pilotage.agents.answers import NotAnAnswer, Told, read_answer, well_formed
from pilotage.agents.endpoint import Connections, Endpoint, read_json, unreached
from pilotage.agents.run import TIMEOUT_S, AgentFault, Answer, ModelCall, Prices, Status, ToolCall


class HttpAgent:
    """The endpoint; one pool of connections for all runs. `request` adds fields to each request."""

    simulated = False
    prompt_hash: str | None = None

    def __init__(
        self,
        endpoint: Endpoint,
        name: str = "",
        model: str | None = None,
        prices: Prices | None = None,
        request: Mapping[str, Any] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.endpoint, self.model, self.prices, self.timeout_s = endpoint, model, prices, timeout_s
        self.name = name or endpoint.shown.partition("://")[2]
        self.request = dict(request or {})
        self._connections = Connections(endpoint, {"Content-Type": "application/json", "Accept": "application/json"})

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the address, the model's name and the added fields and headers, without the headers' values."""
        from pilotage.hashes import sha256_json

        address, headers = self.endpoint.address, sorted(self.endpoint.headers)
        return sha256_json({"kind": "http", "is": [address, self.model, self.request, headers]})

    def begin(self, text: str, trial: int) -> HttpRun:
        """A run that posts the text."""
        return HttpRun(self, {**self.request, "input": well_formed(text), "trial": trial})

    async def post(self, body: Mapping[str, Any]) -> Told:
        """What the endpoint answers to one request; AgentFault where that is no answer."""
        timeout = aiohttp.ClientTimeout(total=self.timeout_s)
        session, sent = self._connections.session(), json.dumps(body, ensure_ascii=False).encode()
        fault: AgentFault
        try:
            # A redirect would take the headers along to wherever it leads.
            async with session.post(self.endpoint.address, data=sent, timeout=timeout, allow_redirects=False) as got:
                return await self._read(got)
        except (aiohttp.ClientError, TimeoutError) as error:
            fault = unreached(self.endpoint, error, self.timeout_s)
        raise fault  # outside of the except, so that no request with its headers hangs on it

    async def _read(self, response: aiohttp.ClientResponse) -> Told:
        given = await read_json(self.endpoint, response)
        try:
            return read_answer(given if isinstance(given, dict) else None)
        except NotAnAnswer as fault:
            raise AgentFault("unreadable", f"the answer of {self.endpoint.shown} {fault}") from None

    async def close(self) -> None:
        """The connections are closed."""
        await self._connections.close()


@dataclass
class HttpRun:
    """One task posted to the endpoint; each attempt posts it anew."""

    agent: HttpAgent
    body: Mapping[str, Any]
    model_calls: list[ModelCall] = field(default_factory=list)
    tool_calls: list[ToolCall] = field(default_factory=list)

    async def attempt(self) -> Answer:
        """The endpoint's answer; AgentFault where it gave none. A request that is cut off counts as a timeout."""
        began, clock = time.time(), time.perf_counter()
        status: Status = "timeout"
        told: Told | None = None
        try:
            told = await self.agent.post(self.body)
            status = "ok"
        except AgentFault as fault:
            status = "timeout" if fault.kind == "timeout" else "error"
            raise
        finally:
            turn, model = len(self.model_calls) + 1, (told.model if told else None) or self.agent.model
            used = (told.input_tokens, told.output_tokens) if told else (None, None)
            took = time.perf_counter() - clock
            self.model_calls.append(ModelCall(turn, model, began, took, *used, status))
        self.tool_calls += told.tool_calls
        return told.answer
