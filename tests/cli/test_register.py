"""`pilotage pilot register`: the pilot's plan goes into the audit log, once."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pilotage import audit_log
from pilotage.cli.app import app


def register(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["pilot", "register", *arguments], prog_name="pilotage")


def test_the_plan_is_registered_with_its_limits_and_looks(tiny: Any) -> None:
    said = register(str(tiny.root), "--by", "Ann Example")
    assert said.exit_code == 0
    assert said.output.startswith("registered: the plan in playbook/pilot.yaml, entry 1 of the audit log")
    (entry,) = audit_log.read(tiny.workspace.log)
    assert entry.by == "Ann Example"
    assert set(entry.what) == {"confidence", "pass_k", "looks", "judge", "gates"}


def test_the_same_plan_is_refused_and_names_its_registration(tiny: Any) -> None:
    register(str(tiny.root), "--by", "Ann")
    again = register(str(tiny.root), "--by", "Bob")
    assert again.exit_code == 2
    assert "this very plan was registered on" in again.stderr
    assert len(audit_log.read(tiny.workspace.log)) == 1


@pytest.mark.parametrize("name", ["", "  "])
def test_a_registration_is_by_somebody(tiny: Any, name: str) -> None:
    said = register(str(tiny.root), "--by", name)
    assert said.exit_code == 2
    assert "name yourself: --by NAME" in said.stderr


def test_a_playbook_with_faults_is_not_registered(tiny: Any) -> None:
    path = tiny.workspace.playbook / "pilot.yaml"
    path.write_text(path.read_text().replace("confidence: 0.95", "confidence: many"))
    said = register(str(tiny.root), "--by", "Ann")
    assert said.exit_code == 2
    assert "confidence" in said.stderr
    assert audit_log.read(tiny.workspace.log) == ()
