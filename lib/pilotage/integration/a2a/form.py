"""Cards and answers held to the protocol's own types, more strictly than the readers of its SDKs do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from a2a.compat.v0_3 import types as older
from a2a.types import SendMessageResponse, StreamResponse, Task
from a2a.utils.errors import InvalidParamsError
from a2a.utils.proto_utils import validate_proto_required_fields
from google.protobuf.json_format import ParseDict, ParseError  # type: ignore[import-untyped]
from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]
from pydantic import BaseModel, ValidationError

from pilotage.agents.a2a_forms import OLDER, Interface, NotA2a, Operation

DEEPEST = 30  # levels of an answer
_WRAPPED: Mapping[Operation, Any] = {"send": SendMessageResponse, "stream": StreamResponse}
_OLDER: Mapping[str, type[BaseModel]] = {
    "task": older.Task,
    "message": older.Message,
    "statusUpdate": older.TaskStatusUpdateEvent,
    "artifactUpdate": older.TaskArtifactUpdateEvent,
}


def check_result(interface: Interface, operation: Operation, given: dict[str, Any]) -> None:
    """NotA2a where this is not what the operation has to bring."""
    kinds = list(_OLDER)[: {"send": 2, "stream": 4}.get(operation, 0)]
    held = [kind for kind in kinds if given.get(kind) is not None]
    if kinds and len(held) != 1:
        raise NotA2a(f"it should hold one of {', '.join(kinds)}, and has {', '.join(map(str, given)) or 'nothing'}")
    if interface.number == OLDER:
        check_older_form(given[held[0]] if held else given, _OLDER[held[0] if held else "task"])
    else:
        check_form(given, _WRAPPED.get(operation, Task))


def check_form(given: Any, kind: Any, may_be_empty: Sequence[str] = ()) -> None:
    """NotA2a where the value is not of this message of version 1.0; fields that it does not know are let pass.

    Lists that must be there, and hold nothing, are let pass where `may_be_empty` names them.
    """
    if wrong := next(_wrong(given, kind.DESCRIPTOR, ""), None):
        raise NotA2a(wrong)
    try:
        read = ParseDict(given, kind(), ignore_unknown_fields=True, max_recursion_depth=DEEPEST)
        validate_proto_required_fields(read)
    except (ParseError, RecursionError) as error:
        raise NotA2a(str(error)) from None
    except InvalidParamsError as error:
        lacking = [one["field"] for one in (error.data or {}).get("errors", [])]
        missing = [one for one in lacking if not (one in may_be_empty and given.get(one) == [])]
        if missing or not lacking:
            raise NotA2a(f"required fields are missing or empty: {', '.join(missing)}") from None


def check_older_form(given: Any, form: type[BaseModel]) -> None:
    """The same for a form of version 0.3."""
    try:
        form.model_validate_json(json.dumps(given), strict=True)
    except RecursionError:
        raise NotA2a("it is nested without end") from None
    except ValidationError as error:
        wrong = {".".join(map(str, one["loc"])) for one in error.errors()}
        raise NotA2a(f"fields are missing or of a wrong type: {', '.join(sorted(wrong))}") from None


def _wrong(given: Any, kind: Any, at: str) -> Iterator[str]:
    """What ParseDict takes all the same: texts for objects and lists, states that do not exist, names of its own."""
    if not isinstance(given, dict):
        yield f"{at or 'it'} should be an object"
        return
    for field in kind.fields:
        here = f"{at}.{field.json_name}".removeprefix(".")
        if field.name != field.json_name and field.name in given:
            yield f"{at}.{field.name}".removeprefix(".") + f" should be called {field.json_name}"
        if (value := given.get(field.json_name)) is not None:
            yield from _wrong_field(value, field, here)


def _wrong_field(value: Any, field: Any, at: str) -> Iterator[str]:
    mapped = field.message_type is not None and field.message_type.GetOptions().map_entry
    if field.is_repeated and not isinstance(value, dict if mapped else list):
        yield f"{at} should be {'an object' if mapped else 'a list'}"
        return
    if mapped:
        field = field.message_type.fields_by_name["value"]
    each = [(f"{at}[{place}]", one) for place, one in enumerate(value)] if isinstance(value, list) else [(at, value)]
    for here, one in [(f"{at}.{key}", one) for key, one in value.items()] if mapped else each:
        if field.enum_type is not None and not (isinstance(one, str) and one in field.enum_type.values_by_name):
            yield f"{here} is {str(one)[:60]!r}, which the protocol does not know"
        elif field.message_type is not None and field.message_type.full_name == "google.protobuf.Timestamp":
            yield from _wrong_time(one, here)
        # The others of protobuf itself, such as free metadata, are read strictly enough.
        elif field.message_type is not None and not field.message_type.full_name.startswith("google.protobuf."):
            yield from _wrong(one, field.message_type, here)


def _wrong_time(given: Any, at: str) -> Iterator[str]:
    """A time in another form; protobuf quotes only the half of it that it stumbled over."""
    try:
        Timestamp().FromJsonString(given)
    except (ValueError, AttributeError):  # AttributeError: no text
        yield f"{at} is {str(given)[:60]!r}, which is no time such as 2026-11-23T10:00:00Z"
