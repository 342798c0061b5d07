"""nbval steps every page against a finished run on the sample, in a copy of the workspace."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """A page's kernel, started with its first cell, sees the finished run; other tests do not."""
    if type(item).__name__ != "IPyNbCell":
        return (yield)
    shared: Any = item.config.pluginmanager.get_plugin(str(Path(__file__).parents[1] / "conftest.py"))
    folder = shared.finished_run(item.config)
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
