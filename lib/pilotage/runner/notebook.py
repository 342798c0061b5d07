"""A page's notebook as text: its cells, and the parameters that its one tagged cell declares."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pilotage.errors import PilotageError


@dataclass(frozen=True)
class Cell:
    """What of a cell decides its result: no outputs, no ids, no other metadata."""

    kind: str
    source: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Parameter:
    """One line of a parameters cell: a name, its default, the types it may have."""

    name: str
    default: Any
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Notebook:
    """A page's notebook as it was when the run began: edits made while it runs wait for the next run."""

    text: str
    cells: tuple[Cell, ...]
    parameters: Mapping[str, Parameter]


def read_notebook(path: Path) -> Notebook:
    """The notebook; PilotageError when it is missing, no notebook, or its parameters cell is not plain."""
    text = _text(path)
    cells = read_cells(text, path.name)
    parameters = read_parameters(cells, path.name)
    absent = [name for name in ("dataset", "as_of") if name not in parameters]
    if absent:
        raise PilotageError(f"the parameters cell lacks {' and '.join(absent)}, which every run sets", path.name)
    return Notebook(text, cells, parameters)


def read_cells(text: str, name: str) -> tuple[Cell, ...]:
    """The notebook's cells in order; PilotageError when the text is no notebook."""
    try:
        return tuple(_cell(cell) for cell in json.loads(text)["cells"])
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise PilotageError(
            f"this is not a notebook ({fault})", name, "put it back from git or from a fresh `pilotage init`"
        ) from None


def read_parameters(cells: tuple[Cell, ...], name: str) -> Mapping[str, Parameter]:
    """The parameters by name, in the order written; PilotageError when the cell is missing, double or not plain.

    A line is `name = literal` or `name: type = literal`; anything else could hide a parameter from the check.
    """
    tagged = [cell for cell in cells if cell.kind == "code" and "parameters" in cell.tags]
    if len(tagged) != 1:
        raise PilotageError(f"{len(tagged)} cells are tagged `parameters`; a page has exactly one", name)
    try:
        lines = ast.parse(tagged[0].source).body
        return {parameter.name: parameter for parameter in map(_parameter, lines)}
    except (SyntaxError, ValueError) as fault:
        raise PilotageError(f"the parameters cell is not plain `name = value` lines ({fault})", name) from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PilotageError(
            "the notebook is missing", path.name, "playbook/playbook.yaml names it under pages"
        ) from None
    except (OSError, UnicodeDecodeError) as fault:
        raise PilotageError(f"the notebook cannot be read ({fault})", path.name) from None


def _cell(cell: Mapping[str, Any]) -> Cell:
    source = cell["source"]
    tags = cell.get("metadata", {}).get("tags", [])
    return Cell(cell["cell_type"], source if isinstance(source, str) else "".join(source), tuple(sorted(tags)))


def _parameter(line: ast.stmt) -> Parameter:
    """One line as a parameter; ValueError for any other statement."""
    if isinstance(line, ast.Assign) and len(line.targets) == 1 and isinstance(line.targets[0], ast.Name):
        default = ast.literal_eval(line.value)
        return Parameter(line.targets[0].id, default, (type(default).__name__,))
    if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value is not None:
        default = ast.literal_eval(line.value)
        kinds = tuple(part.strip() for part in ast.unparse(line.annotation).split("|"))
        return Parameter(line.target.id, default, kinds)
    raise ValueError(f"line {line.lineno}: {ast.unparse(line)[:60]}")
