"""From a page's work folder into the run: only what a page may write, and only when it came to its end."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from pilotage.runner.manifest import manifest_path, read_opened, write_manifest
from pilotage.runner.plan import DECISION
from pilotage.runner.progress import one_line
from pilotage.runner.results import read_answer, read_decision

OPENED = "opened.json"


def allowed(stage: str) -> tuple[str, ...]:
    """The patterns of what the page may leave in the run folder."""
    own = (f"evidence/{stage}.json", f"tables/{stage}-*", f"figures/{stage}-*", f"notebooks/{stage}.ipynb")
    return (*own, "decision.json") if stage == DECISION else own


def clear(run: Path, stage: str) -> Path:
    """Remove whatever an earlier attempt of the page left, its manifest first, and give its empty work folder."""
    manifest_path(run, stage).unlink(missing_ok=True)
    for pattern in allowed(stage):
        for path in run.glob(pattern):
            path.unlink()
    work = run / "work" / stage
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    return work


def collect(run: Path, stage: str, key: Mapping[str, Any], needs: Sequence[str]) -> str | None:
    """Move the finished page's files into the run and write its manifest; else say why the page did not finish."""
    work = run / "work" / stage
    fault = _fault(work, stage, needs)
    if fault:
        return fault
    opened = read_opened(work / OPENED)
    (work / OPENED).unlink()
    outputs = _files(work)
    for path in outputs:
        (run / path).parent.mkdir(parents=True, exist_ok=True)
        os.replace(work / path, run / path)
    shutil.rmtree(work)
    write_manifest(run, stage, key, opened, outputs)
    return None


def keep_partial(run: Path, stage: str) -> None:
    """Of a page that crashed, keep the notebook as far as it came, and nothing else."""
    work, notebook = run / "work" / stage, Path("notebooks") / f"{stage}.ipynb"
    if (work / notebook).is_file():
        (run / notebook).parent.mkdir(parents=True, exist_ok=True)
        os.replace(work / notebook, run / notebook)
    shutil.rmtree(work, ignore_errors=True)


def _fault(work: Path, stage: str, needs: Sequence[str]) -> str | None:
    """Why this work folder is not that of a finished page; None when it is."""
    try:
        opened = read_opened(work / OPENED)
        evidence = _read(work / "evidence" / f"{stage}.json")
        decides = stage != DECISION or (_read(work / "decision.json") and read_decision(work) is not None)
        unnamed = [path for path in opened.files if _evidence_of_others(path, (stage, *needs))]
    except FileNotFoundError as fault:
        return f"all cells ran, but the page never came to its verdict (it wrote no {Path(fault.filename).name})"
    except (ValueError, TypeError) as fault:
        return f"what the page wrote cannot be read ({one_line(repr(fault))})"
    if (evidence.get("schema"), evidence.get("stage")) != (1, stage) or read_answer(work, stage) is None or not decides:
        return "its evidence is not of schema 1, names another page, or decides nothing"
    strange = [path for path in _files(work) if path != OPENED and not any(fnmatch(path, p) for p in allowed(stage))]
    if strange:
        return f"it wrote {strange[0]}, which is not a page's to write"
    return f"it opened {unnamed[0]} without naming that page under needs" if unnamed else None


def _read(path: Path) -> dict[str, Any]:
    facts = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(facts, dict):
        raise TypeError(f"{path.name} is no JSON object")
    return facts


def _evidence_of_others(path: str, known: Sequence[str]) -> bool:
    return path.startswith("run:evidence/") and Path(path).stem not in known


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
