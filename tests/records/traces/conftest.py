"""Spans as exporters write them, built in code, and one small story told in the words of each instrumentation.

The story: an agent is asked for an order, its model asks for two tools, both run, the model answers. Beside it stand a
streamed call and a failed one that belong to no run. The shapes are those that the packages were seen to write.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pilotage.records.traces import import_otlp

BEGIN = 1_790_000_000_000_000_000  # ns
MS = 1_000_000
ASKED, ANSWERED = "Where is order 42?", "It was sent."
SHORT, DATED = "small-model", "small-model-2026-05-01"
READ, WRITTEN = 57, 17
ORDER, CUSTOMER = ("find_order", {"order": 42}), ("find_customer", {"customer": 7})
Span = dict[str, Any]
Attributes = dict[str, Any]


def identity(label: str, size: int) -> str:
    """An id in hex of `size` bytes for a label."""
    return hashlib.sha256(label.encode()).hexdigest()[: 2 * size]


def any_value(value: Any) -> dict[str, Any]:
    """The value as an OTLP AnyValue."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": attributes_of(value)}}
    if isinstance(value, list):
        return {"arrayValue": {"values": [any_value(item) for item in value]}}
    return {"stringValue": value}


def attributes_of(values: Attributes) -> list[dict[str, Any]]:
    return [{"key": key, "value": any_value(value)} for key, value in values.items()]


def make_span(
    name: str,
    key: str,
    parent: str = "",
    at: tuple[float, float | None] = (0, 1),
    trace: str = "t",
    scope: str = "test",
    failed: str = "",
    events: Sequence[tuple[str, Attributes]] = (),
    **attributes: Any,
) -> Span:
    """One span: `at` in milliseconds from the beginning; attributes with `__` for the dot, or under `more`."""
    values = {name.replace("__", "."): value for name, value in attributes.items() if name != "more"}
    values |= attributes.get("more", {})
    events = [
        *events,
        *([("exception", {"exception.type": failed, "exception.message": "it broke"})] if failed else []),
    ]
    begin, end = at
    return {
        "scope": scope,
        "traceId": identity(trace, 16),
        "spanId": identity(f"{trace} {key}", 8),
        **({"parentSpanId": identity(f"{trace} {parent}", 8)} if parent else {}),
        "name": name,
        "kind": 1,
        "startTimeUnixNano": str(BEGIN + int(begin * MS)),
        **({} if end is None else {"endTimeUnixNano": str(BEGIN + int(end * MS))}),
        "status": {"code": 2, "message": "it broke"} if failed else {},
        "attributes": attributes_of(values),
        "events": [
            {"timeUnixNano": str(BEGIN + int(begin * MS)), "name": event, "attributes": attributes_of(given)}
            for event, given in events
        ],
    }


def make_export(spans: Iterable[Span]) -> dict[str, Any]:
    """One export request of these spans."""
    by_scope: dict[str, list[Span]] = {}
    for span in spans:
        by_scope.setdefault(span["scope"], []).append({key: span[key] for key in span if key != "scope"})
    resource = {"attributes": attributes_of({"service.name": "desk", "api_key": "sk-not-for-anyone"})}
    scoped = [{"scope": {"name": scope}, "spans": own} for scope, own in by_scope.items()]
    return {"resourceSpans": [{"resource": resource, "scopeSpans": scoped}]}


def as_lines(*exports: Any) -> str:
    return "".join(json.dumps(export) + "\n" for export in exports)


@dataclass(frozen=True)
class Dataset:
    """An imported dataset: rows by table, sentences and figures."""

    folder: Path
    told: str
    facts: dict[str, int]

    def rows(self, table: str) -> list[dict[str, Any]]:
        path = self.folder / f"{table}.parquet"
        if not path.is_file():
            return []
        found = pq.read_table(path).to_pylist()
        return [{name: value for name, value in row.items() if value is not None} for row in found]


@pytest.fixture
def importing(tmp_path: Path) -> Callable[..., Dataset]:
    """Imports lists of spans (one export each), or texts and bytes as files."""

    def run(*given: Any, name: str = "mine", replace: bool = False) -> Dataset:
        files = []
        for number, item in enumerate(given):
            path = tmp_path / f"traces{number}.jsonl"
            content = as_lines(make_export(item)) if isinstance(item, list) else item
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            files.append(path)
        folder = tmp_path / "data" / name
        imported = import_otlp(files, folder, replace)
        return Dataset(folder, "\n".join(imported.told), imported.facts)

    return run


