"""The YAML files that people fill in: read as they were written, and every fault told at once, in plain words."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pilotage.words import plain

M = TypeVar("M", bound=BaseModel)
# The C parsers where they are built in: ten times faster.
_TYPED: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_AS_TEXT: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_LISTED = 15  # known names that are worth listing where none of them is near

SHOULD = {
    "int_type": "should be an integer",
    "int_parsing": "should be an integer",
    "int_from_float": "should be an integer",
    "float_type": "should be a number",
    "float_parsing": "should be a number",
    "finite_number": "should be a finite number",
    "bool_type": "should be true or false",
    "bool_parsing": "should be true or false",
    "date_from_datetime_parsing": "should be a day, YYYY-MM-DD",
    "date_parsing": "should be a day, YYYY-MM-DD",
    "string_type": "should be text",
    "string_too_short": "should not be empty",
    "too_short": "should not be empty",
    "tuple_type": "should be a list",
    "list_type": "should be a list",
    "dict_type": "should be a mapping of keys to values",
    "mapping_type": "should be a mapping of keys to values",
    "model_type": "should be a mapping of keys to values",
    "string_pattern_mismatch": "should match {pattern}",
    "greater_than": "should be more than {gt:g}",
    "greater_than_equal": "should be at least {ge:g}",
    "less_than": "should be less than {lt:g}",
    "less_than_equal": "should be at most {le:g}",
}


class _Unreadable(Exception):
    """A text that is no YAML mapping; its arguments are the faults."""


def read_mapping(path: Path, typed: bool = True) -> tuple[dict[str, Any], list[str]]:
    """`parse_mapping` of a file; one that is missing, cannot be opened or is not UTF-8 has that fault."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return {}, ["is missing"]
    except OSError as fault:
        return {}, [f"cannot be read: {fault.strerror}"]
    except UnicodeDecodeError as fault:
        return {}, [f"is not UTF-8 text (byte {fault.start})"]
    return parse_mapping(text, typed)


def parse_mapping(text: str, typed: bool = True) -> tuple[dict[str, Any], list[str]]:
    """The top-level mapping, or {} and every fault that can be told apart, with its line.

    Scalars become what YAML says they are; without `typed` they stay the text that was written: `no`, `0`, `007`.
    """
    try:
        return _mapping(text, _TYPED if typed else _AS_TEXT), []
    except _Unreadable as fault:
        return {}, list(fault.args)
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        return {}, [f"{place}{fault.problem or fault.context}"]
    except (yaml.YAMLError, TypeError, ValueError, RecursionError) as fault:  # a control character, a 31st of February
        return {}, [f"cannot be read as YAML: {' '.join(str(fault).split())}"]


def _mapping(text: str, loader_of: Any) -> dict[str, Any]:
    loader = loader_of(text)
    try:
        node = loader.get_single_node()
        if twice := list(_duplicates(node)) if node else []:
            raise _Unreadable(*twice)
        data = loader.construct_document(node) if node else None
    finally:
        loader.dispose()
    if not isinstance(data, dict):
        raise _Unreadable("should be a mapping of keys to values" if data else "is empty")
    return data


def _duplicates(root: yaml.Node) -> Iterator[str]:
    """A key given twice: YAML would keep the last one without a word."""
    seen, waiting = set(), [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:  # an alias, perhaps to its own parent
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += reversed(node.value)
        if isinstance(node, yaml.MappingNode):
            first: dict[str, yaml.Node] = {}
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode) and first.setdefault(key.value, key) is not key:
                    before, here = first[key.value].start_mark.line + 1, key.start_mark.line + 1
                    yield f"line {here}: {key.value!r} stands already on line {before}"
            waiting += [value for _, value in reversed(node.value)]


def fill(model: type[M], given: Any) -> tuple[M | None, list[str]]:
    """The model filled with what a file says, or None and one line per fault, in the file's own names."""
    try:
        # Through JSON, because strict validation of Python values refuses a list where a frozen tuple is meant.
        return model.model_validate_json(json.dumps(given, default=str)), []
    except ValidationError as error:
        found = (line for item in error.errors(include_url=False) for line in _lines(model, item))
        return None, list(dict.fromkeys(found))
    except (TypeError, ValueError, RecursionError) as fault:  # a key that is no plain word, a list in itself
        return None, [f"cannot be read: {fault}"]


