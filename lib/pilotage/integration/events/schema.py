"""The schema of one's messages: the example obeys it, and broken messages are refused before they are sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from jsonschema.exceptions import SchemaError  # type: ignore[import-untyped]
from jsonschema.validators import validator_for  # type: ignore[import-untyped]
from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]
from referencing.exceptions import Unresolvable

from pilotage.integration.checks import Fault

SHOWN = 200  # characters of a validator's words
OTHERS: tuple[Any, ...] = (None, [], {"unexpected": True}, "?", 0)  # what a property is replaced by


def check_schema(schema: Mapping[str, Any], message: Mapping[str, Any]) -> str:
    """How many broken variants of the message the schema refuses; Fault where it refuses the message or too few.

    It must refuse one at least, and something in the place of each property of the message. Every message is an object,
    so that a schema which only asks for that refuses nothing.
    """
    plain_schema, example = _json(schema), _json(message)
    try:
        return _checked(plain_schema, example)
    except SchemaError as error:
        raise Fault("schema_invalid", error.message[:SHOWN]) from None
    except Unresolvable as error:  # nothing is fetched from elsewhere
        raise Fault("schema_invalid", f"a reference leads nowhere: {error}"[:SHOWN]) from None
    except RecursionError:
        raise Fault("schema_invalid", "the schema refers to itself without end") from None


def _checked(schema: Any, example: Any) -> str:
    kind = validator_for(schema, default=Draft202012Validator)
    kind.check_schema(schema)
    validator = kind(schema, registry=REGISTRY)
    fault = next(validator.iter_errors(example), None)
    if fault is not None:
        raise Fault("message_invalid", f"{fault.json_path}: {fault.message}"[:SHOWN])
    broken = list(variants(example))
    refused = sum(not validator.is_valid(one) for one in broken)
    if not refused:
        raise Fault("schema_accepts_anything", f"none of {len(broken)} broken variants of the message is refused")
    if left := [name for name in example if all(map(validator.is_valid, replaced(example, name)))]:
        told = f"values of every other type are accepted for {', '.join(left)}"
        raise Fault("schema_accepts_anything", told[:SHOWN])
    return f"the example is valid; {refused} of {len(broken)} broken variants are refused before sending"


def variants(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Messages that are probably wrong: a property less, a property of another kind, and one too many."""
    yield {**message, "unexpected": True}
    if message:
        yield {}
    for name in message:
        yield {key: other for key, other in message.items() if key != name}
        yield from replaced(message, name)


def replaced(message: Mapping[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """The message with a value of each other kind in the place of one property's."""
    yield from ({**message, name: other} for other in OTHERS if type(other) is not type(message[name]))


def _json(value: Mapping[str, Any]) -> Any:
    """The value as JSON has it; YAML also knows dates."""
    return json.loads(json.dumps(dict(value), default=str))
