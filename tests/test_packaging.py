"""What is installed is what was locked, and what is shipped is what is in the repository."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEMPLATE = "pilotage/template/"
SHIPPED = ("playbook/", "notebooks/", "data/sample/", "data/README.md", "reports/README.md")
NEVER_SHIPPED = {"playbook/audit_log.jsonl"}
JUNK = (
    "notebooks/.ipynb_checkpoints/01_baseline-checkpoint.ipynb",
    "data/sample/.ipynb_checkpoints/x.csv",
    "playbook/__pycache__/x.pyc",
    "lib/pilotage/__pycache__/x.pyc",
    "data/mine/salaries.csv",
    "reports/20260101T000000Z-mine/index.html",
    "playbook/audit_log.jsonl",
    "playbook/proposals/guardrails-3f9a2c.json",
    "data/sample/guard/model-3f9a2c1d4e5f.npz",
)


def kept_in_git() -> set[str]:
    """What git keeps, or would keep after the next `git add`: everything that is not ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {name for name in listed.splitlines() if (ROOT / name).is_file()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in a wheel built from a copy of the repository in which somebody has worked."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in [*kept_in_git(), *JUNK]:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        if name in JUNK:
            (copy / name).write_text("junk")
        else:
            shutil.copyfile(ROOT / name, copy / name)
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", "dist"]
    subprocess.run(build, cwd=copy, check=True, capture_output=True)
    (built,) = (copy / "dist").glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_the_wheel_brings_the_playbook_the_notebooks_and_the_sample(wheel: set[str]) -> None:
    shipped = {name.removeprefix(TEMPLATE) for name in wheel if name.startswith(TEMPLATE)}
    assert shipped == {name for name in kept_in_git() if name.startswith(SHIPPED)} - NEVER_SHIPPED


def test_the_wheel_brings_every_file_of_the_library_and_nothing_else(wheel: set[str]) -> None:
    library = {name for name in wheel if not name.startswith(TEMPLATE) and ".dist-info/" not in name}
    kept = {name.removeprefix("lib/") for name in kept_in_git() if name.startswith("lib/pilotage/")}
    assert library == kept
    assert any(name.endswith(".css") for name in library)


def test_nothing_that_git_ignores_is_shipped(wheel: set[str]) -> None:
    shipped = " ".join(wheel)
    assert [name for name in JUNK if name in shipped] == []
    assert "salaries" not in shipped
    assert "checkpoint" not in shipped


def locked_parts() -> list[str]:
    cut = re.search(r"^CUT := \\(.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert cut
    return (ROOT / "requirements.lock").read_text().split(f"\n{cut[1]}\n")


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9_.-]", line)[0].lower().replace("_", "-") for line in requirements}


def test_the_lock_pins_every_package_with_hashes_and_names_no_index() -> None:
    text = (ROOT / "requirements.lock").read_text()
    packages = re.split(r"\n(?=[a-z])", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    assert len(packages) > 100
    assert [
        package for package in packages if not re.match(r"[a-z0-9-]+==\S+[^\n]*\\\n +--hash=sha256:", package)
    ] == []
    assert "://" not in text
    assert "--index" not in text


def test_the_playbook_needs_the_first_part_of_the_lock_and_the_checks_both() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed, checks = (names(re.findall(r"^\S+==", part, re.M)) for part in locked_parts())
    assert names(project["dependencies"]) | {"hatchling", "editables"} <= needed
    # schemathesis, which page 05 probes APIs with, is made of these two.
    assert names(project["optional-dependencies"]["test"]) - {"hypothesis", "pytest"} <= checks
    assert needed & checks == set()


@pytest.mark.parametrize(("version", "told"), [("Python 3.10.4", "is Python 3.10.4."), ("", "is not to be found.")])
def test_make_refuses_an_old_or_absent_python_plainly(tmp_path: Path, version: str, told: str) -> None:
    shutil.copyfile(ROOT / "Makefile", tmp_path / "Makefile")
    python = tmp_path / "python"
    if version:
        python.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "{version}"\nexit 1\n')
        python.chmod(0o755)
    done = subprocess.run(
        ["make", "run", f"PYTHON={python}"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[:2] == [
        f"pilotage needs Python 3.11 or newer; {python} {told}",
        "Name another one: make run PYTHON=python3.12",
    ]
    assert not (tmp_path / ".venv").exists()


def test_make_alone_lists_what_there_is_to_make() -> None:
    done = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = [line.split()[1] for line in done.stdout.splitlines()]
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert phony
    assert listed == phony[1].split()


def test_ci_runs_the_checks_and_nothing_of_its_own() -> None:
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "exec make test"