@pytest.fixture
def span() -> Callable[..., Span]:
    return make_span


@pytest.fixture
def export() -> Callable[..., Any]:
    return make_export


@pytest.fixture
def lines() -> Callable[..., str]:
    return as_lines


def call_message(with_ids: bool = True) -> dict[str, Any]:
    """The model's wish for both tools, as OpenAI writes it."""
    calls = [
        {"id": f"call_{at}", "type": "function", "function": {"name": tool, "arguments": json.dumps(arguments)}}
        for at, (tool, arguments) in enumerate((ORDER, CUSTOMER), 1)
    ]
    return {"role": "assistant", "content": None, "tool_calls": calls if with_ids else []}


def parts(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def call_parts() -> list[dict[str, Any]]:
    asked = [
        {"type": "tool_call", "id": f"call_{at}", "name": tool, "arguments": arguments}
        for at, (tool, arguments) in enumerate((ORDER, CUSTOMER), 1)
    ]
    return [{"role": "assistant", "parts": asked, "finish_reason": "tool_call"}]


Told = Callable[[str, bool], Attributes]  # what was asked; whether the reply asks for tools


@dataclass(frozen=True)
class Words:
    """How an instrumentation names things: a run, a model call, a tool call, and what it adds to each of them."""

    run: Attributes
    call: Callable[[str, str], Attributes]
    tool: Callable[[str, dict[str, Any], int], Attributes]
    run_name: str = "order-desk"
    tool_name: str = "{}"
    scope: str = "test"


def new_genai(asked: str, reply: str) -> Attributes:
    spoken = call_parts() if reply == "tools" else [parts("assistant", ANSWERED)]
    history = [parts("system", "Be helpful."), parts("user", asked)]
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": SHORT,
        "gen_ai.input.messages": json.dumps(history),
        **({} if reply == "none" else {"gen_ai.output.messages": json.dumps(spoken), **GENAI_COUNTS}),
    }


GENAI_COUNTS = {
    "gen_ai.response.model": DATED,
    "gen_ai.usage.input_tokens": READ,
    "gen_ai.usage.output_tokens": WRITTEN,
}


def structured_genai(asked: str, reply: str) -> Attributes:
    """The newest form: messages as values, not as JSON text."""
    given = new_genai(asked, reply)
    return {name: json.loads(value) if name.endswith("messages") else value for name, value in given.items()}


def old_genai(asked: str, reply: str) -> Attributes:
    """OpenLLMetry before 2025: numbered prompts, prompt_tokens, and no name of the operation."""
    numbered = {f"gen_ai.completion.0.tool_calls.{at}.name": tool for at, (tool, _) in enumerate((ORDER, CUSTOMER))}
    numbered |= {
        f"gen_ai.completion.0.tool_calls.{at}.arguments": json.dumps(arguments)
        for at, (_, arguments) in enumerate((ORDER, CUSTOMER))
    }
    spoken = numbered if reply == "tools" else {"gen_ai.completion.0.content": ANSWERED}
    counts = {"gen_ai.usage.prompt_tokens": READ, "gen_ai.usage.completion_tokens": WRITTEN}
    return {
        "llm.request.type": "chat",
        "gen_ai.system": "OpenAI",
        "gen_ai.request.model": SHORT,
        "gen_ai.prompt.0.role": "user",
        "gen_ai.prompt.0.content": asked,
        **({} if reply == "none" else {"gen_ai.completion.0.role": "assistant", **spoken, **counts}),
        **({} if reply == "none" else {"gen_ai.response.model": DATED}),
    }


def openinference(asked: str, reply: str) -> Attributes:
    spot = "llm.output_messages.0.message"
    tools = {
        f"{spot}.tool_calls.{at}.tool_call.function.{field}": value
        for at, (tool, arguments) in enumerate((ORDER, CUSTOMER))
        for field, value in (("name", tool), ("arguments", json.dumps(arguments)))
    }
    spoken = tools if reply == "tools" else {f"{spot}.content": ANSWERED}
    counts = {"llm.token_count.prompt": READ, "llm.token_count.completion": WRITTEN, "llm.model_name": DATED}
    return {
        "openinference.span.kind": "LLM",
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.contents.0.message_content.type": "text",
        "llm.input_messages.0.message.contents.0.message_content.text": asked,
        **({} if reply == "none" else {f"{spot}.role": "assistant", **spoken, **counts}),
    }


