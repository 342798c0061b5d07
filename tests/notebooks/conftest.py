"""nbval steps every page against a finished run on the sample, in a copy of the workspace."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
from pilotage.runner.job import Request
from pilotage.runner.progress import Lines
from pilotage.runner.run import run
from pilotage.workspace import Workspace

ROOT = Path(__file__).parents[2]
FINISHED = pytest.StashKey[Path]()


def finished_run(config: pytest.Config) -> Path:
    """The report folder of one run on the sample, made once per session in a temporary copy of the workspace."""
    if FINISHED not in config.stash:
        root = Path(tempfile.mkdtemp(prefix="pilotage-pages-"))
        config.add_cleanup(lambda: shutil.rmtree(root, ignore_errors=True))
        for name in ("playbook", "notebooks", "data/sample"):
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("audit_log.jsonl", ".ipynb_checkpoints"))
        outcome = run(Workspace(root), Request(dataset="sample"), Lines(StringIO()))
        assert not outcome.crashed, f"a page crashed: {outcome.folder}"
        config.stash[FINISHED] = outcome.folder
    return config.stash[FINISHED]


@pytest.fixture(scope="session")
def sample_report(request: pytest.FixtureRequest) -> Path:
    """The report folder of a finished run on the sample."""
    return finished_run(request.config)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """A page's kernel, started with its first cell, sees the finished run; other tests do not."""
    if type(item).__name__ != "IPyNbCell":
        return (yield)
    folder = finished_run(item.config)
    with environment(PILOTAGE_WORKSPACE=str(folder.parents[1]), PILOTAGE_RUN=str(folder)):
        return (yield)


@contextmanager
def environment(**values: str) -> Iterator[None]:
    """These variables for as long as the block lasts."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)
