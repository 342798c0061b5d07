"""The agent that pilotage serves itself, through the whole smoke test, with the pin that comes along."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pilotage.integration.a2a import TOKEN_ENV, planned
from pilotage.integration.a2a.embedded import main
from pilotage.integration.smoke_test import smoke_test
from pilotage.playbook import read_policy
from pilotage.workspace import Workspace

ROOT = Workspace(Path(__file__).parents[3])
NAME = "desk agent"


def test_the_embedded_agent_passes_every_check_with_the_pin_that_comes_along():
    policy = read_policy(ROOT, ("integration",)).integration
    checks = smoke_test(ROOT, policy, [NAME])
    assert [(check.id, check.reason, check.evidence) for check in checks if check.status != "pass"] == []
    assert [check.id for check in checks] == planned(policy.system(NAME))


def test_it_does_not_serve_everybody_where_no_token_was_set(monkeypatch):
    monkeypatch.delenv(TOKEN_ENV, raising=False)
    with pytest.raises(SystemExit, match=TOKEN_ENV):
        main()


@pytest.mark.parametrize("module", ["pilotage.integration.a2a", "pilotage.agents.a2a"])
def test_what_the_base_install_imports_needs_no_extra(module):
    extra = "[name for name in ('a2a', 'google.protobuf', 'starlette') if name in sys.modules]"
    said = f"import sys, {module}; print({extra})"
    assert subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True).stdout == "[]\n"
