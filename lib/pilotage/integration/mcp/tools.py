"""A server's list of tools: names, schemas, and what the list costs at every turn."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urldefrag, urljoin

from referencing import Registry
from referencing.exceptions import Unresolvable

from pilotage.hashes import canonical_json
from pilotage.integration.checks import Fault
from pilotage.integration.pointers import pointed

NAME = re.compile(r"[A-Za-z0-9._-]{1,128}")  # the specification, server/tools, "tool names"
CHARACTERS_PER_TOKEN = 4  # of English and JSON, about; each model counts otherwise
SHOWN = 5  # faults that are told
_ANCHORS = ("$anchor", "$dynamicAnchor")
_DATA = ("default", "examples", "const", "enum")
_BY_NAME = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies")

# With jsonschema comes a grammar of international addresses that takes a second to build, where its package is
# installed. Schemas are checked here without formats.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
try:
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
    from jsonschema.exceptions import SchemaError, UnknownType, best_match  # type: ignore[import-untyped]
    from jsonschema.validators import validator_for  # type: ignore[import-untyped]
finally:
    if sys.modules["rfc3987_syntax"] is None:
        del sys.modules["rfc3987_syntax"]


def definitions(tools: Sequence[Any], instructions: str) -> dict[str, Any]:
    """What the server tells a model of itself, by name: each tool whole, and its instructions where it has any."""
    found = {f"tool {one['name']}": one for one in tools if _named(one)}
    return found | ({"instructions": instructions} if instructions else {})


def check_names(tools: Sequence[Any], may_be_empty: bool = False) -> None:
    """Fault where there should be tools and are none, where one has no lawful name, or two have the same."""
    if not tools and not may_be_empty:
        raise Fault("bad_list", "the list of tools is empty")
    if nameless := sum(not _named(one) for one in tools):
        raise Fault("bad_list", f"{nameless} of {len(tools)} tools have no name")
    names = [one["name"] for one in tools]
    if twice := [f"{name!r} {n} times" for name, n in Counter(names).items() if n > 1]:
        raise Fault("duplicate_name", "; ".join(twice[:SHOWN]))
    if wrong := [repr(name[:140]) for name in names if not NAME.fullmatch(name)]:
        raise Fault("illegal_name", ", ".join(wrong[:SHOWN]))


def check_schemas(tools: Sequence[Any]) -> int:
    """How many schemas are as they should be; Fault with the first ones that are not."""
    faults, checked = [], 0
    for tool in filter(_named, tools):
        for key in ("inputSchema", "outputSchema"):
            if key == "inputSchema" or tool.get(key) is not None:
                checked += 1
                if fault := _fault(tool.get(key), must_be_object=key == "inputSchema"):
                    faults.append((fault[0], f"{tool['name']}: {key}: {fault[1]}"))
    if faults:
        raise Fault(faults[0][0], "; ".join(text for _, text in faults[:SHOWN]))
    return checked


def structured_fault(schema: Any, result: Mapping[str, Any]) -> str:
    """In what a result is not what the tool's outputSchema says; empty text where it is, or the tool has none.

    Clients refuse such an answer, so that no agent ever sees it. A schema that cannot be followed is no fault here.
    """
    if not isinstance(schema, Mapping):
        return ""
    if "structuredContent" not in result:
        return "the tool has an outputSchema, and its answer no structuredContent"
    try:
        validator = validator_for(schema, default=Draft202012Validator)(schema, registry=Registry())
        error = best_match(validator.iter_errors(result["structuredContent"]))
    except (Unresolvable, UnknownType, re.error, RecursionError, TypeError, ValueError, LookupError, AttributeError):
        return ""
    if error is None:
        return ""
    at = "/".join(map(str, error.absolute_path)) or "the top"
    return f"structuredContent is not as the outputSchema says, at {at}: {error.message[:200]}"


def cost(tools: Sequence[Any]) -> int:
    """About how many tokens the list costs a model at every turn: an estimate by its characters."""
    offered = [
        {"name": one.get("name"), "description": one.get("description", ""), "parameters": one.get("inputSchema")}
        for one in tools
        if isinstance(one, Mapping)
    ]
    return -(-len(canonical_json(offered)) // CHARACTERS_PER_TOKEN)


def _named(tool: Any) -> bool:
    return isinstance(tool, Mapping) and isinstance(tool.get("name"), str) and bool(tool["name"])


def _fault(schema: Any, must_be_object: bool) -> tuple[str, str] | None:
    """The code and words of what is wrong with a schema; None where nothing is."""
    if not isinstance(schema, Mapping):
        return "invalid_schema", "should be an object"
    if must_be_object and schema.get("type") != "object":
        return "invalid_schema", f"type should be object (is {schema.get('type')!r})"
    if not isinstance(schema.get("$schema", ""), str):
        return "invalid_schema", "$schema should be the address of a draft"
    try:
        # In the draft that it names. Without formats: patterns are those of ECMAScript, which Python reads otherwise.
        validator_for(schema, default=Draft202012Validator).check_schema(schema, format_checker=None)
        return _reference_fault(schema)
    except SchemaError as error:
        return "invalid_schema", f"at {'/'.join(map(str, error.absolute_path)) or 'the top'}: {error.message[:200]}"
    except RecursionError:
        return "invalid_schema", "is nested too deeply to be read"
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        return "invalid_schema", f"cannot be read: {type(error).__name__}: {str(error)[:200]}"


def _reference_fault(schema: Mapping[str, Any]) -> tuple[str, str] | None:
    """What is wrong with references: nothing may lie outside, and none may lead back to itself without end.

    A tree that holds its own kind ("#") is lawful: what it refers to is about another value each time.
    """
    parts = list(_parts(schema))
    base = _id(schema)
    documents = {urljoin(base, _id(part)): part for part in parts if _id(part)} | {base: schema}
    anchors = {part[key]: part for part in parts for key in _ANCHORS if isinstance(part.get(key), str)}
    leads: dict[int, Any] = {}
    for part in parts:
        for key in ("$ref", "$dynamicRef"):
            target = part.get(key)
            if not isinstance(target, str):
                continue
            at, pointer = urldefrag(urljoin(base, target)) if not target.startswith("#") else (base, target[1:])
            if at not in documents:
                return "external_ref", f"refers to {target[:200]}"
            within = documents.values() if target.startswith("#") else [documents[at]]
            ends = [anchors[pointer]] if pointer in anchors else list(_ends(within, f"#{pointer}"))
            if not ends:
                return "invalid_schema", f"refers to {target[:200]}, where there is nothing"
            if len(ends) == 1:  # which of several documents is meant is not worked out here
                leads[id(part)] = ends[0]
    if _is_endless(parts, leads):
        return "invalid_schema", "a $ref leads back to itself about the same value, without end"
    return None


def _id(schema: Mapping[str, Any]) -> str:
    """The address that a schema gives itself; draft-04 calls it id."""
    given = schema.get("$id", schema.get("id"))
    return urldefrag(given)[0] if isinstance(given, str) else ""


def _ends(documents: Iterable[Mapping[str, Any]], pointer: str) -> Iterator[Any]:
    """What the pointer leads to in each of the documents that have it."""
    for one in documents:
        with suppress(LookupError):
            yield pointed(one, pointer)


def _is_endless(parts: Sequence[Mapping[str, Any]], leads: Mapping[int, Any]) -> bool:
    """Whether one of the schemas has to hold of a value for itself to hold of it; `leads` are references by id()."""
    above, done = set[int](), set[int]()

    def returns(one: Any) -> bool:
        if id(one) in above or id(one) in done or not isinstance(one, Mapping):
            return id(one) in above
        above.add(id(one))
        found = any(returns(inner) for inner in [*_of_same_value(one), leads.get(id(one))])
        above.remove(id(one))
        done.add(id(one))
        return found

    return any(returns(one) for one in parts)


def _of_same_value(schema: Mapping[str, Any]) -> Iterator[Any]:
    """The schemas inside that are about the very value that the schema is about, and not about what is in it."""
    yield from (schema[key] for key in ("if", "then", "else", "not") if key in schema)
    for key in ("allOf", "anyOf", "oneOf"):
        yield from schema[key] if isinstance(schema.get(key), list) else ()
    if isinstance(given := schema.get("dependentSchemas"), Mapping):
        yield from given.values()


def _parts(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every object in a schema that can be a schema: examples, defaults and constants are data, names are not keys."""
    left: list[tuple[Any, bool]] = [(value, False)]
    while left:
        one, by_name = left.pop()
        if isinstance(one, Mapping) and by_name:
            left += [(inner, False) for inner in one.values()]
        elif isinstance(one, Mapping):
            yield one
            left += [(inner, key in _BY_NAME) for key, inner in one.items() if key not in _DATA]
        elif isinstance(one, list):
            left += [(inner, False) for inner in one]
