"""The systems around the agent, one form for each integration pattern: where they are, and what is asked of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from pilotage.playbook.common import Amount, Count, Limit, Model, Share, Text, Variable
from pilotage.playbook.sources import PointInTime, Reference, Source, layer_faults

EMBEDDED = "embedded"  # the address of the small examples that pilotage starts itself, on loopback
Pattern = Literal["wrapper", "events", "virtualization", "mcp", "a2a"]
UpdateFrequency = Literal["many a minute", "many an hour", "hourly", "nightly", "rarely"]
Consistency = Literal["strong", "eventual"]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}$")]
Header = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
Seconds = Annotated[float, Field(gt=0, le=600)]


def _address(*schemes: str) -> AfterValidator:
    """An address of one of these schemes, or `embedded`; a password in it is refused without repeating it."""

    def check(text: str) -> str:
        if text == EMBEDDED:
            return text
        try:
            parts = urlsplit(text)
            well = parts.scheme in schemes and parts.hostname and (parts.port or True)
        except ValueError:  # a port that is no number
            raise ValueError(f"should be an address such as {schemes[0]}://host:1234, or embedded") from None
        if parts.password or (parts.username and re.search(r"key|token|secret", parts.username, re.I)):
            raise ValueError("should not hold a password; name its environment variable in key_env")
        if not well:
            raise ValueError(f"should begin with {' or '.join(f'{one}://' for one in schemes)} and name a host")
        return text

    return AfterValidator(check)


def slug(name: str) -> str:
    """The system's name as files have it: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


class Effort(Model):
    """What it takes to connect the system, in working days."""

    planned: Amount = Field(description="Working days that were planned.")
    actual: Amount | None = Field(None, description="Working days spent so far; none: nobody counts them.")


class LoadTarget(Model):
    """What production will ask of the system, and how well it must answer then."""

    requests_per_s: Limit[Annotated[float, Field(gt=0)]] = Field(description="Requests a second at production's peak.")
    p95_ms_max: Limit[Amount] = Field(description="Milliseconds within which 95% of the answers must come then.")
    error_rate_max: Limit[Share] = Field(description="The share of requests that may fail then.")


class AnySystem(Model):
    """What every system has."""

    pattern: str = Field(description="How it is connected.")
    address: str | None = Field(None, description="Where it is.")
    name: Name = Field(description="The name people here know the system by; `pilotage smoke-test NAME` probes it.")
    what: Text = Field(description="What the agent uses it for, in a sentence.")
    required: bool = Field(True, description="Whether the agent cannot go live without it.")
    reads: tuple[Text, ...] = Field((), description="What the agent may read there.")
    writes: tuple[Text, ...] = Field((), description="What the agent may change there.")
    update_frequency: UpdateFrequency = Field(description="How often what is read there changes.")
    consistency: Consistency = Field(description="Whether a reader must see the last write at once.")
    joins: Count = Field(1, description="How many sources an answer joins.")
    probe_may_write: bool = Field(
        False, description="Whether probes may write, under names of their own, and clean up."
    )
    staging: bool = Field(False, description="Whether the address is no production system, so that load may be sent.")
    deadline_s: Seconds = Field(60.0, description="Seconds after which its probe is stopped and counts as failed.")
    effort_days: Effort | None = Field(None, description="Planned and actual effort of connecting it.")
    key_env: Variable | None = Field(
        None, description="The environment variable with its token or password; never the secret itself."
    )
    user_env: Variable | None = Field(None, description="The environment variable with the user's name, where needed.")


class OverHttp(AnySystem):
    """What every system behind an HTTP address has: whether it must refuse who brings no token."""

    auth: Literal["bearer", "none"] = Field("bearer", description="What it asks of callers: a token, or nothing.")

    @model_validator(mode="after")
    def _a_token_has_a_variable(self) -> Self:
        if self.address not in (None, EMBEDDED) and (self.auth == "bearer") != (self.key_env is not None):
            raise ValueError("auth: write key_env for the token's environment variable, or auth: none")
        return self


class OverPlainHttp(OverHttp):
    """What every system has that is called without a client of its protocol: a key can go in any header."""

    key_header: Header | None = Field(
        None,
        description="The header that takes what is in key_env as it is: X-API-Key, or Authorization where the variable "
        "holds `Basic …`; without it, key_env goes as `Authorization: Bearer …`.",
    )

    @model_validator(mode="after")
    def _a_header_brings_a_key(self) -> Self:
        if self.key_header and (self.key_env is None or self.address in (None, EMBEDDED)):
            raise ValueError("key_header: says how the key of key_env goes to an address; write both, or leave it out")
        return self


class HttpCall(Model):
    """One call that probes may make."""

    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = Field("GET", description="The HTTP method.")
    path: Annotated[str, StringConstraints(pattern=r"^/")] = Field(description="The path, from the address on.")
    body: Mapping[str, Any] | None = Field(None, description="The JSON object that is sent.")


