"""The keys of agent.yaml, kind by kind, each checked as it is read."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from pilotage.agents.calling import find
from pilotage.agents.run import MAX_TURNS, TIMEOUT_S
from pilotage.agents.tools import tool_of
from pilotage.errors import PilotageError
from pilotage.hashes import canonical_json

Kind = Literal["chat", "http", "a2a", "function", "local", "reference"]
KINDS: tuple[Kind, ...] = get_args(Kind)
SET_HERE = ("model", "messages", "tools", "stream", "n", "input", "trial")  # fields of a request that pilotage sets


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        well = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
    except ValueError:  # a port that is no number
        well = False
    if not well:
        raise ValueError("should be an address such as https://models.example.com/v1")
    return text


def _chat_url(text: str) -> str:
    if "?" in text:
        raise ValueError("should end before the question mark")
    return _url(text).removesuffix("/").removesuffix("/chat/completions")


def _function(target: str) -> Callable[..., Any]:
    try:
        return find(target)
    except PilotageError as error:
        raise ValueError("; ".join(filter(None, (error.what, error.next)))) from None


def _findable(target: str) -> str:
    _function(target)
    return target


def _tool(target: str) -> Callable[..., Any]:
    function = _function(target)
    try:
        tool = tool_of(function)
    except (NameError, TypeError, ValueError) as error:
        raise ValueError(f"cannot be described to a model: {error}") from None
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", tool.name):
        raise ValueError(f"is called {tool.name!r}, which models do not take as a tool's name")
    return function


def _file_text(path: str) -> str:
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None


def _headers(named: dict[str, str]) -> dict[str, str]:
    """Each header with the value of its environment variable; ValueError names headers only, never a value."""
    wrong = [name for name in named if not re.fullmatch(r"[A-Za-z0-9-]+", name)]
    unset = [name for name, variable in named.items() if not environment(variable)]
    faults = [f"the environment variable for {name!r} is not set, or no header can hold its value" for name in unset]
    faults += [f"{name!r} cannot be the name of a header" for name in wrong]
    if faults:
        raise ValueError("\n".join(faults))
    return {name: environment(variable) for name, variable in named.items()}


def environment(variable: str) -> str:
    """The variable's value; empty text where it is not set, or has characters that cannot stand in a header."""
    value = os.environ.get(variable, "").strip()
    return value if value.isascii() and value.isprintable() else ""


def _added(request: dict[str, Any]) -> dict[str, Any]:
    if taken := [name for name in SET_HERE if name in request]:
        raise ValueError(f"{', '.join(taken)}: cannot be set here, since pilotage sets it")
    if not isinstance(request.get("seed", 0), int):
        raise ValueError("seed: should be an integer")
    try:
        canonical_json(request)
    except ValueError:
        raise ValueError("should be what JSON can say, without .nan or .inf") from None
    return request


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Amount = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Headers = Annotated[dict[str, str], AfterValidator(_headers)]
Added = Annotated[dict[str, Any], AfterValidator(_added)]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class TokenPrices(_Form):
    """The price of a million tokens, in the playbook's currency."""

    input_per_million: Amount = Field(description="For tokens that the model reads.")
    output_per_million: Amount = Field(description="For tokens that the model writes.")


class AgentForm(_Form):
    """What every kind of agent can be told."""

    kind: Kind = Field(description="What kind of agent it is.")
    timeout_s: Positive = Field(TIMEOUT_S, description="Seconds that one attempt may take.")


class _Named(AgentForm):
    name: Text | None = Field(None, description="What people call it.")
    prices: TokenPrices | None = Field(None, description="What tokens cost.")


class _Asked(_Form):
    key_env: Text | None = Field(None, description="The environment variable that holds the key, never the key itself.")
    headers_env: Headers = Field({}, description="Header: the environment variable that holds its value.")


