"""`pilotage map` and `pilotage sample`."""

from __future__ import annotations

from pathlib import Path

from pilotage.cli.speak import inside, tell
from pilotage.errors import PilotageError
from pilotage.hashes import write_text_atomically
from pilotage.workspace import find_workspace


def draft(files: list[Path], into: Path | None) -> None:
    """Show the drafted dataset.yaml, the mapped rows and what is left undecided; write it where --into says."""
    from pilotage.records.draft import draft_dataset

    folder = inside(find_workspace(), into) if into else Path.cwd()
    target = folder / "dataset.yaml"
    if into and target.exists():
        raise PilotageError("there is a dataset.yaml already", str(into), "name another folder, or move that file away")
    drafted = draft_dataset(files, folder)
    undecided = [f"undecided: {sentence}" for sentence in drafted.undecided]
    tell("\n".join([drafted.yaml_text, drafted.preview, *undecided]))
    if into:
        write_text_atomically(target, drafted.yaml_text)
        tell(f"\nwritten: {into}/dataset.yaml; read it, then: pilotage run --dataset {folder.name}")


def build_sample(seed: int, variant: str | None, into: Path | None) -> None:
    """Write the synthetic dataset; it never takes the place of a dataset that was not made so."""
    from pilotage.records.synthetic import write_sample

    workspace = find_workspace()
    folder = inside(workspace, into) if into else workspace.dataset(f"sample-{variant}" if variant else "sample")
    if folder.exists() and any(folder.iterdir()) and not (folder / "truth.yaml").is_file():
        raise PilotageError(
            "this folder holds something else than a synthetic dataset", str(folder), "name another with --into"
        )
    write_sample(folder, seed, variant or "sample")
    tell(f"written: {workspace.relative(folder)} (seed {seed})")
