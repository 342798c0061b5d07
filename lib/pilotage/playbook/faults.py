"""Faults of a file as sentences: where, what it should be, what stands there instead."""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pilotage.errors import InputFaults

SHOULD = {
    "int_type": "should be an integer",
    "int_parsing": "should be an integer",
    "int_from_float": "should be an integer",
    "float_type": "should be a number",
    "float_parsing": "should be a number",
    "finite_number": "should be a finite number",
    "bool_type": "should be true or false",
    "bool_parsing": "should be true or false",
    "string_type": "should be text",
    "string_too_short": "should not be empty",
    "too_short": "should not be empty",
    "tuple_type": "should be a list",
    "list_type": "should be a list",
    "dict_type": "should be a mapping of keys to values",
    "mapping_type": "should be a mapping of keys to values",
    "model_type": "should be a mapping of keys to values",
    "greater_than": "should be more than {gt:g}",
    "greater_than_equal": "should be at least {ge:g}",
    "less_than": "should be less than {lt:g}",
    "less_than_equal": "should be at most {le:g}",
}


class PlaybookFaults(InputFaults):
    """All faults of all files, one group per file; `faults` repeats the file's name in each line."""

    def __init__(self, groups: Mapping[str, Sequence[str]]) -> None:
        self.groups = {path: tuple(lines) for path, lines in groups.items()}
        lines = [f"{path}: {line}" for path, group in self.groups.items() for line in group]
        super().__init__("the playbook cannot be followed", lines)

    def __str__(self) -> str:
        parts = (InputFaults(f"{path} cannot be followed", lines) for path, lines in self.groups.items())
        return "\n".join(map(str, parts))


def sentences(model: type[BaseModel], error: ValidationError) -> list[str]:
    """One line per fault, in the file's own names; entries of a list are counted from 1."""
    found = (line for item in error.errors(include_url=False) for line in _lines(model, item))
    return list(dict.fromkeys(found))


def _lines(model: type[BaseModel], item: ErrorDetails) -> Iterator[str]:
    place, kind, given = tuple(item["loc"]), item["type"], item["input"]
    owner = f"{spell(place)}: " if spell(place) else ""
    if kind == "missing":
        yield f"{owner}is missing"
    elif kind == "extra_forbidden":
        yield f"{owner}is not a known key; {nearest(str(place[-1]), _keys_at(model, place[:-1]))}"
    elif kind == "literal_error":
        names = re.findall(r"'((?:[^'\\]|\\.)*)'", item["ctx"]["expected"])
        yield f"{owner}should be one of the known words{_got(given)}; {nearest(str(given), names)}"
    elif kind == "value_error":
        told = str(item["ctx"]["error"]).split("\n")
        yield from (f"{owner}{line}{_got(given) if len(told) == 1 else ''}" for line in told)
    else:
        should = SHOULD.get(kind) or item["msg"].replace("Input should", "should")
        yield f"{owner}{should.format(**item.get('ctx', {}))}{_got(given)}"


def nearest(name: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?`, or where nothing is near, all known names."""
    names = list(known)
    close = get_close_matches(name, names, 1)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(names)}"


def spell(place: tuple[int | str, ...]) -> str:
    """The place as the file names it: `gates.latency_p95_s.limits.on the loop`, `pages[2].stage`."""
    text = ""
    for part in place:
        text += f"[{part + 1}]" if isinstance(part, int) else "" if part == "[key]" else f".{part}"
    return text.removeprefix(".").removesuffix(".value")


def _got(given: Any) -> str:
    """What stands there; a mapping or list is not repeated, and a long text is cut."""
    if isinstance(given, (dict, list, tuple, BaseModel)):
        return ""
    if given is None or isinstance(given, bool):
        return f" (got {'nothing' if given is None else str(given).lower()})"
    text = repr(given)
    return f" (got {text if len(text) <= 60 else text[:57] + '…'})"


def _keys_at(model: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """The keys that are known at this place; empty where any key is."""
    kind: Any = model
    for part in place:
        kind = _inside(kind, part)
    fields = getattr(kind, "model_fields", {})
    return [field.alias or name for name, field in fields.items()]


def _inside(kind: Any, part: int | str) -> Any:
    """The type below `kind` at one step: a field's, or that of a mapping's values or a list's entries."""
    if hasattr(kind, "model_fields"):
        named = {field.alias or name: field.annotation for name, field in kind.model_fields.items()}
        return named.get(str(part))
    inner = [arg for arg in get_args(kind) if arg is not ... and arg is not type(None)]
    if get_origin(kind) in (Union, types.UnionType) and inner:
        return _inside(inner[0], part)
    return inner[-1] if inner else None
