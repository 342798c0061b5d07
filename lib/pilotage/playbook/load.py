"""From files to one frozen playbook, or to all its faults at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from pilotage.errors import InputFaults
from pilotage.forms import fill, read_mapping
from pilotage.playbook.assumptions import Assumptions
from pilotage.playbook.charter import Charter
from pilotage.playbook.common import Model, Stage
from pilotage.playbook.governance import GovernancePolicy
from pilotage.playbook.guardrails import GuardrailsPolicy
from pilotage.playbook.integration import IntegrationPolicy
from pilotage.playbook.oversight import OversightPolicy
from pilotage.playbook.policies import BaselinePolicy, DecisionPolicy, PilotPolicy, RoiPolicy
from pilotage.words import listed
from pilotage.workspace import Workspace

# expectations.yaml belongs to the tables: records.expectations reads it.

FILES: dict[str, type[Model]] = {
    "playbook": Charter,
    "assumptions": Assumptions,
    "baseline": BaselinePolicy,
    "pilot": PilotPolicy,
    "guardrails": GuardrailsPolicy,
    "oversight": OversightPolicy,
    "integration": IntegrationPolicy,
    "governance": GovernancePolicy,
    "roi": RoiPolicy,
    "decision": DecisionPolicy,
}


class Playbook(Charter):
    """The charter's own fields and, by name, the files read with it; a file that was not read has no attribute."""

    assumptions: Assumptions
    baseline: BaselinePolicy
    pilot: PilotPolicy
    guardrails: GuardrailsPolicy
    oversight: OversightPolicy
    integration: IntegrationPolicy
    governance: GovernancePolicy
    roi: RoiPolicy
    decision: DecisionPolicy


class PlaybookFaults(InputFaults):
    """All faults of all files, one group per file; `faults` repeats the file's name in each line."""

    def __init__(self, groups: Mapping[str, Sequence[str]]) -> None:
        self.groups = {path: tuple(lines) for path, lines in groups.items()}
        lines = [f"{path}: {line}" for path, group in self.groups.items() for line in group]
        super().__init__("the playbook cannot be followed", lines)

    def __str__(self) -> str:
        parts = (InputFaults(f"{path} cannot be followed", lines) for path, lines in self.groups.items())
        return "\n".join(map(str, parts))


def load_playbook(workspace: Workspace) -> Playbook:
    """The whole playbook; raises PlaybookFaults (an InputFaults) with every fault of every file.

    That each page has its notebook and its policy file is checked here and not in `read_policy`, which opens the named
    files only. `expectations.yaml` is judged with the tables it speaks of: see `records.expectations`.
    """
    return _build(workspace, tuple(FILES), whole=True)


def read_policy(workspace: Workspace, names: Sequence[str]) -> Playbook:
    """A playbook of the named files only, such as ("playbook", "pilot"); raises PlaybookFaults."""
    return _build(workspace, names, whole=False)


def _build(workspace: Workspace, names: Sequence[str], whole: bool) -> Playbook:
    parts: dict[str, Any] = {}
    groups: dict[str, list[str]] = {}
    for name in names:
        parts[name], faults = _read(workspace, name)
        if whole and isinstance(parts[name], Charter):
            faults = list(_pages_without(workspace, parts[name]))
        if faults:
            groups[f"playbook/{name}.yaml"] = faults
    if groups:
        raise PlaybookFaults(groups)
    charter = vars(parts.pop("playbook")) if "playbook" in parts else {}
    return Playbook.model_construct(**charter, **parts)


def _read(workspace: Workspace, name: str) -> tuple[Model | None, list[str]]:
    """The file as its model, or its faults."""
    if name not in FILES:
        return None, ["no page of this version goes by this file"]
    mapping, faults = read_mapping(workspace.playbook / f"{name}.yaml")
    return (None, faults) if faults else fill(FILES[name], mapping)


def _pages_without(workspace: Workspace, charter: Charter) -> Iterator[str]:
    """Pages that could not run: their policy file or their notebook is not there."""
    ready = [name for name in FILES if name in get_args(Stage) and any(workspace.notebooks.glob(f"*_{name}.ipynb"))]
    for number, page in enumerate(charter.pages, 1):
        if page.stage not in FILES:
            there = f"there is no playbook/{page.stage}.yaml in this version; it has pages for {listed(ready)}"
            yield f"pages[{number}].stage: {page.stage}: {there}"
        elif not (workspace.notebooks / f"{page.notebook}.ipynb").is_file():
            yield f"pages[{number}].notebook: notebooks/{page.notebook}.ipynb is missing"
