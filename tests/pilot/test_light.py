"""Calling an agent waits for none of the libraries that only pages need."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"pandas", "numpy", "pyarrow", "duckdb", "scipy", "openai", "great_expectations", "papermill", "matplotlib"}


@pytest.mark.parametrize("module", ["pilotage.pilot", "pilotage.pilot.evaluate", "pilotage.cli.evaluate"])
def test_what_calls_an_agent_does_not_wait_for_what_pages_need(module: str) -> None:
    code = f"import {module}\nimport sys\nprint(*sys.modules)"
    said = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert HEAVY.isdisjoint(said.split())
