"""Python functions as tools of a model: how the model is told of them, and what comes of its using one."""

from __future__ import annotations

import inspect
import json
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pilotage.agents.answers import as_text, well_formed
from pilotage.agents.calling import call

JSON_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


@dataclass(frozen=True, slots=True)
class Tool:
    """A function under the name, description and JSON Schema of its arguments that the model sees."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    function: Callable[..., Any]

    @property
    def offered(self) -> dict[str, Any]:
        """The tool as Chat Completions takes it."""
        about = {"name": self.name, "description": self.description, "parameters": dict(self.parameters)}
        return {"type": "function", "function": about}


@dataclass(frozen=True, slots=True)
class Used:
    """What came of using a tool: the text for the model, and the kind of error (empty when it went well)."""

    text: str
    error_type: str | None = None


def tool_of(function: Callable[..., Any]) -> Tool:
    """The function as a tool; its own `json_schema` attribute (a mapping) goes before what its signature says."""
    given = getattr(function, "json_schema", None)
    description = inspect.cleandoc(inspect.getdoc(function) or "")
    name = getattr(function, "__name__", type(function).__name__)
    return Tool(name, description, given if isinstance(given, Mapping) else schema_of(function), function)


def schema_of(function: Callable[..., Any]) -> dict[str, Any]:
    """JSON Schema of the arguments by the signature's types; a type that JSON does not know is left open."""
    hints = get_type_hints(function if inspect.isroutine(function) else type(function).__call__)
    properties: dict[str, Any] = {}
    required, more = [], False
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            more = more or parameter.kind is parameter.VAR_KEYWORD
            continue
        properties[name] = _schema(hints.get(name))
        if parameter.default is parameter.empty:
            required.append(name)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": more}


def _schema(hint: Any) -> dict[str, Any]:
    if hint in JSON_TYPES:
        return {"type": JSON_TYPES[hint]}
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"enum": list(inner)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(part) for part in inner]}
    if (origin or hint) in (list, tuple, set):
        return {"type": "array", **({"items": _schema(inner[0])} if inner else {})}
    return {"type": "object"} if (origin or hint) is dict else {}


async def use(tools: Mapping[str, Tool], name: str, arguments: str) -> Used:
    """What comes of a model's wish to use a tool; whatever is wrong with it becomes a text that the model can read."""
    if name not in tools:
        return _failed("unknown_tool", f"there is no tool {name!r}; there are: {', '.join(tools)}")
    try:
        given = json.loads(arguments or "{}")
    except (ValueError, RecursionError) as error:
        return _failed("invalid_json", f"the arguments are no JSON: {error}; they were: {arguments[:500]}")
    fault = _misfit(tools[name].function, given)
    if fault:
        return _failed("invalid_arguments", fault)
    called = await call(tools[name].function, **given)
    if called.error is not None:
        kind = type(called.error).__name__
        return _failed(kind, f"{kind}: {called.error}")
    try:
        return Used(as_text(called.value))
    except (TypeError, ValueError, RecursionError) as error:  # a result that holds itself, a key that is no text
        return _failed("invalid_result", f"the result is no JSON: {error}")


def _misfit(function: Callable[..., Any], given: Any) -> str:
    """Why the arguments do not fit the function; empty text where they do."""
    if not isinstance(given, dict):
        return "the arguments should be a JSON object"
    try:
        inspect.signature(function).bind(**given)
    except TypeError as error:
        return str(error)
    return ""


def _failed(kind: str, what: str) -> Used:
    return Used(well_formed(f"error: {what}"), kind)
