"""What `pilotage.pilot` offers, loaded when it is used and not before."""

from __future__ import annotations

import subprocess
import sys
from types import FunctionType

import pytest

from pilotage import pilot

HEAVY = ("pandas", "numpy", "pyarrow", "duckdb", "scipy", "openai", "great_expectations", "papermill", "matplotlib")
OURS = ("pilotage.page", "pilotage.playbook", "pilotage.kpis", "pilotage.records")


def loaded_after(code: str) -> set[str]:
    said = subprocess.check_output([sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"], text=True)
    return set(said.split())


@pytest.mark.parametrize("module", ["pilotage.pilot", "pilotage.pilot.evaluate", "pilotage.cli.evaluate"])
def test_what_calls_an_agent_does_not_wait_for_what_pages_need(module):
    assert loaded_after(f"import {module}").isdisjoint([*HEAVY, *OURS])


def test_every_public_name_is_there():
    assert sorted(pilot.__all__) == sorted(pilot._HOME)
    assert all(callable(getattr(pilot, name)) for name in pilot.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = pilot.nonsense


def test_a_function_is_not_hidden_by_the_module_of_its_name():
    code = "import pilotage.pilot.measured, pilotage.pilot.gates\nfrom pilotage import pilot\n"
    said = subprocess.check_output([sys.executable, "-c", f"{code}print(type(pilot.gates), type(pilot.measured))"])
    assert said.decode().split("\n")[0] == f"{FunctionType} {FunctionType}"
