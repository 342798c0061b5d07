"""YAML as people write it: what cannot be read, or says one thing twice, is named with its line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser where it is built in: ten times faster


class Unreadable(Exception):
    """A file that is no YAML mapping; `faults` holds one sentence each."""

    def __init__(self, *faults: str) -> None:
        self.faults = faults
        super().__init__(*faults)


def read_mapping(path: Path) -> dict[str, Any]:
    """The file's top-level mapping; raises Unreadable with every fault that can be told apart."""
    loader = Loader(_text(path))
    try:
        node = loader.get_single_node()
        twice = [] if node is None else list(_duplicates(node))
        data = None if node is None or twice else loader.construct_document(node)
    except yaml.MarkedYAMLError as fault:
        raise Unreadable(_sentence(fault)) from fault
    except (yaml.YAMLError, ValueError, RecursionError) as fault:  # a control character, the 31st of February, no end
        raise Unreadable(f"cannot be read as YAML: {' '.join(str(fault).split())}") from fault
    finally:
        loader.dispose()
    if twice:
        raise Unreadable(*twice)
    if not isinstance(data, dict):
        raise Unreadable("is empty" if data is None else "should be a mapping of keys to values")
    return data


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as fault:
        raise Unreadable("is missing") from fault
    except OSError as fault:
        raise Unreadable(f"cannot be read: {fault.strerror}") from fault
    except UnicodeDecodeError as fault:
        raise Unreadable(f"is not UTF-8 text (byte {fault.start})") from fault


def _sentence(fault: yaml.MarkedYAMLError) -> str:
    mark = fault.problem_mark or fault.context_mark
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{place}{fault.problem or fault.context}"


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