def langfuse(asked: str, reply: str) -> Attributes:
    spoken = call_message() if reply == "tools" else {"role": "assistant", "content": ANSWERED}
    counts = {"prompt_tokens": READ, "completion_tokens": WRITTEN, "total_tokens": READ + WRITTEN}
    failed = {"langfuse.observation.level": "ERROR", "langfuse.observation.model.name": SHORT}
    return {
        "langfuse.observation.type": "generation",
        "langfuse.observation.input": json.dumps({"messages": [{"role": "user", "content": asked}]}),
        **(failed if reply == "none" else {"langfuse.observation.output": json.dumps(spoken)}),
        **({} if reply == "none" else {"langfuse.observation.model.name": DATED}),
        **({} if reply == "none" else {"langfuse.observation.usage_details": json.dumps(counts)}),
    }


def mlflow(asked: str, reply: str) -> Attributes:
    spoken = call_message() if reply == "tools" else {"role": "assistant", "content": ANSWERED}
    counts = {"input_tokens": READ, "output_tokens": WRITTEN, "total_tokens": READ + WRITTEN}
    answer = {
        "mlflow.spanOutputs": json.dumps({"id": "x", "choices": [{"index": 0, "message": spoken}]}),
        "mlflow.chat.tokenUsage": json.dumps(counts),
        "mlflow.llm.model": json.dumps(DATED),
    }
    request = {"model": SHORT, "messages": [{"role": "user", "content": asked}]}
    return {
        "mlflow.spanType": '"CHAT_MODEL"',
        "mlflow.spanInputs": json.dumps(request),
        "model": json.dumps(SHORT),
        **({} if reply == "none" else answer),
    }


def openlit(asked: str, reply: str) -> Attributes:
    """Names and arguments of the tools stand on the model's span, joined with commas; cost and address do too."""
    named = {
        "gen_ai.tool.name": ", ".join((ORDER[0], CUSTOMER[0])),
        "gen_ai.tool.call.id": "call_1, call_2",
        "gen_ai.tool.args": f"{json.dumps(ORDER[1])}, {json.dumps(CUSTOMER[1])}",
    }
    return {
        "telemetry.sdk.name": "openlit",
        **new_genai(asked, reply),
        "gen_ai.usage.cost": 0.002,
        "server.address": "127.0.0.1",
        **(named if reply == "tools" else {}),
    }


def vercel(asked: str, reply: str) -> Attributes:
    """Prompt and reply in attributes of the SDK's own; the span around the call sums its tokens up once more."""
    counts = {"ai.usage.promptTokens": READ, "ai.usage.completionTokens": WRITTEN, "ai.response.model": DATED}
    return {
        "ai.operationId": "ai.generateText.doGenerate",
        "ai.model.id": SHORT,
        "ai.prompt.messages": json.dumps([{"role": "user", "content": [{"type": "text", "text": asked}]}]),
        **({} if reply == "none" else counts),
        **({"ai.response.text": ANSWERED} if reply == "text" else {}),
    }


def genai_tool(tool: str, arguments: dict[str, Any], at: int) -> Attributes:
    return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": tool,
        "gen_ai.tool.call.id": f"call_{at}",
        "gen_ai.tool.call.arguments": json.dumps(arguments),
    }


