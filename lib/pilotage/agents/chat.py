"""An agent made of a model behind any OpenAI-compatible chat server, a system prompt and Python tools.

Chat Completions is what local servers and providers share. Retries are not the client's business here: what it would
repeat in silence would count as one slow call.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pilotage.agents.calling import source_hash_of
from pilotage.agents.endpoint import Endpoint, unreached
from pilotage.agents.run import MAX_TURNS, TIMEOUT_S, AgentFault, Prices
from pilotage.agents.tools import Tool, tool_of
from pilotage.errors import PilotageError
from pilotage.hashes import sha256_json

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai._types import RequestOptions

    from pilotage.agents.chat_run import ChatRun
    from pilotage.agents.mcp_tools import McpTools

STAND_IN = "reference-stand-in"  # the model name that the reference server answers to, and no other


@dataclass(frozen=True, slots=True)
class Chat:
    """All that makes a chat agent what it is. `request` adds fields to each request, such as temperature.

    A `seed` among them is raised by the number of the trial, so that trials differ and can still be repeated.
    `escalation_tool` names the tool by which the agent hands over to a person.
    """

    model: str
    system_prompt: str = ""
    tools: Sequence[Callable[..., Any]] = ()
    request: Mapping[str, Any] = field(default_factory=dict)
    max_turns: int = MAX_TURNS
    escalation_tool: str | None = None
    timeout_s: float = TIMEOUT_S


class ChatAgent:
    """A model that is asked over HTTP; one client, and so one pool of connections, for all runs."""

    def __init__(
        self, endpoint: Endpoint, chat: Chat, name: str = "", prices: Prices | None = None, mcp: McpTools | None = None
    ) -> None:
        self.endpoint, self.chat, self.prices, self._mcp = endpoint, chat, prices, mcp
        self.name = name or f"{chat.model} at {endpoint.shown.partition('://')[2]}"
        self.tools: dict[str, Tool] = {tool.name: tool for tool in map(tool_of, self._functions)}
        self._client: AsyncOpenAI | None = None

    @property
    def _functions(self) -> tuple[Callable[..., Any], ...]:
        """Its own tools and those of its MCP server; PilotageError where both have one of the same name."""
        functions = (*self.chat.tools, *(self._mcp.tools if self._mcp else ()))
        names = [tool_of(function).name for function in functions]
        if twice := {name for name in names if names.count(name) > 1}:
            raise PilotageError("tools have the same name", ", ".join(sorted(twice)), "leave one of them out")
        return functions

    @property
    def model(self) -> str:
        """The model's name as the server is asked for it."""
        return self.chat.model

    @property
    def simulated(self) -> bool:
        """Whether the model is the reference stand-in, at whatever address."""
        return self.chat.model == STAND_IN

    @property
    def prompt_hash(self) -> str | None:
        """SHA-256 of the system prompt; None where there is none."""
        prompt = self.chat.system_prompt
        return hashlib.sha256(prompt.encode()).hexdigest() if prompt else None

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the address and all of `described`."""
        address, headers = self.endpoint.address, sorted(self.endpoint.headers)
        return sha256_json({"kind": "chat", "address": address, "headers": headers, "is": self.described})

    @property
    def described(self) -> dict[str, Any]:
        """What the agent is wherever it is served: model, prompt, tools with their code, and settings."""
        chat = self.chat
        return {
            "model": chat.model,
            "prompt": chat.system_prompt,
            "tools": [[tool.offered, source_hash_of(tool.function)] for tool in self.tools.values()],
            "settings": [dict(chat.request), chat.max_turns, chat.escalation_tool],
        }

    def begin(self, text: str, trial: int) -> ChatRun:
        """A run whose first message is the text, after the system prompt where there is one."""
        from pilotage.agents.chat_run import ChatRun

        # Here and not with the first request, whose time would hold the second that it takes to load the client.
        self._client = self._client or self._connected()
        return ChatRun(self, text, trial)

    async def post(self, messages: Sequence[Mapping[str, Any]], trial: int) -> Any:
        """The response to one request, an httpx response of status 2xx; AgentFault where there is none."""
        import aiohttp
        import openai

        body = {**self.chat.request, "model": self.chat.model, "messages": list(messages)}
        if "seed" in body:
            body["seed"] += trial
        if self.tools:
            body["tools"] = [tool.offered for tool in self.tools.values()]
        fault: AgentFault
        try:
            return await self._posted(body)
        except openai.APIStatusError as error:
            response = error.response
            fault = self.endpoint.refusal(error.status_code, response.headers, response.text, self.chat.model)
        except (openai.OpenAIError, aiohttp.ClientError) as error:
            fault = unreached(self.endpoint, error, self.chat.timeout_s)
        raise fault  # outside of the except, so that no request with its headers hangs on it

    async def _posted(self, body: Mapping[str, Any]) -> Any:
        """One POST through the client's general method: the typed one costs as much again as sending the request."""
        import httpx2
        from openai import Omit

        if self._client is None:
            raise RuntimeError("no run was begun")
        options: RequestOptions = {"headers": {"Authorization": Omit()}} if self._keyless else {}
        return await self._client.post("/chat/completions", body=body, options=options, cast_to=httpx2.Response)

    @property
    def _keyless(self) -> bool:
        return not self.endpoint.key and "authorization" not in map(str.lower, self.endpoint.headers)

    def _connected(self) -> AsyncOpenAI:
        from openai import AsyncOpenAI, DefaultAioHttpClient

        return AsyncOpenAI(
            api_key=self.endpoint.key or "none",
            base_url=self.endpoint.address,
            # Compressed, a short answer could still fill the memory.
            default_headers={"Accept-Encoding": "identity", **self.endpoint.headers},
            max_retries=0,
            timeout=self.chat.timeout_s,
            # A redirect would take the key along to wherever it leads.
            http_client=DefaultAioHttpClient(
                follow_redirects=False, trust_env=not self.endpoint.local, event_hooks={"response": [self._bound]}
            ),
        )

    async def _bound(self, response: Any) -> None:
        """The response is read only as far as an answer may be long."""
        from pilotage.agents.bounded import Bounded

        response.stream = Bounded(response.stream, self.endpoint)

    async def close(self) -> None:
        """The connections are closed, that with an MCP server among them."""
        if self._mcp is not None:
            self._mcp.close()
        if self._client is not None:
            await self._client.close()