class _Conversing(_Form):
    request: Added = Field({}, description="Fields that are sent along with each request, such as temperature.")
    system_prompt: Annotated[str, AfterValidator(_file_text)] = Field(
        "", description="The file with the system prompt."
    )
    tools: tuple[Annotated[str, AfterValidator(_tool)], ...] = Field((), description="Functions, each module:function.")
    escalation_tool: Text | None = Field(None, description="The tool by which the agent hands over to a person.")
    max_turns: Annotated[int, Field(ge=1)] = Field(MAX_TURNS, description="Requests to the model in one run, at most.")

    @model_validator(mode="after")
    def _tools_have_names(self) -> Self:
        names = [tool_of(function).name for function in self.functions]
        if len(set(names)) < len(names):
            raise ValueError("tools: each should have a name of its own")
        # An MCP server's tools are known once it runs.
        if self.escalation_tool and self.escalation_tool not in names and getattr(self, "mcp", None) is None:
            raise ValueError(f"escalation_tool: should be one of the tools; known: {', '.join(names) or 'none'}")
        return self

    @property
    def functions(self) -> tuple[Callable[..., Any], ...]:
        """The tools as the callables that they have become."""
        return self.tools  # type: ignore[return-value]


class McpForm(_Form):
    """The MCP server that an agent takes its tools from."""

    address: Annotated[Text, AfterValidator(_url)] | None = Field(None, description="Its streamable HTTP address.")
    command: tuple[Text, ...] = Field((), description="Or the command that starts it on standard input and output.")
    key_env: Text | None = Field(None, description="The environment variable that holds its token.")

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.address is None) == (not self.command):
            raise ValueError("should have either an address or a command")
        if self.key_env and not environment(self.key_env):
            raise ValueError("key_env: should name an environment variable that is set")
        return self


class ChatForm(_Named, _Asked, _Conversing):
    """A model behind an OpenAI-compatible chat server."""

    address: Annotated[Text, AfterValidator(_chat_url)] = Field(
        description="The server's base URL, often ending in /v1."
    )
    model: Text = Field(description="The model's name, as the server knows it.")
    mcp: McpForm | None = Field(None, description="The MCP server whose tools it has besides its own.")


class HttpForm(_Named, _Asked):
    """A JSON endpoint."""

    address: Annotated[Text, AfterValidator(_url)] = Field(description="The endpoint's URL.")
    model: Text | None = Field(None, description="The model's name, where there is one.")
    request: Added = Field({}, description="Fields that are sent along with each request.")


class A2aForm(_Named, _Asked):
    """An agent by the Agent2Agent protocol."""

    address: Annotated[Text, AfterValidator(_url)] = Field(description="The agent's address, under which its card is.")


class FunctionForm(_Named):
    """A Python function."""

    address: Annotated[Text, AfterValidator(_findable)] = Field(description="The function, as module:function.")
    model: Text | None = Field(None, description="The model's name, where there is one.")

    @property
    def function(self) -> Callable[..., Any]:
        """The function itself."""
        return find(self.address)


class LocalForm(_Named, _Conversing):
    """A model file on this machine."""

    address: Text = Field(description="The path of a model file in GGUF format.")


class ReferenceForm(AgentForm):
    """The reference stand-in; each key is one of its settings."""

    tools: Literal["own", "mcp"] = Field("own", description="Its own functions, or the same from an MCP server.")
    seed: int = Field(0, description="What all its chance comes from.")
    error_rate: Share = Field(0.0, description="Share of answers that are wrong.")
    escalation_rate: Share = Field(0.0, description="Share of questions that it hands over to a person.")
    latency_s: Amount = Field(0.0, description="Mean seconds to an answer.")
    jitter_s: Amount = Field(0.0, description="Seconds by which an answer may be earlier or later.")
    rate_429: Share = Field(0.0, description="Share of requests answered 'too many requests'.")
    rate_500: Share = Field(0.0, description="Share of requests answered 'internal error'.")
    hang: Share = Field(0.0, description="Share of requests that are never answered.")
    retry_after_s: Amount = Field(1.0, description="Seconds to wait that a 429 asks for.")
    outage_after_s: Amount = Field(0.0, description="Seconds from the first request to an outage.")
    outage_s: Amount = Field(0.0, description="Seconds that the outage lasts; 0 for none.")

    @model_validator(mode="after")
    def _trouble_fits_into_one(self) -> Self:
        if self.rate_429 + self.rate_500 + self.hang > 1:
            raise ValueError("rate_429, rate_500 and hang: should be at most 1 together")
        return self
