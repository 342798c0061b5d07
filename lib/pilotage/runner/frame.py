"""What stands around a page's content: the report's other pages with their answers, its files, what went wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pilotage.playbook import Page, Playbook
from pilotage.runner.history import Run
from pilotage.runner.plan import DECISION
from pilotage.runner.results import read_answer, read_decision
from pilotage.words import listed, plain

NAMES = {"roi": "ROI"}
KINDS = {"go": "go", "no-go": "no-go", "not yet": "not-yet"}


def frame(run: Run, playbook: Playbook, page: Page, title: str, base: str) -> dict[str, Any]:
    """Everything the template says of the page besides its content; `base` leads from the page to the run's folder."""
    return {
        "language": playbook.language,
        "title": f"{title} – {playbook.agent.name}",
        "running": [playbook.agent.name, f"data: {run.dataset}", f"as of {run.as_of}", *_set_by_hand(run)],
        "nav": [_entry(run, other, page, base) for other in _reading_order(playbook.pages)],
        "note": _note(run, page),
        "files": _files(run, page, base),
        "imprint": f"Run {run.name}. Every figure can be recomputed from the notebook and the files named here.",
    }


def place(stage: str, base: str) -> str:
    """Where the page's file is, seen from a file that reaches the run's folder by `base`."""
    return f"{base}index.html" if stage == DECISION else f"{base}pages/{stage}.html"


def answer(run: Run, stage: str) -> str:
    """The page's answer: that of its required gates together; empty where it has none."""
    state = run.pages.get(stage)
    if state is None or not state.finished:
        return "not decided"
    if stage == DECISION:
        decided = read_decision(run.folder)
        return decided.answer if decided else "not decided"
    found = read_answer(run.folder, stage)
    return "not decided" if found is None else found


def _set_by_hand(run: Run) -> list[str]:
    """What --set changed, so that nobody takes such a report for one made as the playbook has it."""
    told = [
        f"{page}.{name}={plain(value)}" for page, values in run.parameters.items() for name, value in values.items()
    ]
    return [f"with {listed(told)} set for this run"] if told else []


def _entry(run: Run, other: Page, page: Page, base: str) -> dict[str, Any]:
    word = answer(run, other.stage)
    return {
        "name": NAMES.get(other.stage, other.stage.capitalize()), "href": place(other.stage, base),
        "answer": word, "kind": KINDS.get(word, "undecided"), "current": other.stage == page.stage,
    }  # fmt: skip


def _reading_order(pages: Iterable[Page]) -> Sequence[Page]:
    """The decision first, since it is what most readers came for."""
    return sorted(pages, key=lambda page: page.stage != DECISION)


def _note(run: Run, page: Page) -> dict[str, str] | None:
    state = run.pages.get(page.stage)
    if state is None or state.finished:
        return None
    what = (
        "This page did not run." if state.status == "not run" else "This page stopped before its verdict: not decided."
    )
    return {"what": what, "why": f"{state.error}."}


def _files(run: Run, page: Page, base: str) -> list[dict[str, str]]:
    back = [] if page.stage == DECISION else [{"name": "Back to the decision", "href": place(DECISION, base)}]
    candidates = [
        ("The decision as data", "decision.json" if page.stage == DECISION else ""),
        ("Evidence of this page", f"evidence/{page.stage}.json"),
        ("The notebook as it ran", f"notebooks/{page.stage}.ipynb"),
        *(
            (f"Table: {path.stem.removeprefix(f'{page.stage}-')}", f"tables/{path.name}")
            for path in _tables(run.folder, page.stage)
        ),
        ("Checks of the data", "checks.json"),
        *(
            (f"Rows set aside: {path.stem}", f"rejected/{path.name}")
            for path in sorted((run.folder / "rejected").glob("*"))
        ),
    ]
    present = [
        {"name": name, "href": base + path} for name, path in candidates if path and (run.folder / path).is_file()
    ]
    return back + present


def _tables(folder: Path, stage: str) -> list[Path]:
    return sorted((folder / "tables").glob(f"{stage}-*"))
