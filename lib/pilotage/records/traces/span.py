"""One span reduced to what the tables need: its kind, place, times, outcome and the few named fields."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pilotage.records.traces import names
from pilotage.records.traces.kinds import Kind, kind_of
from pilotage.records.traces.messages import (
    Message,
    Request,
    answered,
    as_text,
    asked_for,
    numbered,
    opened,
    read_messages,
)
from pilotage.records.traces.otlp import Event, RawSpan

EVALUATION = "gen_ai.evaluation.result"
_TIMEOUT = re.compile(r"timed?[\s_-]?out|deadline_?exceeded", re.IGNORECASE)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_TOOL_SPAN = re.compile(r"^(?:execute_tool|running tool:?)\s+|\.(?:tool|task)$")
_DETAILS = "gen_ai.client.inference.operation.details"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A judgement of what a span did: metric and score, when, and by which instrumentation."""

    metric: str
    value: float
    at_ns: int
    judge: str


@dataclass(slots=True)
class Span:
    """A span without what nobody needs. Times are Unix nanoseconds; None, not 0, stands for what is not recorded."""

    trace: str
    id: str
    parent: str
    name: str
    scope: str
    order: int
    kind: Kind = ""
    start: int | None = None
    end: int | None = None
    status: str = "ok"
    error_type: str | None = None
    agent: str | None = None
    conversation: str | None = None
    model: str | None = None
    response_id: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    tool: str | None = None
    call_id: str | None = None
    arguments: str | None = None
    input_text: str | None = None
    output_text: str | None = None
    requests: list[Request] = field(default_factory=list)
    evaluations: list[Evaluation] = field(default_factory=list)

    @property
    def seconds(self) -> float | None:
        """How long it took; None where an end is missing, or lies before the beginning."""
        if self.start is None or self.end is None or self.end < self.start:
            return None
        return (self.end - self.start) / 1e9

    @property
    def tokens(self) -> tuple[int, int] | None:
        """Input and output tokens; None unless both are given."""
        both = self.input_tokens is not None and self.output_tokens is not None
        return (self.input_tokens, self.output_tokens) if both else None  # type: ignore[return-value]  # both are numbers

    @property
    def is_instant(self) -> bool:
        """Whether it has no length: a note that something happened, not the thing itself."""
        return self.start is not None and self.start == self.end


def to_span(raw: RawSpan, order: int) -> Span:
    """The span's own fields; what depends on other spans is decided later."""
    given = raw.attributes
    span = Span(raw.trace_id, raw.span_id, raw.parent_id, clean(raw.name), clean(raw.scope), order)
    span.kind, span.start, span.end = kind_of(given), raw.start_ns, raw.end_ns
    if given.get("logfire.span_type") == "pending_span":
        _unfinish(span, given)
    span.status, span.error_type = _outcome(raw)
    span.conversation = _cleaned(names.text(given, names.CONVERSATION))
    if span.kind == "llm":
        _fill_model_call(span, raw)
    elif span.kind in ("tool", "step", ""):  # a step may turn out to be a tool, by this name
        span.tool = _cleaned(names.text(given, names.TOOL) or _entity(given) or _TOOL_SPAN.sub("", raw.name))
        span.call_id = _cleaned(names.text(given, names.CALL_ID))
    if span.kind != "llm":
        _fill_texts(span, given)
    span.evaluations = _evaluations(raw)
    return span


def evaluation_of(event: Event, scope: str) -> Evaluation | None:
    """The judgement that an evaluation event tells; None where it lacks its name, its score or its time."""
    given = event.attributes
    metric, score = given.get("gen_ai.evaluation.name"), given.get("gen_ai.evaluation.score.value")
    if not isinstance(metric, str) or not metric or isinstance(score, bool) or event.time_ns is None:
        return None
    try:
        value = float(score)  # type: ignore[arg-type]  # what is no number is caught
    except (TypeError, ValueError):
        return None
    finite = value - value == 0
    return Evaluation(clean(metric), value, event.time_ns, clean(scope or EVALUATION)) if finite else None


def clean(text: str) -> str:
    """The text as tables can store it: lone surrogates and NUL become the replacement sign."""
    return _UNSTORABLE.sub("\ufffd", text) if not text.isascii() or "\0" in text else text


def _cleaned(text: str | None) -> str | None:
    return None if text is None else clean(text)


def _unfinish(span: Span, given: Mapping[str, Any]) -> None:
    """Logfire tells of a span before it ends: under an id of its own, as a child of the span it stands for."""
    parent = str(given.get("logfire.pending_parent_id") or "")
    span.id, span.parent, span.end = span.parent, parent if parent.strip("0") else "", None


def _outcome(raw: RawSpan) -> tuple[str, str | None]:
    """ok, error or timeout, and the type of the error. A recorded exception alone is none: it may have been handled."""
    given = raw.attributes
    failed = raw.failed or given.get("langfuse.observation.level") == "ERROR" or bool(given.get("error.type"))
    if not failed:
        return "ok", None
    caught = [event.attributes for event in raw.events if event.name == "exception"]
    types = [each.get("exception.type") for each in reversed(caught)]
    types = [str(kind) for kind in (given.get("error.type"), *types) if kind]
    status = "timeout" if any(_TIMEOUT.search(kind) for kind in types) else "error"
    return status, clean(types[0]) if types else None


def _entity(given: Mapping[str, Any]) -> str | None:
    return names.text(given, names.ENTITY)