GENAI_RUN = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "order-desk"}
FRAMED = {"args": [ASKED], "kwargs": {}}
WORDS: dict[str, Words] = {
    "newest GenAI": Words(
        GENAI_RUN | {"gen_ai.input.messages": [parts("user", ASKED)]},
        structured_genai,
        genai_tool,
        "invoke_agent order-desk",
        "execute_tool {}",
    ),
    "GenAI": Words(GENAI_RUN, new_genai, genai_tool, "invoke_agent order-desk", "execute_tool {}"),
    "OpenInference": Words(
        {"openinference.span.kind": "AGENT", "input.value": ASKED, "output.value": ANSWERED},
        openinference,
        lambda tool, given, at: {
            "openinference.span.kind": "TOOL",
            "tool.name": tool,
            "input.value": json.dumps(given),
            "tool.parameters": "{}",
        },
    ),
    "OpenLLMetry": Words(
        {
            "traceloop.span.kind": "agent",
            "traceloop.entity.name": "order-desk",
            "traceloop.entity.input": json.dumps(FRAMED),
        },
        new_genai,
        lambda tool, given, at: {
            "traceloop.span.kind": "tool",
            "traceloop.entity.name": tool,
            "traceloop.entity.input": json.dumps({"args": [], "kwargs": given}),
        },
        "order-desk.agent",
        "{}.tool",
    ),
    "OpenLLMetry, older": Words(
        {"traceloop.span.kind": "workflow", "traceloop.entity.name": "order-desk"},
        old_genai,
        lambda tool, given, at: {
            "traceloop.span.kind": "task" if at == 1 else "tool",
            "traceloop.entity.name": tool,
            "traceloop.entity.input": json.dumps({"args": [], "kwargs": given}),
        },
        "order-desk.workflow",
        "{}.task",
    ),
    "Langfuse": Words(
        {"langfuse.observation.type": "agent", "langfuse.observation.input": json.dumps(FRAMED)},
        langfuse,
        lambda tool, given, at: {
            "langfuse.observation.type": "tool",
            "langfuse.observation.input": json.dumps({"args": [given], "kwargs": {}}),
        },
    ),
    "MLflow": Words(
        {"mlflow.spanType": '"AGENT"', "mlflow.spanInputs": json.dumps({"q": ASKED})},
        mlflow,
        lambda tool, given, at: {"mlflow.spanType": '"TOOL"', "mlflow.spanInputs": json.dumps(given)},
    ),
    "Logfire": Words(
        GENAI_RUN
        | {
            "agent_name": "order-desk",
            "final_result": ANSWERED,
            "gen_ai.aggregated_usage.input_tokens": 2 * READ,
            "gen_ai.aggregated_usage.output_tokens": 2 * WRITTEN,
        },
        lambda asked, reply: new_genai(asked, reply) | {"logfire.span_type": "span"},
        lambda tool, given, at: {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": tool,
            "tool_arguments": json.dumps(given),
        },
        "invoke_agent order-desk",
        "running tool",
        "pydantic-ai",
    ),
    "Logfire, older": Words(
        {
            "agent_name": "order-desk",
            "model_name": SHORT,
            "gen_ai.usage.input_tokens": 2 * READ,
            "gen_ai.usage.output_tokens": 2 * WRITTEN,
        },
        lambda asked, reply: new_genai(asked, reply) | {"logfire.span_type": "span"},
        lambda tool, given, at: {
            "gen_ai.tool.name": tool,
            "gen_ai.tool.call.id": f"call_{at}",
            "tool_arguments": json.dumps(given),
        },
        "agent run",
        "running tool: {}",
        "pydantic-ai",
    ),
    "OpenLIT": Words(
        {"function.args": f"('{ASKED}',)", "gen_ai.output.messages": ANSWERED},
        openlit,
        lambda tool, given, at: {"function.kwargs": str(given), "gen_ai.output.messages": {"status": "paid"}},
    ),
    "Vercel AI SDK": Words(
        {
            "ai.operationId": "ai.generateText",
            "ai.prompt": json.dumps({"prompt": ASKED}),
            "ai.model.id": SHORT,
            "ai.usage.promptTokens": 2 * READ,
            "ai.usage.completionTokens": 2 * WRITTEN,
        },
        vercel,
        lambda tool, given, at: {
            "ai.operationId": "ai.toolCall",
            "ai.toolCall.name": tool,
            "ai.toolCall.id": f"call_{at}",
            "ai.toolCall.args": json.dumps(given),
        },
        "ai.generateText",
        "ai.toolCall",
    ),
    "nothing said of run and tools": Words({}, new_genai, lambda tool, given, at: {}),
}


def tell(words: Words) -> list[Span]:
    """The story in these words."""

    def put(name: str, key: str, parent: str, at: tuple[float, float], given: Attributes, **more: Any) -> Span:
        return make_span(name, key, parent, at, scope=words.scope, more=given, **more)

    tools = [
        put(words.tool_name.format(tool), tool, "run", (10 * at + 10, 10 * at + 15), words.tool(tool, arguments, at))
        for at, (tool, arguments) in enumerate((ORDER, CUSTOMER), 1)
    ]
    return [
        put("chat", "first", "run", (1, 15), words.call(ASKED, "tools")),
        *tools,
        put("chat", "second", "run", (40, 60), words.call(ASKED, "text")),
        put(words.run_name, "run", "", (0, 61), words.run),
        put("chat", "streamed", "", (70, 90), words.call("stream it", "text"), trace="u"),
        put("chat", "failed", "", (100, 101), words.call("fail", "none"), trace="v", failed="InternalServerError"),
    ]


@pytest.fixture(params=sorted(WORDS))
def story(request: pytest.FixtureRequest) -> list[Span]:
    """The story in the words of each instrumentation."""
    return tell(WORDS[request.param])


@pytest.fixture
def told_in() -> Callable[[str], list[Span]]:
    return lambda name: tell(WORDS[name])
