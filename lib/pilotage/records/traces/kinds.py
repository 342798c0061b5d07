"""What a span is, by the attributes that say so: an agent's run, a model call, a tool call, or a step between them.

Each instrumentation names the kind in an attribute of its own. Sources: OpenTelemetry's GenAI conventions,
OpenInference, Langfuse, MLflow, OpenLLMetry, Laminar and the Vercel AI SDK. What says nothing stays unknown, and is
decided by its place or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Kind = Literal["agent", "workflow", "llm", "tool", "embedding", "step", ""]

_OPERATIONS: dict[str, Kind] = {
    "chat": "llm",
    "text_completion": "llm",
    "completion": "llm",
    "generate_content": "llm",
    "response": "llm",
    "responses": "llm",
    "invoke_agent": "agent",
    "invoke_workflow": "workflow",
    "execute_tool": "tool",
    "embeddings": "embedding",
}
_TYPES: dict[str, Kind] = {
    "llm": "llm",
    "chat_model": "llm",
    "generation": "llm",
    "agent": "agent",
    "workflow": "workflow",
    "tool": "tool",
    "embedding": "embedding",
}
_REQUESTS: dict[str, Kind] = {"chat": "llm", "completion": "llm", "embedding": "embedding"}
_VERCEL: dict[str, Kind] = {
    "ai.generatetext.dogenerate": "llm",
    "ai.streamtext.dostream": "llm",
    "ai.generateobject.dogenerate": "llm",
    "ai.streamobject.dostream": "llm",
    "ai.toolcall": "tool",
    "ai.embed.doembed": "embedding",
    "ai.embedmany.doembed": "embedding",
}
# In this order; a word that stands in no table names a step (a chain, a task, a retrieval, a guardrail).
_SAYS: tuple[tuple[str, Mapping[str, Kind]], ...] = (
    ("langfuse.observation.type", _TYPES),
    ("openinference.span.kind", _TYPES),
    ("mlflow.spanType", _TYPES),
    ("gen_ai.operation.name", _OPERATIONS),
    ("traceloop.span.kind", _TYPES),
    ("llm.request.type", _REQUESTS),
    ("gen_ai.span.kind", _TYPES),
    ("lmnr.span.type", _TYPES),
    ("ai.operationId", _VERCEL),
)
_UNSAID = ("", "unknown", "unspecified", "default")
_TOKENS = (
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.token_count.prompt",
    "llm.usage.prompt_tokens",
)
_MODELS = ("gen_ai.request.model", "gen_ai.response.model", "llm.model_name", "llm.request.model")
_PROVIDERS = ("gen_ai.system", "gen_ai.provider.name", "llm.system", "llm.provider")
_AGENT_RUN = ("model_name", "final_result", "all_messages_events", "pydantic_ai.all_messages")


def kind_of(attributes: Mapping[str, Any]) -> Kind:
    """The kind that the attributes give; "step" for any other step that they name, "" where they are silent.

    Where several instrumentations speak, the first that names a run or a call counts.
    """
    step = False
    for name, words in _SAYS:
        word = str(attributes.get(name) or "").strip('"').strip().lower()
        if word in words:
            return words[word]
        step = step or word not in _UNSAID
    return "step" if step else _by_evidence(attributes)


def _by_evidence(attributes: Mapping[str, Any]) -> Kind:
    """Older versions name no kind but give what only such a span has."""
    if "agent_name" in attributes and any(name in attributes for name in _AGENT_RUN):
        return "agent"
    if "gen_ai.tool.name" in attributes and "gen_ai.tool.call.id" in attributes:
        return "tool"
    modelled = any(attributes.get(name) for name in _MODELS)
    if modelled and any(name in attributes for name in (*_TOKENS, *_PROVIDERS)):
        return "llm"
    return ""
