"""Drives a notebook with a form in JupyterLab, in a real browser, as a person at the keyboard does."""

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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NO_CHROMIUM = "no Chromium on this machine: apt-get install chromium"
HOSTILE = "<img src=x onerror=\"document.title='taken over'\"> `code` <script>document.title='taken over'</script>"
TOKEN = "a-test"  # of a server on this machine that lives for one test
WAIT_S = 60


def write_notebook(path: Path, sources: Sequence[str]) -> None:
    """A notebook with these cells, none of them run."""
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for n, source in enumerate(sources)
    ]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    notebook = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook), encoding="utf-8")


@contextmanager
def served(notebook: Path, home: Path) -> Iterator[str]:
    """The address of the notebook on a JupyterLab server whose root is its folder, and which is gone afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    root = notebook.parent
    environment = {
        **os.environ,
        **{f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")},
        "IPYTHONDIR": str(home / "ipython"),
        "PILOTAGE_WORKSPACE": str(root),
        "PYTHONPATH": str(ROOT / "lib"),
    }
    environment.pop("PILOTAGE_RUN", None)
    options = [f"--ServerApp.root_dir={root}", f"--ServerApp.port={port}", f"--IdentityProvider.token={TOKEN}"]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", *options]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: _answers(f"{address}/api?token={TOKEN}"))
        yield f"{address}/lab/tree/{notebook.name}?token={TOKEN}&reset"
    finally:
        server.terminate()
        server.wait(30)


@contextmanager
def window() -> Iterator[Page]:
    """One window of a browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser.new_page(viewport={"width": 1280, "height": 1000})
        browser.close()


def step_through(page: Page, cells: int) -> None:
    """Run so many cells with the keyboard, as an analyst does, until the form asks for a name."""
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=WAIT_S * 1000)
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']", timeout=WAIT_S * 1000)
    for number in range(cells):
        cell = page.locator(".jp-Notebook .jp-CodeCell").nth(number)
        wait_for(lambda ran=cell: _has_run(page, ran), every_s=1)
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


def wait_for(holds: Callable[[], bool], every_s: float = 0.05) -> None:
    """Until it holds; AssertionError where it does not come."""
    until = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < until, "it did not come in time"
        time.sleep(every_s)


def press(page: Page, key: str) -> None:
    """A key as a person presses it: after a look at what is shown."""
    page.wait_for_timeout(600)
    page.keyboard.press(key)


def begin(page: Page, name: str) -> None:
    """Give the name, and wait until its field has gone."""
    page.locator("input[placeholder^='your name']").focus()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    page.wait_for_selector("input[placeholder^='your name']", state="hidden")


def in_focus(page: Page) -> str:
    """What the field that has the focus says while it is empty; "" where it says nothing."""
    return page.evaluate("document.activeElement.placeholder") or ""


def cells_of(page: Page) -> int:
    """How many cells the notebook has: one more than before where a key went to it."""
    return page.locator(".jp-Notebook .jp-Cell").count()


def picture(page: Page, name: str) -> None:
    """The screen as NAME.png in the folder that PILOTAGE_PICTURES names; nothing without one."""
    if folder := os.environ.get("PILOTAGE_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"))
