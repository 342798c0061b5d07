"""What every agent is to pilotage: it begins a run for one task, and the run is tried until it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

Status = Literal["ok", "error", "timeout"]
Outcome = Literal["answered", "escalated", "refused"]
FaultKind = Literal["throttled", "server", "connection", "timeout", "unreadable", "rejected", "crashed"]
TIMEOUT_S = 120.0  # one attempt, where nobody decided otherwise
MAX_TURNS = 10  # requests to the model in one run, where nobody decided otherwise
RETRYABLE: frozenset[FaultKind] = frozenset({"throttled", "server", "connection", "timeout", "unreadable"})


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One request to a model, failed ones included; `started_at` in Unix seconds, tokens None where not reported."""

    turn: int
    model: str | None
    started_at: float
    duration_s: float
    input_tokens: int | None
    output_tokens: int | None
    status: Status


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One use of a tool, numbered over the whole run from 1; `arguments` is the JSON text as the model wrote it.

    Times are None where an endpoint tells of its tools without them. `error_type` names what went wrong where `status`
    is not ok: the exception's class, or unknown_tool, invalid_json, invalid_arguments, invalid_result, timeout.
    """

    seq: int
    tool: str
    started_at: float | None
    duration_s: float | None
    arguments: str
    status: Status
    error_type: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the agent ended with; None where it told no `confidence` (0 to 1) or `cost` (the playbook's currency)."""

    text: str
    outcome: Outcome = "answered"
    confidence: float | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Prices:
    """The price of a million tokens, in the playbook's currency."""

    input_per_million: float
    output_per_million: float


class AgentFault(Exception):
    """An attempt that brought no answer: what kind of fault, told plainly and without secrets.

    `retry_after_s` is how long the server asked to be left alone, in seconds; None where it did not say.
    """

    def __init__(self, kind: FaultKind, detail: str, retry_after_s: float | None = None) -> None:
        self.kind, self.detail, self.retry_after_s = kind, detail, retry_after_s
        super().__init__(kind, detail, retry_after_s)

    def __str__(self) -> str:
        return self.detail

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later: not after a refusal (4xx) or a crash of the agent itself."""
        return self.kind in RETRYABLE


class Run(Protocol):
    """One task at one trial: both lists hold all calls so far, those of failed attempts included."""

    model_calls: list[ModelCall]
    tool_calls: list[ToolCall]

    async def attempt(self) -> Answer:
        """The answer; AgentFault where this attempt brought none.

        Another attempt goes on where this one stood: no tool is used twice, only the failed request is repeated.
        """
        ...


class Agent(Protocol):
    """What is piloted. `name` and `fingerprint` hold no secret; `simulated` is true for the reference stand-in only."""

    @property
    def name(self) -> str:
        """As people name it."""
        ...

    @property
    def fingerprint(self) -> str:
        """SHA-256 in hex over all that makes the agent what it is: kind, address, model, prompt, tools, settings."""
        ...

    @property
    def simulated(self) -> bool:
        """Whether this is a stand-in, whose results say nothing about any agent."""
        ...

    @property
    def model(self) -> str | None:
        """The model's name, where one is known."""
        ...

    @property
    def prompt_hash(self) -> str | None:
        """SHA-256 in hex of the system prompt; None where pilotage does not set one."""
        ...

    @property
    def prices(self) -> Prices | None:
        """What tokens cost; None where nobody said."""
        ...

    def begin(self, text: str, trial: int) -> Run:
        """A run for the task's input; nothing is sent before the first attempt. Trials count from 1."""
        ...

    async def close(self) -> None:
        """Connections, threads and servers are let go; the agent cannot be used again."""
        ...
