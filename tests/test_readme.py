"""What the README names exists: commands, options, make targets, files."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
# Made by a run, or the reader's own.
NOT_HERE = ("reports/latest", "data/mine", "exports/", "data/NAME", "my-agent")


@cache
def help_of(*command: str) -> str:
    asked = [sys.executable, "-m", "pilotage.cli", *command, "--help"]
    answer = subprocess.run(asked, capture_output=True, text=True, env={"COLUMNS": "200", "PATH": "/usr/bin:/bin"})
    assert answer.returncode == 0, f"no such command: {' '.join(command)}"
    return answer.stdout


def commands() -> list[str]:
    """Every `pilotage …` line, in text and in blocks."""
    return sorted(set(re.findall(r"(?:^ *|`)pilotage ([^`\n#]+)", TEXT.split("## Two commands")[1], re.M)))


@pytest.mark.parametrize("line", commands())
def test_a_command_and_its_options_exist(line: str) -> None:
    words = line.split()
    command = (
        words[:2]
        if words[0] in ("baseline", "guard", "key", "labels", "log", "oversight", "pilot", "reviews")
        else words[:1]
    )
    text = help_of(*command)
    assert all(option.split("=")[0] in text for option in words if option.startswith("--"))


def test_the_options_of_run_are_all_documented_and_all_there() -> None:
    said = re.search(r"`pilotage run` has the options (.+?)\. Exit code", TEXT, re.S)
    assert said
    named = set(re.findall(r"--[a-z-]+", said.group(1)))
    offered = set(re.findall(r"--[a-z-]+", help_of("run"))) - {"--help"}
    assert named == offered


@pytest.mark.parametrize("target", sorted(set(re.findall(r"^make ([a-z]+)|`make ([a-z]+)`", TEXT, re.M))))
def test_a_make_target_exists(target: tuple[str, str]) -> None:
    assert re.search(rf"^{''.join(target)}:", (ROOT / "Makefile").read_text(), re.M)


def files() -> list[str]:
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    spoken = re.findall(r"`((?:data|playbook|notebooks|lib|tests|reports)/[\w./-]*)`", TEXT)
    return sorted({name for name in [*links, *spoken] if not name.startswith(NOT_HERE)})


@pytest.mark.parametrize("name", files())
def test_a_file_exists(name: str) -> None:
    assert (ROOT / name).exists()


def test_the_example_mapping_is_one_that_loads() -> None:
    import yaml

    from pilotage.records.dataset import Dataset

    block = re.search(r"```yaml\n(.+?)```", TEXT, re.S)
    assert block
    assert Dataset.model_validate(yaml.load("\n".join(block.group(1).splitlines()), Loader=yaml.BaseLoader))


def test_each_page_of_the_playbook_is_named() -> None:
    assert all(path.stem in TEXT for path in (ROOT / "notebooks").glob("*.ipynb"))
