"""What playbook/integration.md lists is what the code knows."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from pilotage.integration.codes import COMMON
from pilotage.integration.documentation import KINDS, documentation

ROOT = Path(__file__).parents[2]


def test_the_page_is_what_the_code_prints() -> None:
    """Made anew by `python -m pilotage.integration.documentation > playbook/integration.md`."""
    assert (ROOT / "playbook" / "integration.md").read_text(encoding="utf-8") == documentation()


def test_the_words_that_the_values_of_a_mapping_may_have_are_listed() -> None:
    [row] = [line for line in documentation().splitlines() if line.startswith("| `sources.types`")]
    assert row.endswith("One of `text`, `integer`, `number`, `flag`, `time`, `date`. |")


def sources(pattern: str) -> str:
    folder = ROOT / "lib" / "pilotage" / "integration" / pattern
    return "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py") if path.name != "__init__.py")


@pytest.mark.parametrize("pattern", KINDS)
def test_every_code_that_a_probe_can_tell_is_listed_with_its_meaning(pattern: str) -> None:
    known = {**COMMON, **import_module(f"pilotage.integration.{pattern}").CODES}
    told = set(re.findall(r"""(?:Fault|Skip)\(\s*["'](\w+)["']""", sources(pattern)))
    assert told
    assert told <= set(known)
    assert all(meaning.endswith(".") and len(meaning) > 30 for meaning in known.values())


@pytest.mark.parametrize("pattern", KINDS)
def test_no_code_is_listed_that_no_probe_tells(pattern: str) -> None:
    own, text = import_module(f"pilotage.integration.{pattern}").CODES, sources(pattern)
    assert [code for code in own if not re.search(rf"""["']{code}["']""", text)] == []
