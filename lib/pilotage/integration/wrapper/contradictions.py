"""What an OpenAPI document says and cannot mean: names in a path that nobody declares, patterns that nobody can read.

Who makes requests by such a document guesses, and who compares answers with it leaves the pattern out.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from pilotage.integration.pointers import pointed

_EXAMPLES = ("example", "examples", "default", "enum", "const")  # free values, in which nothing is a schema
LONGEST_PATTERN = 1000  # characters of one that is looked at


def undeclared(raw: Mapping[str, Any], methods: tuple[str, ...]) -> Iterator[str]:
    """Each operation that declares no parameter for a name in its path."""
    for path, item in raw["paths"].items():
        if not isinstance(item, dict) or "$ref" in item:
            continue
        names = {_bare(name) for name in re.findall(r"\{([^{}]*)\}", path)}
        for method in methods:
            if isinstance(operation := item.get(method), dict):
                declared = {_bare(name) for part in (item, operation) for name in _in_path(raw, part)}
                if lacking := sorted(names - declared):
                    yield f"{method.upper()} {path}: declares no parameter {' and '.join(lacking)}"


def _bare(name: str) -> str:
    """The name without what gateways put behind it, as in {proxy+} and {id:int}."""
    return name.partition(":")[0].strip(" +*?")


def _in_path(raw: Mapping[str, Any], part: Mapping[str, Any]) -> Iterator[str]:
    listed = part.get("parameters")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and isinstance(target := one.get("$ref"), str):
            try:
                one = pointed(raw, target)
            except LookupError:
                continue  # which is told by itself
        if isinstance(one, dict) and one.get("in") == "path":
            yield str(one.get("name"))


def unreadable_patterns(raw: Mapping[str, Any]) -> Iterator[str]:
    """Each pattern in a schema with a parenthesis too many or too few.

    Other faults are not looked for, since JavaScript reads patterns that Python does not.
    """
    open_: list[Any] = [raw]
    while open_:
        value = open_.pop()
        if isinstance(value, dict):
            pattern = value.get("pattern")
            if isinstance(pattern, str) and _unbalanced(pattern):
                yield f"pattern {pattern[:60]!r}: has unbalanced parentheses"
            open_ += [one for name, one in value.items() if name not in _EXAMPLES and not name.startswith("x-")]
        elif isinstance(value, list):
            open_ += value


def _unbalanced(pattern: str) -> bool:
    if len(pattern) > LONGEST_PATTERN or "[]" in pattern or "[^]" in pattern:  # which JavaScript reads otherwise
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except re.error as error:
        return error.msg in ("missing ), unterminated subpattern", "unbalanced parenthesis")
    except (RecursionError, OverflowError):
        return False  # too large for Python, which says nothing of the pattern
    return False
