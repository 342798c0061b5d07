"""Change single values of a playbook file and leave every other character, comments too, as it was."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from pilotage.errors import PilotageError

Path = Sequence[str | int]


def with_values(text: str, values: Mapping[tuple[str | int, ...], Any]) -> str:
    """The YAML text with the value at each path replaced; a path is keys and, in lists, places from 0.

    PilotageError for a path that is not in the text. What replaces a value is written on one line.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    places = []
    for path, value in values.items():
        node = _node_at(root, path)
        places.append((node.start_mark.index, _end(text, node), value))
    for start, end, value in sorted(places, key=lambda place: -place[0]):
        text = text[:start] + _written(value) + text[end:]
    return text


def _node_at(node: Any, path: Path) -> Any:
    for step in path:
        found = None
        if isinstance(node, yaml.MappingNode):
            found = next((value for key, value in node.value if key.value == step), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            found = node.value[step]
        if found is None:
            raise PilotageError(f"there is no {'.'.join(map(str, path))} in this file")
        node = found
    return node


def _end(text: str, node: Any) -> int:
    """Where the value ends; a block's own mark lies at the next key, behind the line ends and comments between."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    end: int = node.end_mark.index
    while end > node.start_mark.index and text[end - 1].isspace():
        end -= 1
    return end


def _written(value: Any) -> str:
    """As YAML on one line; what cannot be printed is written as its code."""
    return (
        yaml.safe_dump(
            value, default_flow_style=True, allow_unicode=str(value).isprintable(), width=math.inf, sort_keys=False
        )
        .removesuffix("...\n")
        .strip("\n")
    )
