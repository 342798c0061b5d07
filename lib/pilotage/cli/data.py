"""`pilotage map` and `pilotage sample`."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from pilotage.cli.speak import tell
from pilotage.errors import PilotageError
from pilotage.forms import read_mapping
from pilotage.hashes import write_text_atomically
from pilotage.workspace import Workspace, find_workspace

STAND_IN_TASKS = 120  # questions with known answers for the stand-in of `pilotage evaluate`


def draft(files: list[Path], into: Path | None) -> None:
    """Show the drafted dataset.yaml, the mapped rows and what is left undecided; write it where --into says."""
    from pilotage.records.draft import draft_dataset

    folder = dataset_folder(find_workspace(), into) if into else Path.cwd()
    target = folder / "dataset.yaml"
    if into and target.exists():
        raise PilotageError("there is a dataset.yaml already", str(into), "name another folder, or move that file away")
    drafted = draft_dataset(files, folder)
    undecided = [f"undecided: {sentence}" for sentence in drafted.undecided]
    tell("\n".join([drafted.yaml_text, drafted.preview, *undecided]))
    if into:
        write_text_atomically(target, drafted.yaml_text)
        tell("\n" + "\n".join(_next_steps(folder.name, drafted.has_baseline)))


def dataset_folder(workspace: Workspace, into: Path) -> Path:
    """The folder under data/ that --into names: NAME alone, data/NAME seen from the root, or an absolute path to it.

    PilotageError for any other place: no command would find a dataset there.
    """
    alone = into.parts == (into.name,) and into.name not in ("", "..", "data")
    folder = Path(os.path.normpath((workspace.data if alone else workspace.root) / into))
    if folder.parent.resolve() != workspace.data.resolve():
        advice = f"write --into data/{shlex.quote(folder.name if folder.name not in ('', 'data') else 'NAME')}"
        raise PilotageError("is no folder directly in the workspace's data/, where datasets live", str(into), advice)
    return workspace.dataset(folder.name)


def _next_steps(name: str, has_baseline: bool) -> list[str]:
    """What to do with a drafted dataset, a command a line."""
    option = f"--dataset {shlex.quote(name)}"
    lock = f"  pilotage baseline lock {option} --by NAME    # before the pilot starts"
    return [
        f"written: data/{name}/dataset.yaml; read it and correct it, then:",
        "  pilotage check",
        *([lock] if has_baseline else []),
        f"  pilotage run {option}",
    ]


def build_sample(seed: int, variant: str | None, into: Path | None) -> None:
    """Write the synthetic dataset; it never takes the place of a dataset that was not made so, nor of another variant.

    PilotageError where it would.
    """
    from pilotage.agents.reference import make_tasks, write_tasks
    from pilotage.records.synthetic import write_sample

    workspace, wanted = find_workspace(), variant or "sample"
    folder = workspace.dataset(f"sample-{variant}" if variant else "sample")
    folder = dataset_folder(workspace, into) if into else folder
    if folder.exists() and any(folder.iterdir()):
        _refuse_to_replace(folder, wanted)
    write_sample(folder, seed, wanted)
    if variant is None:
        write_tasks(folder / "tasks.jsonl", make_tasks(STAND_IN_TASKS, seed))
    tell(f"written: {workspace.relative(folder)} (seed {seed})\n  pilotage run --dataset {shlex.quote(folder.name)}")


def _refuse_to_replace(folder: Path, wanted: str) -> None:
    """PilotageError unless the folder holds the same variant: truth.yaml is the generator's mark."""
    given, faults = read_mapping(folder / "dataset.yaml", typed=False)
    mark, missing = read_mapping(folder / "truth.yaml", typed=False)
    found = mark.get("variant")
    if faults or missing or not found or str(given.get("synthetic")).lower() != "true":
        what = "this folder holds something else than a synthetic dataset"
    elif found != wanted:
        what = f"this folder holds the synthetic dataset {found!r}, not {wanted!r}"
    else:
        return
    raise PilotageError(what, str(folder), "name another with --into, or remove this one first")
