"""`pilotage smoke-test` and `pilotage pin`: what they say, and the exit codes that scripts go by."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pilotage.cli.app import app
from pilotage.errors import PilotageError
from pilotage.integration.checks import Check
from pilotage.integration.smoke_test import Stopped
from pilotage.workspace import Workspace

GOOD = Check("invoice tools", "mcp.reachable", "pass", "", "answers in 3 ms", 0.01, True)
FAILED = Check("invoice tools", "mcp.pinned", "fail", "definition_changed", "tool a is new", 0.02, True)
SKIPPED = Check("invoice tools", "mcp.safe_call", "skipped", "not_reached", "after mcp.pinned", 0.0, True)
OPTIONAL = Check("desk agent", "a2a.card", "fail", "unreachable", "refused", 0.0, False)
TOLD = {"protocol_version": "2026-07-28", "definitions": {"tool a": {"description": "Looks up."}}}


@pytest.fixture
def said(tmp_path: Path, workspace_copy: Callable[[Path], Workspace], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the command in a workspace whose probes find what the test says."""
    house = workspace_copy(tmp_path / "house")
    shutil.rmtree(house.playbook / "pins", ignore_errors=True)
    monkeypatch.setenv("PILOTAGE_WORKSPACE", str(house.root))
    monkeypatch.setattr("pilotage.cli.integration.stop_on_signals", lambda: None)

    def run(*arguments: str, found: list[Check] | None = None) -> Result:
        if found is not None:
            monkeypatch.setattr("pilotage.integration.smoke_test.smoke_test", lambda *given: found)
        monkeypatch.setattr("pilotage.integration.smoke_test.definitions", lambda *given: TOLD)
        return CliRunner().invoke(app, list(arguments))

    return run


@pytest.mark.parametrize(
    ("found", "code"),
    [([GOOD], 0), ([GOOD, FAILED], 3), ([GOOD, SKIPPED], 3), ([GOOD, OPTIONAL], 0), ([OPTIONAL, SKIPPED], 3)],
)
def test_only_required_checks_that_all_passed_exit_0(said: Any, found: list[Check], code: int) -> None:
    assert said("smoke-test", found=found).exit_code == code


def test_every_check_is_a_line_with_its_code_and_evidence(said: Any) -> None:
    output = said("smoke-test", found=[GOOD, FAILED, SKIPPED, OPTIONAL]).stdout
    assert output == (
        "invoice tools\n"
        "  pass    mcp.reachable  answers in 3 ms\n"
        "  FAIL    mcp.pinned     definition_changed: tool a is new\n"
        "  SKIPPED mcp.safe_call  not_reached: after mcp.pinned\n"
        "desk agent (not required)\n"
        "  FAIL    a2a.card       unreachable: refused\n"
        "4 checks: 1 passed, 2 failed, 1 skipped\n"
        "what a code means: playbook/integration.md\n"
    )


def test_json_is_the_checks_and_nothing_else(said: Any) -> None:
    body = json.loads(said("smoke-test", "--json", found=[GOOD, FAILED]).stdout)
    assert (body["schema"], body["passed"]) == (1, False)
    assert body["checks"][1] == FAILED.as_dict()


def test_an_unknown_system_is_a_wrong_configuration(said: Any) -> None:
    result = said("smoke-test", "invoice tool")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "there is no system 'invoice tool'; did you mean 'invoice tools'?" in result.stderr


def test_a_pin_shows_what_is_pinned_and_then_only_what_changed(said: Any) -> None:
    first = said("pin", "spare tools", "--by", "Carla Example").stdout
    again = said("pin", "spare tools", "--by", "Carla Example").stdout
    assert "Looks up." in first
    assert "pinned: spare tools, protocol 2026-07-28, in playbook/pins/spare-tools.json" in first
    assert again.startswith("nothing has changed since it was pinned last\n")


def test_a_pin_warns_of_what_the_smoke_test_would_call_poisoned(said: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TOLD, "warnings", ["tool a tells the model to ignore what it was told"])
    assert "mind: tool a tells the model to ignore" in said("pin", "spare tools", "--by", "Carla Example").stdout


def test_several_systems_are_pinned_at_once_and_each_is_told(said: Any) -> None:
    output = said("pin", "spare tools", "invoice tools", "--by", "Carla Example").stdout
    assert "pinned: spare tools, protocol 2026-07-28" in output
    assert "pinned: invoice tools, protocol 2026-07-28" in output


@pytest.mark.usefixtures("said")
def test_systems_that_do_not_answer_are_told_and_the_others_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(_: Workspace, system: Any) -> dict[str, Any]:
        if system.name == "spare tools":
            return TOLD
        raise PilotageError(f"{system.name} does not say what it is", "it said nothing in time")

    monkeypatch.setattr("pilotage.integration.smoke_test.definitions", silent)
    systems = ("invoice tools", "spare tools", "desk agent")
    result = CliRunner().invoke(app, ["pin", *systems, "--by", "Carla Example"])
    assert result.exit_code == 2
    assert "pinned: spare tools, protocol 2026-07-28" in result.stdout
    assert "these systems were not pinned" in result.stderr
    assert "invoice tools does not say what it is: it said nothing in time" in result.stderr
    assert "desk agent does not say what it is: it said nothing in time" in result.stderr
    assert "spare tools" not in result.stderr


def test_what_says_nothing_of_itself_cannot_be_pinned(said: Any) -> None:
    result = said("pin", "supplier view", "--by", "Carla Example")
    assert result.exit_code == 2
    assert "supplier view says nothing of itself that can be pinned" in result.stderr


def test_who_stops_it_sees_what_was_finished(said: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> list[Check]:
        raise Stopped([GOOD, SKIPPED])

    monkeypatch.setattr("pilotage.integration.smoke_test.smoke_test", stopped)
    result = said("smoke-test", "--json")
    assert result.exit_code == 130
    assert [one["status"] for one in json.loads(result.stdout)["checks"]] == ["pass", "skipped"]