def _fill_model_call(span: Span, raw: RawSpan) -> None:
    given = raw.attributes
    span.model = _cleaned(names.text(given, names.MODEL))
    span.response_id = _cleaned(names.text(given, names.RESPONSE_ID))
    span.input_tokens, span.output_tokens = names.tokens(given, "input"), names.tokens(given, "output")
    said = _talk(raw)
    replies = _reply(raw)
    span.input_text = _cleaned(asked_for(said))
    span.output_text = _cleaned(answered(replies) or _plain_reply(given))
    span.requests = [_clean_request(request) for message in replies for request in message.requests]
    if not span.requests and isinstance(named := given.get("gen_ai.tool.name"), str):  # OpenLIT names them here
        span.requests = [Request(clean(tool), None, None) for tool in named.split(", ") if tool]


def _clean_request(request: Request) -> Request:
    return Request(clean(request.tool), _cleaned(request.call_id), _cleaned(request.arguments))


def _plain_reply(given: Mapping[str, Any]) -> str | None:
    """A reply that is kept as text and not as a message."""
    value = opened(names.first(given, ("langfuse.observation.output", "mlflow.spanOutputs", "ai.response.text")))
    return value if isinstance(value, str) else None


def _talk(raw: RawSpan) -> list[Message]:
    """What the model was sent."""
    found = _messages(raw.attributes, names.SENT, names.SENT_NUMBERED)
    return found or _told(raw, ("gen_ai.user.message", "gen_ai.content.prompt", _DETAILS), names.SENT, "user")


def _reply(raw: RawSpan) -> list[Message]:
    """What it sent back."""
    found = _messages(raw.attributes, names.REPLIED, names.REPLIED_NUMBERED)
    return found or _told(raw, ("gen_ai.choice", "gen_ai.content.completion", _DETAILS), names.REPLIED, "assistant")


def _messages(given: Mapping[str, Any], whole: tuple[str, ...], by_number: tuple[str, ...]) -> list[Message]:
    for name in whole:
        if name in given and (found := read_messages(given[name])):
            return found
    for prefix in by_number:
        if any(name.startswith(prefix) for name in given) and (found := read_messages(numbered(given, prefix))):
            return found
    return []


def _told(raw: RawSpan, events: tuple[str, ...], whole: tuple[str, ...], role: str) -> list[Message]:
    """Messages that are kept as events of the span, or as a list of events in an attribute."""
    bodies = [event.attributes for event in raw.events if event.name in events]
    for name in names.EVENT_LISTS:
        kept = opened(raw.attributes.get(name))
        bodies += (
            [e for e in kept if isinstance(e, dict) and e.get("event.name") in events] if isinstance(kept, list) else []
        )
    found: list[Message] = []
    for body in bodies:
        inside = _messages(body, whole, ())
        found += inside or read_messages(body if "message" in body else {"role": role, **body})
    return found


def _fill_texts(span: Span, given: Mapping[str, Any]) -> None:
    """What a run, a tool or a step was given and returned."""
    if span.kind == "tool":
        span.arguments = _cleaned(_arguments(names.first(given, names.ARGUMENTS)))
        return
    if span.kind in ("agent", "workflow"):
        span.agent = _cleaned(names.text(given, names.AGENT) or _entity(given) or span.name)
        span.input_tokens, span.output_tokens = names.tokens(given, "input"), names.tokens(given, "output")
    span.input_text = _cleaned(_given(names.first(given, names.GIVEN)))
    span.output_text = _cleaned(_returned(names.first(given, names.RETURNED)))
    if span.kind in ("step", ""):
        span.arguments = _cleaned(_arguments(names.first(given, names.ARGUMENTS)))


def _arguments(value: Any) -> str | None:
    """The arguments as JSON text; those of a Python function without the frame that records put round them."""
    inside = _unframed(opened(value))
    return as_text(value) if inside is None else as_text(inside)


def _unframed(value: Any) -> Any:
    """What stands in {"args": […], "kwargs": {…}}: the one argument or the named ones; None for any other shape."""
    if not isinstance(value, dict) or value.keys() != {"args", "kwargs"}:
        return None
    args, kwargs = value["args"], value["kwargs"]
    if not args:
        return kwargs
    return args[0] if not kwargs and isinstance(args, list) and len(args) == 1 else value


def _given(value: Any) -> str | None:
    """What a run was asked, in words where one text stands for it."""
    inner = opened(value)
    inside = _unframed(inner)
    inner = inner if inside is None else inside
    if isinstance(inner, str):
        return inner or None
    said = asked_for(read_messages(inner))
    if said is None and isinstance(inner, dict) and len(inner) == 1:
        only = next(iter(inner.values()))
        said = only if isinstance(only, str) else None
    return said or as_text(inner)


def _returned(value: Any) -> str | None:
    inner = opened(value)
    if isinstance(inner, str):
        return inner or None
    return answered(read_messages(inner)) or (value if isinstance(value, str) else as_text(inner))


def _evaluations(raw: RawSpan) -> list[Evaluation]:
    told = [event for event in raw.events if event.name == EVALUATION]
    if raw.name == EVALUATION:  # some record the event as a span without length
        told.append(Event(EVALUATION, raw.start_ns, raw.attributes))
    found = [evaluation_of(event, raw.scope) for event in told]
    return [each for each in found if each]


def encoded(items: list[Any]) -> str:
    """Requests or evaluations as JSON text, for the store."""
    return json.dumps([[getattr(item, name) for name in item.__slots__] for item in items]) if items else ""
