"""Under which names instrumentations record a field; the first name that a span has counts.

Only what stands here is copied from a span: addresses, headers and keys never are. A cost is not: its currency is
not recorded. Sources as in `kinds`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pilotage.records.traces.messages import opened
from pilotage.records.traces.otlp import integer

MODEL = (
    "gen_ai.response.model",
    "llm.response.model",
    "llm.model_name",
    "langfuse.observation.model.name",
    "mlflow.llm.model",
    "ai.response.model",
    "gen_ai.request.model",
    "llm.request.model",
    "ai.model.id",
)
RESPONSE_ID = ("gen_ai.response.id", "ai.response.id")
TOOL = ("gen_ai.tool.name", "tool.name", "ai.toolCall.name")
CALL_ID = ("gen_ai.tool.call.id", "tool_call.id", "tool.id", "ai.toolCall.id")
ARGUMENTS = (
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.args",
    "tool_arguments",
    "ai.toolCall.args",
    "input.value",
    "langfuse.observation.input",
    "mlflow.spanInputs",
    "traceloop.entity.input",
    "lmnr.span.input",
)
AGENT = ("gen_ai.agent.name", "agent.name", "agent_name")
ENTITY = ("traceloop.entity.name",)
CONVERSATION = (
    "gen_ai.conversation.id",
    "session.id",
    "langfuse.session.id",
    "gen_ai.session.id",
    "mlflow.trace.session",
    "traceloop.association.properties.session_id",
    "traceloop.association.properties.conversation_id",
    "traceloop.association.properties.thread_id",
    "lmnr.association.properties.session_id",
)
GIVEN = (
    "input.value",
    "langfuse.observation.input",
    "mlflow.spanInputs",
    "traceloop.entity.input",
    "lmnr.span.input",
    "gen_ai.input.messages",
    "pydantic_ai.all_messages",
    "all_messages_events",
    "ai.prompt",
    "ai.prompt.messages",
)
RETURNED = (
    "output.value",
    "langfuse.observation.output",
    "mlflow.spanOutputs",
    "traceloop.entity.output",
    "lmnr.span.output",
    "final_result",
    "gen_ai.output.messages",
    "ai.response.text",
)
# Where a model call keeps what it was sent and what it sent back; the numbered ones come attribute by attribute.
SENT = (
    "gen_ai.input.messages",
    "langfuse.observation.input",
    "mlflow.spanInputs",
    "ai.prompt.messages",
    "gen_ai.prompt",
)
SENT_NUMBERED = ("llm.input_messages.", "gen_ai.prompt.")
REPLIED = ("gen_ai.output.messages", "langfuse.observation.output", "mlflow.spanOutputs", "gen_ai.completion")
REPLIED_NUMBERED = ("llm.output_messages.", "gen_ai.completion.")
EVENT_LISTS = ("events", "all_messages_events")  # events kept as an attribute
_TOKENS = {
    "input": (
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.prompt_tokens",
        "llm.token_count.prompt",
        "llm.usage.prompt_tokens",
        "ai.usage.inputTokens",
        "ai.usage.promptTokens",
        "gen_ai.aggregated_usage.input_tokens",
    ),
    "output": (
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.completion_tokens",
        "llm.token_count.completion",
        "llm.usage.completion_tokens",
        "ai.usage.outputTokens",
        "ai.usage.completionTokens",
        "gen_ai.aggregated_usage.output_tokens",
    ),
}
_USAGE = ("langfuse.observation.usage_details", "mlflow.chat.tokenUsage")
_OPENAI = {"input": ("prompt_tokens", "input_tokens"), "output": ("completion_tokens", "output_tokens")}


def first(attributes: Mapping[str, Any], names: Iterable[str]) -> Any:
    """The value under the first of the names that holds one; None where none does."""
    return next((value for name in names if (value := attributes.get(name)) not in (None, "", [], {})), None)


def text(attributes: Mapping[str, Any], names: Iterable[str]) -> str | None:
    """That value as text, without the quotes of a JSON text (MLflow quotes every text)."""
    value = first(attributes, names)
    value = opened(value) if isinstance(value, str) and value.startswith('"') else value
    return str(value).strip() or None if value is not None else None


def tokens(attributes: Mapping[str, Any], side: str) -> int | None:
    """The tokens of one side, `input` or `output`; None where they are not given, never 0 in their place."""
    for name in _TOKENS[side]:
        if (count := integer(attributes.get(name))) is not None:
            return count
    usage = opened(first(attributes, _USAGE))
    return _from_usage(usage, side) if isinstance(usage, dict) else None


def _from_usage(usage: Mapping[str, Any], side: str) -> int | None:
    """OpenAI's words for a total; else Langfuse's own, where cached and other tokens stand beside `input`."""
    for name in _OPENAI[side]:
        if (count := integer(usage.get(name))) is not None:
            return count
    if integer(usage.get(side)) is None:
        return None
    return sum(integer(value) or 0 for name, value in usage.items() if name == side or name.startswith(f"{side}_"))
