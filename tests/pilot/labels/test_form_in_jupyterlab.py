"""The labelling form in JupyterLab, in a real browser, worked by the keyboard alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pilotage.kpis import Tables
from pilotage.pilot.labels.plan_file import draw_more
from pilotage.pilot.labels.store import Label, read, standing
from pilotage.records.intake import intake
from pilotage.records.store import open_tables
from pilotage.workspace import Workspace

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium")
HOSTILE = "<img src=x onerror=\"document.title='taken over'\"> `code` <script>document.title='taken over'</script>"
CELLS = (
    "from pilotage.page import open_page\nfrom pilotage.pilot import labels\n"
    "page = open_page('pilot', 'desk')\ntables = page.tables('interactions', 'labels')",
    "labels.form(page, tables, 'hallucination')",
)
TOKEN = "a-test"  # of a server on this machine that lives for one test
WAIT_S = 60


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with six runs of hostile text, all of them drawn, and a notebook with the form."""
    workspace = Workspace(tmp_path_factory.mktemp("labelling") / "house")
    root, folder = Path(__file__).parents[3], workspace.dataset("desk")
    shutil.copytree(root / "playbook", workspace.playbook, ignore=shutil.ignore_patterns("audit_log.jsonl"))
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
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for n, source in enumerate(CELLS)
    ]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    notebook = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (workspace.root / "label.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    return workspace


@pytest.fixture(scope="module")
def lab(house: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the notebook on a JupyterLab server, which is gone after the tests."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = tmp_path_factory.mktemp("home")
    environment = {
        **os.environ,
        **{f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")},
        "IPYTHONDIR": str(home / "ipython"),
        "PILOTAGE_WORKSPACE": str(house.root),
        "PYTHONPATH": str(Path(__file__).parents[3] / "lib"),
    }
    environment.pop("PILOTAGE_RUN", None)
    options = [f"--ServerApp.root_dir={house.root}", f"--ServerApp.port={port}", f"--IdentityProvider.token={TOKEN}"]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", *options]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(lambda: _answers(f"{address}/api?token={TOKEN}"))
        yield f"{address}/lab/tree/label.ipynb?token={TOKEN}&reset"
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture(scope="module")
def window(lab: str) -> Iterator[Page]:
    """One window of a browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser.new_page(viewport={"width": 1280, "height": 1000})
        browser.close()


@pytest.fixture
def workspace(house: Workspace) -> Workspace:
    """The workspace, in which nobody has labelled yet."""
    (house.dataset("desk") / "labels.jsonl").unlink(missing_ok=True)
    return house


@pytest.fixture
def page(workspace: Workspace, window: Page, lab: str) -> Page:
    """The notebook in the browser, its cells run, waiting for a name."""
    window.goto(lab)
    _step_through(window)
    return window


def _step_through(page: Page) -> None:
    """Run every cell with the keyboard, as an analyst does."""
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=WAIT_S * 1000)
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']", timeout=WAIT_S * 1000)
    for number, _ in enumerate(CELLS):
        cell = page.locator(".jp-Notebook .jp-CodeCell").nth(number)
        _wait_for(lambda ran=cell: _has_run(page, ran), every_s=1)
    page.wait_for_selector("input[placeholder^='your name']", state="visible", timeout=WAIT_S * 1000)


def _has_run(page: Page, cell: Locator) -> bool:
    """Whether the cell has run; a key that the page lost while it was still being set up is pressed again."""
    prompt = cell.locator(".jp-InputPrompt").inner_text()
    if "*" not in prompt and not re.search(r"\d", prompt):
        cell.locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
    return re.search(r"\d", cell.locator(".jp-InputPrompt").inner_text()) is not None


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def _wait_for(holds: Callable[[], bool], every_s: float = 0.05) -> None:
    until = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < until, "it did not come in time"
        time.sleep(every_s)


def _press(page: Page, key: str) -> None:
    """A key as a person presses it: after a look at the run."""
    page.wait_for_timeout(600)
    page.keyboard.press(key)


def _begin(page: Page, name: str) -> None:
    page.locator("input[placeholder^='your name']").focus()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=/\\d of \\d, labelled by/")


def _standing(workspace: Workspace) -> list[Label]:
    return list(standing(read(workspace, "desk")))


def _cells(page: Page) -> int:
    return page.locator(".jp-Notebook .jp-Cell").count()


def test_a_person_labels_with_the_keyboard_alone(page: Page, workspace: Workspace) -> None:
    cells = _cells(page)
    _begin(page, "Ada")
    assert page.evaluate("document.activeElement.placeholder") == "y, n, u or b"
    assert page.title() != "taken over"
    assert HOSTILE in page.inner_text(".pilotage-run")

    for number, key in enumerate("ynu", 1):
        _press(page, key)
        page.wait_for_selector(f"text={number + 1} of 6, labelled by Ada")
    assert [label.value for label in _standing(workspace)] == [1.0, 0.0, None]
    assert all(label.seconds and label.seconds >= 0.5 for label in _standing(workspace))

    undone = _standing(workspace)[-1].interaction_id
    _press(page, "b")
    page.wait_for_selector("text=3 of 6, labelled by Ada")
    assert f"question {undone.removeprefix('i')} " in page.inner_text(".pilotage-run")
    _press(page, "n")
    page.wait_for_selector("text=4 of 6, labelled by Ada")
    assert [label.value for label in _standing(workspace)] == [1.0, 0.0, 0.0]
    assert len(read(workspace, "desk")) == 5

    page.keyboard.type("nnnnnn", delay=30)  # a key held down
    page.wait_for_timeout(1000)
    assert len(_standing(workspace)) <= 4
    while len(_standing(workspace)) < 6:
        _press(page, "y")
        page.wait_for_timeout(200)
    page.wait_for_selector("text=6 of 6 done")
    assert len({label.interaction_id for label in _standing(workspace)}) == 6
    assert _cells(page) == cells, "a key went to the notebook"


def test_a_click_on_a_button_leaves_the_keys_working(page: Page, workspace: Workspace) -> None:
    cells = _cells(page)
    _begin(page, "Ada")
    page.wait_for_timeout(600)
    page.locator("button", has_text="Yes (y)").dblclick()
    page.wait_for_selector("text=2 of 6, labelled by Ada")
    page.wait_for_function("document.activeElement.placeholder === 'y, n, u or b'")
    _press(page, "b")
    page.wait_for_selector("text=1 of 6, labelled by Ada")
    assert len(read(workspace, "desk")) == 2, "a double click labelled a run that nobody had read"
    assert _cells(page) == cells, "a key went to the notebook"


def test_whoever_comes_back_goes_on_where_they_stopped(page: Page, workspace: Workspace) -> None:
    _begin(page, "Ada")
    _press(page, "y")
    page.wait_for_selector("text=2 of 6, labelled by Ada")
    page.reload()
    _step_through(page)
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
        if (page.evaluate("document.activeElement.placeholder") or "").startswith("your name"):
            break
    page.keyboard.type("Ada")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.placeholder === 'y, n, u or b'")
    _press(page, "y")
    page.wait_for_selector("text=2 of 6, labelled by Ada")
    if picture := os.environ.get("PILOTAGE_PICTURE"):
        page.screenshot(path=picture)
    assert len(_standing(workspace)) == 1
