"""The HTML of a run, made again exactly where what it shows, or how, has changed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pilotage.hashes import (
    fingerprint,
    read_object,
    sha256_file,
    sha256_json,
    write_json_atomically,
    write_text_atomically,
)
from pilotage.playbook import Page
from pilotage.runner import slow_import
from pilotage.runner.frame import frame
from pilotage.runner.history import Run
from pilotage.runner.job import Job
from pilotage.runner.plan import DECISION

HERE = Path(__file__).parent
CODE = ("clean.py", "html.py", "frame.py", "export.py", "template/memo/index.html.j2", "template/memo/memo.css")


def export_run(job: Job, run: Run) -> None:
    """Bring the run's HTML up to date: pages/<stage>.html for each page, and index.html, which is the decision page."""
    record = run.folder / "manifests" / "html.json"
    known = read_object(record) or {}
    made: dict[str, dict[str, str]] = {}
    for page in job.playbook.pages:
        for path, base in _places(page):
            made[path] = _export(job, run, page, path, base, known.get(path))
    if made != known:
        write_json_atomically(record, made)


def _places(page: Page) -> list[tuple[str, str]]:
    own = [(f"pages/{page.stage}.html", "../")]
    return [*own, ("index.html", "")] if page.stage == DECISION else own


def _export(job: Job, run: Run, page: Page, path: str, base: str, known: object) -> dict[str, str]:
    """Make the file unless it is there as its key says; the file's key and hash."""
    notebook = run.folder / "notebooks" / f"{page.stage}.ipynb"
    around = frame(run, job.playbook, page, _title(job, page), base)
    key = sha256_json([code(), fingerprint(notebook), around])
    there = {"key": key, "sha256": fingerprint(run.folder / path)}
    if known == there:
        return there
    slow_import.leave_out()
    from pilotage.runner.html import render

    write_text_atomically(run.folder / path, render(notebook if notebook.is_file() else None, around, base))
    return {"key": key, "sha256": sha256_file(run.folder / path)}


def _title(job: Job, page: Page) -> str:
    """The page's question: the first heading of its notebook, else its word."""
    lines = [
        line for cell in job.notebooks[page.stage].cells if cell.kind == "markdown" for line in cell.source.splitlines()
    ]
    heading = next((line for line in lines if line.startswith("# ")), page.stage.capitalize())
    return heading.removeprefix("# ").strip()


@cache
def code() -> str:
    """The hash of what decides how a page looks."""
    redaction = sorted((HERE.parent / "redact").glob("*.py"))
    return sha256_json({path.name: sha256_file(path) for path in [*(HERE / name for name in CODE), *redaction]})
