"""From files to one frozen playbook, or to all its faults at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from pilotage.playbook.assumptions import Assumptions
from pilotage.playbook.charter import Charter
from pilotage.playbook.common import Model
from pilotage.playbook.faults import PlaybookFaults, sentences
from pilotage.playbook.policies import BaselinePolicy, DecisionPolicy, Expectations, PilotPolicy, RoiPolicy
from pilotage.playbook.reading import Unreadable, read_mapping
from pilotage.workspace import Workspace

FILES: dict[str, type[Model]] = {
    "playbook": Charter,
    "assumptions": Assumptions,
    "baseline": BaselinePolicy,
    "pilot": PilotPolicy,
    "roi": RoiPolicy,
    "decision": DecisionPolicy,
    "expectations": Expectations,
}


class Playbook(Charter):
    """The charter's own fields and, by name, the files read with it; a file that was not read has no attribute."""

    assumptions: Assumptions
    baseline: BaselinePolicy
    pilot: PilotPolicy
    roi: RoiPolicy
    decision: DecisionPolicy
    expectations: Expectations


def load_playbook(workspace: Workspace) -> Playbook:
    """The whole playbook; raises PlaybookFaults (an InputFaults) with every fault of every file.

    That each page's notebook is there is checked here and not in `read_policy`, which opens the named files only.
    """
    return _build(workspace, tuple(FILES), whole=True)


def read_policy(workspace: Workspace, names: Sequence[str]) -> Playbook:
    """A playbook of the named files only, such as ("playbook", "pilot"); raises PlaybookFaults."""
    return _build(workspace, names, whole=False)


def _build(workspace: Workspace, names: Sequence[str], whole: bool) -> Playbook:
    parts: dict[str, Any] = {}
    groups: dict[str, list[str]] = {}
    for name in names:
        read = _read(workspace, name)
        if isinstance(read, Model):
            parts[name] = read
        faults = read if isinstance(read, list) else []
        if whole and isinstance(read, Charter):
            faults = list(_absent_notebooks(workspace, read))
        if faults:
            groups[f"playbook/{name}.yaml"] = faults
    if groups:
        raise PlaybookFaults(groups)
    charter = vars(parts.pop("playbook")) if "playbook" in parts else {}
    return Playbook.model_construct(**charter, **parts)


def _read(workspace: Workspace, name: str) -> Model | list[str]:
    """The file as its model, or its faults."""
    model = FILES[name]
    try:
        # Through JSON, because strict validation of Python values refuses a list where a frozen tuple is meant.
        return model.model_validate_json(json.dumps(read_mapping(workspace.playbook / f"{name}.yaml"), default=str))
    except Unreadable as fault:
        return list(fault.faults)
    except ValidationError as error:
        return sentences(model, error)
    except (TypeError, ValueError, RecursionError) as fault:  # a key that is no plain word, a list in itself
        return [f"cannot be read: {fault}"]


def _absent_notebooks(workspace: Workspace, charter: Charter) -> Iterator[str]:
    for number, page in enumerate(charter.pages, 1):
        if not (workspace.notebooks / f"{page.notebook}.ipynb").is_file():
            yield f"pages[{number}].notebook: notebooks/{page.notebook}.ipynb is missing"
