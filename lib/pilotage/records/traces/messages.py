"""Messages to and from a model, in the shapes in which instrumentations record them: who spoke, what, which tools.

A shape is a list of messages, an object that holds one, the provider's own request or response, or attributes numbered
one by one. Text is data: JSON in it is read, nothing is evaluated.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_HOLDERS = ("messages", "choices", "input", "output", "generations", "candidates", "contents")
_HUMAN = ("user", "human")
_AGENT = ("assistant", "ai", "model", "agent")


@dataclass(frozen=True, slots=True)
class Request:
    """A tool that a model asked for: its name, the call's id and its arguments as text, where given."""

    tool: str
    call_id: str | None
    arguments: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """One message: the role in lower case ("" where none is given), its text and the tools it asks for."""

    role: str
    text: str
    requests: tuple[Request, ...]


def opened(value: Any) -> Any:
    """The value that a JSON text holds; any other text, or value, as it is."""
    if isinstance(value, str) and value[:1] in '{["' and value:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def as_text(value: Any) -> str | None:
    """The value as text: text as it is, anything else as JSON; None for nothing."""
    if value is None or isinstance(value, str):
        return value or None
    return json.dumps(value, ensure_ascii=False, default=str)


def read_messages(value: Any) -> list[Message]:
    """All messages in the value, in their order; empty where it holds none."""
    value = opened(value)
    if isinstance(value, list):
        return [message for item in value if isinstance(item, (dict, list, str)) for message in _nested(item)]
    return _of_object(value) if isinstance(value, dict) else []


def _nested(item: Any) -> list[Message]:
    """An entry of a list; plain text is no message, so that a list of words is not taken for a talk."""
    return read_messages(item) if not isinstance(item, str) or item[:1] in ("{", "[") else []


def _of_object(value: dict[str, Any]) -> list[Message]:
    if value.get("type") in ("function_call", "tool_call") and value.get("name"):
        return [Message("assistant", "", tuple(_requests([value])))]
    inner = opened(value.get("message"))
    if isinstance(inner, dict):
        return read_messages(inner)
    if "role" in value or "tool_calls" in value:
        return [_message(value)]
    held = next((value[name] for name in _HOLDERS if isinstance(opened(value.get(name)), list)), None)
    return read_messages(held) if held is not None else []


def _message(value: dict[str, Any]) -> Message:
    content = opened(value["content"]) if _is_list_text(value.get("content")) else value.get("content")
    parts = [part for given in (value.get("parts"), content) if isinstance(given, list) for part in given]
    texts = [content] if isinstance(content, str) else [text for part in parts if (text := _part_text(part))]
    asked = [*_entries(value.get("tool_calls")), *(part for part in parts if _asks(part))]
    return Message(str(value.get("role") or "").lower(), "\n".join(texts), tuple(_requests(asked)))


def _is_list_text(content: Any) -> bool:
    return isinstance(content, str) and content.startswith("[{") and '"type"' in content


def _part_text(part: Any) -> str:
    if isinstance(part, str):
        return part
    part = part.get("message_content", part) if isinstance(part, dict) else {}
    kind = part.get("type", "text") if isinstance(part, dict) else ""
    text = (part.get("text") or part.get("content")) if kind in ("text", "input_text", "output_text") else ""
    return text if isinstance(text, str) else ""


def _asks(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") in ("tool_call", "tool_use", "function_call", "tool-call")


def _entries(value: Any) -> list[Any]:
    value = opened(value)
    return value if isinstance(value, list) else []


def _requests(calls: Iterable[Any]) -> Iterable[Request]:
    for given in calls:
        call = given.get("tool_call", given) if isinstance(given, dict) else {}
        inner = call.get("function")
        function: dict[str, Any] = inner if isinstance(inner, dict) else call
        name = function.get("name") or call.get("toolName")
        if isinstance(name, str) and name:
            arguments = next((function[key] for key in ("arguments", "input", "args") if key in function), None)
            call_id = call.get("id") or call.get("call_id") or call.get("toolCallId")
            yield Request(name, str(call_id) if call_id else None, as_text(arguments))


def numbered(attributes: Mapping[str, Any], prefix: str) -> list[Any]:
    """What attributes such as `llm.input_messages.0.message.role` spell out, as a list; empty where there are none."""
    tree: dict[str, Any] = {}
    for name, value in attributes.items():
        if name.startswith(prefix):
            *way, last = name[len(prefix) :].split(".")
            spot = tree
            for step in way:
                spot = spot.setdefault(step, {})
                if not isinstance(spot, dict):
                    break
            else:
                spot[last] = value
    found = _listed(tree)
    return found if isinstance(found, list) else []


def _listed(value: Any) -> Any:
    """Objects whose keys are all numbers become lists."""
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() for key in value):
        return [_listed(value[key]) for key in sorted(value, key=int)]
    return {key: _listed(inner) for key, inner in value.items()}


def asked_for(messages: Iterable[Message]) -> str | None:
    """The last thing a person said; None where no message is a person's."""
    return next((message.text for message in reversed(list(messages)) if message.role in _HUMAN and message.text), None)


def answered(messages: Iterable[Message]) -> str | None:
    """The last text of the model; None where it said none."""
    spoken = (m.text for m in reversed(list(messages)) if m.text and (m.role.startswith(_AGENT) or not m.role))
    return next(spoken, None)
