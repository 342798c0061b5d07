"""The review form in JupyterLab, in a real browser, worked by the keyboard alone."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from pilotage.oversight.queue.items import Decided, NewItem
from pilotage.oversight.queue.store import open_queue
from pilotage.records.intake import intake
from pilotage.workspace import Workspace

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[3]
RUNS = 6


def _driver() -> ModuleType:
    """The module that drives JupyterLab, in a folder that is no package."""
    path = ROOT / "tests" / "browser" / "in_jupyterlab.py"
    spec = importlib.util.spec_from_file_location("in_jupyterlab", path)
    assert spec
    assert spec.loader
    module = sys.modules.setdefault(spec.name, importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    return module


lab_driver = _driver()
press = lab_driver.press
pytestmark = pytest.mark.skipif(lab_driver.CHROMIUM is None, reason=lab_driver.NO_CHROMIUM)
CELLS = (
    "from pilotage.page import open_page\nfrom pilotage.oversight.queue.form import form\n"
    "page = open_page('oversight', 'desk')\ntables = page.tables('interactions')",
    "form(page, tables)",
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with six runs of hostile text in the queue, and a notebook with the form."""
    workspace = Workspace(tmp_path_factory.mktemp("reviewing") / "house")
    folder = workspace.dataset("desk")
    shutil.copytree(ROOT / "playbook", workspace.playbook, ignore=shutil.ignore_patterns("audit_log.jsonl"))
    folder.mkdir(parents=True)
    folder.joinpath("dataset.yaml").write_text(
        "name: desk\ntables:\n  interactions: {file: runs.csv, constants: {phase: pilot}}\n"
    )
    quoted = lab_driver.HOSTILE.replace('"', '""')
    rows = "".join(f'i{n},"question {n} {quoted}","answer {n} {quoted}"\n' for n in range(1, RUNS + 1))
    folder.joinpath("runs.csv").write_text("interaction_id,input_text,output_text\n" + rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Great Expectations imports modules that Python has deprecated
        intake(workspace, "desk")
    at = datetime(2026, 10, 1, tzinfo=UTC)
    with open_queue(workspace, "desk") as queue:
        queue.add(
            NewItem(f"q{n}", f"i{n}", "post invoice", "in the loop", "uniform", 1.0, at) for n in range(1, RUNS + 1)
        )
    lab_driver.write_notebook(workspace.root / "review.ipynb", CELLS)
    return workspace


@pytest.fixture(scope="module")
def page(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The notebook in the browser, its cells run, waiting for a name."""
    home = tmp_path_factory.mktemp("home")
    with lab_driver.served(workspace.root / "review.ipynb", home) as address, lab_driver.window() as page:
        page.goto(address)
        lab_driver.step_through(page, len(CELLS))
        yield page


def _decided(workspace: Workspace) -> list[Decided]:
    with open_queue(workspace, "desk") as queue:
        return list(queue.decisions())


def test_a_person_reviews_with_the_keyboard_alone(page: Page, workspace: Workspace) -> None:
    cells = lab_driver.cells_of(page)
    lab_driver.begin(page, "Ada")
    page.wait_for_selector("text=0 decided by Ada, 6 left")
    page.wait_for_function("document.activeElement.placeholder === 'a, r, c or s'")
    assert page.title() != "taken over"
    assert lab_driver.HOSTILE in page.inner_text(".pilotage-run")
    lab_driver.picture(page, "review-1-decide")

    press(page, "a")
    page.wait_for_selector("text=1 decided by Ada, 5 left")
    press(page, "r")
    page.wait_for_selector("text=Why reject?")
    lab_driver.picture(page, "review-2-reason")
    press(page, "2")
    page.wait_for_selector("text=2 decided by Ada, 4 left")

    press(page, "c")
    press(page, "1")
    page.wait_for_function("document.activeElement.tagName === 'TEXTAREA'")
    page.keyboard.press("Control+a")
    page.keyboard.type("Bb a first line")  # letters that are commands of the notebook elsewhere
    page.keyboard.press("Enter")
    page.keyboard.type("and a second")
    lab_driver.picture(page, "review-3-text")
    page.keyboard.press("Tab")
    page.wait_for_function("document.activeElement.placeholder === 'k or b'")
    press(page, "k")
    page.wait_for_selector("text=3 decided by Ada, 3 left")
    page.wait_for_function("document.activeElement.placeholder === 'a, r, c or s'")

    press(page, "s")
    page.wait_for_selector("text=went back to the queue")
    page.keyboard.type("aaaaaa", delay=30)  # a key held down
    page.wait_for_timeout(800)
    done = _decided(workspace)
    assert [(one.decision, one.reason) for one in done[:3]] == [
        ("approve", ""),
        ("reject", "wrong amount"),
        ("correct", "wrong order"),
    ]
    assert done[2].correction == "Bb a first line\nand a second"
    assert len(done) <= 4
    assert all(one.seconds is not None and one.seconds >= 0.5 for one in done[:3])
    assert lab_driver.cells_of(page) == cells, "a key went to the notebook"
