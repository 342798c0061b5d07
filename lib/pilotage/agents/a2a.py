"""An agent that is reached by the Agent2Agent protocol, version 1.0 or 0.3.

Its card, at /.well-known/agent-card.json under the address, says where it listens: over JSON-RPC or HTTP+JSON, and on
the same host, since the key goes along. Each attempt sends the task's text as a message of its own and waits until the
task has ended. What the state means:

    completed                          answered, with the text of the artifacts (or of the message)
    input required                     escalated: it wants a person to go on
    rejected, auth required            refused
    failed, canceled                   no answer: the attempt failed, and may be repeated

The protocol tells nothing of tokens, models and tools: they stay unknown, and are never counted as zero. Each attempt
counts as one model call, since the agent stands for the model behind it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from pilotage.agents.a2a_forms import (
    ENDED,
    OLDER,
    OPEN,
    VERSION,
    VERSION_HEADER,
    WAITING,
    Interface,
    NotA2a,
    Operation,
    Refused,
    card_url,
    id_of,
    interfaces,
    may_follow,
    message,
    state_of,
    text_of,
)
from pilotage.agents.answers import well_formed
from pilotage.agents.endpoint import Connections, Endpoint, read_json, unreached
from pilotage.agents.run import TIMEOUT_S, AgentFault, Answer, FaultKind, ModelCall, Outcome, Prices, Status, ToolCall
from pilotage.words import plain

POLL_S = 0.5  # between two questions whether a task has ended, where the agent does not wait itself
INTERNAL_ERROR = -32603  # of JSON-RPC: the one error after which the same request may succeed
OUTCOMES: Mapping[str, Outcome] = {
    "completed": "answered",
    "input_required": "escalated",
    "rejected": "refused",
    "auth_required": "refused",
}


class A2aAgent:
    """The agent; its card is read once, at the first attempt."""

    simulated = False
    model: str | None = None
    prompt_hash: str | None = None

    def __init__(
        self, endpoint: Endpoint, name: str = "", prices: Prices | None = None, timeout_s: float = TIMEOUT_S
    ) -> None:
        self.endpoint, self.prices, self.timeout_s = endpoint, prices, timeout_s
        self.name = name or endpoint.shown.partition("://")[2]
        self._connections = Connections(endpoint, {"Accept": "application/json, application/a2a+json"})
        self._interface: Interface | None = None

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the address and the names of the headers; what its card says may change behind it."""
        from pilotage.hashes import sha256_json

        return sha256_json({"kind": "a2a", "is": [self.endpoint.address, sorted(self.endpoint.headers)]})

    def begin(self, text: str, trial: int) -> A2aRun:
        """A run that sends the text; the number of the trial travels as metadata."""
        return A2aRun(self, well_formed(text), trial)

    async def call(self, operation: Operation, params: Mapping[str, Any]) -> dict[str, Any]:
        """The result of one operation; AgentFault where there is none."""
        interface = self._interface = self._interface or await self._read_card()
        method, url, body = interface.request(operation, params)
        try:
            given = await self._json(method, url, body, interface.number)
            return interface.result(200, given, interface.id_of_request(body))
        except Refused as refused:
            kind: FaultKind = "server" if refused.code == INTERNAL_ERROR else "rejected"
            said = self.endpoint.quoted(refused.message)
            raise AgentFault(kind, f"{self.endpoint.shown} refuses the request ({refused.code}){said}") from None
        except NotA2a as wrong:
            raise AgentFault("unreadable", f"{self.endpoint.shown}: {wrong}") from None

    async def _read_card(self) -> Interface:
        """The first way in on the card that is spoken here; AgentFault where none is, or all lead to other hosts."""
        card = await self._json("GET", card_url(self.endpoint.address), None, VERSION)
        declared = interfaces(card) if isinstance(card, dict) else []
        known = [one for one in declared if one.spoken]
        if not known:
            what = f"declares neither JSON-RPC nor HTTP+JSON in version {VERSION}, nor JSON-RPC in {OLDER}"
            raise AgentFault("rejected", f"the agent card of {self.endpoint.shown} {what}")
        if here := [one for one in known if may_follow(self.endpoint.address, one.url)]:
            return here[0]
        raise AgentFault(
            "rejected", f"the agent card of {self.endpoint.shown} points to {Endpoint(known[0].url).shown}"
        )

    async def _json(self, method: str, url: str, body: Any, version: str) -> Any:
        fault: AgentFault
        session, headers = self._connections.session(), {VERSION_HEADER: version}
        try:
            # A redirect would take the headers along to wherever it leads.
            async with session.request(method, url, json=body, headers=headers, allow_redirects=False) as got:
                return await read_json(self.endpoint, got)
        except aiohttp.ClientError as error:
            fault = unreached(self.endpoint, error, self.timeout_s)
        raise fault  # outside of the except, so that no request with its headers hangs on it

    async def close(self) -> None:
        """The connections are closed."""
        await self._connections.close()


@dataclass
class A2aRun:
    """One task sent to the agent. An attempt that was cut off is taken up where its task stands."""

    agent: A2aAgent
    text: str
    trial: int
    model_calls: list[ModelCall] = field(default_factory=list)
    tool_calls: list[ToolCall] = field(default_factory=list)
    _task: str = ""

    async def attempt(self) -> Answer:
        """The agent's answer; AgentFault where it gave none. A task that does not end in time is a timeout."""
        began, clock = time.time(), time.perf_counter()
        status: Status = "timeout"
        fault: AgentFault
        try:
            async with asyncio.timeout(self.agent.timeout_s):
                answer = await self._answer()
            status = "ok"
            return answer
        except AgentFault as other:
            status = "timeout" if other.kind == "timeout" else "error"
            raise
        except TimeoutError:
            fault = self.agent.endpoint.late(self.agent.timeout_s)
        finally:
            took = time.perf_counter() - clock
            self.model_calls.append(ModelCall(len(self.model_calls) + 1, None, began, took, None, None, status))
        raise fault

    async def _answer(self) -> Answer:
        task: Any = {"id": self._task}
        if not self._task:
            given = await self.agent.call("send", {**message(self.text), "metadata": {"trial": self.trial}})
            if isinstance(said := given.get("message"), dict):
                return Answer(well_formed(text_of(said)))
            task = given.get("task")
        while (state := state_of(task)) not in ENDED | WAITING:
            if state and state not in OPEN:
                raise AgentFault("unreadable", f"{self.agent.endpoint.shown}: a task is {plain(state, 60)!r}")
            self._task = self._known(task)
            await asyncio.sleep(POLL_S)
            task = await self.agent.call("get", {"id": self._task})
        self._task = ""  # it has ended, so that a further attempt is a task of its own
        text = well_formed(text_of(task))
        if state not in OUTCOMES:
            raise AgentFault("server", f"{self.agent.endpoint.shown}: {state}{self.agent.endpoint.quoted(text)}")
        return Answer(text, OUTCOMES[state])

    def _known(self, task: Any) -> str:
        try:
            return id_of(task)
        except NotA2a as wrong:
            raise AgentFault("unreadable", f"{self.agent.endpoint.shown}: {wrong}") from None
