"""YAML read as text, and what is wrong with it in plain words, all at once."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)
_Text: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_Typed: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _NoTwins:
    """A key given twice is an error: one of the two would be lost without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key.value!r} is given twice", problem_mark=key.start_mark)
            seen.add(key.value if isinstance(key.value, Hashable) else id(key))
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)  # type: ignore[misc]
        return mapping


class _TextLoader(_NoTwins, _Text):  # type: ignore[misc]
    """Every scalar stays the text that was written: `no`, `0`, `007`."""


class _TypedLoader(_NoTwins, _Typed):  # type: ignore[misc]
    """Scalars become what YAML says they are."""


def parse_yaml(text: str, typed: bool = False) -> tuple[Any, list[str]]:
    """The document (scalars as text unless `typed`) and the faults that kept it from being read (then it is {})."""
    try:
        return yaml.load(text, Loader=_TypedLoader if typed else _TextLoader) or {}, []
    except (yaml.YAMLError, TypeError) as fault:
        mark = getattr(fault, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        return {}, [f"{where}{getattr(fault, 'problem', None) or fault}"]


def read_yaml(path: Path, typed: bool = False) -> tuple[Any, list[str]]:
    """`parse_yaml` of a file; a missing file or one that is not UTF-8 is a fault too."""
    try:
        return parse_yaml(path.read_text(encoding="utf-8-sig"), typed)
    except FileNotFoundError:
        return {}, ["the file does not exist"]
    except UnicodeDecodeError as fault:
        return {}, [f"is not UTF-8 text (byte {fault.start + 1})"]


def near(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` where a known name is close, else nothing."""
    lowered = {str(item).lower(): str(item) for item in known}
    match = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return f"; did you mean {lowered[match[0]]!r}?" if match else ""


_PLAIN = {
    "missing": "is missing",
    "int_parsing": "should be an integer",
    "int_type": "should be an integer",
    "bool_parsing": "should be true or false",
    "bool_type": "should be true or false",
    "float_parsing": "should be a number",
    "float_type": "should be a number",
    "string_type": "should be a text",
    "dict_type": "should be a mapping (name: value)",
    "model_type": "should be a mapping (name: value)",
    "tuple_type": "should be a list",
    "too_short": "should not be empty",
    "date_from_datetime_parsing": "should be a day, YYYY-MM-DD",
    "date_parsing": "should be a day, YYYY-MM-DD",
}


def sentences(fault: ValidationError, known: Iterable[str]) -> list[str]:
    """One line per fault of a pydantic model: where, what it should be, what it is."""
    return [_sentence(error, known) for error in fault.errors()]


def _sentence(error: Any, known: Iterable[str]) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{where}: is not a known key{near(str(error['loc'][-1]), known)}"
    words = _PLAIN.get(error["type"]) or error["msg"].removeprefix("Value error, ").replace("Input should", "should")
    given = error["input"]
    got = f" (got {given!r})" if isinstance(given, str | int | float) and error["type"] != "value_error" else ""
    return f"{where}: {words}{got}" if where else f"{words}{got}"


def check_model(model: type[M], raw: Any, *parts: type[BaseModel]) -> tuple[M | None, list[str]]:
    """The model built from `raw`, or None and every fault; `parts` are the models inside it, whose keys it knows."""
    known: list[type[BaseModel]] = [model, *parts]
    try:
        return model.model_validate(raw), []
    except ValidationError as fault:
        return None, sentences(fault, {key for each in known for key in model_keys(each)})


def model_keys(model: type[BaseModel]) -> set[str]:
    """The keys a model knows, as users write them."""
    return {field.alias or name for name, field in model.model_fields.items()}
