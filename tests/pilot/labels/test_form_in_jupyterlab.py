"""The labelling form in JupyterLab, in a real browser, worked by the keyboard alone."""

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

from pilotage.kpis import Tables
from pilotage.pilot.labels.plan_file import draw_more
from pilotage.pilot.labels.store import Label, read, standing
from pilotage.records.intake import intake
from pilotage.records.store import open_tables
from pilotage.workspace import Workspace

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[3]


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
HOSTILE = lab_driver.HOSTILE
CELLS = (
    "from pilotage.page import open_page\nfrom pilotage.pilot import labels\n"
    "page = open_page('pilot', 'desk')\ntables = page.tables('interactions', 'labels')",
    "labels.form(page, tables, 'hallucination')",
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with six runs of hostile text, all of them drawn, and a notebook with the form."""
    workspace = Workspace(tmp_path_factory.mktemp("labelling") / "house")
    folder = workspace.dataset("desk")
    shutil.copytree(ROOT / "playbook", workspace.playbook, ignore=shutil.ignore_patterns("audit_log.jsonl"))
    folder.mkdir(parents=True)
    folder.joinpath("dataset.yaml").write_text(
        "name: desk\ntables:\n  interactions: {file: runs.csv, constants: {phase: pilot}}\n"
    )
    quoted = HOSTILE.replace('"', '""')
    rows = "".join(f'i{n},"question {n} {quoted}","answer {n} {quoted}"\n' for n in range(1, 7))
    folder.joinpath("runs.csv").write_text("interaction_id,input_text,output_text\n" + rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Great Expectations imports modules that Python has deprecated
        checks = intake(workspace, "desk").checks["tables"]
    tables = Tables(open_tables(workspace, "desk", ("interactions", "labels")), checks)
    draw_more(workspace, "desk", "hallucination", tables, datetime(2026, 10, 1, tzinfo=UTC), uniform=6)
    lab_driver.write_notebook(workspace.root / "label.ipynb", CELLS)
    return workspace


@pytest.fixture(scope="module")
def lab(house: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the notebook on a JupyterLab server, which is gone after the tests."""
    with lab_driver.served(house.root / "label.ipynb", tmp_path_factory.mktemp("home")) as address:
        yield address


@pytest.fixture(scope="module")
def window(lab: str) -> Iterator[Page]:
    """One window of a browser."""
    with lab_driver.window() as page:
        yield page


@pytest.fixture
def workspace(house: Workspace) -> Workspace:
    """The workspace, in which nobody has labelled yet."""
    (house.dataset("desk") / "labels.jsonl").unlink(missing_ok=True)
    return house


@pytest.fixture
def page(workspace: Workspace, window: Page, lab: str) -> Page:
    """The notebook in the browser, its cells run, waiting for a name."""
    window.goto(lab)
    lab_driver.step_through(window, len(CELLS))
    return window


def _begin(page: Page, name: str) -> None:
    lab_driver.begin(page, name)
    page.wait_for_selector("text=/\\d of \\d, labelled by/")


def _standing(workspace: Workspace) -> list[Label]:
    return list(standing(read(workspace, "desk")))


def test_a_person_labels_with_the_keyboard_alone(page: Page, workspace: Workspace) -> None:
    cells = lab_driver.cells_of(page)
    _begin(page, "Ada")
    page.wait_for_function("document.activeElement.placeholder === 'y, n, u or b'")
    assert page.title() != "taken over"
    assert HOSTILE in page.inner_text(".pilotage-run")

    for number, key in enumerate("ynu", 1):
        press(page, key)
        page.wait_for_selector(f"text={number + 1} of 6, labelled by Ada")
    assert [label.value for label in _standing(workspace)] == [1.0, 0.0, None]
    assert all(label.seconds and label.seconds >= 0.5 for label in _standing(workspace))

    undone = _standing(workspace)[-1].interaction_id
    press(page, "b")
    page.wait_for_selector("text=3 of 6, labelled by Ada")
    assert f"question {undone.removeprefix('i')} " in page.inner_text(".pilotage-run")
    press(page, "n")
    page.wait_for_selector("text=4 of 6, labelled by Ada")
    assert [label.value for label in _standing(workspace)] == [1.0, 0.0, 0.0]
    assert len(read(workspace, "desk")) == 5

    page.keyboard.type("nnnnnn", delay=30)  # a key held down
    page.wait_for_timeout(1000)
    assert len(_standing(workspace)) <= 4
    while len(_standing(workspace)) < 6:
        press(page, "y")
        page.wait_for_timeout(200)
    page.wait_for_selector("text=6 of 6 done")
    assert len({label.interaction_id for label in _standing(workspace)}) == 6
    assert lab_driver.cells_of(page) == cells, "a key went to the notebook"


def test_a_click_on_a_button_leaves_the_keys_working(page: Page, workspace: Workspace) -> None:
    cells = lab_driver.cells_of(page)
    _begin(page, "Ada")
    page.wait_for_timeout(600)
    page.locator("button", has_text="Yes (y)").dblclick()
    page.wait_for_selector("text=2 of 6, labelled by Ada")
    page.wait_for_function("document.activeElement.placeholder === 'y, n, u or b'")
    press(page, "b")
    page.wait_for_selector("text=1 of 6, labelled by Ada")
    assert len(read(workspace, "desk")) == 2, "a double click labelled a run that nobody had read"
    assert lab_driver.cells_of(page) == cells, "a key went to the notebook"


def test_whoever_comes_back_goes_on_where_they_stopped(page: Page, workspace: Workspace) -> None:
    _begin(page, "Ada")
    press(page, "y")
    page.wait_for_selector("text=2 of 6, labelled by Ada")
    page.reload()
    lab_driver.step_through(page, len(CELLS))
    _begin(page, "Ada")
    page.wait_for_selector("text=2 of 6, labelled by Ada")
    assert len(_standing(workspace)) == 1


def test_the_form_is_reached_without_a_mouse(page: Page, workspace: Workspace) -> None:
    """Up to the form's cell, Ctrl+Enter runs it, Tab leads into it, Enter begins."""
    for key in ("Escape", "ArrowUp", "Control+Enter"):
        page.keyboard.press(key)
    page.wait_for_timeout(1000)
    for _ in range(4):
        page.keyboard.press("Tab")
        if lab_driver.in_focus(page).startswith("your name"):
            break
    page.keyboard.type("Ada")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.placeholder === 'y, n, u or b'")
    press(page, "y")
    page.wait_for_selector("text=2 of 6, labelled by Ada")
    lab_driver.picture(page, "labels")
    assert len(_standing(workspace)) == 1