class WrapperSystem(OverPlainHttp):
    """An HTTP API of one's own before a system, often an old database."""

    pattern: Literal["wrapper"] = Field(description="An API wrapper.")
    address: Annotated[str, _address("https", "http")] = Field(description="The API's base address, or embedded.")
    openapi: Text = Field("/openapi.json", description="Where its OpenAPI document is: a path there, or a file here.")
    safe_calls: tuple[HttpCall, ...] = Field((), description="Calls that change nothing; the first are timed.")
    idempotent_calls: tuple[HttpCall, ...] = Field(
        (), description="Writing calls that may be repeated under one Idempotency-Key; need probe_may_write."
    )
    p95_ms_max: Limit[Amount] = Field(description="Milliseconds within which 95% of safe calls must answer.")
    load: LoadTarget | None = Field(None, description="What production will ask of it.")


class EventsSystem(AnySystem):
    """A message broker, and the settings that one's own clients use with it."""

    pattern: Literal["events"] = Field(description="Events.")
    address: Annotated[str, _address("kafka", "amqp", "amqps")] = Field(
        description="The broker: kafka://host:9092, amqp://host:5672/vhost, or embedded."
    )
    producer: Mapping[str, Any] = Field({}, description="Settings of one's own producers, in the client's names.")
    consumer: Mapping[str, Any] = Field({}, description="Settings of one's own consumers, in the client's names.")
    queue: Mapping[str, Any] = Field({}, description="RabbitMQ: arguments with which one's own queues are declared.")
    dead_letter: bool = Field(True, description="Whether what nobody can process must end up in a dead-letter topic.")
    message_schema: Mapping[str, Any] | None = Field(None, description="JSON Schema of the messages.")
    message: Mapping[str, Any] = Field({}, description="A valid message; probes send it under keys of their own.")
    topic: Text | None = Field(None, description="The topic or queue in use, whose lag is measured; never written to.")
    group: Text | None = Field(None, description="Kafka: the consumer group whose lag is measured.")
    lag_max: Limit[Amount] | None = Field(None, description="Messages that may wait there.")


class VirtualSystem(AnySystem):
    """Several read-mostly sources, read as one DuckDB layer without copying them."""

    pattern: Literal["virtualization"] = Field(description="Data virtualization.")
    address: Literal["embedded"] | None = Field(None, description="embedded: the example's sources; else leave it out.")
    sources: tuple[Source, ...] = Field((), description="The tables of the layer.")
    references: tuple[Reference, ...] = Field((), description="What must not be orphaned across sources.")
    point_in_time: tuple[PointInTime, ...] = Field((), description="Joins that must not look ahead.")
    suites: tuple[Text, ...] = Field(
        (), description="Suites of playbook/expectations.yaml that the layer's sources must pass."
    )

    @model_validator(mode="after")
    def _names_what_there_is(self) -> Self:
        given = (self.sources, self.references, self.point_in_time, self.suites)
        faults = list(layer_faults(*given))
        if self.address == EMBEDDED:
            faults = ["address: embedded brings its own sources; leave it out to use yours"] if any(given) else []
        if faults:
            raise ValueError("\n".join(faults))
        return self


class ToolCall(Model):
    """One tool call that changes nothing."""

    tool: Text = Field(description="The tool.")
    arguments: Mapping[str, Any] = Field({}, description="Its arguments.")
    contains: Text | None = Field(None, description="A text that must stand in the answer.")


class McpSystem(OverHttp):
    """A server of tools that speaks the Model Context Protocol, over standard input and output or HTTP."""

    pattern: Literal["mcp"] = Field(description="Tools by MCP.")
    address: Annotated[str, _address("https", "http")] | None = Field(
        None, description="Its streamable HTTP address, or embedded."
    )
    command: tuple[Text, ...] = Field(
        (), description="The command that starts it on standard input and output, in the workspace; python is this one."
    )
    protocol_versions: tuple[Text, ...] = Field(
        ("2026-07-28",), min_length=1, description="The versions of the protocol that are pinned."
    )
    safe_calls: tuple[ToolCall, ...] = Field((), description="Calls that change nothing; the first is timed.")
    p95_ms_max: Limit[Amount] = Field(description="Milliseconds within which 95% of safe calls must answer.")
    tool_list_tokens_max: Limit[Count] | None = Field(None, description="Tokens that its list of tools may cost.")
    poisoning_accepted: tuple[Text, ...] = Field(
        (),
        description="Tools (or instructions) whose texts look like poisoning, and which a person has read and accepts; "
        "it counts only while the definition is as pinned.",
    )
    replaceable_by: Name | None = Field(None, description="Another system here that must be able to stand in for it.")

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.address is None) == (not self.command):
            raise ValueError("should have either an address or a command")
        return self


class A2aSystem(OverPlainHttp):
    """Another agent, spoken to by the Agent2Agent protocol."""

    pattern: Literal["a2a"] = Field(description="Another agent by A2A.")
    address: Annotated[str, _address("https", "http")] = Field(description="Where its agent card is, or embedded.")
    protocol_versions: tuple[Text, ...] = Field(("1.0",), min_length=1, description="The versions that are pinned.")
    safe_task: Text = Field(description="A task that changes nothing, in words.")
    long_task: Text | None = Field(None, description="A task that takes seconds, so that it can be cancelled.")
    p95_ms_max: Limit[Amount] | None = Field(None, description="Milliseconds within which the safe task must end.")


System = Annotated[WrapperSystem | EventsSystem | VirtualSystem | McpSystem | A2aSystem, Field(discriminator="pattern")]
