"""Schemas that are nothing but a reference to themselves: they constrain nothing, and who follows them never ends."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any
from urllib.parse import unquote


def endless(raw: dict[str, Any]) -> Iterator[str]:
    """The first circle of places that stand for one another by $ref or allOf.

    A schema whose properties or items refer to it is no such circle: there a value ends it.
    """
    try:
        TopologicalSorter(dict(_standing_for(raw))).prepare()
    except CycleError as error:
        circle = sorted(set(error.args[1]))  # always told from the same place on
        yield f"{' and '.join(circle[:3])}: refers to itself without end"


def _standing_for(raw: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Each place in the document that has $ref or allOf, with the places whose schemas hold there too."""
    seen: set[int] = set()  # YAML can put one object into itself
    open_: list[tuple[str, Any]] = [("#", raw)]
    while open_:
        place, value = open_.pop()
        if not isinstance(value, dict | list) or id(value) in seen:
            continue
        seen.add(id(value))
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        open_ += [(f"{place}/{_escaped(str(name))}", one) for name, one in inner]
        if isinstance(value, dict) and (places := _places(place, value)):
            yield place, places


def _places(place: str, value: dict[str, Any]) -> list[str]:
    target, parts = value.get("$ref"), value.get("allOf")
    return [
        *([unquote(target)] if isinstance(target, str) else []),
        *(f"{place}/allOf/{n}" for n in range(len(parts) if isinstance(parts, list) else 0)),
    ]


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
