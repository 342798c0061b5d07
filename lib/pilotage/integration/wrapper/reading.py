"""An OpenAPI document out of its bytes, JSON or YAML: plain values only, and never more of them than were written."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

import yaml

from pilotage.integration.checks import Fault

MOST_VALUES = 500_000  # of a YAML document once its aliases are written out
_TOO_MANY = f"more than {MOST_VALUES:,} values once its aliases are written out"
DEEPEST = 200  # levels of one; the C reader would crash on a hundred thousand
_READER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one, where it is built in, is ten times faster
_TAG = "tag:yaml.org,2002:"


class _Loader(_READER):  # type: ignore[misc]
    """YAML as JSON has it, which OpenAPI asks for: dates and words such as `no` and `on` stay text."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}


for _kind, _form, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]*)", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
    ("merge", r"<<", ["<"]),
):
    _Loader.add_implicit_resolver(_TAG + _kind, re.compile(f"^(?:{_form})$"), _first)
_Loader.add_constructor(f"{_TAG}timestamp", _READER.construct_yaml_str)


def parsed(name: str, body: bytes) -> dict[str, Any]:
    """The document's object; Fault where the bytes are neither JSON nor YAML, or no object."""
    try:
        raw = _json_or_yaml(body)
    except RecursionError:
        raise Fault("bad_openapi", f"{name} is nested without end") from None
    except (ValueError, TypeError, yaml.YAMLError) as error:
        why = " ".join(str(error).split())
        raise Fault("bad_openapi", f"{name} cannot be read as JSON or YAML: {why[:200]}; {_begin(body)}") from None
    if not isinstance(raw, dict):
        raise Fault("bad_openapi", f"{name} holds no object of JSON or YAML; {_begin(body)}")
    return raw


def _begin(body: bytes) -> str:
    words = " ".join(body[:400].decode("utf-8", "replace").split())
    return f"its {len(body):,} bytes begin with “{words[:80]}”" if words else "it is empty"


def _json_or_yaml(body: bytes) -> Any:
    """The value, whatever the name or the type of the answer says: all JSON is YAML, but reads faster as itself."""
    try:
        return json.loads(body)
    except ValueError:
        if body.lstrip()[:1] in (b"{", b"["):  # meant as JSON, mostly: its reader tells better what is wrong
            return _yaml_or(body)
        return _yaml(body)


def _yaml_or(body: bytes) -> Any:
    """YAML in the form of JSON, else what is wrong with it as JSON."""
    try:
        return _yaml(body)
    except yaml.YAMLError:
        return json.loads(body)


def _yaml(body: bytes) -> Any:
    _check_extent(body)
    loader = _Loader(body)
    try:
        node = loader.get_single_node()
        _size(node, {})
        value = loader.construct_document(node) if node else None
    finally:
        loader.dispose()
    return json.loads(json.dumps(value))  # keys become texts, and nothing stands in two places at once


def _check_extent(body: bytes) -> None:
    """RecursionError for too many levels, ValueError for too many values, before either costs time or the process."""
    depth = values = 0
    for event in yaml.parse(body, Loader=_READER):
        values += isinstance(event, yaml.NodeEvent)
        if values > MOST_VALUES:
            raise ValueError(_TOO_MANY)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise RecursionError


def _size(node: Any, known: dict[int, int]) -> int:
    """How many values the node holds with its aliases written out; ValueError for too many, or one inside of itself."""
    if known.setdefault(id(node), -1) >= 0:
        return known[id(node)]
    inner = node.value if isinstance(node, yaml.CollectionNode) else []
    size = 1
    for one in (value for item in inner for value in (item if isinstance(item, tuple) else (item,))):
        if known.get(id(one)) == -1:
            raise ValueError(f"line {one.start_mark.line + 1}: an alias stands for what it is in")
        size += _size(one, known)
        if size > MOST_VALUES:
            raise ValueError(_TOO_MANY)
    known[id(node)] = size
    return size