def near(name: str, known: Iterable[str]) -> str:
    """How a fault goes on after an unknown name: the nearest known one, else all of a few, else nothing."""
    by_lower = {str(item).lower(): str(item) for item in known}
    close = get_close_matches(name.lower(), by_lower, 1)
    if close:
        return f"; did you mean {by_lower[close[0]]!r}?"
    return f"; known: {', '.join(map(plain, by_lower.values()))}" if 0 < len(by_lower) <= _LISTED else ""


def _lines(model: type[BaseModel], item: ErrorDetails) -> Iterator[str]:
    place, kind, given = tuple(item["loc"]), item["type"], item["input"]
    spelled = _spell(model, place)
    owner = f"{spelled}: " if spelled else ""
    secret = bool(place) and str(place[-1]).endswith("_env")  # some write the key there, not its variable
    got = "" if secret else _got(given)
    if kind == "missing":
        yield f"{owner}is missing"
    elif kind == "extra_forbidden":
        yield f"{owner}is not a known key{near(str(place[-1]), _keys_at(model, place[:-1]))}"
    elif kind == "literal_error":
        names = re.findall(r"'((?:[^'\\]|\\.)*)'", item["ctx"]["expected"])
        yield f"{owner}should be one of the known words{got}{near(str(given), names)}"
    elif kind in ("union_tag_invalid", "union_tag_not_found"):
        key, tags = item["ctx"]["discriminator"].strip("'"), item["ctx"].get("expected_tags", "")
        word = item["ctx"].get("tag")
        known = re.findall(r"'([^']*)'", tags)
        fault = "is missing" if word is None else f"should be one of the known words{_got(word)}{near(word, known)}"
        yield f"{spelled}.{key}: {fault}"
    elif kind == "too_short" and len(given) >= item["ctx"]["min_length"]:
        return  # each entry has a fault of its own, and pydantic counts the sound ones only
    elif kind == "value_error":
        told = str(item["ctx"]["error"]).split("\n")
        yield from (f"{owner}{line}{got if len(told) == 1 else ''}" for line in told)
    else:
        ours = SHOULD.get(kind)  # pydantic's own words may hold braces: those of a pattern
        should = ours.format(**item.get("ctx", {})) if ours else item["msg"].replace("Input should", "should")
        yield f"{owner}{should}{got}"


def _spell(model: type[BaseModel], place: tuple[int | str, ...]) -> str:
    """The place as the file names it, entries of a list counted from 1: `gates.latency_p95_s`, `pages[2].stage`.

    A model's field named `value` is what the model is about, and goes without saying.
    """
    if place and place[-1] == "value" and "value" in _keys_at(model, place[:-1]):
        place = place[:-1]
    text = ""
    kind: Any = model
    for part in place:
        if not _tagged(kind, part):  # the word that chose between forms stands in the file under its own key
            text += f"[{part + 1}]" if isinstance(part, int) else "" if part == "[key]" else f".{part}"
        kind = _inside(kind, part)
    return text.removeprefix(".")


def _tagged(kind: Any, part: int | str) -> Any:
    """The form that the word chooses where `kind` is a choice between forms; None where it is none."""
    if get_origin(kind) is not Annotated:
        return None
    choice, about = get_args(kind)[:2]
    key = getattr(about, "discriminator", None)
    forms = get_args(choice) if isinstance(key, str) else ()
    return next((form for form in forms if part in get_args(form.model_fields[key].annotation)), None)


def _got(given: Any) -> str:
    """What stands there; a mapping or list is not repeated, and a long text is cut."""
    if isinstance(given, (dict, list, tuple, BaseModel)):
        return ""
    if isinstance(given, str) and re.search(r"://[^/?#\s]*@", given):  # an address with a password
        given = re.sub(r"//[^/?#\s]*@", "//", given)
    if isinstance(given, str):
        given = re.sub(r"(password=)[^&\s]*", r"\1…", given, flags=re.IGNORECASE)
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
    if form := _tagged(kind, part):
        return form
    if hasattr(kind, "model_fields"):
        named = {field.alias or name: field.annotation for name, field in kind.model_fields.items()}
        return named.get(str(part))
    inner = [arg for arg in get_args(kind) if arg is not ... and arg is not type(None)]
    if get_origin(kind) in (Union, types.UnionType) and inner:
        return _inside(inner[0], part)
    return inner[-1] if inner else None
